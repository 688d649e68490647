"""What templates show: statuses as icon, word and colour; times in the plant's zone with UTC beside; links to what is named."""

from collections.abc import Iterable
from datetime import UTC, datetime, timedelta
from itertools import groupby
from typing import Any
from urllib.parse import quote, urlencode
from zoneinfo import ZoneInfo

from jinja2 import Environment, PackageLoader, StrictUndefined, select_autoescape
from markupsafe import Markup

from tracemill.answers import words
from tracemill.answers.timeline import Entry
from tracemill.model.quantity import NAMES

# Each word of the table of statuses: its icon, and its tone (what colour it has, and whether it is filled).
STATUSES: dict[str, tuple[str, str]] = {
    "released": ("check", "released"), "conditional": ("half", "conditional"), "quarantine": ("clock", "pending"),
    "hold": ("pause", "hold"), "rejected": ("cross", "rejected"), "unknown": ("question", "unknown"),
    "expired": ("glass", "expired"), "recalled": ("alert", "recalled"),
    "unsafe": ("alert", "unsafe"), "late": ("clock", "pending"),
    "received": ("arrow", "plain"), "processed": ("check", "plain"), "parked": ("pause", "parked"),
    "replayed": ("repeat", "plain"), "discarded": ("minus", "plain"),
    "pending": ("clock", "plain"), "sending": ("arrow", "plain"), "delivered": ("arrow", "plain"), "verified": ("check", "plain"),
    "retrying": ("repeat", "pending"), "in_doubt": ("question", "doubt"), "superseded": ("minus", "plain"),
    "dead": ("cross", "dead"), "cancelled": ("minus", "plain"), "acknowledged": ("check", "plain"),
    "agrees": ("check", "plain"), "in flight": ("arrow", "plain"), "restricting": ("arrow", "pending"),
    "beyond": ("alert", "unsafe"), "less": ("minus", "plain"), "silent": ("question", "unknown"),
    "observe": ("eye", "plain"), "propose": ("person", "plain"), "act": ("arrow", "plain"), "paused": ("pause", "pending"),
    "unreachable": ("question", "doubt"), "stale": ("clock", "unknown"), "reachable": ("check", "plain"),
}  # fmt: skip
SAID = {
    "beyond": "shows too much", "less": "shows less", "silent": "no reading", "restricting": "being restricted",
    "observe": "only observed", "propose": "asks before it acts",
}  # fmt: skip
NOTICED = timedelta(minutes=1)  # sources tell time to the minute


def environment(zone: str) -> Environment:
    """Return the templates, with times in the zone of the plant."""
    made = Environment(
        loader=PackageLoader("tracemill.console"), autoescape=select_autoescape(default=True), undefined=StrictUndefined,
        trim_blocks=True, lstrip_blocks=True,
    )  # fmt: skip
    place = ZoneInfo(zone)
    made.globals.update(zone=zone, statuses=STATUSES, after=after, unit_name=lambda code: NAMES.get(code, code))
    made.filters.update(
        time=lambda at: time(at, place),
        clock=lambda at: time(at, place, "%H:%M:%S"),
        offset=lambda at: at.astimezone(place).strftime("%Y-%m-%dT%H:%M:%S"),
        days=lambda told: days(told, place),
        late=late,
        moment=lambda at, beside: moment(at, beside, place),
        ago=lambda since, now: f"{words.age(since, now)} ago",
        status=status,
        icon=icon,
        named=words.named,
        counted=words.counted,
        lot_path=lot_path,
        address=address,
        decided=lambda word: words.DECIDED.get(word, word),
        asked=lambda verb: words.asked(verb).removeprefix("open "),
        plainly=lambda word: word.replace("_", " "),
        sentence=lambda text: text[:1].upper() + text[1:],
    )
    return made


def time(at: datetime | None, zone: ZoneInfo, form: str = "%Y-%m-%d %H:%M:%S") -> Markup:
    """Show a time in the zone of the plant, and in UTC on hover."""
    if at is None:
        return Markup("")
    utc, there = at.astimezone(UTC), at.astimezone(zone)
    return Markup('<time datetime="{}" title="{} UTC">{}</time>').format(
        utc.isoformat(), utc.strftime("%Y-%m-%d %H:%M:%S"), there.strftime(form)
    )


def after(start: datetime, end: datetime) -> str:
    """Say how long something took, as a clock that was started shows it."""
    seconds = max(0, int((end - start).total_seconds()))
    return f"+{seconds // 3600:02}:{seconds // 60 % 60:02}:{seconds % 60:02}"


def icon(name: str) -> Markup:
    return Markup('<svg class="icon" aria-hidden="true" focusable="false"><use href="#i-{}"/></svg>').format(name)


def status(word: str) -> Markup:
    """Show a status as icon, word and colour: never by colour alone. A word that is not in the table is drawn as unknown."""
    drawn, tone = STATUSES.get(word, ("question", "unknown"))
    text = SAID.get(word, word.replace("_", " "))
    return Markup('<span class="status {}">{}<span>{}</span></span>').format(tone, icon(drawn), text)


def days(told: Iterable[Entry], zone: ZoneInfo) -> list[tuple[str, list[Entry]]]:
    """Break a timeline into days of the plant, in the order it has: that in which we heard of it."""
    grouped = groupby(told, lambda e: e.recorded_at.astimezone(zone).strftime("%A, %Y-%m-%d"))
    return [(day, list(entries)) for day, entries in grouped]


def late(entry: Entry) -> bool:
    """Say whether we heard of something noticeably later, or earlier, than it is said to have happened."""
    return abs(entry.recorded_at - entry.occurred_at) >= NOTICED


def moment(at: datetime, beside: datetime, zone: ZoneInfo) -> Markup:
    """Show a time beside another: without its day where that is the same."""
    same = at.astimezone(zone).date() == beside.astimezone(zone).date()
    return time(at, zone, "%H:%M" if same else "%Y-%m-%d %H:%M")


def lot_path(ref: str) -> str:
    """Return the address of a lot by what it is called; a name that an address would not keep (`..`, `x.json`) is searched."""
    if not ref.strip("./\\ ") or "\0" in ref or ref.endswith(".json"):
        return address("/", q=ref)
    return f"/lots/{quote(ref, safe='')}"


def address(path: str, **query: Any) -> str:
    """Return a path with those filters that are set."""
    kept = {k: v for k, v in query.items() if v}
    return path + (f"?{urlencode(kept)}" if kept else "")
