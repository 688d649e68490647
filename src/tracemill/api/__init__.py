"""The HTTP API /v1: one file per resource. Everything it answers, people and programs may rely on."""
