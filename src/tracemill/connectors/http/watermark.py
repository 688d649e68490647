"""Watermarks: up to where a feed was read, in the product's own writing."""

import re
from datetime import UTC, datetime, timedelta
from typing import Final, Literal
from zoneinfo import ZoneInfo

_TIME: Final = re.compile(
    r"(?P<date>\d{4}-\d\d-\d\d)"
    r"(?:(?P<between>[T ])(?P<minute>\d\d:\d\d)(?::(?P<second>\d\d)(?:(?P<point>[.,])(?P<fraction>\d{1,12}))?)?)?"
    r"(?P<offset>\s?(?:Z|[+-]\d\d(?::?\d\d)?))?",
    re.ASCII,
)
_NUMBER: Final = re.compile(r"\d{1,30}", re.ASCII)
_MILLIS_FROM: Final = 10**11  # as seconds, that would be the year 5138
_AHEAD: Final = timedelta(days=1)  # naive local times may be ahead of UTC by hours, not by days
_PICO: Final = 10**12

Key = tuple[int, int]


class Watermark:
    """Compares watermarks and steps back from them, keeping format, offset and resolution."""

    def __init__(self, kind: Literal["time", "sequence"], overlap: float, zone: str | None) -> None:
        self._kind = kind
        self._overlap = overlap
        self._zone = ZoneInfo(zone) if zone and kind == "time" else None

    def later(self, one: str, other: str) -> str:
        """Give the later of two watermarks; one that cannot be read never wins."""
        first, second = self._key(one), self._key(other)
        if second is None:
            return one
        return other if first is None or second > first else one

    def believable(self, text: str, now: datetime) -> bool:
        """Tell whether a record's watermark may move the feed: one typed into the far future would end it for good."""
        key = self._key(text)
        if key is None or self._kind == "sequence":
            return key is not None
        return key[0] <= (now + _AHEAD).timestamp()

    def back(self, text: str) -> str:
        """Step back by the overlap, to where the next poll starts."""
        if _NUMBER.fullmatch(text):
            unit = 1000 if self._kind == "time" and int(text) >= _MILLIS_FROM else 1
            return str(max(0, int(text) - round(self._overlap * unit))).zfill(len(text) if text[0] == "0" else 0)
        match = _TIME.fullmatch(text) if self._kind == "time" else None
        return text if match is None else self._time_back(match)

    def _key(self, text: str) -> Key | None:
        if _NUMBER.fullmatch(text):
            number = int(text)
            if self._kind == "time" and number >= _MILLIS_FROM:
                return number // 1000, number % 1000 * (_PICO // 1000)
            return number, 0
        match = _TIME.fullmatch(text) if self._kind == "time" else None
        try:
            return None if match is None else _instant(match)
        except (ValueError, OverflowError):
            return None

    def _time_back(self, match: re.Match[str]) -> str:
        fraction = match["fraction"] or ""
        try:
            at = _written(match)
            steps = self._overlap + self._repeated_hour(match, at)
            start = at + timedelta(microseconds=int(fraction.ljust(6, "0")[:6])) - timedelta(seconds=steps)
        except (ValueError, OverflowError):
            return match[0]
        text = start.date().isoformat()
        if match["minute"]:
            text += match["between"] + start.strftime("%H:%M:%S" if match["second"] else "%H:%M")
        if fraction:
            finer = "" if steps else fraction[6:]
            text += match["point"] + f"{start.microsecond:06d}{finer}"[: len(fraction)].ljust(len(fraction), "0")
        return text + (match["offset"] or "")

    def _repeated_hour(self, match: re.Match[str], at: datetime) -> float:
        """In autumn local clocks show one hour twice; while they may, everything since its first showing is read again."""
        if self._zone is None or match["offset"]:
            return 0.0
        first = at.replace(tzinfo=self._zone, fold=0).utcoffset() or timedelta()
        second = at.replace(tzinfo=self._zone, fold=1).utcoffset() or timedelta()
        return max(0.0, (first - second).total_seconds())


def _written(match: re.Match[str]) -> datetime:
    """Read the clock as written, whole seconds, without its offset."""
    return datetime.fromisoformat(f"{match['date']}T{match['minute'] or '00:00'}:{match['second'] or '00'}")


def _instant(match: re.Match[str]) -> Key:
    at = _written(match).replace(tzinfo=UTC) - _offset(match["offset"])
    return int(at.timestamp()), int((match["fraction"] or "0").ljust(12, "0"))


def _offset(text: str | None) -> timedelta:
    digits = (text or "").strip().replace(":", "")
    if len(digits) < 3:
        return timedelta()
    minutes = int(digits[1:3]) * 60 + int(digits[3:5] or 0)
    return timedelta(minutes=-minutes if digits[0] == "-" else minutes)
