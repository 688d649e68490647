"""The documentation is whole: what a person can write, call or see is on its page, and every link leads somewhere."""

import re
from collections.abc import Iterator
from importlib import import_module
from importlib.util import find_spec
from pathlib import Path
from types import UnionType
from typing import Any, Union, get_args, get_origin

import msgspec
import pytest
from pydantic import BaseModel

from tests.meta.tree import ROOT, page
from tracemill.app import config
from tracemill.connectors.http.spec import HttpPackSpec, HttpSystemSpec
from tracemill.connectors.mail.spec import MailPackSpec, MailSystemSpec
from tracemill.model import status
from tracemill.model.event import TYPES

PAGES = sorted(
    [*(ROOT / "docs").rglob("*.md"), *(ROOT / f"{name}.md" for name in ("README", "CONTRIBUTING", "SECURITY", "CHANGELOG"))]
)
LINK = re.compile(r"(?<!!)\[[^\]]*\]\(([^)\s]+)\)|!\[[^\]]*\]\(([^)\s]+)\)")
FENCE = re.compile(r"^```.*?^```", re.MULTILINE | re.DOTALL)


def anchors(text: str) -> set[str]:
    """The anchors of a page's headings, as GitHub makes them."""
    found: set[str] = set()
    for heading in re.findall(r"^#+ +(.+?) *$", FENCE.sub("", text), re.MULTILINE):
        found.add(re.sub(r"[^\w\- ]", "", heading.lower()).replace(" ", "-"))
    return found


def broken_links(path: Path) -> Iterator[str]:
    text = path.read_text(encoding="utf-8")
    for match in LINK.finditer(FENCE.sub("", text)):
        link = match[1] or match[2]
        if re.match(r"[a-z]+:", link):
            continue
        file, _, anchor = link.partition("#")
        target = (path.parent / file).resolve() if file else path
        if not target.exists():
            yield f"{path.relative_to(ROOT)}: {link} leads nowhere"
        elif anchor and target.suffix == ".md" and anchor not in anchors(target.read_text(encoding="utf-8")):
            yield f"{path.relative_to(ROOT)}: {link} has no such heading"


def models(kind: type[BaseModel]) -> Iterator[type[BaseModel]]:
    """A model and all models inside it."""
    seen, waiting = set(), [kind]
    while waiting:
        model = waiting.pop()
        if model in seen:
            continue
        seen.add(model)
        yield model
        for field in model.model_fields.values():
            waiting += _inside(field.annotation)


def _inside(annotation: Any) -> list[type[BaseModel]]:
    if isinstance(annotation, type) and not get_args(annotation):
        return [annotation] if issubclass(annotation, BaseModel) else []
    if get_origin(annotation) is not None or isinstance(annotation, UnionType) or annotation is Union:
        return [model for part in get_args(annotation) for model in _inside(part)]
    return []


def settings(kind: type[BaseModel]) -> set[str]:
    """Every key that may be written in a file of this kind."""
    return {field.alias or name for model in models(kind) for name, field in model.model_fields.items()}


def named(text: str, word: str) -> bool:
    """Say whether a page names a word as code."""
    return re.search(rf"`{re.escape(word)}`", text) is not None


def missing(text: str, wanted: set[str]) -> list[str]:
    return sorted(word for word in wanted if not named(text, word))


def test_readme_shows_the_two_commands_that_everybody_needs() -> None:
    readme = page("README.md")
    assert "make demo" in readme
    assert "make test" in readme


def test_every_link_leads_somewhere() -> None:
    found = [problem for path in PAGES if path.is_file() for problem in broken_links(path)]
    assert not found, "\n".join(found)


def test_every_page_is_reached_from_the_index() -> None:
    docs, reached = ROOT / "docs", set()
    waiting = [docs / "index.md"]
    while waiting:
        path = waiting.pop()
        if path in reached or path.suffix != ".md" or not path.is_file():
            continue
        reached.add(path)
        links = (match[1] for match in LINK.finditer(path.read_text(encoding="utf-8")) if match[1])
        waiting += [(path.parent / link.partition("#")[0]).resolve() for link in links if not re.match(r"[a-z]+:", link)]
    lost = sorted(str(path.relative_to(ROOT)) for path in docs.rglob("*.md") if path not in reached)
    assert not lost, f"no page links to: {', '.join(lost)}"


@pytest.mark.parametrize(
    "kind",
    [config.HubConfig, config.SystemConfig, config.AuthorityConfig, config.SiteConfig, HttpSystemSpec, MailSystemSpec],
    ids=lambda kind: kind.__name__,
)
def test_every_setting_is_explained(kind: type[BaseModel]) -> None:
    assert not (found := missing(page("docs/reference/configuration.md"), settings(kind))), found


@pytest.mark.parametrize("kind", [HttpPackSpec, MailPackSpec], ids=lambda kind: kind.__name__)
def test_every_word_of_a_pack_is_explained(kind: type[BaseModel]) -> None:
    wanted = settings(kind)
    for name, field in kind.model_fields.items():  # feeds, operations and reads are dicts of models
        assert name in wanted or field.alias in wanted
    assert not (found := missing(page("docs/reference/pack.md"), wanted)), found


def test_every_event_is_explained_with_its_fields() -> None:
    text = page("docs/reference/events.md")
    fields = {field.name for kind in TYPES.values() for field in msgspec.structs.fields(kind)}
    assert not (found := missing(text, set(TYPES) | fields)), found


def test_every_status_is_explained() -> None:
    text = page("docs/reference/statuses.md")
    kinds = [kind for kind in vars(status).values() if isinstance(kind, type) and issubclass(kind, status.StrEnum)]
    words = {str(word) for kind in kinds for word in kind}
    assert words
    assert not (found := missing(text, words)), found


def commands(group: Any, path: str = "") -> Iterator[str]:
    """Every command of the command line, in full."""
    for name, command in sorted(getattr(group, "commands", {}).items()):
        if command.hidden:
            continue
        full = f"{path} {name}".strip()
        if getattr(command, "commands", None):
            yield from commands(command, full)
        else:
            yield full


@pytest.mark.skipif(
    find_spec("tracemill.cli") is None or find_spec("tracemill.cli.main") is None, reason="there is no command line yet"
)
def test_every_command_is_explained() -> None:
    import typer

    group = typer.main.get_command(import_module("tracemill.cli.main").app)
    text = page("docs/reference/cli.md")
    found = [name for name in commands(group) if not re.search(rf"tracemill {re.escape(name)}\b", text)]
    assert not found, found


def test_every_decision_record_is_listed_numbered_and_short() -> None:
    index = page("docs/adr/index.md")
    records = sorted((ROOT / "docs" / "adr").glob("[0-9]*.md"))
    assert [int(path.name[:4]) for path in records] == list(range(1, len(records) + 1))
    for path in records:
        text = path.read_text(encoding="utf-8")
        assert path.name in index, f"{path.name} is not in docs/adr/index.md"
        assert text.startswith(f"# {int(path.name[:4])}. "), f"{path.name} has no numbered title"
        assert text.count("\n") <= 40, f"{path.name} is not short"
