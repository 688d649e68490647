"""Business keys, taken from whatever can be read: the tolerant rule that runs before mapping."""

import json
import re
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from decimal import Decimal
from typing import Final

import msgspec

from tracemill.mapping.cell import Cell, CellError
from tracemill.mapping.plain import exact_digits

MAX_KEY: Final = 200
MAX_SCAN: Final = 1024 * 1024
MAX_FOUND: Final = 1000

_READ: Final = msgspec.json.Decoder(float_hook=Decimal)
_NUMBER_END: Final = r"(-?\d{1,200})(?=[\s,}\]])"
_TEXT: Final = r"(\"(?:[^\"\\]|\\.){1,1200}\")"


@dataclass(frozen=True, slots=True)
class BusinessKey:
    """What people call a thing: the kind of name, and the name byte for byte."""

    kind: str
    value: str


@dataclass(frozen=True, slots=True)
class KeyRule:
    """Where the keys of one kind may stand in a record; every cell that finds one counts."""

    kind: str
    cells: Sequence[Cell]


def extract_keys(rules: Iterable[KeyRule], source_or_text: object) -> list[BusinessKey]:
    """Find business keys in a record, or in the text of one that cannot be parsed. Never raises."""
    rules = list(rules)
    source = source_or_text
    if isinstance(source, bytes | bytearray | memoryview):
        source = bytes(source).decode("utf-8", "replace")
    if isinstance(source, str):
        text = source
        try:
            source = _READ.decode(text)
        except (ValueError, RecursionError):
            return _unique(_scan(rules, text))
    return _unique(_read(rules, source))


def _unique(found: Iterable[BusinessKey]) -> list[BusinessKey]:
    usable = (key for key in found if key.value.strip() and len(key.value) <= MAX_KEY)
    return list(dict.fromkeys(usable))[:MAX_FOUND]


def _read(rules: Iterable[KeyRule], source: object) -> Iterator[BusinessKey]:
    for rule in rules:
        for cell in rule.cells:
            try:
                value = cell.evaluate(source)
            except CellError:
                continue
            for text in _texts(value):
                yield BusinessKey(rule.kind, text)


def _texts(value: object) -> Iterator[str]:
    if isinstance(value, str):
        yield value
    elif isinstance(value, Decimal):
        yield exact_digits(value)
    elif isinstance(value, int) and not isinstance(value, bool):
        if abs(value) < 10**MAX_KEY:
            yield str(value)
    elif isinstance(value, list):
        for item in value:
            if not isinstance(item, list):
                yield from _texts(item)


def _scan(rules: Iterable[KeyRule], text: str) -> Iterator[BusinessKey]:
    """Look for the declared names in a broken text; half a value at its end is no key."""
    text = text[:MAX_SCAN]
    for rule in rules:
        for name in dict.fromkeys(name for cell in rule.cells for name in cell.leaf_names()):
            quoted = re.escape(json.dumps(name, ensure_ascii=False))
            pattern = re.compile(rf"{quoted}\s{{0,20}}:\s{{0,20}}(?:{_TEXT}|{_NUMBER_END})")
            for count, match in enumerate(pattern.finditer(text)):
                if count == MAX_FOUND:
                    break
                yield BusinessKey(rule.kind, _unquoted(match))


def _unquoted(match: re.Match[str]) -> str:
    if match.group(2) is not None:
        return match.group(2)
    try:
        return str(json.loads(match.group(1), strict=False))
    except ValueError:
        return ""
