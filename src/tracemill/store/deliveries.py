"""Deliveries: commands on their way. Leased, fenced, superseded by newer decisions, never forgotten."""

from collections.abc import Sequence
from datetime import datetime, timedelta
from typing import Any

from sqlalchemy import Connection, and_, exists, func, insert, or_, select, update

from tracemill.model.decision import STATUS_VERB, Command
from tracemill.model.record import Record, decode, encode
from tracemill.model.status import UNSETTLED, DeliveryState, Mode
from tracemill.store.tables import attempt, delivery, lot

S = DeliveryState


class Delivery(Record, frozen=True):
    """A command on its way, as a sender sees it."""

    id: int
    uuid: str
    site: str
    system: str
    lot: str
    lot_id: int
    verb: str
    purpose: str
    restricts: bool
    value: dict[str, Any]
    state: DeliveryState
    attempts: int
    fence: int
    cursor: dict[str, Any]
    decided_at: datetime
    sent_ended: datetime | None
    verify_after: datetime | None
    correlation: str
    native: str = ""
    detail: str = ""


class Order(Record, frozen=True):
    """A decided command with what its row needs besides."""

    command: Command
    site: str
    lot_id: int
    mode: Mode
    effect_time: timedelta
    correlation: str
    event_id: str


def decide(tx: Connection, ids: Any, orders: Sequence[Order], now: datetime) -> None:
    """Write decided commands; a newer status command takes the place of older ones that are not under way."""
    rows = []
    latest = {(o.command.system, o.lot_id): o.command.id for o in orders if o.command.is_status}
    for order in orders:
        overtaken = order.command.is_status and latest[(order.command.system, order.lot_id)] != order.command.id
        verify_after = None
        if order.command.is_status and not overtaken:
            verify_after = _supersede(tx, order, now)
        rows.append(_row(ids.next(), order, S.SUPERSEDED if overtaken else S.PENDING, verify_after, now))
    if rows:
        tx.execute(insert(delivery), rows)


def _row(row_id: int, order: Order, state: DeliveryState, verify_after: datetime | None, now: datetime) -> dict[str, Any]:
    c = order.command
    return {
        "id": row_id,
        "uuid": c.id,
        "site": order.site,
        "system": c.system,
        "lot_id": order.lot_id,
        "verb": c.verb,
        "purpose": c.purpose,
        "restricts": c.restricts,
        "value": encode(c.value).decode(),
        "state": state,
        "mode": order.mode,
        "attempts": 0,
        "next_at": now,
        "verify_after": verify_after,
        "fence": 0,
        "cursor": "{}",
        "decided_at": now,
        "native": "",
        "detail": "",
        "why": c.why,
        "correlation": order.correlation,
        "event_id": order.event_id,
    }


def _supersede(tx: Connection, order: Order, now: datetime) -> datetime | None:
    """Take the place of older status commands of this lot in this system.

    A restriction takes the place of everything, also of what is under way or in doubt: such a relaxation may still take
    effect late, so the restriction counts as verified only by a read after the target's longest effect time.
    A relaxation waits for what is under way, so that effects arrive in the order decided.
    """
    older = and_(
        delivery.c.system == order.command.system,
        delivery.c.lot_id == order.lot_id,
        delivery.c.verb == order.command.verb,
        delivery.c.state.in_(UNSETTLED if order.command.restricts else (S.PENDING, S.RETRYING)),
    )
    found = tx.execute(select(delivery.c.id, delivery.c.state, delivery.c.attempts, delivery.c.restricts).where(older)).all()
    if not found:
        return None
    values = {"state": S.SUPERSEDED, "superseded_by": order.command.id, "settled_at": now}
    tx.execute(update(delivery).where(delivery.c.id.in_([r.id for r in found])).values(**values))
    unsettled = any(not r.restricts and (r.state in (S.SENDING, S.IN_DOUBT) or r.attempts) for r in found)
    return now + order.effect_time if unsettled and order.command.restricts else None


_COLUMNS = select(delivery, lot.c.uuid.label("lot")).join(lot, lot.c.id == delivery.c.lot_id)


def _delivery(row: Any) -> Delivery:
    return Delivery(
        **{f: row._mapping[f] for f in Delivery.__struct_fields__ if f not in ("value", "cursor", "state")},
        value=decode(row.value, dict[str, Any]),
        cursor=decode(row.cursor, dict[str, Any]),
        state=DeliveryState(row.state),
    )


def claim(tx: Connection, system: str, mode: Mode, limit: int, now: datetime, lease: timedelta) -> list[Delivery]:
    """Lease what may be sent now: restrictions first, everything else only when it is first for its lot in this system."""
    if mode is Mode.OBSERVE or limit <= 0:
        return []
    earlier = delivery.alias("earlier")
    blocked = exists().where(
        earlier.c.system == delivery.c.system,
        earlier.c.lot_id == delivery.c.lot_id,
        earlier.c.state.in_(UNSETTLED),
        or_(
            and_(earlier.c.id < delivery.c.id, delivery.c.restricts.is_(False)),
            and_(earlier.c.state == S.SENDING, earlier.c.restricts.is_(True)),
        ),
    )
    query = (
        _COLUMNS.where(
            delivery.c.system == system,
            delivery.c.state.in_((S.PENDING, S.RETRYING)),
            delivery.c.next_at <= now,
            ~blocked,
        )
        .order_by(delivery.c.restricts.desc(), delivery.c.id)
        .limit(limit)
    )
    if mode is Mode.PROPOSE:
        query = query.where(delivery.c.approved_by.is_not(None))
    found = [_delivery(row) for row in tx.execute(query)]
    first: dict[int, Delivery] = {}
    for d in found:
        first.setdefault(d.lot_id, d)
    return _lease(tx, list(first.values()), now + lease)


def _lease(tx: Connection, found: list[Delivery], until: datetime) -> list[Delivery]:
    if found:
        change = update(delivery).where(delivery.c.id.in_([d.id for d in found]))
        tx.execute(
            change.values(state=S.SENDING, fence=delivery.c.fence + 1, attempts=delivery.c.attempts + 1, lease_until=until)
        )
    return [_with(d, fence=d.fence + 1, attempts=d.attempts + 1, state=S.SENDING) for d in found]


def _with(d: Delivery, **changes: Any) -> Delivery:
    return Delivery(**{**{f: getattr(d, f) for f in d.__struct_fields__}, **changes})


def one(tx: Connection, uuid: str) -> Delivery | None:
    """Return one delivery."""
    row = tx.execute(_COLUMNS.where(delivery.c.uuid == uuid)).one_or_none()
    return None if row is None else _delivery(row)


def move(tx: Connection, d: Delivery, state: DeliveryState, **values: Any) -> None:
    """Move a delivery on because a person says so; whoever still works on it is fenced off."""
    tx.execute(update(delivery).where(delivery.c.id == d.id).values(state=state, fence=delivery.c.fence + 1, **values))


def due(tx: Connection, system: str, state: DeliveryState, limit: int, now: datetime) -> list[Delivery]:
    """Return deliveries that wait in a state (delivered: to be read back; in_doubt: to be asked about)."""
    query = _COLUMNS.where(delivery.c.system == system, delivery.c.state == state, delivery.c.next_at <= now)
    return [_delivery(row) for row in tx.execute(query.order_by(delivery.c.restricts.desc(), delivery.c.id).limit(limit))]


def next_due(tx: Connection, system: str) -> datetime | None:
    """Return when a system next has something to send, ask or read back."""
    states = (S.PENDING, S.RETRYING, S.IN_DOUBT, S.DELIVERED)
    query = select(func.min(delivery.c.next_at)).where(delivery.c.system == system, delivery.c.state.in_(states))
    found: datetime | None = tx.execute(query).scalar()
    return found


def save_cursor(tx: Connection, d: Delivery, cursor: dict[str, Any]) -> bool:
    """Persist how far an operation came. False: the delivery was superseded or taken over; stop at once."""
    change = update(delivery).where(delivery.c.id == d.id, delivery.c.fence == d.fence, delivery.c.state == S.SENDING)
    return tx.execute(change.values(cursor=encode(cursor).decode())).rowcount == 1


def settle(tx: Connection, d: Delivery, state: DeliveryState, **values: Any) -> bool:
    """Move a delivery on, unless somebody else did meanwhile (its fence or state changed)."""
    change = update(delivery).where(delivery.c.id == d.id, delivery.c.fence == d.fence, delivery.c.state == d.state)
    return tx.execute(change.values(state=state, **values)).rowcount == 1


def ended_late(tx: Connection, d: Delivery, ended: datetime, effect_time: timedelta) -> None:
    """A superseded call has ended: what replaced it is verified only by a read after its longest effect time."""
    tx.execute(update(delivery).where(delivery.c.id == d.id).values(sent_ended=ended))
    newer = and_(delivery.c.system == d.system, delivery.c.lot_id == d.lot_id, delivery.c.verb == d.verb, delivery.c.id > d.id)
    open_states = delivery.c.state.in_((S.PENDING, S.SENDING, S.RETRYING, S.IN_DOUBT, S.DELIVERED))
    tx.execute(update(delivery).where(newer, open_states).values(verify_after=ended + effect_time))


def record_attempt(tx: Connection, d: Delivery, started: datetime, ended: datetime, outcome: str, detail: str) -> None:
    row = {"delivery_id": d.id, "n": d.attempts, "started_at": started, "ended_at": ended, "outcome": outcome}
    tx.execute(insert(attempt), {**row, "detail": detail[:1000]})


def recover(tx: Connection, now: datetime) -> int:
    """After a start: what was being sent when the last hub died is in doubt. Returns how many."""
    change = update(delivery).where(delivery.c.state == S.SENDING)
    doubt = "the hub stopped while this was being sent"
    return tx.execute(change.values(state=S.IN_DOUBT, next_at=now, fence=delivery.c.fence + 1, detail=doubt)).rowcount


def forget_observed(tx: Connection, acting: Sequence[str], now: datetime) -> int:
    """Withdraw acts that were decided while a system was only observed: they are history by now.

    Desired states stay: they are compared with what the system shows before anything is sent.
    """
    change = update(delivery).where(
        delivery.c.system.in_(acting),
        delivery.c.mode == Mode.OBSERVE,
        delivery.c.state == S.PENDING,
        delivery.c.verb != STATUS_VERB,
    )
    values = {"state": S.CANCELLED, "settled_at": now, "detail": "decided while the system was only observed"}
    return tx.execute(change.values(**values)).rowcount


def cursor_text(cursor: dict[str, Any]) -> str:
    return encode(cursor).decode()
