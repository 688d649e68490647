"""Answers: what people and programs ask, read in one snapshot and said in plain words. Nothing here changes anything."""
