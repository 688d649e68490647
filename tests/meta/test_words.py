"""Names say what a thing is, and nothing in the repository says where it was written."""

import ast
import re
from collections.abc import Iterator
from pathlib import PurePath

import pytest

from tests.meta.tree import sources, texts

# What such a name does not say: what the thing is. Written apart, so that this file does not find itself.
EMPTY = frozenset({"manager", "helper", "util", "utility", "service", "common", "handler", "misc"})
LATER = re.compile(r"\b(?:" + "|".join(a + b for a, b in (("TO", "DO"), ("FIX", "ME"), ("XX", "X"), ("HA", "CK"))) + r")\b")
MACHINE = re.compile(r"(?<![\w.~}/$-])/(?:root|work|home|Users)/[\w.-]+")
HOSTS = re.compile(
    "|".join(
        rf"{first}\.{last}"
        for first, last in (
            ("pypi", "org"),
            ("pythonhosted", "org"),
            ("registry", "npmjs"),
            ("deb", "debian"),
            ("crates", "io"),
            ("proxy", "golang"),
            (r"repo1?\.maven", ""),
            ("registry", "yarnpkg"),
        )
    )
)


def words(name: str) -> set[str]:
    """The words of a snake_case or CamelCase name, in the singular."""
    parts = re.findall(r"[A-Z]+(?![a-z])|[A-Z]?[a-z]+", name)
    return {form for part in parts for form in (part.lower(), part.lower().removesuffix("s"), re.sub("ies$", "y", part.lower()))}


def classes() -> Iterator[tuple[str, str]]:
    for name, text in sources().items():
        for node in ast.walk(ast.parse(text)):
            if isinstance(node, ast.ClassDef):
                yield f"{name}:{node.lineno}", node.name


def lines_with(pattern: re.Pattern[str]) -> list[str]:
    found = []
    for name, text in texts().items():
        if pattern.search(text):
            found += [f"{name}:{n}: {line.strip()[:120]}" for n, line in enumerate(text.splitlines(), 1) if pattern.search(line)]
    return found


def test_no_file_or_folder_has_a_name_that_says_nothing() -> None:
    ours = [name for name in texts() if name.startswith(("src/", "tests/", "bench/", "docs/"))]
    found = [name for name in ours if any(words(PurePath(part).stem) & EMPTY for part in PurePath(name).parts)]
    assert not found, "name the thing: " + ", ".join(found)


def test_no_class_has_a_name_that_says_nothing() -> None:
    found = [f"{where} {name}" for where, name in classes() if words(name) & EMPTY]
    assert not found, "name the thing: " + ", ".join(found)


@pytest.mark.parametrize(
    ("pattern", "instead"),
    [
        (LATER, "do it, or open an issue"),
        (MACHINE, "write a relative path"),
        (HOSTS, "leave the registry to the machine's settings"),
    ],
    ids=["left for later", "path of a machine", "package registry"],
)
def test_nothing_is_left_for_later_or_tied_to_one_machine(pattern: re.Pattern[str], instead: str) -> None:
    found = lines_with(pattern)
    assert not found, "\n".join([f"{instead}:", *found])


def test_these_rules_find_what_they_look_for() -> None:
    assert words("HTTPMessageHandlers") & EMPTY
    assert words("date_utilities") & EMPTY
    assert not words("commonplace") & EMPTY
    assert MACHINE.search("see " + "/".join(("", "home", "ann", "project")))
    assert not MACHINE.search("https://hub.example/work/orders")
