"""Moments: a point in time with the text and the zone it was written in."""

from datetime import UTC, datetime
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

from tracemill.model.record import Record


class BadTime(ValueError):
    """A time that is not ISO 8601, or that has neither an offset nor a declared zone."""


class Moment(Record, frozen=True):
    """A point in time: UTC for the machine, the original text and zone for the record."""

    utc: datetime
    text: str
    zone: str = ""


def parse_moment(text: object, zone: str | None = None) -> Moment:
    """Read an ISO 8601 time, or epoch milliseconds as an integer. A naive time needs the declared `zone`."""
    if isinstance(text, int) and not isinstance(text, bool):
        try:
            return Moment(utc=datetime.fromtimestamp(text / 1000, UTC), text=str(text), zone="epoch-ms")
        except (OverflowError, OSError, ValueError):
            raise BadTime(f"time {text!r} is out of range for epoch milliseconds") from None
    if not isinstance(text, str):
        raise BadTime(f"time {text!r} is a {type(text).__name__}, not ISO 8601 text")
    try:
        read = datetime.fromisoformat(text)
    except ValueError:
        raise BadTime(f"time {text!r} is not ISO 8601, such as 2026-11-23T10:02:11+01:00") from None
    if read.tzinfo is not None:
        return Moment(utc=read.astimezone(UTC), text=text, zone=str(read.tzinfo))
    if not zone:
        raise BadTime(f"time {text!r} has no offset; declare its zone in the mapping, such as zone: Europe/Berlin")
    try:
        return Moment(utc=read.replace(tzinfo=ZoneInfo(zone)).astimezone(UTC), text=text, zone=zone)
    except (ZoneInfoNotFoundError, ValueError):
        raise BadTime(f"zone {zone!r} is not an IANA time zone") from None


def at(utc: datetime) -> Moment:
    """Wrap a UTC time of our own."""
    return Moment(utc=utc, text=utc.isoformat(), zone="UTC")
