"""What is in a vessel, and what came out of it: an ordinary genealogy, folded from its facts in order of when they occurred.

The content between two refills is an internal lot. `mixed`: a new content begins with the first charge after a discharge, and
what was left (the heel) goes from one content into the next. `fifo_band`: each discharge has a content of its own, and so has
what is left. A fact that comes late is folded again with all others, and only what differs is recorded.
"""

from collections.abc import Iterable, Sequence
from datetime import datetime
from decimal import Decimal
from typing import Final

from tracemill.core.vessel_flow import STEP, ZERO, Edge, Flow, Standing, least
from tracemill.model.identifier import derived
from tracemill.model.record import Record, replaced
from tracemill.model.status import VesselAct, VesselKind
from tracemill.model.vessel import VesselFact, VesselRule

RANK: Final = {VesselAct.CHARGED: 0, VesselAct.DISCHARGED: 1, VesselAct.CLEANED: 2}


class Vessel(Record, frozen=True):
    """A vessel as far back as a decision must look: how it stood then, and the facts since, in order."""

    site: str
    name: str
    rule: VesselRule = VesselRule()
    opening: Standing = Standing()
    facts: tuple[VesselFact, ...] = ()

    @property
    def unit(self) -> str:
        """The unit it is measured in; empty where nothing was told yet."""
        return self.rule.unit or self.opening.unit or next((f.measured for f in self.facts if f.measured), "")


def tell(vessel: Vessel, fact: VesselFact) -> tuple[Vessel, tuple[Edge, ...], dict[str, str]]:
    """Return the vessel with one more fact, what that adds to the record (below zero: takes back), and the names of contents."""
    if any(f.id == fact.id for f in vessel.facts):
        return vessel, (), {}
    after = replaced(vessel, facts=tuple(sorted((*vessel.facts, fact), key=_order)))
    flow = layout(after)
    return after, _difference(layout(vessel).edges, flow.edges), flow.names


def layout(vessel: Vessel) -> Flow:
    """Return every edge that the facts of a vessel lead to, and how it stands after each."""
    flow = Flow(vessel.name, vessel.unit)
    return _fifo(vessel, flow) if vessel.rule.kind is VesselKind.FIFO_BAND else _mixed(vessel, flow)


def _order(fact: VesselFact) -> tuple[datetime, int, str]:
    return fact.at, RANK[fact.act], fact.id


def _difference(before: Iterable[Edge], after: Iterable[Edge]) -> tuple[Edge, ...]:
    old, new = {e.key: e for e in before}, {e.key: e for e in after}
    found = [replaced(e, quantity=-e.quantity, booked=-e.booked) for key, e in old.items() if key not in new]
    for key, edge in new.items():
        known = old.get(key)
        added = edge.quantity - (known.quantity if known else ZERO)
        booked = edge.booked - (known.booked if known else ZERO)
        if added or booked:
            found.append(replaced(edge, quantity=added, booked=booked))
    return tuple(found)


def _counted(facts: Sequence[VesselFact]) -> tuple[VesselFact, ...]:
    """Leave out a cleaning at the very time of a charge: nobody knows which was first, so it separates nothing."""
    charged = {f.at for f in facts if f.act is VesselAct.CHARGED}
    return tuple(f for f in facts if f.act is not VesselAct.CLEANED or f.at not in charged)


def _content(vessel: Vessel, first: str) -> str:
    return derived("vessel", vessel.site, vessel.name, first)


def _begun(vessel: Vessel, flow: Flow, at: datetime, first: str) -> Standing:
    """Begin a content, with an id of the fact that it begins with."""
    content, name = _content(vessel, first), f"{vessel.name[:180]}@{at:%Y%m%dT%H%M%SZ}"
    flow.names[content] = name
    return Standing(content=content, key=f"{name} {content[:8]}", since=at, unit=vessel.unit)


def _mixed(vessel: Vessel, flow: Flow) -> Flow:
    now = vessel.opening
    for fact in _counted(vessel.facts):
        if fact.act is VesselAct.CLEANED:
            flow.empty(now, fact)
            now = Standing(since=now.since or fact.at, unit=vessel.unit)
        else:
            if not now.content or (now.drawn and fact.act is VesselAct.CHARGED):
                begun = _begun(vessel, flow, fact.at, fact.id)
                now = flow.heel(now, begun, fact) if now.content else begun
            now = flow.charge(now, fact) if fact.act is VesselAct.CHARGED else flow.draw(now, fact)
        flow.standings[fact.id] = now
    return flow


class _Charge(Record, frozen=True):
    """A charge, and where it stands in all that went in since the last cleaning."""

    fact: VesselFact
    start: Decimal
    end: Decimal


class _Silo(Record, frozen=True):
    """A vessel that gives out first what came in first, since its last cleaning."""

    charges: tuple[_Charge, ...] = ()
    came_in: Decimal = ZERO
    went_out: Decimal = ZERO
    doubt: bool = False  # the amounts do not add up: what comes out may be of anything that went in
    first: VesselFact | None = None

    def charged(self, fact: VesselFact) -> "_Silo":
        end, taken_back = self.came_in + fact.amount, fact.amount < ZERO
        charges = (*self.charges, _Charge(fact, self.came_in, end))
        return replaced(self, charges=charges, came_in=end, doubt=self.doubt or taken_back)

    def drawn(self, fact: VesselFact) -> "_Silo":
        end = self.went_out + fact.amount
        return replaced(self, went_out=end, doubt=self.doubt or fact.amount < ZERO or end > self.came_in)

    def window(self, start: Decimal, end: Decimal, band: Decimal) -> list[tuple[VesselFact, Decimal | None]]:
        """Return what may be in all that stands between two amounts, give or take the band, and how much of each."""
        if self.doubt:
            return [(c.fact, None) for c in self.charges]
        found = [(c.fact, min(end + band, c.end) - max(start - band, c.start)) for c in self.charges]
        total = sum((overlap for _, overlap in found if overlap > ZERO), ZERO)
        return [(fact, max(STEP, ((end - start) * overlap / total).quantize(STEP))) for fact, overlap in found if overlap > ZERO]


def _fifo(vessel: Vessel, flow: Flow) -> Flow:
    silo = _Silo()
    for fact in _counted(vessel.facts):
        if fact.act is VesselAct.CLEANED:
            flow.empty(_rest(vessel, flow, silo), fact)
            flow.standings[fact.id] = Standing(since=silo.first.at if silo.first else fact.at, unit=vessel.unit)
            silo = _Silo()
            continue
        silo = silo if silo.first else replaced(silo, first=fact)
        before, silo = silo, silo.charged(fact) if fact.act is VesselAct.CHARGED else silo.drawn(fact)
        if fact.act is VesselAct.DISCHARGED:
            own = replaced(_begun(vessel, flow, fact.at, fact.id), level=ZERO if silo.doubt else fact.amount)
            for charge, part in silo.window(before.went_out, silo.went_out, vessel.rule.band):
                flow.share(own, fact, charge, part, booked=ZERO)  # it goes straight through
            flow.draw(own, fact, booked=ZERO)
        flow.standings[fact.id] = Standing(
            content=_content(vessel, _rest_of(silo)), since=silo.first.at if silo.first else fact.at,
            level=silo.came_in - silo.went_out, unit=vessel.unit,
        )  # fmt: skip
    _rest(vessel, flow, silo)
    return flow


def _rest_of(silo: _Silo) -> str:
    return f"{silo.first.id} rest" if silo.first else ""


def _rest(vessel: Vessel, flow: Flow, silo: _Silo) -> Standing:
    """Show what may still be in the vessel as a content of its own, so that nobody misses it."""
    if silo.first is None or not silo.charges:
        return Standing()
    by_book = silo.came_in - silo.went_out
    level = max(by_book, least(silo.came_in))
    rest = _begun(vessel, flow, silo.first.at, _rest_of(silo))
    cause = replaced(silo.first, id=f"rest {silo.first.id}", at=silo.charges[-1].fact.at)
    for charge, part in silo.window(silo.came_in - level, silo.came_in, vessel.rule.band):
        flow.share(rest, cause, charge, part, booked=ZERO if part is None or by_book <= ZERO else part)
    return replaced(rest, level=max(by_book, ZERO))
