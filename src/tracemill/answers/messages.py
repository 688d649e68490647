"""Messages: what came in, what could not be read, and what that holds back."""

import re
import zlib
from collections import defaultdict
from collections.abc import Iterable
from datetime import datetime
from decimal import Decimal
from typing import Any, NamedTuple

from sqlalchemy import Connection, Select, func, select

from tracemill.answers import deliveries
from tracemill.answers.body import readable
from tracemill.answers.page import ALL, Page, Sites, at_sites, paged
from tracemill.core.usable import on_hand
from tracemill.model.lot import Lot
from tracemill.model.quantity import Quantity
from tracemill.model.record import Record, decode
from tracemill.model.status import HoldReason
from tracemill.store.tables import body, business_key, event, hold, lot, message, waiting_hold

_VOLATILE = re.compile(r"'[^']*'|\"[^\"]*\"|\b[0-9a-f]{8}-[0-9a-f-]{27}\b|\d+")


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
    """What messages that could not be read hold back: lots and how much of them; unsafe where a system still shows some free.

    `waiting`: names of lots that nobody has told of yet; each is held as soon as it is known.
    """

    lots: tuple[str, ...]
    total: int
    waiting: tuple[str, ...]
    quantity: str
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
    shown, cut = readable(raw)
    return MessageView(
        line=line_of(row),
        body=shown,
        cut=cut,
        content_type=row.content_type,
        keys=tuple((k.kind, k.value) for k in keys),
        events=tuple(Produced(id=e.id, type=e.type, position=e.position, lot=e.number or "") for e in made),
        deliveries=deliveries.listed(c, (row.site,), limit=50, correlation=row.correlation).items,
        impact=impact([uuid], held_back(c)),
    )


class Held(NamedTuple):
    """What each unread message holds: lots, and names that no known lot has yet."""

    lots: dict[str, list[Lot]]
    waiting: dict[str, list[str]]


def held_back(c: Connection) -> Held:
    """Return the lots that each unread message holds: a hold that could not be read would be unsafe, so they are restricted."""
    unread = select(hold.c.lot_id).where(hold.c.reason == "unread", hold.c.lifted_at.is_(None))
    found = Held(defaultdict(list), defaultdict(list))
    for text in c.execute(select(lot.c.state).where(lot.c.id.in_(unread)).order_by(lot.c.number)).scalars():
        state = decode(text, Lot)
        for native in {h.native for h in state.holds.values() if h.reason is HoldReason.UNREAD}:
            found.lots[native].append(state)
    for row in c.execute(select(waiting_hold.c.message, waiting_hold.c.native).order_by(waiting_hold.c.native)):
        known = {name for state in found.lots.get(row.message, ()) for ids in state.identities.values() for name in ids}
        if row.native not in known:
            found.waiting[row.message].append(row.native)
    return found


def impact(uuids: Iterable[str], held: Held) -> Impact:
    """Say what some messages hold back together."""
    uuids = tuple(uuids)
    lots = {state.id: state for uuid in uuids for state in held.lots.get(uuid, ())}
    waiting = sorted({native for uuid in uuids for native in held.waiting.get(uuid, ())})
    sums: dict[str, Decimal] = defaultdict(Decimal)
    for state in lots.values():
        sums[state.unit or "C62"] += on_hand(state)
    free = any(claim.available > 0 for state in lots.values() for claim in state.claims.values())
    numbers = sorted(state.number for state in lots.values())
    return Impact(
        lots=tuple(numbers[:20]),
        total=len(numbers),
        waiting=tuple(waiting[:20]),
        quantity=" and ".join(str(Quantity(amount=amount, unit=unit)) for unit, amount in sums.items()),
        consequence=("unsafe" if free else "late") if lots or waiting else "",
    )


def groups(c: Connection, sites: Sites, *, system: str = "", most: int = 50) -> list[Group]:
    """Group all parked messages by cause: system, feed, code and the text without its volatile parts; what hurts most first.

    Every message is counted; the newest `most` of each group are listed.
    """
    query: Select[Any] = at_sites(select(message).where(message.c.state == "parked"), message.c.site, sites)
    if system:
        query = query.where(message.c.system == system)
    found: dict[tuple[str, ...], list[Any]] = {}
    for row in c.execute(query.order_by(message.c.id.desc())):
        key = (row.system, row.feed, row.cause_code or "", _VOLATILE.sub("…", row.cause or ""))
        found.setdefault(key, []).append(row)
    held = held_back(c) if found else Held({}, {})
    made = [_group(rows, held, most) for rows in found.values()]
    return sorted(made, key=lambda g: (g.impact.consequence != "unsafe", -g.impact.total, -g.count))


def _group(rows: list[Any], held: Held, most: int) -> Group:
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
        impact=impact([r.uuid for r in rows], held),
        messages=tuple(line_of(r) for r in rows[:most]),
    )


def last_received(c: Connection, sites: Sites = ALL) -> datetime | None:
    """Return when the last message came: health, where there are no failures."""
    found: datetime | None = c.execute(at_sites(select(func.max(message.c.received_at)), message.c.site, sites)).scalar()
    return found
