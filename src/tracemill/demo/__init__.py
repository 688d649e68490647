"""The demo: a small plant of real HTTP applications, and the main job told step by step on it."""
