"""Vessels: whatever came out may contain what was in, and no order of telling changes that."""

from collections import defaultdict
from collections.abc import Sequence
from datetime import UTC, datetime, timedelta
from decimal import Decimal

from hypothesis import assume, given, settings
from hypothesis import strategies as st

from tests.core.naive_vessel import may_contain, overlapping
from tracemill.core.vessel import Vessel, layout, tell
from tracemill.core.vessel_flow import Edge
from tracemill.model.material import Work
from tracemill.model.record import replaced
from tracemill.model.status import Evidence, Side, VesselAct, VesselKind
from tracemill.model.vessel import VesselFact, VesselRule

START = datetime(2026, 11, 23, 9, tzinfo=UTC)
C, D, X = VesselAct.CHARGED, VesselAct.DISCHARGED, VesselAct.CLEANED
MIXED = VesselRule()


def fact(name: str, act: VesselAct, minute: int, amount: str = "10", lot: str | None = None, order: str = "") -> VesselFact:
    own = Decimal(amount)
    lot = ("" if act is X else name) if lot is None else lot
    at, work = START + timedelta(minutes=minute), Work(order=order)
    return VesselFact(id=name, act=act, at=at, lot=lot, quantity=own, unit="KGM", amount=own, measured="KGM", work=work)


def told(facts: Sequence[VesselFact], rule: VesselRule = MIXED) -> tuple[Vessel, list[Edge]]:
    """Tell facts one after another; return the vessel, and everything that was recorded."""
    vessel, recorded = Vessel(site="S", name="T-12", rule=rule), []
    for one in facts:
        vessel, edges, _ = tell(vessel, one)
        recorded += edges
    return vessel, recorded


def living(recorded: Sequence[Edge]) -> dict[tuple[str, str, Side], Decimal]:
    """Add the record up as the genealogy does: by lot, work and side; what comes to nothing is not there."""
    sums: dict[tuple[str, str, Side], Decimal] = defaultdict(Decimal)
    for edge in recorded:
        if edge.side is not None:
            sums[edge.lot, edge.work.key, edge.side] += edge.quantity
    return {key: net for key, net in sums.items() if net > 0}


def made_from(recorded: Sequence[Edge], lot: str) -> set[str]:
    """Walk back from a lot over what is recorded."""
    edges, found, ahead = living(recorded), set(), [lot]
    while ahead:
        one = ahead.pop()
        works = {work for child, work, side in edges if child == one and side is Side.OUTPUT}
        parents = {parent for parent, work, side in edges if work in works and side is Side.INPUT}
        ahead += parents - found
        found |= parents
    return found


def sources(recorded: Sequence[Edge], lot: str, facts: Sequence[VesselFact]) -> set[str]:
    return made_from(recorded, lot) & {f.lot for f in facts if f.act is C}


def test_a_heel_that_was_not_cleaned_carries_over_into_the_next_fill() -> None:
    facts = [fact("A", C, 1), fact("P", D, 2, "8"), fact("B", C, 3), fact("Q", D, 4)]
    _, recorded = told(facts)
    assert sources(recorded, "P", facts) == {"A"}
    assert sources(recorded, "Q", facts) == {"A", "B"}


def test_a_heel_carries_over_even_where_the_book_says_that_nothing_was_left() -> None:
    facts = [fact("A", C, 1), fact("P", D, 2), fact("B", C, 3), fact("Q", D, 4)]
    assert sources(told(facts)[1], "Q", facts) == {"A", "B"}


def test_what_was_cleaned_away_is_in_nothing_later() -> None:
    facts = [fact("A", C, 1), fact("P", D, 2, "8"), fact("clean", X, 3, "0"), fact("B", C, 4), fact("Q", D, 5)]
    assert sources(told(facts)[1], "Q", facts) == {"B"}


def test_a_cleaning_at_the_very_time_of_a_charge_separates_nothing() -> None:
    facts = [fact("A", C, 1), fact("clean", X, 3, "0"), fact("B", C, 3), fact("Q", D, 5)]
    assert sources(told(facts)[1], "Q", facts) == {"A", "B"}


def test_what_was_thrown_away_is_told_apart_from_what_the_book_does_not_explain() -> None:
    vessel, recorded = told([fact("A", C, 1), fact("P", D, 2, "6"), fact("clean", X, 3, "3")])
    gone = {e.kind: e.quantity for e in recorded if e.side is None}
    assert gone == {"scrapped": 3, "adjusted": 1}
    assert layout(vessel).standings["clean"].content == ""


def test_discharges_into_an_order_are_its_consumption() -> None:
    recorded = told([fact("A", C, 1), fact("out", D, 2, "6", lot="", order="WO-1")])[1]
    used = [e for e in recorded if e.work.key == "WO-1"]
    assert [(e.side, e.quantity, e.work.machine) for e in used] == [(Side.INPUT, 6, "T-12")]


def test_what_an_order_fills_into_a_vessel_is_one_more_thing_that_it_makes() -> None:
    recorded = told([fact("in", C, 1, lot="", order="WO-1"), fact("P", D, 2)])[1]
    content = {e.lot for e in recorded if e.work.key == "WO-1" and e.side is Side.OUTPUT}
    assert content == made_from(recorded, "P")
    assert len(content) == 1


def test_more_discharged_than_charged_is_inferred_because_a_charge_is_missing() -> None:
    short = told([fact("A", C, 1, "5"), fact("P", D, 2, "8")])[1]
    assert {e.evidence for e in short if e.work.kind == "discharge" and e.side is Side.INPUT} == {Evidence.INFERRED}
    enough = told([fact("A", C, 1, "9"), fact("P", D, 2, "8")])[1]
    assert Evidence.INFERRED not in {e.evidence for e in enough}


def test_a_silo_gives_out_first_what_came_in_first_give_or_take_its_band() -> None:
    facts = [fact("A", C, 1), fact("B", C, 2), fact("E", C, 3), fact("P", D, 4, "8"), fact("Q", D, 5, "8")]
    rule = VesselRule(kind=VesselKind.FIFO_BAND, band=Decimal(1))
    recorded = told(facts, rule)[1]
    assert sources(recorded, "P", facts) == {"A"}
    assert sources(recorded, "Q", facts) == {"A", "B"}
    wider = told(facts, VesselRule(kind=VesselKind.FIFO_BAND, band=Decimal(5)))[1]
    assert sources(wider, "P", facts) == {"A", "B"}


ACTS = st.sampled_from([C, C, C, D, D, X])
TOLD = st.lists(st.tuples(ACTS, st.integers(0, 12), st.integers(1, 20)), min_size=1, max_size=12)


@settings(max_examples=400, deadline=None)
@given(TOLD, st.randoms(use_true_random=False), st.sampled_from([None, 0, 3, 15]))
def test_descents_are_those_of_the_plain_reading_in_whatever_order_they_are_told(
    made: list[tuple[VesselAct, int, int]], chance: object, band: int | None
) -> None:
    facts = [fact(f"F{n:02}", act, minute, str(amount)) for n, (act, minute, amount) in enumerate(made)]
    rule = MIXED if band is None else VesselRule(kind=VesselKind.FIFO_BAND, band=Decimal(band))
    shuffled = list(facts)
    chance.shuffle(shuffled)  # type: ignore[attr-defined]
    vessel, recorded = told(shuffled, rule)
    for one in facts:
        if one.act is D:
            wanted = may_contain(facts, one) if band is None else overlapping(facts, one, Decimal(band))
            assert sources(recorded, one.lot, facts) == {c.lot for c in wanted}, one.id
    assert living(recorded) == living(told(sorted(facts, key=lambda f: f.id), rule)[1])
    inside = layout(vessel).edges
    assert living(recorded) == living(inside), "what was recorded and taken back is what the facts lead to"


@settings(max_examples=200, deadline=None)
@given(TOLD, st.data())
def test_a_booking_that_is_taken_back_for_its_own_time_is_as_if_it_had_never_been_told(
    made: list[tuple[VesselAct, int, int]], data: st.DataObject
) -> None:
    facts = [fact(f"F{n:02}", act, minute, str(amount)) for n, (act, minute, amount) in enumerate(made)]
    booked = [f for f in facts if f.act is C]
    assume(booked)
    wrong = data.draw(st.sampled_from(booked))
    back = replaced(wrong, id=f"back {wrong.id}", quantity=-wrong.quantity, amount=-wrong.amount)
    recorded = told(data.draw(st.permutations([*facts, back])))[1]
    kept = [f for f in facts if f is not wrong]
    assume(not any(f.act is X and f.at == wrong.at for f in facts))  # such a cleaning stays in doubt
    for one in kept:
        if one.act is D:
            assert sources(recorded, one.lot, facts) == {c.lot for c in may_contain(kept, one)}, one.id
