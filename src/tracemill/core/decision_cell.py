"""The condition cells of a decision table: `-`, `"text"`, `in [a, b]`, `>= 3`, `1..4`, `not x` (after OMG DMN 1.3, 9.3).

A cell becomes the set of values it accepts. Sets can be intersected and inverted exactly, so that a table can be
checked for gaps and overlaps without trying values.
"""

from __future__ import annotations

import re
from collections.abc import Iterable
from dataclasses import dataclass
from decimal import Decimal
from typing import TypeVar

ANY = "-"
_NUMBER = r"[+-]?\d+(?:\.\d+)?"
_WRITTEN = re.compile(rf"{_NUMBER}(?:[eE][+-]?\d{{1,4}})?", re.ASCII)
_COMPARISON = re.compile(rf"(>=|<=|>|<)\s*({_NUMBER})")
_RANGE = re.compile(rf"({_NUMBER})\s*\.\.\s*({_NUMBER})")
_ITEM = re.compile(r'\s*("(?:[^"\\]|\\.)*"|[^",\[\]]+?)\s*(?:,|$)')
_RESERVED = re.compile(r'[<>=\[\]"]|\.\.|^(?:in|not)\b')


class CellError(ValueError):
    """A cell that cannot be read; the table adds row and column."""


@dataclass(frozen=True, slots=True)
class Interval:
    """A stretch of numbers; None is unbounded, an open end leaves its own number out."""

    low: Decimal | None = None
    high: Decimal | None = None
    low_open: bool = False
    high_open: bool = False

    @property
    def empty(self) -> bool:
        """True where no number lies inside."""
        if self.low is None or self.high is None:
            return False
        return self.low > self.high or (self.low == self.high and (self.low_open or self.high_open))

    def meet(self, other: Interval) -> Interval:
        """Return what both hold."""
        low, low_open = _higher((self.low, self.low_open), (other.low, other.low_open))
        high, high_open = _lower((self.high, self.high_open), (other.high, other.high_open))
        return Interval(low, high, low_open, high_open)

    def __contains__(self, value: object) -> bool:
        return isinstance(value, Decimal) and not self.meet(Interval(value, value)).empty

    def __str__(self) -> str:
        if self.low is not None and self.low == self.high:
            return str(self.low)
        if self.low is None or self.high is None:
            ends = (self.low, ">" if self.low_open else ">="), (self.high, "<" if self.high_open else "<=")
            return next((f"{sign} {end}" for end, sign in ends if end is not None), "any number")
        if not self.low_open and not self.high_open:
            return f"{self.low}..{self.high}"
        return f"{'>' if self.low_open else '>='} {self.low} and {'<' if self.high_open else '<='} {self.high}"


@dataclass(frozen=True, slots=True)
class Numbers:
    """A set of numbers."""

    parts: tuple[Interval, ...]

    def accepts(self, value: object) -> bool:
        """Return whether the Decimal `value` is in the set."""
        return any(value in part for part in self.parts)

    def meets(self, other: object) -> bool:
        """Return whether another set of numbers shares a value with this one."""
        return isinstance(other, Numbers) and any(not mine.meet(theirs).empty for mine in self.parts for theirs in other.parts)

    def inverted(self) -> Numbers:
        """Return every number that is not in the set."""
        rest = [Interval()]
        for part in self.parts:
            outside = []
            if part.low is not None:
                outside.append(Interval(None, part.low, high_open=not part.low_open))
            if part.high is not None:
                outside.append(Interval(part.high, None, low_open=not part.high_open))
            rest = [kept for have in rest for out in outside if not (kept := have.meet(out)).empty]
        return Numbers(tuple(rest))


@dataclass(frozen=True, slots=True)
class Words:
    """A set of texts or booleans: those named, or with `others` all but those named."""

    named: frozenset[str | bool]
    others: bool = False

    def accepts(self, value: object) -> bool:
        """Return whether `value` is in the set."""
        return (value in self.named) is not self.others

    def meets(self, other: object) -> bool:
        """Return whether another set of words shares a value with this one."""
        if not isinstance(other, Words):
            return False
        if self.others and other.others:
            return True
        if self.others or other.others:
            few, many = (other, self) if self.others else (self, other)
            return bool(few.named - many.named)
        return bool(self.named & other.named)

    def inverted(self) -> Words:
        """Return every word that is not in the set."""
        return Words(self.named, not self.others)


Condition = Numbers | Words
_Set = TypeVar("_Set", Numbers, Words)
_End = tuple[Decimal | None, bool]


def number(value: object) -> Decimal | None:
    """Return a number as Decimal (a float as it is written, never its binary value), or None if it is not one."""
    if isinstance(value, bool) or not isinstance(value, (int, float, Decimal, str)):
        return None
    if isinstance(value, Decimal):
        return value if value.is_finite() else None
    written = str(value).strip()
    return Decimal(written) if _WRITTEN.fullmatch(written) else None


def parse_number_cell(cell: object) -> Numbers | None:
    """Read a cell of a number column; None stands for `-`. Raises CellError."""
    if isinstance(cell, str):
        text = cell.strip()
        if text == ANY:
            return None
        if inner := _negated(text):
            return _some(parse_number_cell(inner)).inverted()
        if (items := _listed(text)) is not None:
            return Numbers(tuple(part for item in items for part in _some(parse_number_cell(item)).parts))
        if found := _COMPARISON.fullmatch(text):
            return Numbers((_compared(found[1], Decimal(found[2])),))
        if found := _RANGE.fullmatch(text):
            part = Interval(Decimal(found[1]), Decimal(found[2]))
            if part.empty:
                raise CellError("the range ends before it begins")
            return Numbers((part,))
    value = number(cell)
    if value is None:
        raise CellError("expected -, a number, >= 3, < 0.5, 1..4, in [1, 2] or not …")
    return Numbers((Interval(value, value),))


def parse_text_cell(cell: object, allowed: Iterable[str] = ()) -> Words | None:
    """Read a cell of a text column; None stands for `-`. Raises CellError, also for a text that is not allowed."""
    if isinstance(cell, (int, Decimal)) and not isinstance(cell, bool):
        cell = str(cell)
    if not isinstance(cell, str) or not cell.strip():
        raise CellError('expected -, "text", in [a, b] or not …')
    text = cell.strip()
    if text == ANY:
        return None
    if inner := _negated(text):
        return _some(parse_text_cell(inner, allowed)).inverted()
    items = _listed(text)
    words = frozenset(map(_word, [text] if items is None else items))
    if unknown := sorted(words - set(allowed)) if allowed else []:
        raise CellError(f"{unknown[0]!r} is not one of {', '.join(allowed)}")
    return Words(frozenset(words))


def parse_boolean_cell(cell: object) -> Words | None:
    """Read a cell of a boolean column; None stands for `-`. Raises CellError."""
    if isinstance(cell, bool):
        return Words(frozenset({cell}))
    text = cell.strip() if isinstance(cell, str) else ""
    if text == ANY:
        return None
    if inner := _negated(text):
        return Words(frozenset({True, False}) - _some(parse_boolean_cell(inner)).named)
    if text not in ("true", "false"):
        raise CellError("expected -, true, false or not …")
    return Words(frozenset({text == "true"}))


def _some(condition: _Set | None) -> _Set:
    if condition is None:
        raise CellError("- stands alone; it cannot be negated or listed")
    return condition


def _negated(text: str) -> str:
    found = re.fullmatch(r"not\s+(\S.*)", text, re.DOTALL)
    return found[1] if found else ""


def _listed(text: str) -> list[str] | None:
    found = re.fullmatch(r"in\s*\[(.*)\]", text, re.DOTALL)
    if not found:
        return None
    items, at = [], 0
    while at < len(found[1]):
        item = _ITEM.match(found[1], at)
        if not item:
            raise CellError('expected a list such as in [a, b] or in ["a, b", c]')
        items.append(item[1])
        at = item.end()
    if not items:
        raise CellError("the list is empty")
    return items


def _word(text: str) -> str:
    if re.fullmatch(r'"(?:[^"\\]|\\.)*"', text, re.DOTALL):
        return re.sub(r"\\(.)", r"\1", text[1:-1], flags=re.DOTALL)
    if text == ANY:
        raise CellError("- stands alone; it cannot be negated or listed")
    if _RESERVED.search(text):
        raise CellError('put the text in double quotes: "…"')
    return text


def _compared(sign: str, bound: Decimal) -> Interval:
    if sign in (">", ">="):
        return Interval(low=bound, low_open=sign == ">")
    return Interval(high=bound, high_open=sign == "<")


def _higher(one: _End, other: _End) -> _End:
    if one[0] is None or other[0] is None:
        return one if other[0] is None else other
    return max((one[0], one[1]), (other[0], other[1]))


def _lower(one: _End, other: _End) -> _End:
    if one[0] is None or other[0] is None:
        return one if other[0] is None else other
    high, shut = min((one[0], not one[1]), (other[0], not other[1]))
    return high, not shut
