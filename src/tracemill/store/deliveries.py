"""Deliveries: commands on their way. Leased, fenced, superseded by newer decisions, never forgotten."""

from collections.abc import Mapping, Sequence
from datetime import datetime, timedelta
from typing import Any

from msgspec.structs import replace
from sqlalchemy import Connection, and_, bindparam, exists, func, or_, select, update

from tracemill.model.decision import STATE_VERBS, Command
from tracemill.model.record import Record, decode, encode
from tracemill.model.status import UNSETTLED, DeliveryState, Mode
from tracemill.store import rows as sql
from tracemill.store.rows import Row, chunks, insert, listed
from tracemill.store.tables import UtcTime, attempt, delivery, lot

S = DeliveryState
TO_SEND, TO_LOOK_AT = (S.PENDING, S.RETRYING), (S.IN_DOUBT, S.DELIVERED)
Key = tuple[str, int, str, str]  # a system, a lot in it, and which of its states: verb and purpose


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


class Move(Record, frozen=True):
    """A delivery as it was seen, the state it goes to, and the columns that change with it."""

    delivery: Delivery
    state: DeliveryState
    values: dict[str, Any]


def decide(tx: Connection, ids: Any, orders: Sequence[Order], now: datetime) -> None:
    """Write decided commands; a newer state takes the place of older ones that are not under way."""
    latest = {_key(o): o for o in orders if o.command.is_state}
    verify_after = _supersede(tx, latest, now)
    rows = []
    for order in orders:
        key = _key(order)
        overtaken = order.command.is_state and latest[key] is not order
        after = verify_after.get(key) if order.command.is_state and not overtaken else None
        rows.append(_row(ids.next(), order, S.SUPERSEDED if overtaken else S.PENDING, after, now))
    insert(tx, delivery, rows)


def _key(order: Order) -> Key:
    return order.command.system, order.lot_id, order.command.verb, order.command.purpose


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


_UNSETTLED = select(
    delivery.c.id, delivery.c.system, delivery.c.lot_id, delivery.c.verb, delivery.c.purpose, delivery.c.state,
    delivery.c.attempts, delivery.c.restricts,
).where(delivery.c.lot_id.in_(listed("lots")), delivery.c.verb.in_(STATE_VERBS), delivery.c.state.in_(UNSETTLED))  # fmt: skip


def _supersede(tx: Connection, latest: Mapping[Key, Order], now: datetime) -> dict[Key, datetime]:
    """Take the place of older commands for these states; say after when the new ones may be verified.

    A restriction takes the place of everything, also of what is under way or in doubt: such a relaxation may still take
    effect late, so the restriction counts as verified only by a read after the target's longest effect time.
    A relaxation waits for what is under way, so that effects arrive in the order decided.
    """
    gone: list[Row] = []
    after: dict[Key, datetime] = {}
    for some in chunks({lot_id for _, lot_id, _, _ in latest}):
        for row in tx.execute(_UNSETTLED, {"lots": some}):
            key: Key = (row.system, row.lot_id, row.verb, row.purpose)
            order = latest.get(key)
            if order is None or not (order.command.restricts or row.state in (S.PENDING, S.RETRYING)):
                continue
            gone.append({"id": row.id, "state": S.SUPERSEDED, "superseded_by": order.command.id, "settled_at": now})
            if order.command.restricts and not row.restricts and (row.state in (S.SENDING, S.IN_DOUBT) or row.attempts):
                after[key] = now + order.effect_time
    sql.update(tx, delivery, gone, ("id",))
    return after


_FIELDS = Delivery.__struct_fields__
_COLUMNS = select(*(lot.c.uuid if f == "lot" else delivery.c[f] for f in _FIELDS)).join(lot, lot.c.id == delivery.c.lot_id)


def _delivery(row: Any) -> Delivery:
    found = dict(zip(_FIELDS, row, strict=True))
    found["value"], found["cursor"] = decode(found["value"], dict[str, Any]), decode(found["cursor"], dict[str, Any])
    found["state"] = DeliveryState(found["state"])
    return Delivery(**found)


_EARLIER = delivery.alias("earlier")
_BLOCKED = exists().where(
    _EARLIER.c.system == delivery.c.system,
    _EARLIER.c.lot_id == delivery.c.lot_id,
    _EARLIER.c.state.in_(UNSETTLED),
    or_(
        and_(_EARLIER.c.id < delivery.c.id, delivery.c.restricts.is_(False)),
        and_(_EARLIER.c.state == S.SENDING, _EARLIER.c.restricts.is_(True)),
    ),
)
_DUE = _COLUMNS.where(
    delivery.c.system == bindparam("of"),
    delivery.c.state.in_(listed("states")),
    delivery.c.next_at <= bindparam("now", type_=UtcTime),
)
_DUE = _DUE.order_by(delivery.c.restricts.desc(), delivery.c.id).limit(bindparam("most"))
_SENDABLE = _DUE.where(~_BLOCKED)


def claim(tx: Connection, system: str, mode: Mode, limit: int, now: datetime, lease: timedelta) -> list[Delivery]:
    """Lease what may be sent now: restrictions first, everything else only when it is first for its lot in this system."""
    if mode is Mode.OBSERVE or limit <= 0:
        return []
    query = _SENDABLE.where(delivery.c.approved_by.is_not(None)) if mode is Mode.PROPOSE else _SENDABLE
    given = {"of": system, "states": list(TO_SEND), "now": now, "most": limit}
    found = [_delivery(row) for row in tx.execute(query, given)]
    first: dict[int, Delivery] = {}
    for d in found:
        first.setdefault(d.lot_id, d)
    return _lease(tx, list(first.values()), now + lease)


_LEASED = (
    update(delivery)
    .where(delivery.c.id.in_(listed("ids")))
    .values(state=S.SENDING, fence=delivery.c.fence + 1, attempts=delivery.c.attempts + 1)
    .values(lease_until=bindparam("until", type_=UtcTime))
)


def _lease(tx: Connection, found: list[Delivery], until: datetime) -> list[Delivery]:
    if found:
        tx.execute(_LEASED, {"ids": [d.id for d in found], "until": until})
    return [replace(d, fence=d.fence + 1, attempts=d.attempts + 1, state=S.SENDING) for d in found]


def one(tx: Connection, uuid: str) -> Delivery | None:
    """Return one delivery."""
    row = tx.execute(_COLUMNS.where(delivery.c.uuid == uuid)).one_or_none()
    return None if row is None else _delivery(row)


def override(tx: Connection, d: Delivery, state: DeliveryState, **values: Any) -> None:
    """Move a delivery on because a person says so; whoever still works on it is fenced off."""
    tx.execute(update(delivery).where(delivery.c.id == d.id).values(state=state, fence=delivery.c.fence + 1, **values))


def due(tx: Connection, system: str, state: DeliveryState, limit: int, now: datetime) -> list[Delivery]:
    """Return deliveries that wait in a state (delivered: to be read back; in_doubt: to be asked about)."""
    return [_delivery(row) for row in tx.execute(_DUE, {"of": system, "states": [state], "now": now, "most": limit})]


def next_due(tx: Connection, system: str, states: Sequence[DeliveryState]) -> datetime | None:
    """Return when something in these states is next due in a system."""
    query = select(func.min(delivery.c.next_at)).where(delivery.c.system == system, delivery.c.state.in_(states))
    found: datetime | None = tx.execute(query).scalar()
    return found


_NOW = select(delivery.c.id, delivery.c.fence, delivery.c.state).where(delivery.c.id.in_(listed("ids")))


def move(tx: Connection, moves: Sequence[Move]) -> list[bool]:
    """Move deliveries on. False: somebody else did meanwhile (its fence or state changed), and nothing was done."""
    now: dict[int, tuple[int, str]] = {}
    for some in chunks([m.delivery.id for m in moves]):
        now |= {row.id: (row.fence, row.state) for row in tx.execute(_NOW, {"ids": some})}
    done = [now.get(m.delivery.id) == (m.delivery.fence, m.delivery.state) for m in moves]
    alike: dict[tuple[str, ...], list[Row]] = {}
    for m, good in zip(moves, done, strict=True):
        if good:
            alike.setdefault(tuple(m.values), []).append({"id": m.delivery.id, "state": m.state, **_kept(m.values)})
    for rows in alike.values():
        sql.update(tx, delivery, rows, ("id",))
    return done


def _kept(values: dict[str, Any]) -> dict[str, Any]:
    """Cut what a target called it to its column: it is for people, and a name that cannot be kept whole is a case."""
    return {**values, "native": values["native"][:300]} if "native" in values else values


def ended_late(tx: Connection, d: Delivery, ended: datetime, effect_time: timedelta) -> None:
    """A superseded call has ended: what replaced it is verified only by a read after its longest effect time."""
    tx.execute(update(delivery).where(delivery.c.id == d.id).values(sent_ended=ended))
    same = delivery.c.system == d.system, delivery.c.lot_id == d.lot_id, delivery.c.verb == d.verb
    newer = and_(*same, delivery.c.purpose == d.purpose, delivery.c.id > d.id)
    open_states = delivery.c.state.in_((S.PENDING, S.SENDING, S.RETRYING, S.IN_DOUBT, S.DELIVERED))
    tx.execute(update(delivery).where(newer, open_states).values(verify_after=ended + effect_time))


def followed(tx: Connection, found: Sequence[Delivery]) -> set[int]:
    """Return which of these a newer command for the same state has followed."""
    newest: dict[Key, int] = {}
    for some in chunks({d.lot_id for d in found}):
        state = delivery.c.system, delivery.c.lot_id, delivery.c.verb, delivery.c.purpose
        query = select(*state, func.max(delivery.c.id).label("newest")).group_by(*state)
        mine = query.where(delivery.c.lot_id.in_(some), delivery.c.verb.in_(STATE_VERBS))
        newest |= {(r.system, r.lot_id, r.verb, r.purpose): r.newest for r in tx.execute(mine)}
    return {d.id for d in found if d.id < newest.get((d.system, d.lot_id, d.verb, d.purpose), 0)}


class Try(Record, frozen=True):
    """One try of a delivery: when, and what came of it."""

    delivery: Delivery
    started: datetime
    ended: datetime
    outcome: str
    detail: str


def record(tx: Connection, tries: Sequence[Try]) -> None:
    """Write down tries."""
    rows = [
        {"delivery_id": t.delivery.id, "n": t.delivery.attempts, "started_at": t.started, "ended_at": t.ended,
         "outcome": t.outcome, "detail": t.detail[:1000]}
        for t in tries
    ]  # fmt: skip
    insert(tx, attempt, rows)


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
        delivery.c.verb.not_in(STATE_VERBS),
    )
    values = {"state": S.CANCELLED, "settled_at": now, "detail": "decided while the system was only observed"}
    return tx.execute(change.values(**values)).rowcount


def cursor_text(cursor: dict[str, Any]) -> str:
    return encode(cursor).decode()
