"""Measures the hub against a floor that does the same work: `python -m bench` prints one table and writes nothing else."""
