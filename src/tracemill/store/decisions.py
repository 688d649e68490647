"""One commit: events, changes, lots, commands, cases, timers and audit, or nothing at all."""

from collections.abc import Mapping, Sequence
from datetime import datetime, timedelta
from typing import Any

from sqlalchemy import Connection, select

from tracemill.model.change import AnyChange, Linked, Measured
from tracemill.model.decision import Decision
from tracemill.model.event import Event
from tracemill.model.policy import Policy
from tracemill.model.record import Record, encode
from tracemill.store import (
    audit,
    batches,
    cases,
    deliveries,
    genealogy,
    handling_units,
    histories,
    lots,
    process,
    quality_records,
    vessels,
    work_orders,
)
from tracemill.store.rows import chunks, insert
from tracemill.store.tables import change, event

EFFECT_TIME = timedelta(seconds=30)


class Decided(Record, frozen=True):
    """One event, what was decided about it, and the message it came in (0: none)."""

    event: Event
    decision: Decision
    message_id: int = 0


class Effects(Record, frozen=True):
    """What other parts of the hub must hear of after the commit."""

    systems: tuple[str, ...] = ()
    restricts: bool = False
    spreads: bool = False  # holds are to be carried on to what was made from some lots
    rejects: bool = False  # a rejection is to be carried on to what else there is of a supplier batch


def together(found: Sequence[Effects]) -> Effects:
    """Sum up the effects of several commits."""
    systems = tuple({system for effects in found for system in effects.systems})
    said = (any(getattr(e, name) for e in found) for name in ("restricts", "spreads", "rejects"))
    return Effects(systems, *said)


def commit(
    tx: Connection,
    ids: Any,
    view: lots.Loaded,
    decided: Sequence[Decided],
    policy: Policy,
    effect_times: Mapping[str, timedelta],
    now: datetime,
) -> Effects:
    """Write everything that follows from a batch of events of one site."""
    if not decided:
        return Effects()
    lots.save(tx, ids, view, now)
    histories.save(tx, policy.site, view, now)
    vessels.save(tx, policy.site, view)
    touched = [(view.row_ids[c.lot], c.change) for d in decided for c in d.decision.changes]
    lots.bind(tx, touched, now)
    quality_records.save(tx, policy.site, touched)
    work_orders.save(tx, policy.site, touched)
    handling_units.save(tx, view)
    orders = [
        deliveries.Order(
            command=c,
            site=d.event.site,
            lot_id=view.row_ids[c.lot],
            mode=policy.systems[c.system].mode,
            effect_time=effect_times.get(c.system, EFFECT_TIME),
            correlation=d.event.correlation or d.event.id,
            event_id=d.event.id,
        )
        for d in decided
        for c in d.decision.commands
    ]
    deliveries.decide(tx, ids, orders, now)
    cases.apply(tx, policy.site, [(c, view.row_ids.get(c.lot)) for d in decided for c in d.decision.cases], now)
    cases.set_timers(tx, policy.site, [(t, view.row_ids[t.lot]) for d in decided for t in d.decision.timers])
    _record(tx, ids, view, decided, policy)
    spreads = {view.row_ids[lot] for d in decided for lot in d.decision.spreads}
    genealogy.ask_spread(tx, spreads)
    rejects = {view.row_ids[lot] for d in decided for lot in d.decision.rejects}
    batches.ask(tx, rejects)
    restricts = any(o.command.restricts for o in orders)
    systems = tuple({o.command.system for o in orders})
    return Effects(systems=systems, restricts=restricts, spreads=bool(spreads), rejects=bool(rejects))


def known(c: Connection, ids: Sequence[str]) -> set[str]:
    """Return which of these events are decided already."""
    return {i for some in chunks(ids) for i in c.execute(select(event.c.id).where(event.c.id.in_(some))).scalars()}


def _record(tx: Connection, ids: Any, view: lots.Loaded, decided: Sequence[Decided], policy: Policy) -> None:
    """Write events, changes and audit at the next positions: last, because this is where commits take their order."""
    start, head = audit.claim_positions(tx, policy.site)
    events, changes, entries = [], [], []
    links: list[genealogy.Link] = []
    measured: list[process.Measurement] = []
    for position, item in enumerate(decided, start + 1):
        body = encode(item.event).decode()
        lot_ids = [view.row_ids[c.lot] for c in item.decision.changes]
        events.append(_event_row(position, item, body, lot_ids[0] if lot_ids else None))
        rows = [
            _change_row(position, n, item.event, lot_id, c.change, policy)
            for n, (lot_id, c) in enumerate(zip(lot_ids, item.decision.changes, strict=True))
        ]
        changes += rows
        links += [
            genealogy.Link(position=position, ordinal=n, lot_id=lot_ids[n], change=c.change)
            for n, c in enumerate(item.decision.changes)
            if isinstance(c.change, Linked)
        ]
        measured += [
            process.Measurement(position=position, ordinal=n, lot_id=lot_ids[n], change=c.change)
            for n, c in enumerate(item.decision.changes)
            if isinstance(c.change, Measured)
        ]
        entries.append(_entry(item.event, audit.payload(body, [row["data"] for row in rows])))
    insert(tx, event, events)
    insert(tx, change, changes)
    genealogy.record(tx, ids, policy.site, links)
    process.record(tx, ids, policy.site, measured)
    audit.append(tx, policy.site, start, head, entries)


def _event_row(position: int, item: Decided, body: str, lot_id: int | None) -> dict[str, Any]:
    e = item.event
    return {
        "site": e.site,
        "position": position,
        "id": e.id,
        "type": e.type,
        "source": e.source,
        "lot_id": lot_id,
        "message_id": item.message_id or None,
        "recorded_at": e.recorded,
        "data": body,
    }


def _change_row(position: int, ordinal: int, e: Event, lot_id: int, c: AnyChange, policy: Policy) -> dict[str, Any]:
    return {
        "site": e.site,
        "position": position,
        "ordinal": ordinal,
        "lot_id": lot_id,
        "kind": type(c).__name__,
        "data": encode(c).decode(),
        "occurred_at": e.occurred.utc,
        "recorded_at": e.recorded,
        "mapping": e.mapping,
        "policy": policy.version,
    }


def _entry(e: Event, payload_hash: bytes) -> audit.Entry:
    who, subject = e.actor or e.source, e.lot.id[:300]
    return audit.Entry(at=e.recorded, actor=who, action=e.type, subject=subject, reason=e.reason, payload_hash=payload_hash)
