"""The two formats that EPCIS depends on: URIs (RFC 3986) and times (RFC 3339)."""

import calendar
import re
from datetime import UTC, datetime, timedelta
from functools import lru_cache

_PCHAR = r"(?:[A-Za-z0-9\-._~!$&'()*+,;=:@]|%[0-9A-Fa-f]{2})"
_HOST = r"(?:\[[0-9A-Fa-f:.]+\]|(?:[A-Za-z0-9\-._~!$&'()*+,;=]|%[0-9A-Fa-f]{2})*)"
_USER = r"(?:(?:[A-Za-z0-9\-._~!$&'()*+,;=:]|%[0-9A-Fa-f]{2})*@)?"
_PATH = rf"(?:/{_PCHAR}*)*"
_URI = re.compile(
    rf"[A-Za-z][A-Za-z0-9+.\-]*:(?://{_USER}{_HOST}(?::\d*)?{_PATH}|/(?:{_PCHAR}+{_PATH})?|{_PCHAR}+{_PATH}|)"
    rf"(?:\?(?:{_PCHAR}|[/?])*)?(?:#(?:{_PCHAR}|[/?])*)?"
)
_TIME = re.compile(
    r"(\d{4})-(0[1-9]|1[0-2])-(\d\d)[Tt]([01]\d|2[0-3]):([0-5]\d):([0-5]\d)(?:\.(\d+))?([Zz]|([+-])([01]\d|2[0-3]):([0-5]\d))",
    re.ASCII,
)


@lru_cache(maxsize=16384)
def is_uri(text: str) -> bool:
    return _URI.fullmatch(text) is not None


def is_time(text: str) -> bool:
    found = _TIME.fullmatch(text)
    return found is not None and 1 <= int(found[3]) <= _days(int(found[1]), int(found[2]))


def _days(year: int, month: int) -> int:
    return calendar.monthrange(year, month)[1] if year else 0


def utc(text: str) -> datetime:
    """Read an RFC 3339 time as UTC to the microsecond, further digits cut; raise ValueError where it is none, or out of range."""
    found = _TIME.fullmatch(text)
    if found is None:
        raise ValueError(f"{text!r} is not an RFC 3339 time with an offset")
    fraction = int((found[7] or "0")[:6].ljust(6, "0"))
    naive = datetime(*map(int, found.group(1, 2, 3, 4, 5, 6)), fraction, tzinfo=UTC)  # type: ignore[misc, arg-type]
    if not found[9]:
        return naive
    offset = timedelta(hours=int(found[10]), minutes=int(found[11]))
    try:
        return naive - offset if found[9] == "+" else naive + offset
    except OverflowError:
        raise ValueError(f"{text!r} is out of range") from None


def utc_milliseconds(text: str) -> str:
    """Write a time as UTC with three decimals: a fourth of 5 or more rounds up (CBV 2.0, section 8.9)."""
    at = utc(text)
    if at.microsecond % 1000 >= 500:
        try:
            at += timedelta(milliseconds=1)
        except OverflowError:
            raise ValueError(f"{text!r} is out of range") from None
    return at.isoformat(timespec="milliseconds").removesuffix("+00:00") + "Z"
