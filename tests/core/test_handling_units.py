"""Handling units against a naive reference: packed, moved and emptied, told in any order."""

from datetime import timedelta
from decimal import Decimal
from typing import Any

from hypothesis import given, settings
from hypothesis import strategies as st

from tests.core.test_decide import POLICY, START, kg
from tests.core.test_movements import REF
from tracemill.core.decide import decide
from tracemill.core.evolve import fold
from tracemill.core.handling_units import contradiction, peak, standings
from tracemill.core.identity import View
from tracemill.model.event import NAMES, Event
from tracemill.model.handling_unit import UnitPacked, UnitUnpacked
from tracemill.model.identifier import derived
from tracemill.model.lot import Lot
from tracemill.model.moment import at
from tracemill.model.quality import HoldRequested
from tracemill.model.record import Record
from tracemill.model.status import HoldReason

BOX, SINCE = "BOX-1", 12


class Fact(Record, frozen=True):
    """What happened to the box: a quantity went in or out (None: all of it), and where the box stood then."""

    name: int
    minute: int
    system: str
    quantity: int | None
    out: bool
    place: str = ""
    parent: str = ""


@st.composite
def histories(draw: st.DrawFn) -> list[Fact]:
    facts = []
    for n in range(draw(st.integers(1, 7))):
        out = draw(st.booleans())
        quantity = draw(st.integers(1, 50) | st.none() if out else st.integers(0, 50))
        where = {} if out else {"place": draw(st.sampled_from(["", "R-1", "R-2"])), "parent": draw(st.sampled_from(["", "P-1"]))}
        facts.append(
            Fact(name=n, minute=2 * n, system=draw(st.sampled_from(["wms", "mes"])), quantity=quantity, out=out, **where)
        )
    return facts


def reference(facts: list[Fact], system: str) -> tuple[int, str, str]:
    """Walk through what happened in order of time."""
    inside, place, parent = 0, "", ""
    for fact in (f for f in facts if f.system == system):
        if not fact.out:
            inside += fact.quantity or 0
            place, parent = (fact.place, fact.parent) if fact.place or fact.parent else (place, parent)
            continue
        inside = 0 if fact.quantity is None else max(0, inside - fact.quantity)
        place, parent = (place, parent) if inside else ("", "")
    return inside, place, parent


def most(facts: list[Fact], system: str) -> int:
    """Return the most that was in the box at the minute of the hold, or later."""
    told = [f for f in facts if f.system == system]
    steps = [(f.minute, reference(told[: n + 1], system)[0]) for n, f in enumerate(told)]
    before = [amount for minute, amount in steps if minute <= SINCE]
    return max([before[-1] if before else 0, *(amount for minute, amount in steps if minute > SINCE)])


def said(fact: Fact) -> Any:
    if fact.out:
        return UnitUnpacked(lot=REF, unit=BOX, quantity=None if fact.quantity is None else kg(str(fact.quantity)))
    return UnitPacked(lot=REF, unit=BOX, quantity=kg(str(fact.quantity)), place=fact.place, parent=fact.parent)


def told(facts: list[Fact], hold_after: int) -> tuple[Lot, list[Any]]:
    """Tell the facts in this order, with a hold of the box somewhere between them."""
    view, changes = View(), []
    held = ("wms", HoldRequested(lot=REF, hold="B-7", reason=HoldReason.DAMAGE, unit=BOX), SINCE, "hold")
    events: list[Any] = [(f.system, said(f), f.minute, f.name) for f in facts]
    events.insert(hold_after, held)
    for n, (source, data, minute, name) in enumerate(events):
        event = Event(id=derived("e", name), type=NAMES[type(data)], site="DE", source=source, data=data,
                      occurred=at(START + timedelta(minutes=minute)), recorded=START + timedelta(hours=1, seconds=n))  # fmt: skip
        changes += [c.change for c in decide(event, view, POLICY).changes]
    return next(iter(view.lots.values())), changes


@settings(max_examples=200)
@given(histories(), st.randoms(use_true_random=False), st.integers(0, 7))
def test_whatever_the_order_in_which_facts_are_told_contents_place_hold_and_case_are_the_same(
    facts: list[Fact], chance: Any, hold_after: int
) -> None:
    mixed = chance.sample(facts, len(facts))
    lot, changes = told(mixed, hold_after)
    shown = {s.system: (int(s.quantity), s.place, s.parent) for s in standings(lot, BOX)}
    assert shown == {system: reference(facts, system) for system in {f.system for f in facts}}
    expected = max(most(facts, system) for system in ("wms", "mes"))
    assert int(peak(lot, BOX, START + timedelta(minutes=SINCE))) == expected
    (hold,) = lot.holds.values()
    assert hold.quantity == (Decimal(expected) or None)
    places = {place for inside, place, _ in shown.values() if inside and place}
    assert bool(contradiction(BOX, standings(lot, BOX))) == bool(lot.cases) == (len(places) > 1)
    assert fold(lot.id, lot.site, changes) == lot
