"""Gaps, overlaps and dead rules of a decision table, found on the sets its cells stand for, not by trying values."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from decimal import Decimal
from itertools import combinations, pairwise
from typing import Literal

from tracemill.core.decision_cell import Condition, Interval, Numbers, Words

_MOST_FINDINGS = 20
_MOST_STEPS = 50_000
_OTHER = "any other text"

Conditions = tuple[Condition | None, ...]


@dataclass(frozen=True, slots=True)
class Column:
    """An input column: `values` of a text, inclusive bounds of a number."""

    name: str
    type: Literal["text", "number", "boolean"]
    values: tuple[str, ...] = ()
    min: Decimal | None = None
    max: Decimal | None = None

    @property
    def bounds(self) -> Interval:
        """The numbers the column can have."""
        return Interval(self.min, self.max)


@dataclass(frozen=True, slots=True)
class TableFinding:
    """Something to look at in a table; `rules` are counted from 0, the text counts rows from 1."""

    kind: Literal["gap", "overlap", "unreachable", "unchecked"]
    rules: tuple[int, ...]
    text: str


@dataclass(frozen=True, slots=True)
class _Piece:
    """A part of a column's values that no cell divides further; `open_ended` is text nobody enumerated."""

    label: str
    condition: Condition
    open_ended: bool = False


class _TooLarge(Exception):
    pass


def check_table(columns: Sequence[Column], hit: str, rules: Sequence[Conditions]) -> tuple[TableFinding, ...]:
    """Return what is wrong with the rules, at most 20 gaps.

    A gap is a combination that no rule accepts; free text without declared `values` is searched for the texts the
    rules name, not for all others. Overlaps are reported for `unique`, rules hidden by earlier ones for `first`.
    """
    pieces = [_pieces(column, [rule[at] for rule in rules]) for at, column in enumerate(columns)]
    found: list[TableFinding] = []
    winners: set[int] = set()
    try:
        for labels, open_ended, alive in _cells(columns, pieces, rules):
            winners.update(alive[:1])
            if not alive and not open_ended and len(found) < _MOST_FINDINGS:
                found.append(TableFinding("gap", (), f"no rule for {', '.join(labels)}"))
    except _TooLarge:
        found.append(TableFinding("unchecked", (), "the table is too large to be searched completely"))
        winners.update(range(len(rules)))
    if hit == "unique":
        return (*found, *_overlaps(columns, rules))
    hidden = (at for at in range(len(rules)) if at not in winners)
    return (*found, *(TableFinding("unreachable", (at,), f"row {at + 1} can never decide") for at in hidden))


def _overlaps(columns: Sequence[Column], rules: Sequence[Conditions]) -> Iterator[TableFinding]:
    for (one, mine), (other, theirs) in combinations(enumerate(rules), 2):
        if all(_meet(column, a, b) for column, a, b in zip(columns, mine, theirs, strict=True)):
            yield TableFinding("overlap", (one, other), f"rows {one + 1} and {other + 1} both match the same values")


def _meet(column: Column, one: Condition | None, other: Condition | None) -> bool:
    """Return whether a value of the column satisfies both conditions."""
    both = [condition for condition in (one, other) if condition is not None]
    if not both:
        return True
    if column.type == "number":
        parts = [column.bounds]
        for condition in both:
            assert isinstance(condition, Numbers)
            parts = [met for have in parts for part in condition.parts if not (met := have.meet(part)).empty]
        return bool(parts)
    if column.values:
        return any(all(condition.accepts(value) for condition in both) for value in column.values)
    return len(both) == 1 or both[0].meets(both[1])


def _cells(
    columns: Sequence[Column], pieces: Sequence[Sequence[_Piece]], rules: Sequence[Conditions]
) -> Iterator[tuple[list[str], bool, tuple[int, ...]]]:
    """Walk every combination of pieces that differs in which rules accept it, column by column."""
    steps = 0

    def walk(
        at: int, labels: list[str], open_ended: bool, alive: tuple[int, ...]
    ) -> Iterator[tuple[list[str], bool, tuple[int, ...]]]:
        nonlocal steps
        steps += 1
        if steps > _MOST_STEPS:
            raise _TooLarge
        if at == len(columns) or not alive:
            yield labels, open_ended, alive
            return
        groups: dict[tuple[bool, tuple[int, ...]], list[str]] = {}
        for piece in pieces[at]:
            kept = tuple(rule for rule in alive if _accepts(rules[rule][at], piece))
            groups.setdefault((piece.open_ended, kept), []).append(piece.label)
        for (ends_open, kept), names in groups.items():
            label = f"{columns[at].name} {' or '.join(names)}"
            yield from walk(at + 1, [*labels, label], open_ended or ends_open, kept)

    yield from walk(0, [], False, tuple(range(len(rules))))


def _accepts(condition: Condition | None, piece: _Piece) -> bool:
    return condition is None or condition.meets(piece.condition)


def _pieces(column: Column, conditions: Sequence[Condition | None]) -> list[_Piece]:
    """Cut a column's values where any cell cuts them."""
    if column.type == "number":
        return _number_pieces(column, [part for c in conditions if isinstance(c, Numbers) for part in c.parts])
    if column.type == "boolean":
        return [_Piece(str(value).lower(), Words(frozenset({value}))) for value in (True, False)]
    named = {word for c in conditions if isinstance(c, Words) for word in c.named}
    words = [_Piece(str(word), Words(frozenset({word}))) for word in column.values or sorted(map(str, named))]
    return words if column.values else [*words, _Piece(_OTHER, Words(frozenset(named), others=True), open_ended=True)]


def _number_pieces(column: Column, parts: Sequence[Interval]) -> list[_Piece]:
    bounds = column.bounds
    ends = {end for part in (*parts, bounds) for end in (part.low, part.high) if end is not None and end in bounds}
    stops = [None, *sorted(ends), None]
    cuts = [Interval(end, end) for end in sorted(ends)]
    cuts += [Interval(low, high, low is not None, high is not None) for low, high in pairwise(stops)]
    inside = [met for cut in cuts if not (met := cut.meet(bounds)).empty]
    inside.sort(key=lambda cut: (cut.low is not None, cut.low or Decimal(0), cut.low_open))
    return [_Piece(str(cut), Numbers((cut,))) for cut in inside]
