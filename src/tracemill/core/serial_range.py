"""Serial ranges: every id from a first to a last one, where it can only mean one thing."""

import re
from itertools import zip_longest

MOST = 100_000
_DIGITS = re.compile("([0-9]+)")


class BadRange(ValueError):
    """Two ids between which nobody can say what lies, and what to write instead."""

    def __init__(self, cause: str, hint: str) -> None:
        super().__init__(cause)
        self.hint = hint


def between(first: str, last: str) -> list[str]:
    """Return every id from the first to the last one, both included.

    Both have the same length and differ in one run of digits only; an id lies between where it has the same text around as many
    digits, in the order of numbers. Any other order of opaque ids would be a guess.
    """
    low, high = _DIGITS.split(first), _DIGITS.split(last)
    different = [n for n, (a, b) in enumerate(zip_longest(low, high)) if a != b]
    if not different:
        return [first]
    place = different[0]
    if len(low) != len(high) or len(different) > 1 or place % 2 == 0:
        raise BadRange(
            f"{first} and {last} differ in more than one number: what lies between them is not certain",
            "name a first and a last serial that differ in one run of digits, each such range by itself",
        )
    return _numbered(first, last, low, high, place)


def _numbered(first: str, last: str, low: list[str], high: list[str], place: int) -> list[str]:
    width, start, end = len(low[place]), int(low[place]), int(high[place])
    if width != len(high[place]):
        raise BadRange(
            f"{low[place]} and {high[place]} do not have the same number of digits: as numbers and as text they sort differently",
            f"write two ranges: one up to {'9' * min(width, len(high[place]))}, one from there on",
        )
    if start > end:
        raise BadRange(f"{first} comes after {last}", f"name {last} first")
    if end - start >= MOST:
        raise BadRange(
            f"{first} to {last} are {end - start + 1} serials, more than {MOST}",
            "name fewer, or the lot or work order that they are of",
        )
    before, after = "".join(low[:place]), "".join(low[place + 1 :])
    return [f"{before}{n:0{width}}{after}" for n in range(start, end + 1)]
