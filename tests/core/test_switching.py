"""Switching between normal, tightened and reduced inspection (ISO 2859-1:1999, 9.3 and 9.4)."""

from itertools import pairwise

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tests.core.submissions import approval, lot
from tracemill.core.sampling_tables import PLANS
from tracemill.core.switching import Switching, after, approved, asks, lapsed, stricter, tighter
from tracemill.model.inspection import Submission
from tracemill.model.status import ApprovalKind, Severity

NORMAL, TIGHTENED, REDUCED = Severity.NORMAL, Severity.TIGHTENED, Severity.REDUCED
APPROVED = approval(0, ApprovalKind.REDUCED)


def told(words: str, state: Switching | None = None, severity: Severity = NORMAL) -> tuple[Switching, list[str]]:
    """Fold lots written as + (acceptable) and - (not); return the state and where it switched."""
    state, switches = state or Switching(severity=severity), []
    for day, word in enumerate(words):
        state, transition = after(state, lot(day, word == "+", state.severity))
        switches += [f"{day + 1}:{transition.to}"] if transition else []
    return state, switches


@pytest.mark.parametrize(
    ("lots", "switches"),
    [
        ("--", ["2:tightened"]),
        ("-+++-", ["5:tightened"]),
        ("-++++-", []),  # six lots, and two in no five of them
        ("-++++-+++-", ["10:tightened"]),
        ("++++++", []),
        ("--+++++", ["2:tightened", "7:normal"]),
        ("--++++-+++++", ["2:tightened", "12:normal"]),
        ("--+++++-", ["2:tightened", "7:normal"]),  # what was counted before the switch is not counted again
        ("------", ["2:tightened"]),
        ("-------", ["2:tightened", "7:discontinued"]),
        ("---+-+-++-+-", ["2:tightened", "12:discontinued"]),  # cumulative, not in a row
        ("-------+++++", ["2:tightened", "7:discontinued"]),  # what comes after is not under the procedure
    ],
)
def test_known_sequences_switch_where_the_standard_says(lots: str, switches: list[str]) -> None:
    assert told(lots)[1] == switches


def test_two_of_five_may_be_met_by_fewer_than_five_lots_and_says_the_clause() -> None:
    _, transition = after(told("-")[0], lot(2, accepted=False))
    assert transition is not None
    assert transition.why == "2 of 2 consecutive lots were not acceptable (ISO 2859-1, 9.3.1)"


def test_ten_lots_with_the_one_step_tighter_aql_make_reduced_inspection_possible() -> None:
    state = Switching()
    for day in range(10):
        assert asks(state) is None
        state, _ = after(state, lot(day, accept=3, found=2))  # 3 is Ac at AQL 2.5, 2 at AQL 1.5
    assert (state.score, state.severity, asks(state)) == (30, NORMAL, ApprovalKind.REDUCED)


def test_a_lot_that_the_one_step_tighter_aql_would_not_have_accepted_sets_the_score_to_zero() -> None:
    state, _ = after(Switching(score=27), lot(1, accept=3, found=3))
    assert state.score == 0


def test_with_ac_of_two_or_more_an_uncounted_sample_proves_nothing() -> None:
    assert after(Switching(score=27), lot(1, accept=2, found=None))[0].score == 0
    assert after(Switching(score=27), lot(1, accept=1, found=None))[0].score == 29


@pytest.mark.parametrize("accept", [0, 1])
def test_fifteen_lots_with_ac_zero_or_one_make_reduced_inspection_possible(accept: int) -> None:
    state = Switching(approval=APPROVED)
    for day in range(15):
        assert state.severity is NORMAL
        state, _ = after(state, lot(day, accept=accept, found=accept))
    assert state.severity is REDUCED


def test_an_approval_after_the_score_was_reached_switches_at_once_and_names_who() -> None:
    state, transition = approved(told("+" * 15)[0], APPROVED)
    assert transition is not None
    assert (state.severity, asks(state)) == (REDUCED, None)
    assert "lena" in transition.why


def test_an_approval_before_the_score_is_reached_waits_for_it_and_is_dropped_by_tightened_inspection() -> None:
    state, _ = approved(Switching(), APPROVED)
    assert told("+" * 15, state)[1] == ["15:reduced"]
    state, _ = told("--+++++" + "+" * 15, state)
    assert (state.severity, state.approval, asks(state)) == (NORMAL, None, ApprovalKind.REDUCED)


def test_an_approval_that_has_ended_does_not_count() -> None:
    state, _ = approved(Switching(), approval(0, ApprovalKind.REDUCED, until=14))
    assert told("+" * 15, state)[0].severity is NORMAL


def test_a_rejected_lot_the_end_of_the_approval_and_its_revocation_end_reduced_inspection() -> None:
    reduced = Switching(severity=REDUCED, approval=approval(0, ApprovalKind.REDUCED, until=30))
    assert told("++++", reduced)[0] == reduced
    assert told("+-", reduced) == (Switching(), ["2:normal"])
    assert lapsed(reduced, lot(30).decided_at)[0] == Switching()
    assert approved(reduced, approval(3, ApprovalKind.REDUCED, revoked=True))[0] == Switching()


def test_resumption_needs_its_own_approval_and_starts_tightened() -> None:
    stopped, _ = told("-------")
    assert asks(stopped) is ApprovalKind.RESUMPTION
    assert approved(stopped, APPROVED)[0] == stopped
    state, transition = approved(stopped, approval(9, ApprovalKind.RESUMPTION))
    assert transition is not None
    assert state == Switching(severity=TIGHTENED)
    assert told("+++++", state)[1] == ["5:normal"]


def test_an_acceptance_by_a_milder_plan_than_the_one_in_force_proves_nothing_a_rejection_counts() -> None:
    tightened = Switching(severity=TIGHTENED)
    assert after(tightened, lot(1, severity=NORMAL))[0].streak == 0
    assert after(tightened, lot(1, accepted=False, severity=NORMAL))[0].failures == 1


def test_one_step_tighter_is_one_column_to_the_left_in_table_2_a() -> None:
    seen = set()
    for cells in PLANS["normal"].values():
        for left, right in pairwise(cells):
            if right.isdigit() and int(right) >= 2:
                assert tighter(int(right)) == int(left)
                seen.add(int(right))
    assert seen == {2, 3, 5, 7, 10, 14, 21, 30, 44}


def test_a_number_of_the_tightened_table_is_read_by_the_next_larger_one_of_table_2_a() -> None:
    assert (tighter(8), tighter(12), tighter(41), tighter(0), tighter(2, 2), tighter(3, 2)) == (7, 10, 30, 0, 0, 1)


results = st.builds(
    lot,
    st.integers(0, 1000),
    accepted=st.booleans(),
    severity=st.sampled_from(Severity),
    accept=st.sampled_from((0, 1, 2, 3, 5)),
    found=st.sampled_from((None, 0, 1, 2, 5)),
)


@given(st.lists(results, max_size=60))
def test_without_approval_inspection_never_becomes_milder_than_normal(lots: list[Submission]) -> None:
    state = Switching()
    for result in lots:
        before = state
        state, transition = after(state, result)
        assert state.severity is not REDUCED
        assert transition is None or (before.severity, before.discontinued) != (state.severity, state.discontinued)
        if not result.accepted and before.severity is TIGHTENED:
            assert state.severity is TIGHTENED


@given(st.lists(results, max_size=40), results)
def test_a_rejected_lot_always_ends_reduced_inspection(lots: list[Submission], last: Submission) -> None:
    state = Switching(severity=REDUCED, approval=APPROVED)
    for result in [*lots, lot(2000, accepted=False)]:
        state, _ = after(state, result)
        if not result.accepted:
            assert state.severity is not REDUCED


@given(st.sampled_from(Severity), st.sampled_from(Severity))
def test_the_stricter_of_two_is_one_of_them_and_never_the_milder(one: Severity, other: Severity) -> None:
    order = (REDUCED, NORMAL, TIGHTENED)
    assert order.index(stricter(one, other)) == max(order.index(one), order.index(other))
