"""Families: what lots inherit from the lots that they were made from, as the hub's own events."""

from collections.abc import Collection
from datetime import datetime

from sqlalchemy import Connection

from tracemill.core.inheritance import Bond, bond, carried, inherited
from tracemill.core.release import Making, Source, shortfalls
from tracemill.model.event import Event
from tracemill.model.identifier import derived
from tracemill.model.lot import Lot
from tracemill.model.moment import at
from tracemill.model.policy import Policy
from tracemill.model.quality import HoldInherited
from tracemill.model.reference import LotRef
from tracemill.model.release import GenealogyReviewed, Shortfall
from tracemill.store import genealogy, lots
from tracemill.store.genealogy import Round


def inheritances(tx: Connection, found: Round, now: datetime) -> list[Event]:
    """Return one event for each lot of a round that must carry something else than it does."""
    everybody = {*found.children, *(p for parents in found.parents.values() for p in parents)}
    states = lots.states(tx, everybody)
    origins = _origins(tx, list(states.values()))
    events = []
    for child in found.children:
        parents = [states[p] for p in found.parents.get(child, ())]
        bonds = {states[p].id: how for p, how in found.bonds.get(child, {}).items()}
        if (data := inherited(states[child], parents, origins, bonds)) is not None:
            events.append(_event(states[child], data, now))
    return events


def reviews(tx: Connection, lot_ids: Collection[int], policy: Policy, now: datetime, *, again: bool = False) -> list[Event]:
    """Return one event for each lot that was made here, with what its genealogy lacks; `again`: only where that is news."""
    if (rules := policy.release) is None or not lot_ids:
        return []
    found = genealogy.makings(tx, lot_ids)
    parents = {w.lot_id for works in found.values() for work in works for w in work.went}
    states = lots.states(tx, {*lot_ids, *parents})
    events = []
    for row_id in sorted(set(lot_ids)):
        makings = [
            Making(key=m.key, sources=tuple(Source(lot=states[w.lot_id], evidence=w.evidence) for w in m.went))
            for m in found.get(row_id, [])
        ]
        same = bool(makings) and all(bond(m.kind) is Bond.SAME for m in found[row_id])
        state = states[row_id]
        lacks = shortfalls(state, makings, rules, policy)
        if not again or state.review is None or (state.review.found, state.review.same) != (lacks, same):
            events.append(_reviewed(state, lacks, same, now))
    return events


def _reviewed(state: Lot, found: tuple[Shortfall, ...], same: bool, now: datetime) -> Event:
    said = ",".join([str(same), *(f"{s.kind}:{s.about}" for s in found)])
    return Event(
        id=derived("reviewed", state.id, state.version, said),
        type="genealogy.reviewed.v1",
        site=state.site,
        source="hub",
        data=GenealogyReviewed(lot=LotRef(id=state.id), found=found, same=same),
        occurred=at(now),
        recorded=now,
        actor="hub",
    )


def _origins(tx: Connection, states: list[Lot]) -> dict[str, Lot]:
    """Return the lots on which the holds were placed that these lots pass on or carry."""
    known = {state.id: state for state in states}
    wanted = {i.origin for state in states for i in carried(state, Bond.SAME).values()}
    wanted |= {h.origin for state in states for h in state.holds.values() if h.root}
    return known | lots.by_uuid(tx, wanted - known.keys())


def _event(child: Lot, data: HoldInherited, now: datetime) -> Event:
    said = ",".join([h.root for h in data.holds] + ["-", *data.lapsed])
    return Event(
        id=derived("inherited", child.id, child.version, said),
        type="hold.inherited.v1",
        site=child.site,
        source="hub",
        data=data,
        occurred=at(now),
        recorded=now,
        actor="hub",
    )
