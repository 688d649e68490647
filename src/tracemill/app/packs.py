"""Packs: found beside the project first, then among those that ship; compiled into what the hub runs."""

from pathlib import Path
from typing import Any

from pydantic import RootModel

import tracemill
from tracemill.app.config import Reader
from tracemill.connectors.http.spec import HttpPackSpec
from tracemill.connectors.mail.spec import MailPackSpec
from tracemill.mapping.codes import CodeList
from tracemill.mapping.finding import MappingErrors
from tracemill.mapping.lint import lint_mappings
from tracemill.mapping.pack import PackSpec
from tracemill.mapping.spec import compile_mapping
from tracemill.mapping.table import Mapping
from tracemill.model.status import Once

SHIPPED = Path(tracemill.__file__).parent / "packs"
PROTOCOLS: dict[str, type[PackSpec]] = {"http": HttpPackSpec, "mail": MailPackSpec}


class AnyPack(RootModel[dict[str, Any]]):
    """The first look at a pack: which protocol it speaks."""


def find_pack(name: str, folder: Path) -> Path | None:
    """Return the file of a pack: the project's own first."""
    for base in (folder / "packs", SHIPPED):
        path = base / name / "pack.yaml"
        if path.is_file():
            return path
    return None


def pack_names(folder: Path) -> list[str]:
    """Return the packs that can be used, shipped and own."""
    found = {p.parent.name for base in (folder / "packs", SHIPPED) for p in base.glob("*/pack.yaml")}
    return sorted(found)


def read_pack(path: Path, reader: Reader) -> PackSpec | None:
    """Read and validate a pack by its protocol; findings go to the reader."""
    pack = reader.read(path, AnyPack)
    name = _name(path, reader)
    if pack is None:
        return None
    protocol = pack.root.get("protocol")
    model = PROTOCOLS.get(str(protocol))
    if model is None:
        reader.at(name, ("protocol",), f"protocol {protocol} is not known", f"known protocols: {', '.join(PROTOCOLS)}")
        return None
    spec = reader.read(path, model)
    if spec is not None:
        _check(spec, name, reader)
    return spec if isinstance(spec, PackSpec) else None


def code_lists(spec: PackSpec) -> dict[str, CodeList]:
    return {name: codes.compile(name) for name, codes in spec.codes.items()}


def compile_mappings(spec: PackSpec) -> dict[str, Mapping]:
    """Compile all mappings of a pack; a feed's zone holds for the mappings it uses."""
    zones = {m: feed.zone for feed in spec.feeds.values() for m in feed.mappings if feed.zone}
    codes = code_lists(spec)
    return {name: compile_mapping(name, m, codes, zones.get(name)) for name, m in spec.mappings.items()}


def _name(path: Path, reader: Reader) -> str:
    return str(path.relative_to(reader.folder)) if path.is_relative_to(reader.folder) else str(path)


def _check(spec: PackSpec, name: str, reader: Reader) -> None:
    for feed_name, feed in spec.feeds.items():
        for n, mapping in enumerate(feed.mappings):
            if mapping not in spec.mappings:
                known = ", ".join(spec.mappings)
                reader.at(name, ("feeds", feed_name, "mappings", n), f"there is no mapping {mapping}", f"known: {known}", "T210")
    try:
        compile_mappings(spec)
    except MappingErrors as error:
        for f in error.findings:
            reader.at(name, ("mappings", *f.where), f.text, f.hint, f.code)


def lint_pack(spec: PackSpec) -> list[tuple[tuple[str | int, ...], str, str, str, str]]:
    """Return findings beyond errors: (where, code, level, text, hint)."""
    found: list[tuple[tuple[str | int, ...], str, str, str, str]] = [
        (f.where, f.code, f.level, f.text, f.hint) for f in lint_mappings(spec.mappings, code_lists(spec))
    ]
    for verb, operation in spec.operations.items():
        if operation.once is Once.BLIND:
            text = f"{verb} is blind: in doubt it goes to a person, and a lost answer may mean that it happened"
            found.append((("operations", verb, "once"), "T220", "warning", text, "give it a find step, or an idempotency key"))
    return found
