"""Skip-lot inspection (ISO 2859-3:2005): who qualifies, which lots are drawn, what ends it."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tests.core.submissions import KEY, RULES, approval, lot, on
from tracemill.core.skip_lot import SkipLot, after, approved, asks, drawn, lapsed, points, skipped
from tracemill.model.inspection import Approval, Skipped, SkipRules, Submission
from tracemill.model.record import replaced
from tracemill.model.status import ApprovalKind, Severity, SkipPhase

QUALIFIED = approval(0, ApprovalKind.SKIP_LOT)
SKIPPING = SkipLot(phase=SkipPhase.SKIPPING, frequency=3, approval=QUALIFIED, last_at=on(0))


def told(state: SkipLot, *lots: Submission) -> tuple[SkipLot, list[str]]:
    switches = []
    for n, result in enumerate(lots, 1):
        state, transition = after(state, result, Severity.NORMAL, RULES)
        switches += [f"{n}:{transition.to}"] if transition else []
    return state, switches


def clean(count: int, **more: int) -> list[Submission]:
    return [lot(day, **more) for day in range(1, count + 1)]


@pytest.mark.parametrize(
    ("accept", "found", "earned"),
    [(0, 0, 3), (1, 0, 5), (1, 1, 0), (2, 0, 5), (2, 1, 3), (2, 2, 0), (3, 1, 5), (3, 2, 3), (3, 3, 0), (3, None, 0)],
)
def test_a_lot_earns_points_by_how_far_it_was_from_rejection(accept: int, found: int | None, earned: int) -> None:
    assert points(lot(1, accept=accept, found=found), RULES) == earned


def test_ten_clean_lots_qualify_and_skipping_waits_for_the_approval_of_supplier_and_product() -> None:
    state, _ = told(SkipLot(), *clean(9))
    assert asks(state) is None
    state, switches = told(state, lot(10))
    assert (asks(state), state.phase, switches) == (ApprovalKind.SKIP_LOT, SkipPhase.LOT_BY_LOT, [])
    state, transition = approved(state, approval(11, ApprovalKind.SKIP_LOT), RULES)
    assert transition is not None
    assert (state.phase, state.frequency, transition.to) == (SkipPhase.SKIPPING, 4, "skip-lot, 1 in 4")


@pytest.mark.parametrize(("accept", "found", "lots", "frequency"), [(1, 0, 10, 4), (2, 1, 17, 2), (0, 0, 17, 2)])
def test_the_more_lots_qualification_took_the_more_often_is_inspected(accept: int, found: int, lots: int, frequency: int) -> None:
    state, switches = told(SkipLot(approval=QUALIFIED), *clean(20, accept=accept, found=found)[:lots])
    assert (state.frequency, switches) == (frequency, [f"{lots}:skip-lot, 1 in {frequency}"])


def test_a_rejection_before_the_approval_starts_the_qualification_anew() -> None:
    state, _ = told(SkipLot(), *clean(10), lot(11, accepted=False))
    assert asks(state) is None
    assert approved(state, QUALIFIED, RULES)[0].phase is SkipPhase.LOT_BY_LOT


def test_tightened_inspection_disqualifies() -> None:
    state, transition = after(SKIPPING, lot(1), Severity.TIGHTENED, RULES)
    assert transition is not None
    assert (state.phase, state.approval) == (SkipPhase.LOT_BY_LOT, None)
    assert after(SkipLot(score=45, lots=9), lot(1), Severity.TIGHTENED, RULES)[0].score == 0


def test_the_frequency_becomes_rarer_step_by_step_and_never_rarer_than_one_in_five() -> None:
    _, switches = told(SKIPPING, *clean(40))
    assert switches == ["10:skip-lot, 1 in 4", "20:skip-lot, 1 in 5"]


def test_a_rejection_interrupts_and_four_good_lots_resume_at_a_more_frequent_inspection() -> None:
    state, switches = told(SKIPPING, lot(1, accepted=False), *(lot(day) for day in range(2, 6)))
    assert switches == ["1:skip-lot interrupted", "5:skip-lot, 1 in 2"]
    assert state.phase is SkipPhase.SKIPPING


def test_a_rejection_while_interrupted_or_ten_lots_without_qualifying_disqualify() -> None:
    stopped, _ = told(SKIPPING, lot(1, accepted=False))
    assert told(stopped, lot(2, accepted=False))[1] == ["1:lot by lot"]
    assert told(stopped, *(lot(day, accept=3, found=3) for day in range(2, 12)))[1] == ["10:lot by lot"]


def test_the_end_of_the_approval_its_revocation_and_a_long_silence_disqualify() -> None:
    ending = replaced(SKIPPING, approval=approval(0, ApprovalKind.SKIP_LOT, until=5))
    assert lapsed(ending, on(4.9), RULES)[0] == ending
    assert lapsed(ending, on(5), RULES)[0].phase is SkipPhase.LOT_BY_LOT
    assert approved(SKIPPING, approval(1, ApprovalKind.SKIP_LOT, revoked=True), RULES)[0].phase is SkipPhase.LOT_BY_LOT
    assert lapsed(SKIPPING, on(60), RULES)[0] == SKIPPING
    assert lapsed(SKIPPING, on(61), RULES)[0].phase is SkipPhase.LOT_BY_LOT


def test_a_skipped_lot_shows_that_lots_still_arrive() -> None:
    state, _ = skipped(SKIPPING, Skipped(lot="L-1", at=on(50)), RULES)
    assert lapsed(state, on(100), RULES)[0].phase is SkipPhase.SKIPPING


def test_the_seed_is_never_printed() -> None:
    assert RULES.seed not in repr(RULES)


def test_about_one_in_n_lots_is_drawn_and_the_same_ones_every_time() -> None:
    lots = [f"lot-{n}" for n in range(3000)]
    for frequency in (2, 3, 4, 5):
        found = [x for x in lots if drawn(RULES, KEY, x, frequency)]
        assert abs(len(found) / len(lots) - 1 / frequency) < 0.03
        assert found == [x for x in lots if drawn(RULES, KEY, x, frequency)]
    other = SkipRules(seed="a seed of another site, as long")
    assert [drawn(RULES, KEY, x, 4) for x in lots] != [drawn(other, KEY, x, 4) for x in lots]


@given(st.text(min_size=1), st.integers(2, 4))
def test_a_lot_that_is_drawn_is_drawn_at_every_more_frequent_inspection(uuid: str, frequency: int) -> None:
    if drawn(RULES, KEY, uuid, frequency + 1):
        assert drawn(RULES, KEY, uuid, frequency)


facts = st.one_of(
    st.builds(lot, st.integers(0, 300), accepted=st.booleans(), accept=st.integers(0, 3), found=st.sampled_from((None, 0, 1))),
    st.builds(approval, st.integers(0, 300), st.just(ApprovalKind.SKIP_LOT), until=st.none() | st.integers(0, 300),
              revoked=st.booleans()),
)  # fmt: skip


@given(st.lists(facts, max_size=60))
def test_nothing_is_skipped_without_an_approval_in_force_and_never_after_a_rejection(
    told_: list[Submission | Approval],
) -> None:
    state, granted = SkipLot(), False
    for fact in told_:
        if isinstance(fact, Approval):
            state, _ = approved(state, fact, RULES)
            granted = not fact.revoked
        else:
            state, _ = after(state, fact, Severity.NORMAL, RULES)
            assert fact.accepted or state.phase is not SkipPhase.SKIPPING
        if state.phase is SkipPhase.SKIPPING:
            assert granted
            assert state.approval is not None
            assert state.approval.holds(fact.at)
            assert 2 <= state.frequency <= 5
