"""Checks without a running hub: the whole project, the examples of its mappings, the audit chain of its database."""

from collections.abc import Iterator
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from tracemill.app.build import build_links, build_policies, load_packs, utc_now
from tracemill.app.config import ConfigError, Project, Reader, load_project
from tracemill.app.finding import Finding
from tracemill.app.inspection import check_inspection
from tracemill.app.packs import code_lists, find_pack, lint_pack
from tracemill.app.secrets import PLACEHOLDER, SecretMissing, resolve
from tracemill.mapping.examples import run_examples
from tracemill.mapping.pack import PackSpec
from tracemill.mapping.spec import compile_mapping


@dataclass(frozen=True)
class Told:
    """A finding with its level."""

    file: str
    line: int
    column: int
    code: str
    text: str
    hint: str
    level: str = "error"

    def plain(self) -> dict[str, Any]:
        return dict(vars(self))


@dataclass(frozen=True)
class Checked:
    findings: list[Told]
    files: int


@dataclass(frozen=True)
class Example:
    """One example of a mapping, and what it showed."""

    pack: str
    mapping: str
    example: str
    differences: tuple[str, ...]

    @property
    def passed(self) -> bool:
        return not self.differences

    def plain(self) -> dict[str, Any]:
        return {**vars(self), "passed": self.passed}


def check_project(folder: Path) -> Checked:
    """Read, validate, compile and wire a project without starting it; collect everything that is wrong."""
    project, reader = load_project(folder)
    warnings: list[Told] = []
    if project is not None:
        for pack in load_packs(project, reader).values():
            path = find_pack(pack.pack, folder)
            warnings += _linted(pack, path, reader) if path else []
        warnings += _doubtful_rules(project, reader)
        warnings += _placeholders(project, reader)
        with suppress(ConfigError):  # its findings are the reader's
            build_policies(project, build_links(project, reader, utc_now), reader)
    found = list(dict.fromkeys([*map(_told, reader.findings), *warnings]))
    return Checked(found, len(reader.documents))


def _told(f: Finding) -> Told:
    return Told(f.file, f.line, f.column, f.code, f.text, f.hint)


def _doubtful_rules(project: Project, reader: Reader) -> Iterator[Told]:
    """List what is allowed, but hardly meant, in the inspection rules of the sites."""
    for site in project.sites:
        name = f"sites/{site}.yaml"
        for where, level, text, hint in check_inspection(project.sites[site].inspection):
            if level == "warning":
                mark = reader.documents[name].locate(where)
                yield Told(name, mark.line, mark.column, "T141", text, hint, level)


def _placeholders(project: Project, reader: Reader) -> Iterator[Told]:
    """List the secrets that are still what the starter wrote: every request with one is refused."""
    for name, system in project.systems.items():
        file, credentials = f"systems/{name}.yaml", system.connection.get("credentials")
        for key, reference in credentials.items() if isinstance(credentials, dict) else ():
            with suppress(SecretMissing):  # an error of its own
                if resolve(str(reference), project.folder) == PLACEHOLDER:
                    mark = reader.documents[file].locate(("connection", "credentials", key))
                    text = f"the secret behind {reference} is still the starter's placeholder"
                    yield Told(file, mark.line, mark.column, "T132", text, "write the real one there", "warning")


def _linted(pack: PackSpec, path: Path, reader: Reader) -> Iterator[Told]:
    name = str(path.relative_to(reader.folder)) if path.is_relative_to(reader.folder) else str(path)
    document = reader.documents.get(name)
    for where, code, level, text, hint in lint_pack(pack):
        mark = document.locate(where) if document else None
        yield Told(name, mark.line if mark else 1, mark.column if mark else 1, code, text, hint, level)


def run_all_examples(folder: Path) -> list[Example]:
    """Run every example of the packs that a project uses. Raises ConfigError where the project or a pack cannot be read."""
    project, reader = load_project(folder)
    packs = load_packs(project, reader) if project else {}
    if reader.findings:
        raise ConfigError(reader.findings)
    return [example for pack in {p.pack: p for p in packs.values()}.values() for example in _examples(pack)]


def _examples(pack: PackSpec) -> Iterator[Example]:
    codes = code_lists(pack)
    zones = {m: feed.zone for feed in pack.feeds.values() for m in feed.mappings if feed.zone}
    for name, spec in pack.mappings.items():
        mapping = compile_mapping(name, spec, codes, zones.get(name))
        for result in run_examples(mapping, spec):
            lines = tuple(f"{d.path}: expected {d.expected!r}, got {d.got!r}" for d in result.differences)
            yield Example(pack.pack, name, result.name, lines)


def offline_chains(folder: Path) -> list[dict[str, Any]]:
    """Walk the audit chains of a database that no hub holds."""
    from tracemill.answers.audit import verified
    from tracemill.model.record import plain
    from tracemill.store.engine import reader_engine

    project, reader = load_project(folder)
    if project is None:
        raise ConfigError(reader.findings)
    engine = reader_engine(project.store_url)
    with engine.connect() as connection:
        found: list[dict[str, Any]] = plain(verified(connection))
    engine.dispose()
    return found
