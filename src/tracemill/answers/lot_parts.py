"""The parts of a lot's view: systems side by side, holds, reasons, cases, acts, exposures, disposition."""

from datetime import datetime
from decimal import Decimal

from sqlalchemy import Connection, select

from tracemill.answers.verdict import excess_of
from tracemill.answers.words import ZERO, age, ages, held_clause
from tracemill.core.usable import allowance, expected, reasons
from tracemill.model.lot import Lot
from tracemill.model.policy import Policy, SystemPolicy
from tracemill.model.quantity import show
from tracemill.model.record import Record
from tracemill.model.status import Mode
from tracemill.store.tables import case, lot

FACETS = ("quality", "stock", "place", "movement", "item")


class WantedView(Record, frozen=True):
    """What a system was told to show, and how far that came."""

    available: str
    blocked: str
    state: str
    decided_at: datetime
    settled_at: datetime | None
    detail: str
    delivery: str


class SystemView(Record, frozen=True):
    """What one system says about a lot, in its own words and in ours, and what it should say."""

    system: str
    name: str
    mode: str
    roles: tuple[str, ...]
    owns: tuple[str, ...]
    shows: str
    available: str | None
    quarantine: str | None
    blocked: str | None
    read_at: datetime | None
    age_seconds: float | None
    age: str
    should: str | None
    excess: str
    standing: str
    wanted: WantedView | None


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


class ExposureView(Record, frozen=True):
    """How long received material was free in a system before its first restriction was read back there."""

    system: str
    since: datetime
    until: datetime | None
    seconds: float
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


def systems(found: Lot, policy: Policy, at: datetime, moving: dict[str, str]) -> tuple[SystemView, ...]:
    """Set all systems of the site side by side: the owner of quality first."""
    names = dict.fromkeys((*policy.systems, *found.claims, *found.identities))
    views = [_system(found, policy, policy.systems.get(n) or SystemPolicy(name=n, mode=Mode.OBSERVE), at, moving) for n in names]
    return tuple(sorted(views, key=lambda v: ("quality" not in v.owns, v.available is None and not v.name)))


def _system(found: Lot, policy: Policy, system: SystemPolicy, at: datetime, moving: dict[str, str]) -> SystemView:
    claim, wanted = found.claims.get(system.name), found.wanted.get(system.name)
    over = excess_of(found, system)
    should = expected(allowance(found).target, claim, system.expresses).available if claim else None
    return SystemView(
        system=system.name,
        name=found.native(system.name) or "",
        mode=system.mode,
        roles=system.roles,
        owns=tuple(f for f in FACETS if policy.owner(f, found.material_class, at) == system.name),
        shows=claim.native if claim else "",
        available=show(claim.available) if claim else None,
        quarantine=show(claim.quarantine) if claim else None,
        blocked=show(claim.blocked) if claim else None,
        read_at=claim.read_started if claim else None,
        age_seconds=ages(claim.read_started, at) if claim else None,
        age=f"read {age(claim.read_started, at)} ago" if claim else "never read",
        should=show(should) if should is not None else None,
        excess=show(over),
        standing=_standing(over, should, claim.available if claim else None, wanted.state if wanted else ""),
        wanted=_wanted(found, system.name, moving),
    )


def _standing(over: Decimal, should: Decimal | None, shown: Decimal | None, state: str) -> str:
    """Say in one word how a system stands to what is allowed. Less with a command open is in flight, never a conflict."""
    if should is None or shown is None:
        return "silent"
    if over > ZERO:
        return "restricting" if state in ("pending", "delivered") else "beyond"
    if shown == should:
        return "agrees"
    return "in flight" if state and state != "verified" else "less"


def _wanted(found: Lot, system: str, moving: dict[str, str]) -> WantedView | None:
    wanted = found.wanted.get(system)
    if wanted is None:
        return None
    return WantedView(
        available=show(wanted.target.available),
        blocked=show(wanted.target.blocked),
        state=moving.get(wanted.command, wanted.state),
        decided_at=wanted.decided_at,
        settled_at=wanted.settled_at,
        detail=wanted.detail,
        delivery=wanted.command,
    )


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
            liftable=h.system == "hub" or "hub" in policy.lifters.get(h.reason, ()),
        )
        for h in sorted(found.holds.values(), key=lambda h: h.placed_at)
    )


def reason_views(found: Lot, at: datetime) -> tuple[ReasonView, ...]:
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
        for r in reasons(found)
    )


def case_lines(c: Connection, found: Lot, as_of: datetime | None) -> tuple[CaseLine, ...]:
    """Return the open cases of a lot: as they are, or, for a time that is past, those that were open then."""
    query = select(case).join(lot, lot.c.id == case.c.lot_id).where(lot.c.uuid == found.id)
    if as_of is None:
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


def exposures(found: Lot, at: datetime) -> tuple[ExposureView, ...]:
    return tuple(
        ExposureView(system=s, since=e.since, until=e.until, seconds=ages(e.since, e.until or at), movements=e.movements,
                     ended=e.until is not None)
        for s, e in found.exposures.items()
    )  # fmt: skip


def disposition(found: Lot) -> DispositionView | None:
    last = found.disposition
    if last is None:
        return None
    return DispositionView(
        parts=tuple(
            PartView(decision=p.decision, quantity=show(p.quantity.amount) if p.quantity else None, reason=p.reason, scope=p.scope)
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
