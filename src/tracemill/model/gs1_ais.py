"""Application Identifiers: what each may carry, and where a value is wrong (GS1 General Specifications, section 3)."""

import re
from collections.abc import Callable, Iterator
from typing import NamedTuple

from tracemill.model.check_digit import CSET39, CSET64, CSET82, check_digit, check_pair, is_checked
from tracemill.model.gs1_table import TABLE

_DIGITS = "0123456789"
_CHARACTERS = {"N": frozenset(_DIGITS), "X": frozenset(CSET82), "Y": frozenset(CSET39), "Z": frozenset(CSET64)}
_SHAPE = re.compile(r"(\[?)([NXYZ])(\.\.)?(\d+)\]?(.*)")


class Component(NamedTuple):
    """One part of a value: its characters, its length, and what it is checked for."""

    characters: str
    least: int
    most: int
    optional: bool
    checks: tuple[str, ...]


class Ai(NamedTuple):
    """One Application Identifier."""

    code: str
    title: str
    fixed: bool  # of predefined length: needs no separator after it
    attribute: bool  # may stand in the query of a Digital Link
    components: tuple[Component, ...]
    qualifiers: tuple[tuple[str, ...], ...] | None  # of a Digital Link primary key; None where it is none

    @property
    def most(self) -> int:
        return sum(c.most for c in self.components)


class Fault(NamedTuple):
    """What is wrong inside one value, and at which of its characters."""

    position: int
    cause: str


def fault_of(ai: Ai, value: str, checked: bool = True) -> Fault | None:
    """Find the first thing that is wrong with a value; without `checked` only its shape counts."""
    at = 0
    for part in ai.components:
        piece = value[at : at + part.most]
        if not piece and part.optional:
            break
        if fault := _shape(part, piece) or (_content(part, piece) if checked else None):
            return Fault(at + fault.position, fault.cause)
        at += len(piece)
    return Fault(at, f"has {len(value)} characters where at most {ai.most} may stand") if at < len(value) else None


def _shape(part: Component, piece: str) -> Fault | None:
    if not part.least <= len(piece):
        length = f"{part.most}" if part.least == part.most else f"{part.least} to {part.most}"
        return Fault(len(piece), f"ends after {len(piece)} of {length} characters")
    allowed = _CHARACTERS[part.characters]
    if allowed.issuperset(piece):
        return None
    bad = next(i for i, c in enumerate(piece) if c not in allowed)
    wanted = "a digit" if part.characters == "N" else "a character that GS1 allows here"
    return Fault(bad, f"has {piece[bad]!r} where {wanted} must stand")


def _content(part: Component, piece: str) -> Fault | None:
    for name in part.checks:
        if fault := _CHECKS[name](piece):
            return fault
    return None


def _digit_checked(piece: str) -> Fault | None:
    if is_checked(piece):
        return None
    return Fault(len(piece) - 1, f"ends with check digit {piece[-1]}, its digits give {check_digit(piece[:-1])}")


def _pair_checked(piece: str) -> Fault | None:
    if len(piece) > 2 and check_pair(piece[:-2]) == piece[-2:]:
        return None
    given = check_pair(piece[:-2])
    return Fault(max(len(piece) - 2, 0), f"ends with check characters {piece[-2:]}, its characters give {given}")


def _within(low: int, high: int, what: str) -> Callable[[str], Fault | None]:
    def check(piece: str) -> Fault | None:
        return None if low <= int(piece) <= high else Fault(0, f"has {piece} as {what}, which is {low:02d} to {high:02d}")

    return check


def _day(piece: str, least: int) -> Fault | None:
    month, day = int(piece[-4:-2]), int(piece[-2:])
    if not 1 <= month <= 12:
        return Fault(len(piece) - 4, f"has month {month:02d}")
    # The century is open, so only a leap year can be told by its two digits (2000 was one).
    longest = 29 if month == 2 and int(piece[:-4]) % 4 == 0 else (31, 28, 31, 30, 31, 30, 31, 31, 30, 31, 30, 31)[month - 1]
    return None if least <= day <= longest else Fault(len(piece) - 2, f"has day {day:02d} in month {month:02d}")


def _clock(piece: str) -> Fault | None:
    return _within(0, 23, "hour")(piece[:2]) or _within(0, 59, "minute")(piece[2:])


def _piece_of_total(piece: str) -> Fault | None:
    number, total = int(piece[:2]), int(piece[2:])
    return None if 1 <= number <= total else Fault(0, f"says piece {number} of {total}")


def _when(bad: Callable[[str], bool], cause: str) -> Callable[[str], Fault | None]:
    return lambda piece: Fault(0, cause) if bad(piece) else None


_CHECKS: dict[str, Callable[[str], Fault | None]] = {
    "csum": _digit_checked,
    "csumalpha": _pair_checked,
    "yymmdd": lambda piece: _day(piece, 1),
    "yymmd0": lambda piece: _day(piece, 0),
    "yyyymmdd": lambda piece: _day(piece, 1),
    "hhmi": _clock,
    "hh": _within(0, 23, "hour"),
    "mi": _within(0, 59, "minute"),
    "ss": _within(0, 59, "second"),
    "pieceoftotal": _piece_of_total,
    "zero": _when(lambda piece: set(piece) != {"0"}, "must be zero"),
    "nonzero": _when(lambda piece: set(piece) == {"0"}, "must not be zero"),
    "yesno": _when(lambda piece: piece not in ("0", "1"), "must be 0 or 1"),
    "nozeroprefix": _when(lambda piece: len(piece) > 1 and piece[0] == "0", "begins with a zero"),
    "hyphen": _when(lambda piece: piece != "-", "must be a minus sign"),
}


def _component(text: str) -> Component:
    found = _SHAPE.fullmatch(text)
    assert found is not None, text
    optional, kind, open_ended, length, checks = found.groups()
    names = tuple(name for name in checks.split(",") if name)
    return Component(kind, 1 if open_ended else int(length), int(length), bool(optional), names)


def _read(line: str) -> Iterator[Ai]:
    described, _, title = line.partition("#")
    codes, flags, parts, *key = described.split()
    first, _, last = codes.partition("-")
    components = tuple(_component(part) for part in parts.split("+"))
    qualifiers = None
    if key:
        qualifiers = tuple(tuple(way.split(",")) for way in key[0].removeprefix("dlpkey").removeprefix("=").split("|") if way)
    for number in range(int(first), int(last or first) + 1):
        code = str(number).zfill(len(first))
        yield Ai(code, title.strip(), "*" in flags, "?" in flags, components, qualifiers)


AIS: dict[str, Ai] = {ai.code: ai for line in TABLE.split("\n") if line for ai in _read(line)}


def ai_at(text: str, at: int = 0) -> Ai | None:
    """Return the Application Identifier that begins at a position: no code is the beginning of another."""
    for length in (2, 3, 4):
        if ai := AIS.get(text[at : at + length]):
            return ai
    return None
