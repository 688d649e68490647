"""The parts of a lot's view: holds, reasons, cases, acts, exposures, disposition."""

from datetime import datetime

from sqlalchemy import Connection, select

from tracemill.answers.words import age, ages, held_clause, lasting
from tracemill.core.release import requirement
from tracemill.core.usable import dated, gained, reasons
from tracemill.model.lot import Hold, Lot
from tracemill.model.policy import Policy
from tracemill.model.quantity import show
from tracemill.model.record import Record
from tracemill.store.tables import case, lot


class HoldView(Record, frozen=True):
    """An open hold, and whether people at the hub may lift it."""

    id: str
    text: str
    reason: str
    system: str
    by: str
    quantity: str | None
    placed_at: datetime
    age: str
    place: str
    native: str
    note: str
    liftable: bool


class ShipmentView(Record, frozen=True):
    """A quantity of the lot on a shipment, and whether the hub keeps it from leaving."""

    shipment: str
    quantity: str
    state: str
    customer: str
    place: str
    loading: datetime | None
    block: str  # nothing, or how far the block is: pending, verified, dead
    why: str


class ReasonView(Record, frozen=True):
    """One reason why a lot, or a part of it, is not released."""

    text: str
    owner: str
    kind: str
    since: datetime | None
    age_seconds: float | None
    age: str
    next_action: str


class CaseLine(Record, frozen=True):
    """An open case of a lot."""

    id: str
    key: str
    title: str
    consequence: str
    next_action: str
    opened_at: datetime | None


class ActView(Record, frozen=True):
    """Something a system was asked to do once, and what came of it."""

    id: str
    verb: str
    system: str
    purpose: str
    state: str
    asked_at: datetime
    settled_at: datetime | None
    native: str
    detail: str


class Link(Record, frozen=True):
    """A record of another system that belongs to the lot."""

    id: str
    system: str


class InspectionView(Record, frozen=True):
    """An inspection of the lot, and what it came to."""

    id: str
    system: str
    plan: str
    result: str  # nothing while it is open, or where quality's decision is its result; passed, or failed
    signer: str


class ExposureView(Record, frozen=True):
    """How long received material was free in a system before its first restriction was read back there."""

    system: str
    since: datetime
    until: datetime | None
    seconds: float
    lasting: str
    movements: int
    ended: bool


class PartView(Record, frozen=True):
    decision: str
    quantity: str | None
    reason: str
    scope: str


class DispositionView(Record, frozen=True):
    """Quality's last decision, and who signed it."""

    parts: tuple[PartView, ...]
    decided_at: datetime
    recorded_at: datetime
    inspection: str
    signer: str
    meaning: str
    owner: str
    pending_review: bool


def holds(found: Lot, policy: Policy, at: datetime) -> tuple[HoldView, ...]:
    return tuple(
        HoldView(
            id=h.id,
            text=held_clause(h, found),
            reason=h.reason,
            system=h.system,
            by=h.by,
            quantity=None if h.quantity is None else show(h.quantity),
            placed_at=h.placed_at,
            age=age(h.placed_at, at),
            place="" if h.place == "message" else h.place,
            native=h.native,
            note=h.note,
            liftable=_liftable(h, found, policy),
        )
        for h in sorted(found.holds.values(), key=lambda h: h.placed_at)
    )


def _liftable(hold: Hold, found: Lot, policy: Policy) -> bool:
    named = "hub" in policy.lifters.get(hold.reason, ())
    if dated(hold, found) or gained(hold, found):
        return False
    return named if requirement(hold.id, found.id) else named or hold.system == "hub"


def reason_views(found: Lot, at: datetime, quality: str) -> tuple[ReasonView, ...]:
    return tuple(
        ReasonView(
            text=r.text,
            owner=r.owner,
            kind=r.kind,
            since=r.since,
            age_seconds=ages(r.since, at) if r.since else None,
            age=age(r.since, at) if r.since else "",
            next_action=r.next_action,
        )
        for r in reasons(found, quality)
    )


def case_lines(c: Connection, found: Lot, now: bool) -> tuple[CaseLine, ...]:
    """Return the open cases of a lot: as they are, or, for a time that is past, those that were open then."""
    query = select(case).join(lot, lot.c.id == case.c.lot_id).where(lot.c.uuid == found.id)
    if now:
        query = query.where(case.c.closed_at.is_(None))
    else:
        query = query.where(case.c.key.in_(list(found.cases)))
    rows = c.execute(query.order_by(case.c.consequence.desc(), case.c.opened_at))
    return tuple(
        CaseLine(id=r.uuid, key=r.key, title=r.title, consequence=r.consequence, next_action=r.next_action, opened_at=r.opened_at)
        for r in rows
    )


def acts(found: Lot) -> tuple[ActView, ...]:
    return tuple(
        ActView(id=key, verb=a.verb, system=a.system, purpose=a.purpose, state=a.state, asked_at=a.asked_at,
                settled_at=a.settled_at, native=a.native, detail=a.detail)
        for key, a in found.acts.items()
    )  # fmt: skip


def links(found: dict[str, str]) -> tuple[Link, ...]:
    return tuple(Link(id=native, system=system) for native, system in found.items())


def inspections(found: Lot) -> tuple[InspectionView, ...]:
    return tuple(
        InspectionView(
            id=name,
            system=system,
            plan=ended.plan if (ended := found.results.get(name)) else "",
            result=("passed" if ended.passed else "failed") if ended else "",
            signer=ended.signer if ended else "",
        )
        for name, system in found.inspections.items()
    )


def exposures(found: Lot, at: datetime) -> tuple[ExposureView, ...]:
    return tuple(
        ExposureView(system=s, since=e.since, until=e.until, seconds=ages(e.since, e.until or at),
                     lasting=lasting(ages(e.since, e.until or at)), movements=e.movements, ended=e.until is not None)
        for s, e in found.exposures.items()
    )  # fmt: skip


def disposition(found: Lot) -> DispositionView | None:
    last = found.disposition
    if last is None:
        return None
    return DispositionView(
        parts=tuple(
            PartView(
                decision=p.decision, quantity=show(p.quantity.amount) if p.quantity else None, reason=p.reason, scope=p.scope
            )
            for p in last.parts
        ),
        decided_at=last.decided_at,
        recorded_at=last.recorded_at,
        inspection=last.inspection,
        signer=last.signer,
        meaning=last.meaning,
        owner=last.owner,
        pending_review=last.pending_review,
    )


def shipments(found: Lot) -> tuple[ShipmentView, ...]:
    return tuple(
        ShipmentView(
            shipment=name,
            quantity=show(line.quantity),
            state=line.state,
            customer=line.customer_name or line.customer,
            place=line.place,
            loading=line.loading,
            block=block.state if (block := found.shipment_blocks.get(name)) and block.blocked else "",
            why=block.why if block and block.blocked else "",
        )
        for name, line in found.shipments.items()
    )
