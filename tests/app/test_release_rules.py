"""Release rules: a hub that would release without having looked at anything is found by lint where it stands."""

from pathlib import Path

import pytest
from tests.packs.conftest import CREDENTIALS, write_project

from tracemill.app.check import check_project


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    write_project(tmp_path, dict.fromkeys(CREDENTIALS, "http://127.0.0.1:9"), CREDENTIALS)
    return tmp_path


@pytest.mark.parametrize(("more", "found"), [("", 1), ("  inspections: [final]\n", 0), ("  conditions: [temperature]\n", 0)])
def test_a_rule_that_releases_on_nothing_is_an_error(folder: Path, more: str, found: int) -> None:
    site = next((folder / "sites").glob("*.yaml"))
    site.write_text(f"release:\n  mode: hub\n{more}")
    told = [f.text for f in check_project(folder).findings if f.code == "T140"]
    assert told == ["the hub would release without having looked at anything"] * found
