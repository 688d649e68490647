"""The reference pages are what the code says today."""

import importlib.util
from typing import Any

import pytest

from tests.meta.tree import ROOT, page


def generator() -> Any:
    spec = importlib.util.spec_from_file_location("generate", ROOT / "docs" / "generate.py")
    assert spec
    assert spec.loader
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


@pytest.mark.parametrize("name", ["configuration.md", "pack.md", "events.md", "statuses.md", "cli.md"])
def test_a_reference_page_is_what_the_code_says(name: str) -> None:
    assert page(f"docs/reference/{name}") == generator().MADE[name]().rstrip() + "\n", "run: python docs/generate.py"
