"""Families: what lots inherit from the lots that they were made from, as the hub's own events."""

from datetime import datetime

from sqlalchemy import Connection

from tracemill.core.inheritance import Bond, carried, inherited
from tracemill.model.event import Event
from tracemill.model.identifier import derived
from tracemill.model.lot import Lot
from tracemill.model.moment import at
from tracemill.model.quality import HoldInherited
from tracemill.store import lots
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
