"""What templates show: times in the plant's zone with UTC beside, icons, and the four kinds of nothing."""

from datetime import UTC, datetime
from typing import Any
from zoneinfo import ZoneInfo

from jinja2 import Environment, PackageLoader, StrictUndefined, select_autoescape
from markupsafe import Markup

ICONS = {
    "released": "✓",
    "conditional": "◑",
    "quarantine": "◔",
    "hold": "‖",
    "rejected": "✕",
    "unknown": "?",
    "unsafe": "!",
    "late": "◔",
    "verified": "✓",
    "delivered": "→",
    "pending": "◔",
    "sending": "→",
    "retrying": "↻",
    "in_doubt": "?",
    "dead": "✕",
    "superseded": "–",
    "cancelled": "–",
    "processed": "✓",
    "parked": "‖",
    "received": "→",
    "replayed": "✓",
    "discarded": "–",
    "acknowledged": "✓",
}


DECIDED = {
    "accept": "accepted",
    "concession": "accepted by concession",
    "reject": "rejected",
    "rework": "to rework",
    "return": "to return",
    "scrap": "to scrap",
    "reinspect": "to inspect again",
    "hold": "on hold",
}


def environment(zone: str) -> Environment:
    """Return the templates, with times in the zone of the plant."""
    made = Environment(
        loader=PackageLoader("tracemill.console"),
        autoescape=select_autoescape(default=True),
        undefined=StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
    )
    made.filters["time"] = lambda at: _time(at, ZoneInfo(zone))
    made.filters["status"] = _status
    made.filters["decided"] = lambda word: DECIDED.get(word, word)
    return made


def _time(at: datetime | None, zone: ZoneInfo) -> Any:
    if at is None:
        return ""
    utc = at.astimezone(UTC)
    return Markup('<time datetime="{}" title="{} UTC">{}</time>').format(
        utc.isoformat(), utc.strftime("%Y-%m-%d %H:%M:%S"), at.astimezone(zone).strftime("%d %b %H:%M:%S")
    )


def _status(word: str) -> Any:
    """Show a status as icon, word and colour: never by colour alone."""
    return Markup('<span class="status {0}"><span aria-hidden="true">{1}</span> {2}</span>').format(
        word, ICONS.get(word, "·"), word.replace("_", " ")
    )
