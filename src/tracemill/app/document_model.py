"""Turns what pydantic says about a document into findings at the place where the reader must change something."""

from __future__ import annotations

import re
import types
from collections.abc import Mapping, Sequence
from dataclasses import replace
from decimal import Decimal
from difflib import get_close_matches
from typing import TYPE_CHECKING, Annotated, Any, Final, TypeVar, Union, get_args, get_origin

from pydantic import BaseModel, ValidationError
from pydantic_core import ErrorDetails

from tracemill.app.finding import Finding

if TYPE_CHECKING:
    from tracemill.app.document import Document, Path

Model = TypeVar("Model", bound=BaseModel)

UNKNOWN_KEY: Final = "T110"
MISSING_KEY: Final = "T111"
WRONG_TYPE: Final = "T112"
NOT_ALLOWED: Final = "T113"
OUT_OF_BOUNDS: Final = "T114"
BROKEN_RULE: Final = "T115"

_SECRET = re.compile(r"passw|secret|token|credential|api_?key|passphrase|private", re.IGNORECASE)
_URL_PASSWORD = re.compile(r"(://[^:/@\s]*):[^@\s]+@")
_EXPECTED: Final[Mapping[str, str]] = {
    "int": "a whole number",
    "Decimal": "a number",
    "float": "a number",
    "decimal": "a number",
    "bool": "true or false",
    "string": "a text",
    "list": "a list (- item)",
    "tuple": "a list (- item)",
    "set": "a list (- item)",
    "frozen_set": "a list (- item)",
    "iterable": "a list (- item)",
    "dict": "a mapping (key: value)",
    "mapping": "a mapping (key: value)",
    "model": "a mapping (key: value)",
    "dataclass": "a mapping (key: value)",
    "date": "a date such as 2026-11-23",
    "datetime": "a date and time such as 2026-11-23T14:05:00Z",
    "time": "a time such as 14:05:00",
    "timedelta": "a duration such as PT15M",
    "timezone": "a time with its zone",
    "url": "a URL such as https://erp.example.com",
    "uuid": "a UUID",
    "none": "nothing (leave it empty)",
    "bytes": "a text",
    "path": "a path",
}
_BOUNDS = re.compile(
    r"greater_than|less_than|too_long|too_short|pattern_mismatch|multiple_of|finite_number|_digits|_places|whole_digits"
)


def validate(document: Document, model: type[Model]) -> tuple[Model | None, list[Finding]]:
    """Return the model, or None and one finding for every error pydantic reports, in the order of the file.

    Codes: T110 unknown key, T111 missing key, T112 wrong type, T113 value not allowed, T114 out of bounds, T115 a rule
    of the model. Values under keys that name a secret are never shown.
    """
    try:
        return model.model_validate(document.data), []
    except ValidationError as error:
        errors = error.errors(include_url=False)
    found = [_finding(document, model, details) for details in errors if not _follows(details)]
    return None, sorted(_merged(found), key=lambda finding: (finding.line, finding.column, finding.code))


def _follows(details: ErrorDetails) -> bool:
    """Return whether a list is called too short only because its items were wrong, which has been said already."""
    return details["type"] == "too_short" and len(details["input"]) >= details["ctx"]["min_length"]


def _merged(found: Sequence[Finding]) -> list[Finding]:
    """Say in one finding what a union says once per member: expected this or that."""
    groups: dict[tuple[int, int, str, str], list[tuple[Finding, str]]] = {}
    for finding in found:
        parts = re.fullmatch(r"(.*: expected )(.*?)(, found .*)", finding.text, re.DOTALL)
        before, expected, after = parts.groups() if parts else (finding.text, "", finding.hint)
        groups.setdefault((finding.line, finding.column, before, after), []).append((finding, expected))
    merged = []
    for (_, _, before, after), members in groups.items():
        first = members[0][0]
        kinds = list(dict.fromkeys(expected for _, expected in members))
        if len(kinds) > 1:
            either = " or ".join(kinds)
            first = replace(first, text=f"{before}{either}{after}", hint=f"write {either}")
        merged.append(first)
    return merged


def _finding(document: Document, model: type[BaseModel], details: ErrorDetails) -> Finding:
    kind = details["type"]
    path = _path(document.data, _loc(details))
    mark = document.locate(path)
    if kind == "missing":
        code, text, hint = _missing(path, str(details["loc"][-1]))
        mark = document.locate_key(path) if path else mark
    elif kind == "extra_forbidden":
        code, text, hint = _unknown(path, model)
        mark = document.locate_key(path)
    elif document.data is None and not path:
        code, text, hint = WRONG_TYPE, "the file is empty", f"write {_keys(model)}"
    else:
        code, text, hint = _wrong(path, details)
    return Finding(document.path, mark.line, mark.column, code, text, hint)


def _loc(details: ErrorDetails) -> tuple[str | int, ...]:
    """Return pydantic's loc, for a wrong tag of a union down to the key that holds the tag."""
    if details["type"] == "union_tag_invalid":
        return (*details["loc"], details["ctx"]["discriminator"].strip("'"))
    return details["loc"]


def _path(data: Any, loc: Sequence[str | int]) -> Path:
    """Follow pydantic's loc through the data; what is not in the data (union tags, missing keys) is left out."""
    path: list[str | int] = []
    for part in loc:
        if isinstance(data, dict) and str(part) in data:
            data = data[str(part)]
            path.append(str(part))
        elif isinstance(data, list) and isinstance(part, int) and part < len(data):
            data = data[part]
            path.append(part)
    return tuple(path)


def _dotted(path: Sequence[str | int]) -> str:
    return "".join(f"[{part}]" if isinstance(part, int) else f".{part}" for part in path).lstrip(".")


def _missing(path: Path, key: str) -> tuple[str, str, str]:
    where = f" in {_dotted(path)}" if path else ""
    return MISSING_KEY, f"the key {key!r} is missing{where}", f"add {key}: …"


def _unknown(path: Path, model: type[BaseModel]) -> tuple[str, str, str]:
    key = str(path[-1]) if path else ""
    allowed = list(dict.fromkeys(name for found in _models_at(model, path[:-1]) for name in _names(found)))
    close = get_close_matches(key, allowed, n=1, cutoff=0.6) or [n for n in allowed if n.lower() == key.lower()][:1]
    known = f"allowed here: {', '.join(allowed)}" if allowed else "remove it"
    return UNKNOWN_KEY, f"unknown key {_dotted(path)!r}", f"did you mean {close[0]!r}?" if close else known


def _wrong(path: Path, details: ErrorDetails) -> tuple[str, str, str]:
    kind, context = details["type"], details.get("ctx", {})
    given = context["tag"] if kind == "union_tag_invalid" else details["input"]
    name = _dotted(path) or "the file"
    shown = "a hidden value" if any(isinstance(p, str) and _SECRET.search(p) for p in path) else _shown(given)
    if kind in ("literal_error", "enum", "union_tag_invalid"):
        expected = str(context.get("expected") or context.get("expected_tags", ""))
        options = re.findall(r"'((?:[^'\\]|\\.)*)'", expected)
        close = get_close_matches(str(given), options, n=1) if shown != "a hidden value" else []
        return NOT_ALLOWED, f"{name}: {shown} is not allowed", f"did you mean {close[0]!r}?" if close else f"use {expected}"
    if kind == "union_tag_not_found":
        return MISSING_KEY, f"{name}: the key {context.get('discriminator', '')} is missing", "it says which kind this is"
    message = details["msg"].removeprefix("Value error, ").removeprefix("Assertion failed, ")
    if kind in ("value_error", "assertion_error"):
        text, _, hint = message.partition("; hint: ")
        return BROKEN_RULE, f"{name}: {text}", hint
    if _BOUNDS.search(kind):
        return OUT_OF_BOUNDS, f"{name}: {shown} is out of bounds", message
    plain = re.sub(r"_(type|parsing|from_.*|attributes_type|parsing_size)$", "", kind)
    expected = _EXPECTED.get(str(context["class"]) if kind == "is_instance_of" else plain, "")
    if not expected:
        return (WRONG_TYPE if kind.endswith(("_type", "_parsing")) else BROKEN_RULE), f"{name}: {message}, found {shown}", ""
    return WRONG_TYPE, f"{name}: expected {expected}, found {shown}", _type_hint(expected, given, shown)


def _type_hint(expected: str, given: Any, shown: str) -> str:
    """Return what to write instead, for the mistakes people make in YAML."""
    if given is None:
        return f"give {expected} or remove the key"
    if expected == "a text" and isinstance(given, (bool, int, Decimal)):
        return f'put it in quotes: "{str(given).lower() if isinstance(given, bool) else given}"'
    if expected.startswith("a list") and isinstance(given, str) and shown != "a hidden value":
        return f"write [{given}]"
    return f"write {expected}"


def _shown(value: Any) -> str:
    """Return a value as the reader knows it, cut to a readable length, never with what is inside a mapping."""
    if value is None:
        return "nothing"
    if isinstance(value, bool):
        return str(value).lower()
    if isinstance(value, (int, Decimal)):
        return f"the number {value}" if len(str(value)) <= 40 else "a very long number"
    if isinstance(value, (dict, list)):
        return "a mapping" if isinstance(value, dict) else "a list"
    text = _URL_PASSWORD.sub(r"\1:***@", str(value))
    return f"the text {text[:40] + '…' if len(text) > 40 else text!r}"


def _models_at(annotation: Any, path: Sequence[str | int]) -> list[type[BaseModel]]:
    """Return the models that could stand at `path` under a type."""
    here = list(_members(annotation))
    for part in path:
        here = [inner for outer in here for inner in _step(outer, part)]
    return [found for found in here if isinstance(found, type) and issubclass(found, BaseModel)]


def _members(annotation: Any) -> list[Any]:
    """Return a type without Annotated, aliases and unions."""
    annotation = getattr(annotation, "__value__", annotation)
    origin = get_origin(annotation)
    if origin is Annotated:
        return _members(get_args(annotation)[0])
    if origin in (Union, types.UnionType):
        return [member for argument in get_args(annotation) for member in _members(argument)]
    return [annotation]


def _step(annotation: Any, part: str | int) -> list[Any]:
    """Return the types of what stands under a key or index of a type."""
    if isinstance(annotation, type) and issubclass(annotation, BaseModel):
        fields = annotation.model_fields.items()
        return [
            m for name, info in fields if part in (name, info.alias, info.validation_alias) for m in _members(info.annotation)
        ]
    arguments = [argument for argument in get_args(annotation) if argument is not Ellipsis]
    return _members(arguments[-1]) if arguments else []


def _names(model: type[BaseModel]) -> list[str]:
    return [str(info.validation_alias or info.alias or name) for name, info in model.model_fields.items()]


def _keys(model: type[BaseModel]) -> str:
    required = [name for name, info in zip(_names(model), model.model_fields.values(), strict=True) if info.is_required()]
    return f"at least {', '.join(required)}" if required else f"one of {', '.join(_names(model))}"
