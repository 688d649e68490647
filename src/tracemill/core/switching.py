"""Switching rules (ISO 2859-1:1999, clauses 9.3 and 9.4): when normal, tightened or reduced inspection is due.

The state is the fold of the results of first submissions, in order of decision, and of what the responsible authority
approved. Where the standard is silent the safe side is taken: the five lots of 9.3.1 are counted from the start of normal
inspection; an acceptance by a milder plan than the one in force (planned before a switch) proves nothing, a rejection
counts; an approval of reduced inspection ends with it.
"""

from bisect import bisect_left
from datetime import datetime
from typing import Final

from tracemill.model.inspection import Approval, Submission
from tracemill.model.record import Record, replaced
from tracemill.model.status import ApprovalKind, Severity

WINDOW: Final = 5  # 9.3.1: five or fewer consecutive lots
FAILURES: Final = 2  # 9.3.1
STREAK: Final = 5  # 9.3.2: consecutive acceptable lots
SCORE: Final = 30  # 9.3.3.1 a)
DISCONTINUED: Final = 5  # 9.4: cumulative lots on tightened inspection that were not accepted
ADDED: Final = 3  # 9.3.3.2 a) 1): Ac is 2 or more
ADDED_SMALL: Final = 2  # 9.3.3.2 a) 2): Ac is 0 or 1
NUMBERS: Final = (0, 1, 2, 3, 5, 7, 10, 14, 21, 30, 44)  # Ac along a row of table 2-A: one to the left is one step tighter
_RANK = {Severity.REDUCED: 0, Severity.NORMAL: 1, Severity.TIGHTENED: 2}


class Switching(Record, frozen=True):
    """Which inspection is due, and what has been counted since it began. Counts are lots, the score has no unit."""

    severity: Severity = Severity.NORMAL
    discontinued: bool = False
    recent: tuple[bool, ...] = ()  # normal: the last lots, at most four before the next, acceptable or not
    score: int = 0  # normal: the switching score
    streak: int = 0  # tightened: consecutive acceptable lots
    failures: int = 0  # tightened: lots not acceptable
    approval: Approval | None = None  # of reduced inspection


class Transition(Record, frozen=True):
    """A switch: what is due now, and why, with the clause that asks for it."""

    to: str
    why: str


Switched = tuple[Switching, Transition | None]


def stricter(one: Severity, other: Severity) -> Severity:
    """Return the stricter of two severities."""
    return max(one, other, key=_RANK.__getitem__)


def tighter(accept: int, steps: int = 1) -> int:
    """Return the acceptance number of the plan with the AQL one or more steps tighter (ISO 2859-1:1999, table 2-A).

    Same code letter, normal inspection. Below Ac 1 the table changes the sample instead: 0 stays 0. A number of another
    table (8 of table 2-B) is taken for the next larger of table 2-A.
    """
    place = min(bisect_left(NUMBERS, accept), len(NUMBERS) - 1)
    return NUMBERS[max(0, place - steps)]


def after(state: Switching, result: Submission) -> Switched:
    """Return the state after the result of one first submission (ISO 2859-1:1999, 9.3 and 9.4), and the switch, if any.

    Raises nothing: results during discontinuation are not under the procedure and change nothing.
    """
    if state.discontinued:
        return state, None
    state, lapse = lapsed(state, result.decided_at)
    if result.accepted and _RANK[result.severity] < _RANK[state.severity]:
        return state, lapse
    switched, transition = _STEPS[state.severity](state, result)
    return switched, transition or lapse


def lapsed(state: Switching, at: datetime) -> Switched:
    """Return the state at a time: reduced inspection ends with its approval (ISO 2859-1:1999, 9.3.4 c)."""
    if state.severity is Severity.REDUCED and (state.approval is None or not state.approval.holds(at)):
        return Switching(), Transition("normal", "the approval of reduced inspection has ended (ISO 2859-1, 9.3.4 c)")
    return state, None


def approved(state: Switching, approval: Approval) -> Switched:
    """Return the state after an approval or its revocation (ISO 2859-1:1999, 9.3.3.1, 9.3.4 and 9.4).

    Approving reduced inspection says that production is steady (b) and reduced inspection desirable (c); revoking it says
    that production is irregular or that other conditions warrant normal inspection (9.3.4 b and c).
    """
    if approval.what is ApprovalKind.RESUMPTION:
        if not state.discontinued or approval.revoked:
            return state, None
        why = f"{approval.by} agreed that the supplier's action is likely to be effective (ISO 2859-1, 9.4)"
        return Switching(severity=Severity.TIGHTENED), Transition("resumed, tightened", why)
    if approval.what is not ApprovalKind.REDUCED:
        return state, None
    if approval.revoked:
        if state.severity is Severity.REDUCED:
            return Switching(), Transition("normal", f"{approval.by} ended reduced inspection (ISO 2859-1, 9.3.4)")
        return replaced(state, approval=None), None
    if state.discontinued or state.severity is Severity.TIGHTENED:
        return state, None
    return _reduced_if_due(replaced(state, approval=approval), approval.at)


def asks(state: Switching) -> ApprovalKind | None:
    """Return the approval that the next switch waits for."""
    if state.discontinued:
        return ApprovalKind.RESUMPTION
    if state.severity is Severity.NORMAL and state.score >= SCORE:
        return ApprovalKind.REDUCED
    return None


def _normal(state: Switching, result: Submission) -> Switched:
    seen = (*state.recent, result.accepted)[-WINDOW:]
    if seen.count(False) >= FAILURES:
        why = f"{seen.count(False)} of {len(seen)} consecutive lots were not acceptable (ISO 2859-1, 9.3.1)"
        return Switching(severity=Severity.TIGHTENED), Transition("tightened", why)
    counted = replaced(state, recent=seen[-(WINDOW - 1) :], score=_score(state.score, result))
    return _reduced_if_due(counted, result.decided_at)


def _score(score: int, result: Submission) -> int:
    """Update the switching score (9.3.3.2). With Ac of 2 or more and no count of nonconforming items it is not shown: 0."""
    if not result.accepted:
        return 0
    if result.accept <= 1:
        return score + ADDED_SMALL
    found = result.nonconforming
    return score + ADDED if found is not None and found <= tighter(result.accept) else 0


def _reduced_if_due(state: Switching, at: datetime) -> Switched:
    due = state.severity is Severity.NORMAL and state.score >= SCORE
    if not due or state.approval is None or not state.approval.holds(at):
        return state, None
    why = f"the switching score is {state.score} and {state.approval.by} approved it (ISO 2859-1, 9.3.3)"
    return Switching(severity=Severity.REDUCED, approval=state.approval), Transition("reduced", why)


def _tightened(state: Switching, result: Submission) -> Switched:
    if result.accepted:
        streak = state.streak + 1
        if streak >= STREAK:
            return Switching(), Transition("normal", f"{streak} consecutive lots were acceptable (ISO 2859-1, 9.3.2)")
        return replaced(state, streak=streak), None
    failures = state.failures + 1
    if failures >= DISCONTINUED:
        why = f"{failures} lots on tightened inspection were not accepted (ISO 2859-1, 9.4)"
        return Switching(severity=Severity.TIGHTENED, discontinued=True), Transition("discontinued", why)
    return replaced(state, streak=0, failures=failures), None


def _reduced(state: Switching, result: Submission) -> Switched:
    if result.accepted:
        return state, None
    return Switching(), Transition("normal", "a lot on reduced inspection was not accepted (ISO 2859-1, 9.3.4 a)")


_STEPS = {Severity.NORMAL: _normal, Severity.TIGHTENED: _tightened, Severity.REDUCED: _reduced}
