"""Measures the hub against a floor that does the same work: `python -m bench` prints its figures and keeps nothing."""
