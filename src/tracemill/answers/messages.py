"""Messages: what came in, what could not be read, and what that holds back."""

import re
import zlib
from contextlib import suppress
from datetime import datetime
from typing import Any

import msgspec
from sqlalchemy import Connection, Select, func, select

from tracemill.answers import deliveries
from tracemill.answers.page import Page, Sites, at_sites, paged
from tracemill.model.record import Record, decode
from tracemill.store.tables import body, business_key, event, hold, lot, message

SHOWN = 64 * 1024
_VOLATILE = re.compile(r"'[^']*'|\"[^\"]*\"|\b[0-9a-f]{8}-[0-9a-f-]{27}\b|\d+")
_SECRET = re.compile(r'("(?:[^"]*(?:password|secret|token|api_?key|authorization)[^"]*)"\s*:\s*)"[^"]*"', re.IGNORECASE)


class MessageLine(Record, frozen=True):
    """A message in a list."""

    id: str
    site: str
    system: str
    feed: str
    key: str
    state: str
    received_at: datetime
    size: int
    code: str
    cause: str
    hint: str
    correlation: str
    actor: str
    settled_by: str
    reason: str


class Impact(Record, frozen=True):
    """What a message that could not be read holds back: lots, and how much of them might be used wrongly or only late."""

    lots: tuple[str, ...]
    total: int
    consequence: str


class Produced(Record, frozen=True):
    """An event that a message became."""

    id: str
    type: str
    position: int
    lot: str


class MessageView(Record, frozen=True):
    """One message with everything that belongs to it."""

    line: MessageLine
    body: str
    cut: bool
    content_type: str
    keys: tuple[tuple[str, str], ...]
    events: tuple[Produced, ...]
    deliveries: tuple[deliveries.DeliveryView, ...]
    impact: Impact


class Group(Record, frozen=True):
    """Failures with one cause: where, what, how many, since when, what they hold back."""

    system: str
    feed: str
    code: str
    cause: str
    hint: str
    count: int
    oldest: datetime
    newest: datetime
    impact: Impact
    messages: tuple[MessageLine, ...]


_PLAIN = ("site", "system", "feed", "key", "state", "received_at", "size", "correlation", "actor")


def line_of(r: Any) -> MessageLine:
    return MessageLine(
        id=r.uuid,
        code=r.cause_code or "",
        cause=r.cause or "",
        hint=r.hint or "",
        settled_by=r.settled_by or "",
        reason=r.reason or "",
        **{f: r._mapping[f] for f in _PLAIN},
    )


def listed(
    c: Connection, sites: Sites, cursor: str = "", limit: int = 50, *, state: str = "", system: str = "", key: str = "",
    lot_id: str = "",
) -> Page[MessageLine]:  # fmt: skip
    """List messages, the newest first."""
    query: Select[Any] = at_sites(select(message), message.c.site, sites)
    if state:
        query = query.where(message.c.state == state)
    if system:
        query = query.where(message.c.system == system)
    if key:
        query = query.where(message.c.id.in_(select(business_key.c.message_id).where(business_key.c.value == key)))
    if lot_id:
        told = select(event.c.message_id).join(lot, lot.c.id == event.c.lot_id).where(lot.c.uuid == lot_id)
        query = query.where(message.c.id.in_(told))
    return paged(c, query, message.c.id, line_of, cursor, limit)


def one(c: Connection, uuid: str) -> MessageView | None:
    """Return one message with its body, keys, events, deliveries and impact."""
    row = c.execute(select(message).where(message.c.uuid == uuid)).one_or_none()
    if row is None:
        return None
    data = c.execute(select(body.c.data, body.c.codec).where(body.c.hash == row.body_hash)).first()
    raw = b"" if data is None else zlib.decompress(data.data) if data.codec == "zlib" else bytes(data.data)
    keys = c.execute(select(business_key.c.kind, business_key.c.value).where(business_key.c.message_id == row.id))
    made = c.execute(
        select(event.c.id, event.c.type, event.c.position, lot.c.number)
        .outerjoin(lot, lot.c.id == event.c.lot_id)
        .where(event.c.message_id == row.id)
        .order_by(event.c.position)
    )
    return MessageView(
        line=line_of(row),
        body=readable(raw[:SHOWN]),
        cut=len(raw) > SHOWN,
        content_type=row.content_type,
        keys=tuple((k.kind, k.value) for k in keys),
        events=tuple(Produced(id=e.id, type=e.type, position=e.position, lot=e.number or "") for e in made),
        deliveries=deliveries.listed(c, None, limit=50, correlation=row.correlation).items,
        impact=impact(c, [uuid]),
    )


def readable(raw: bytes) -> str:
    """Show a body as text: JSON indented, secrets blanked; what is no JSON as it is."""
    text = raw.decode("utf-8", "replace")
    with suppress(msgspec.DecodeError):
        text = msgspec.json.format(raw, indent=2).decode("utf-8", "replace")
    return _SECRET.sub(r'\1"***"', text)


def impact(c: Connection, uuids: list[str]) -> Impact:
    """Return the lots that unread messages hold back: a hold that could not be read would be unsafe, so they are restricted."""
    held = select(lot.c.number, lot.c.state).join(hold, hold.c.lot_id == lot.c.id)
    rows = c.execute(held.where(hold.c.reason == "unread", hold.c.lifted_at.is_(None)).distinct()).all()
    wanted = set(uuids)
    found = sorted({r.number for r in rows if wanted & _unread(r.state)})
    return Impact(lots=tuple(found[:20]), total=len(found), consequence="late" if found else "")


def _unread(state: str) -> set[str]:
    holds: dict[str, dict[str, Any]] = decode(state, dict[str, Any]).get("holds", {})
    return {h.get("native", "") for h in holds.values() if h.get("reason") == "unread"}


def groups(c: Connection, sites: Sites, *, system: str = "", most: int = 500) -> list[Group]:
    """Group parked messages by cause: system, feed, code and the text without its volatile parts; the largest first."""
    query: Select[Any] = at_sites(select(message).where(message.c.state == "parked"), message.c.site, sites)
    if system:
        query = query.where(message.c.system == system)
    found: dict[tuple[str, ...], list[Any]] = {}
    for row in c.execute(query.order_by(message.c.id.desc()).limit(most)):
        key = (row.system, row.feed, row.cause_code or "", _VOLATILE.sub("…", row.cause or ""))
        found.setdefault(key, []).append(row)
    made = [_group(c, rows) for rows in found.values()]
    return sorted(made, key=lambda g: (-g.impact.total, -g.count))


def _group(c: Connection, rows: list[Any]) -> Group:
    first = rows[0]
    return Group(
        system=first.system,
        feed=first.feed,
        code=first.cause_code or "",
        cause=first.cause or "",
        hint=first.hint or "",
        count=len(rows),
        oldest=min(r.received_at for r in rows),
        newest=max(r.received_at for r in rows),
        impact=impact(c, [r.uuid for r in rows]),
        messages=tuple(line_of(r) for r in rows[:50]),
    )


def last_received(c: Connection) -> datetime | None:
    """Return when the last message came: health, where there are no failures."""
    found: datetime | None = c.execute(select(func.max(message.c.received_at))).scalar()
    return found
