"""Published test data beside the checkout: read where it stands, never copied into the project."""

import json
from pathlib import Path
from typing import Any

import pytest

FOLDER = Path(__file__).parents[1].parent / "shared" / "data"


def vector_path(name: str) -> Path:
    """The path of one published file or folder; a skip with the reason where it is missing."""
    path = FOLDER / name
    if not path.exists():
        pytest.skip(f"published test data is not here: ../shared/data/{name}")
    return path


def vector_json(name: str) -> Any:
    return json.loads(vector_path(name).read_text(encoding="utf-8"))
