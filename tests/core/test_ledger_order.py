"""The ledger against a naive reference: movements, samples, counts and reversals, told in any order and more than once."""

from decimal import Decimal

from hypothesis import given, settings
from hypothesis import strategies as st

from tests.core.test_decide import World, kg
from tests.core.test_movements import OWNED, REF
from tracemill.core.evolve import fold
from tracemill.core.usable import allowance, on_hand
from tracemill.model.lot import Lot
from tracemill.model.material import LotReceived, MovementRecorded, SampleTaken
from tracemill.model.record import Record
from tracemill.model.status import Direction, DispositionKind

SIGNS = {"produced": 1, "consumed": -1, "scrapped": -1, "shipped": -1}
SIGNED = [(kind, None) for kind in SIGNS] + [(k, d) for k in ("adjusted", "returned", "transferred") for d in Direction]


class Fact(Record, frozen=True):
    """What happened: a movement, a count, a sample or a reversal."""

    name: str
    minute: int
    kind: str
    amount: int = 0
    direction: Direction | None = None
    reverses: str = ""
    whole: bool = False


@st.composite
def histories(draw: st.DrawFn) -> list[Fact]:
    """Return the facts of a lot. Its reversals never take back more than there was, but one of all of it may come twice."""
    facts, minutes = [Fact(name="IN", minute=0, kind="received", amount=480)], st.integers(1, 30)
    for n in range(draw(st.integers(0, 6))):
        kind, direction = draw(st.sampled_from(SIGNED))
        amount = draw(st.integers(1, 60))
        facts.append(Fact(name=f"M-{n}", minute=draw(minutes), kind=kind, amount=amount, direction=direction))
        how = draw(st.sampled_from(["stands", "part", "parts", "whole", "twice"]))
        if how in ("part", "parts") and amount > 1:
            first = draw(st.integers(1, amount - 1))
            shares = (first, amount - first) if how == "parts" else (first,)
            facts += [
                Fact(name=f"R-{n}{x}", minute=draw(minutes), kind="reversed", amount=share, reverses=f"M-{n}")
                for x, share in enumerate(shares)
            ]
        elif how in ("whole", "twice"):
            names = (f"R-{n}0", f"R-{n}1")[: 2 if how == "twice" else 1]
            facts += [Fact(name=r, minute=draw(minutes), kind="reversed", reverses=f"M-{n}", whole=True) for r in names]
    for n in range(draw(st.integers(0, 3))):
        facts.append(Fact(name=f"C-{n}", minute=draw(minutes), kind="counted", amount=draw(st.integers(0, 600))))
        if draw(st.booleans()):
            facts.append(Fact(name=f"RC-{n}", minute=draw(minutes), kind="reversed", reverses=f"C-{n}", whole=True))
    if draw(st.booleans()):
        facts.append(Fact(name="S-1", minute=draw(minutes), kind="sampled", amount=draw(st.integers(1, 5))))
    if draw(st.booleans()):
        facts.append(Fact(name="R-X", minute=draw(minutes), kind="reversed", reverses="nobody-told", whole=True))
    return facts


def reference(facts: list[Fact]) -> int:
    """Walk through what happened in order of time, knowing already what was taken back of it."""
    back = {f.name: sum(r.amount for r in facts if r.reverses == f.name) for f in facts}
    void = {r.reverses for r in facts if r.whole}
    there = 0
    for fact in sorted(facts, key=lambda f: (f.minute, f.kind == "counted", f.name)):
        if fact.kind == "reversed" or fact.name in void:
            continue
        if fact.kind == "counted":
            there = fact.amount
        elif fact.kind in ("received", "sampled"):
            there += fact.amount if fact.kind == "received" else -fact.amount
        else:
            sign = SIGNS.get(fact.kind) or (1 if fact.direction is Direction.IN else -1)
            there += sign * (fact.amount - back[fact.name])
    return there


def told(world: World, fact: Fact) -> Lot:
    amount = kg(str(fact.amount))
    if fact.kind == "received":
        return world.tell("erp", LotReceived(lot=REF, quantity=amount, receipt=fact.name), fact.minute)
    if fact.kind == "sampled":
        return world.tell("erp", SampleTaken(lot=REF, sample=fact.name, quantity=amount), fact.minute)
    counted, quantity = (amount, None) if fact.kind == "counted" else (None, None if fact.whole else amount)
    data = MovementRecorded(
        lot=REF, movement=fact.name, kind="adjusted" if counted else fact.kind, quantity=quantity, direction=fact.direction,
        counted=counted, reverses=fact.reverses, transfer=fact.name if fact.kind == "transferred" else "",
    )  # fmt: skip
    return world.tell("erp", data, fact.minute)


@given(histories(), st.data())
@settings(deadline=None)
def test_in_whatever_order_it_is_told_the_ledger_ends_as_if_told_in_order_of_time(facts: list[Fact], data: st.DataObject) -> None:
    world = World(OWNED)
    order = data.draw(st.permutations(facts), label="told")
    again = data.draw(st.lists(st.sampled_from([f for f in facts if f.kind != "received"] or [None]), max_size=3), label="again")
    lot = None
    for fact in [*order, *(f for f in again if f is not None)]:
        lot = told(world, fact)
    assert lot is not None
    assert on_hand(lot) == max(0, reference(facts))
    assert fold(lot.id, "DE", world.changes[lot.id]) == lot
    waiting = [c.title for c in lot.cases.values() if "which nobody told" in c.title]
    assert len(waiting) == sum(f.reverses == "nobody-told" for f in facts), "only what is not known waits"


@given(histories(), st.data())
@settings(deadline=None)
def test_nothing_that_is_found_or_comes_back_is_usable_beyond_what_quality_accepted(
    facts: list[Fact], data: st.DataObject
) -> None:
    """Quality accepts 480 kg; whatever is booked since, no more than 480 kg less what left is usable."""
    world = World(OWNED)
    told(world, facts[0])
    world.decided((DispositionKind.ACCEPT, None))
    produced = sum(f.amount for f in facts if f.kind == "produced")
    for fact in data.draw(st.permutations(facts[1:]), label="told"):
        lot = told(world, fact)
        allowed = allowance(lot)
        assert allowed.usable <= min(Decimal(480 + produced), allowed.total)
    for fact in facts[1:]:
        told(world, fact)
    lot = world.decided((DispositionKind.ACCEPT, None), (DispositionKind.REJECT, "0"), minute=40)
    assert allowance(lot).usable == on_hand(lot), "quality has seen all of it now"
