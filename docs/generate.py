"""Writes the reference pages from the code, so that they cannot be wrong: python docs/generate.py"""

import enum
import inspect
import re
from collections.abc import Iterator
from functools import reduce
from operator import or_
from pathlib import Path
from types import UnionType
from typing import Annotated, Any, Literal, Union, get_args, get_origin

import msgspec
from pydantic import BaseModel
from pydantic_core import PydanticUndefined

from tracemill.api.security import SCOPES
from tracemill.app import config
from tracemill.cli.main import app
from tracemill.connectors.http.spec import HttpPackSpec, HttpSystemSpec
from tracemill.connectors.mail.spec import MailPackSpec, MailSystemSpec
from tracemill.hub.steps import Step
from tracemill.model import status
from tracemill.model.event import INTERNAL, TYPES

PAGES = Path(__file__).parent / "reference"
NOTE = "*This page is written from the code by `python docs/generate.py`.*\n"


def inside(annotation: Any) -> list[type[BaseModel]]:
    """Return the models inside a type."""
    if isinstance(annotation, type) and not get_args(annotation):
        return [annotation] if issubclass(annotation, BaseModel) else []
    if get_origin(annotation) is not None or isinstance(annotation, UnionType):
        return [m for part in get_args(annotation) for m in inside(part)]
    return []


def models(kind: type[BaseModel], seen: set[type[BaseModel]]) -> Iterator[type[BaseModel]]:
    """Return a model and all models inside it, each once."""
    if kind in seen:
        return
    seen.add(kind)
    yield kind
    for field in kind.model_fields.values():
        for part in inside(field.annotation):
            yield from models(part, seen)


def plain_type(annotation: Any) -> Any:
    """Return a type without what checks it."""
    origin, inner = get_origin(annotation), get_args(annotation)
    if origin is Annotated:
        return plain_type(inner[0])
    if origin is None or origin is Literal:
        return annotation
    parts = tuple(map(plain_type, inner))
    return reduce(or_, parts) if origin in (Union, UnionType) else origin[parts]


def type_name(annotation: Any) -> str:
    """Say a type as a reader of YAML would."""
    annotation = plain_type(annotation)
    text = annotation.__name__ if isinstance(annotation, type) and not get_args(annotation) else str(annotation)
    text = re.sub(r"(?:[a-z_]\w*\.)+", "", text).replace("NoneType", "nothing").replace("None", "nothing")
    return re.sub(r"\bbool\b", "true/false", re.sub(r"\bstr\b", "text", text)).replace("|", "or")


def model_table(kind: type[BaseModel]) -> str:
    rows = []
    for name, field in kind.model_fields.items():
        default = (
            "required" if field.default is PydanticUndefined and field.default_factory is None else f"`{shown(field.default)}`"
        )
        key = field.alias or name
        rows.append(f"| `{key}` | {type_name(field.annotation)} | {default} | {field.description or ''} |")
    return "| key | type | default | |\n|---|---|---|---|\n" + "\n".join(rows) + "\n" if rows else ""


def shown(value: Any) -> str:
    if isinstance(value, BaseModel):
        return "see below"
    if isinstance(value, enum.Enum):
        return str(value)
    if isinstance(value, list):
        return ", ".join(map(str, value)) or "[]"
    return "nothing" if value is None else str(value) or '""'


def section(kind: type[BaseModel], seen: set[type[BaseModel]], title: str = "") -> str:
    parts = []
    for model in models(kind, seen):
        doc = inspect.cleandoc(model.__doc__ or "")
        heading = title if model is kind and title else model.__name__.removesuffix("Spec").removesuffix("Config")
        parts.append(f"### {heading}\n\n{doc}\n\n{model_table(model)}")
    return "\n".join(parts)


def configuration() -> str:
    seen: set[type[BaseModel]] = set()
    files = (
        ("tracemill.yaml", config.HubConfig), ("systems/NAME.yaml", config.SystemConfig),
        ("systems/NAME.yaml, connection of an http pack", HttpSystemSpec),
        ("systems/NAME.yaml, connection of a mail pack", MailSystemSpec), ("authority.yaml", config.AuthorityConfig),
        ("sites/SITE.yaml", config.SiteConfig),
    )  # fmt: skip
    body = "\n".join(f"## {name}\n\n{section(kind, seen)}" for name, kind in files)
    return f"# Configuration\n\n{NOTE}\nEvery key of the project folder. Ids stay text: `0012` is never 12.\n\n{body}"


def pack() -> str:
    seen: set[type[BaseModel]] = set()
    body = f"## http\n\n{section(HttpPackSpec, seen)}\n## mail\n\n{section(MailPackSpec, seen)}"
    said = "Every key of `packs/NAME/pack.yaml`, by protocol. [How to write one](../how-to/write-a-pack.md)."
    return f"# Packs\n\n{NOTE}\n{said}\n\n{body}"


def events() -> str:
    parts, nested = [], {}
    for name, kind in TYPES.items():
        inner = " Only the hub itself says this." if name in INTERNAL else ""
        parts.append(f"## `{name}`\n\n{inspect.cleandoc(kind.__doc__ or '')}{inner}\n\n{struct_table(kind, nested)}")
    shapes = "\n".join(
        f"### {k.__name__}\n\n{inspect.cleandoc(k.__doc__ or '')}\n\n{struct_table(k, {})}" for k in nested.values()
    )
    schema = "Their JSON Schemas are served at `/v1/schemas`."
    return (
        f"# Events\n\n{NOTE}\nCanonical facts, as CloudEvents 1.0. {schema}\n\n" + "\n".join(parts) + f"\n## Shapes\n\n{shapes}"
    )


def struct_table(kind: Any, nested: dict[str, Any]) -> str:
    rows = []
    for field in msgspec.structs.fields(kind):
        for part in (field.type, *get_args(field.type)):
            if isinstance(part, type) and issubclass(part, msgspec.Struct):
                nested[part.__name__] = part
        need = "required" if field.required else ""
        rows.append(f"| `{field.name}` | {type_name(field.type)} | {need} |")
    return "| field | type | |\n|---|---|---|\n" + "\n".join(rows) + "\n"


def statuses() -> str:
    parts = []
    for kind in vars(status).values():
        if isinstance(kind, type) and issubclass(kind, status.StrEnum) and kind is not status.StrEnum:
            notes = dict(re.findall(r'= "(\w+)"  # (.+)', inspect.getsource(kind)))
            rows = "\n".join(f"| `{word}` | {notes.get(str(word), '')} |" for word in kind)
            parts.append(
                f"## {kind.__name__}\n\n{inspect.cleandoc(kind.__doc__ or '')}\n\n| word | meaning |\n|---|---|\n{rows}\n"
            )
    steps = "\n".join(f"- `{step}`" for step in Step)
    return (
        f"# Statuses\n\n{NOTE}\nThe same words in database, API, pages and command line.\n\n"
        + "\n".join(parts)
        + f"\n## Steps\n\n{steps}\n"
    )


def commands() -> str:
    from typer.main import get_command

    parts = []
    group = get_command(app)
    for name, command in sorted(group.commands.items()):  # type: ignore[attr-defined]
        subs = getattr(command, "commands", None)
        for sub, found in sorted(subs.items()) if subs else [("", command)]:
            parts.append(_command(f"{name} {sub}".strip(), found))
    scopes = ", ".join(f"`{s}`" for s in SCOPES)
    codes = (
        "Exit codes: 0 ok, 1 failed, 2 findings, 64 usage. `--json` prints data for programs. Errors end with the next command."
    )
    return f"# Command line\n\n{NOTE}\n{codes}\n\n" + "\n".join(parts) + f"\n## Scopes of accounts\n\n{scopes}\n"


def _command(name: str, command: Any) -> str:
    rows = []
    for p in command.params:
        flags = ", ".join(f"`{o}`" for o in p.opts) if p.param_type_name == "option" else f"`{(p.metavar or p.name).upper()}`"
        rows.append(f"| {flags} | {getattr(p, 'help', '') or ''} |")
    table = "| | |\n|---|---|\n" + "\n".join(rows) + "\n" if rows else ""
    return f"## `tracemill {name}`\n\n{(command.help or '').strip()}\n\n{table}"


MADE = {
    "configuration.md": configuration, "pack.md": pack, "events.md": events, "statuses.md": statuses, "cli.md": commands,
}  # fmt: skip

if __name__ == "__main__":
    for name, make in MADE.items():
        (PAGES / name).write_text(make().rstrip() + "\n", encoding="utf-8")
