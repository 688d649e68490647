"""The history of inspections is the fold of what is known, in order of decision."""

from itertools import pairwise

from hypothesis import given
from hypothesis import strategies as st

from tests.core.submissions import KEY, RULES, approval, lot, on
from tracemill.core.inspection_history import KEPT, History, Standing, begun, defects, due, rebuilt, skips, step, tell
from tracemill.model.inspection import Approval, Fact, HistoryKey, Skipped, Submission, Withdrawn
from tracemill.model.record import decode, encode, replaced
from tracemill.model.status import ApprovalKind, Severity, SkipPhase

NORMAL, TIGHTENED, REDUCED = Severity.NORMAL, Severity.TIGHTENED, Severity.REDUCED


def history(*facts: Fact) -> History:
    return rebuilt(KEY, facts, NORMAL, RULES)


def words(told: History, fact: Fact) -> list[str]:
    return [t.to for t in tell(told, fact, RULES)[1]]


def test_a_result_that_comes_late_is_folded_where_it_belongs() -> None:
    before = history(lot(1, accepted=False), *(lot(day) for day in range(3, 8)))
    assert before.standing.switching.severity is NORMAL
    after, transitions = tell(before, lot(2, accepted=False), RULES)
    assert after.standing == history(lot(1, accepted=False), lot(2, accepted=False), *(lot(d) for d in range(3, 8))).standing
    # The five that followed were inspected by the normal plan: they do not lead back.
    assert [t.to for t in transitions] == ["tightened"]
    strict = (lot(day, severity=TIGHTENED) for day in range(3, 8))
    assert words(history(lot(1, accepted=False), *strict), lot(2, accepted=False)) == []


def test_a_corrected_result_takes_the_place_of_the_first_and_everything_is_folded_again() -> None:
    told = history(lot(1, accepted=False), lot(2, accepted=False))
    assert told.standing.switching.severity is TIGHTENED
    after, transitions = tell(told, replaced(lot(1), decided_at=on(3)), RULES)
    assert (after.standing.switching.severity, [t.to for t in transitions]) == (NORMAL, ["normal"])
    assert "corrected" in transitions[0].why
    assert len(after.facts) == 2


def test_a_result_that_was_invalidated_counts_no_longer() -> None:
    told = history(lot(1, accepted=False), lot(2, accepted=False))
    after, transitions = tell(told, Withdrawn(lot="L-1", at=on(3)), RULES)
    assert (after.standing.switching.severity, [t.to for t in transitions]) == (NORMAL, ["normal"])


def test_what_an_approval_allowed_ends_for_the_next_lot_when_its_time_is_over() -> None:
    told = history(approval(0, ApprovalKind.REDUCED, until=40), *(lot(day) for day in range(1, 16)))
    assert due(told, on(39), RULES).switching.severity is REDUCED
    assert due(told, on(40), RULES).switching.severity is NORMAL


def test_a_site_without_rules_for_it_never_skips() -> None:
    told = history(approval(0, ApprovalKind.SKIP_LOT), *(lot(day) for day in range(1, 11)))
    assert told.standing.skip.phase is SkipPhase.SKIPPING
    assert any(skips(due(told, on(11), RULES), KEY, str(n), RULES) for n in range(20))
    assert not any(skips(due(told, on(11), None), KEY, str(n), None) for n in range(20))


def test_both_relaxations_ask_for_their_own_approval() -> None:
    assert history(*(lot(day) for day in range(1, 16))).standing.asks == {ApprovalKind.REDUCED, ApprovalKind.SKIP_LOT}


def test_defects_are_the_rejected_among_the_last_ten_first_submissions_by_whatever_plan() -> None:
    one = rebuilt(KEY, [lot(day, accepted=day > 2) for day in range(1, 8)], NORMAL, None)
    other = rebuilt(replaced(KEY, plan="full"), [lot(day, accepted=day != 9) for day in range(8, 12)], NORMAL, None)
    foreign = rebuilt(replaced(KEY, item="4712"), [lot(20, accepted=False)], NORMAL, None)
    assert defects([one], "ACME", "4711") == 2
    assert defects([one, other, foreign], "ACME", "4711") == 2  # the first of eleven is no longer among them


def test_a_history_that_grew_too_long_keeps_its_state_and_says_what_is_too_old_to_count() -> None:
    facts = [lot(day, accepted=day % 7 != 0) for day in range(KEPT + 20)]
    told, standing = begun(KEY), begun(KEY).standing
    for fact in facts:
        told, _ = tell(told, fact, RULES)
        standing, _ = step(standing, fact, RULES)
    assert (len(told.facts), told.standing) == (KEPT, standing)
    same, transitions = tell(told, lot(0.5, accepted=False), RULES)
    assert same == told
    assert "before the last 200" in transitions[0].why


submissions = st.builds(
    lot,
    st.integers(0, 30),
    accepted=st.booleans(),
    severity=st.sampled_from(Severity),
    accept=st.sampled_from((0, 1, 3)),
    found=st.sampled_from((None, 0, 2)),
    lot=st.sampled_from([f"L-{n}" for n in range(25)]),
)
approvals = st.builds(
    approval, st.integers(0, 30), st.sampled_from(ApprovalKind), until=st.none() | st.integers(0, 40), revoked=st.booleans()
)
known = st.lists(submissions | approvals | st.builds(Skipped, st.sampled_from(("S-1", "S-2")), st.integers(0, 30).map(on)),
                 max_size=40)  # fmt: skip


@given(known, st.randoms())
def test_the_order_in_which_facts_arrive_changes_nothing(facts: list[Submission | Approval | Skipped], dice: object) -> None:
    once = list({(f.at, type(f), getattr(f, "lot", "")): f for f in facts}.values())
    once = list({getattr(f, "lot", (f.at, type(f))): f for f in once}.values())
    mixed = list(once)
    dice.shuffle(mixed)  # type: ignore[attr-defined]
    assert history(*mixed).standing == history(*once).standing


@given(known)
def test_a_history_survives_being_written_and_read(facts: list[Submission | Approval | Skipped]) -> None:
    told = history(*facts)
    assert decode(encode(told), History) == told


@given(known)
def test_nothing_is_relaxed_without_an_approval_that_somebody_gave(facts: list[Submission | Approval | Skipped]) -> None:
    granted = {f.what for f in facts if isinstance(f, Approval) and not f.revoked}
    standing = history(*facts).standing
    assert standing.switching.severity is not REDUCED or ApprovalKind.REDUCED in granted
    assert standing.skip.phase is SkipPhase.LOT_BY_LOT or ApprovalKind.SKIP_LOT in granted


@given(known)
def test_after_a_rejected_lot_inspection_is_neither_reduced_nor_skipped(facts: list[Submission | Approval | Skipped]) -> None:
    standing, _ = step(history(*facts).standing, lot(100, accepted=False), RULES)
    assert standing.switching.severity is not REDUCED
    assert standing.skip.phase is not SkipPhase.SKIPPING
    assert not any(skips(standing, KEY, str(n), RULES) for n in range(9))


def test_the_facts_of_one_key_say_nothing_about_another() -> None:
    assert begun(HistoryKey("ACME", "4711", "full")).standing == Standing()
    assert all(one.at <= other.at for one, other in pairwise(history(lot(3), lot(1), lot(2)).facts))
