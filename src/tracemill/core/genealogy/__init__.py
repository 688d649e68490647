"""Genealogy in memory: who was made from whom, walked, judged and shared out (design: genealogy engine)."""
