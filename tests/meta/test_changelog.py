"""The changelog can be read by people and by tools (Keep a Changelog 1.1.0, Semantic Versioning 2.0.0)."""

import re
import tomllib
from datetime import date

from tests.meta.tree import ROOT, page

GROUPS = ("Added", "Changed", "Deprecated", "Removed", "Fixed", "Security")
VERSION = re.compile(r"^## \[(\d+)\.(\d+)\.(\d+)\] - (\d{4}-\d\d-\d\d)(?: \[YANKED\])?$")


def headings(level: str) -> list[str]:
    return re.findall(rf"^{level} .+$", page("CHANGELOG.md"), re.MULTILINE)


def releases() -> list[tuple[tuple[int, int, int], date]]:
    found = [VERSION.match(heading) for heading in headings("##")[1:]]
    return [((int(m[1]), int(m[2]), int(m[3])), date.fromisoformat(m[4])) for m in found if m]


def test_it_begins_with_what_is_not_released() -> None:
    assert page("CHANGELOG.md").startswith("# Changelog\n")
    assert headings("##")[0] == "## [Unreleased]"


def test_every_release_has_a_version_and_a_day_the_newest_first() -> None:
    assert len(releases()) == len(headings("##")) - 1
    assert releases() == sorted(releases(), reverse=True)


def test_changes_stand_in_the_known_groups() -> None:
    unknown = [heading for heading in headings("###") if heading.removeprefix("### ") not in GROUPS]
    assert not unknown, unknown


def test_the_version_of_the_package_is_the_newest_release_or_the_one_in_the_making() -> None:
    project = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))["project"]
    version = tuple(int(part) for part in project["version"].split("."))
    newest = releases()[0][0] if releases() else (0, 0, 0)
    assert version >= newest
