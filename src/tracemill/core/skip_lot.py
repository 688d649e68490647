"""Skip-lot inspection (ISO 2859-3:2005): which lots of a proven product are accepted without inspection.

Every relaxation needs the approval that supplier and product are qualified (5.1, 5.2); a lot that is not accepted ends
skipping at once (6.5). The figures are the site's data (`SkipRules`). The defaults stand as remembered, not as read from a
printed copy: a site compares them with its own and writes them out, and lint asks for that. Certain are: the random draw
per lot (6.4), the frequencies 1 in 2 to 1 in 5, tightened inspection excludes skipping. Not certain are

- 5.3: 5 points where the AQL two steps tighter would have accepted, 3 points for one step, 3 points for Ac 0, 50 points in
  at most 20 lots; that any other acceptance starts the count anew, and that Ac 1 with nothing found earns 5;
- 6.2: 1 in 4 for 10 or 11 lots, 1 in 3 for 12 to 14, 1 in 2 for 15 to 20;
- 6.3: one frequency rarer after the qualification score was reached again at the present one;
- 6.6: 4 lots and 18 points to qualify again, at the next more frequent inspection;
- 6.7: disqualified by a lot not accepted while interrupted, after 10 lots without qualifying, after 60 days without a lot.
"""

import hmac
from datetime import datetime, timedelta

from tracemill.core.switching import Transition, tighter
from tracemill.model.inspection import Approval, HistoryKey, Skipped, SkipRules, Submission
from tracemill.model.record import Record, encode, replaced
from tracemill.model.status import ApprovalKind, Severity, SkipPhase

LEAST_LOTS = 10  # 5.2.1: ten or more consecutive lots
MOST_FREQUENT = 2


class SkipLot(Record, frozen=True):
    """Where skip-lot inspection stands. `frequency` n is one lot in n; `lots` and `score` are counted in this phase."""

    phase: SkipPhase = SkipPhase.LOT_BY_LOT
    frequency: int = 0
    score: int = 0
    lots: int = 0
    qualified_in: int = 0  # lots that reaching the qualification score took; 0: not reached
    approval: Approval | None = None
    last_at: datetime | None = None  # the last lot that was submitted, inspected or not


Moved = tuple[SkipLot, Transition | None]


def drawn(rules: SkipRules, key: HistoryKey, lot: str, frequency: int) -> bool:
    """Say whether a lot is drawn for inspection, with probability 1 in `frequency` (ISO 2859-3:2005, 6.4).

    Nothing is drawn at random here: a keyed hash of supplier, item and lot id decides, so that everybody who has the
    site's seed comes to the same answer, and nobody else can tell which lots are inspected. A lot that is inspected at one
    frequency is inspected at every more frequent one.
    """
    digest = hmac.digest(rules.seed.encode(), encode([key.supplier, key.item, lot]), "sha256")
    return int.from_bytes(digest[:8]) * frequency < 1 << 64


def lapsed(state: SkipLot, at: datetime, rules: SkipRules) -> Moved:
    """Return the state at a time: an approval that ended, or a long time without a lot, disqualifies (6.7)."""
    if state.phase is SkipPhase.LOT_BY_LOT:
        return state, None
    if state.approval is None or not state.approval.holds(at):
        return _disqualified(state, "the approval of supplier and product has ended")
    if state.last_at is not None and at - state.last_at > timedelta(days=rules.idle_days):
        return _disqualified(state, f"no lot was submitted for more than {rules.idle_days} days")
    return state, None


def after(state: SkipLot, result: Submission, severity: Severity, rules: SkipRules) -> Moved:
    """Return the state after the result of a first submission; `severity` is what switching asks for after it."""
    state, lapse = lapsed(state, result.decided_at, rules)
    state = replaced(state, last_at=_later(state.last_at, result.decided_at))
    if severity is Severity.TIGHTENED:
        if state.phase is SkipPhase.LOT_BY_LOT:
            return replaced(state, score=0, lots=0, qualified_in=0), lapse
        return _disqualified(state, "tightened inspection is due")
    moved, transition = _STEPS[state.phase](state, result, rules)
    return moved, transition or lapse


def skipped(state: SkipLot, fact: Skipped, rules: SkipRules) -> Moved:
    """Return the state after a lot that was accepted without inspection: it shows that lots still arrive, no more."""
    state, lapse = lapsed(state, fact.at, rules)
    return replaced(state, last_at=_later(state.last_at, fact.at)), lapse


def approved(state: SkipLot, approval: Approval, rules: SkipRules) -> Moved:
    """Return the state after supplier and product were qualified, or the qualification was revoked (5.1, 5.2, 6.7)."""
    if approval.what is not ApprovalKind.SKIP_LOT:
        return state, None
    if approval.revoked:
        if state.phase is SkipPhase.LOT_BY_LOT:
            return replaced(state, approval=None), None
        return _disqualified(state, f"{approval.by} revoked the qualification")
    return _begun_if_due(replaced(state, approval=approval), approval.at, rules)


def asks(state: SkipLot) -> ApprovalKind | None:
    """Return the approval that skipping waits for."""
    return ApprovalKind.SKIP_LOT if state.phase is SkipPhase.LOT_BY_LOT and state.qualified_in else None


def points(result: Submission, rules: SkipRules) -> int:
    """Return the points of a lot for the qualification score (5.3); 0: the count starts anew."""
    if not result.accepted:
        return 0
    if result.accept == 0:
        return rules.score_near
    if result.nonconforming is None:
        return 0
    if result.nonconforming <= tighter(result.accept, 2):
        return rules.score_clean
    return rules.score_near if result.nonconforming <= tighter(result.accept) else 0


def _later(one: datetime | None, other: datetime) -> datetime:
    return other if one is None else max(one, other)


def _disqualified(state: SkipLot, why: str) -> Moved:
    return SkipLot(last_at=state.last_at), Transition("lot by lot", f"{why} (ISO 2859-3, 6.7)")


def _counted(state: SkipLot, result: Submission, rules: SkipRules) -> tuple[SkipLot, bool]:
    """Add a lot to the score; say whether the qualification score was reached within the lots that it may take."""
    earned = points(result, rules)
    if not earned:
        return replaced(state, score=0, lots=0), False
    state = replaced(state, score=state.score + earned, lots=state.lots + 1)
    reached = state.score >= rules.qualify_score and state.lots >= LEAST_LOTS
    if not reached and state.lots >= rules.qualify_lots:
        return replaced(state, score=0, lots=0), False
    return state, reached


def _lot_by_lot(state: SkipLot, result: Submission, rules: SkipRules) -> Moved:
    if state.qualified_in:
        return (state, None) if points(result, rules) else (replaced(state, score=0, lots=0, qualified_in=0), None)
    state, reached = _counted(state, result, rules)
    return _begun_if_due(replaced(state, qualified_in=state.lots) if reached else state, result.decided_at, rules)


def _begun_if_due(state: SkipLot, at: datetime, rules: SkipRules) -> Moved:
    if state.phase is not SkipPhase.LOT_BY_LOT or not state.qualified_in:
        return state, None
    if state.approval is None or not state.approval.holds(at):
        return state, None
    took = state.qualified_in
    initial = next((n for most, n in rules.frequencies if took <= most), MOST_FREQUENT)
    begun = SkipLot(phase=SkipPhase.SKIPPING, frequency=initial, approval=state.approval, last_at=state.last_at or at)
    why = f"qualified in {took} lots, approved by {state.approval.by} (ISO 2859-3, 6.2)"
    return begun, Transition(f"skip-lot, 1 in {initial}", why)


def _skipping(state: SkipLot, result: Submission, rules: SkipRules) -> Moved:
    if not result.accepted:
        interrupted = replaced(state, phase=SkipPhase.INTERRUPTED, score=0, lots=0)
        return interrupted, Transition("skip-lot interrupted", "a lot was not accepted (ISO 2859-3, 6.5)")
    state, reached = _counted(state, result, rules)
    if not reached or state.frequency >= rules.rarest:
        return (replaced(state, score=0, lots=0) if reached else state), None
    rarer = replaced(state, frequency=state.frequency + 1, score=0, lots=0)
    return rarer, Transition(f"skip-lot, 1 in {rarer.frequency}", "the score was reached again (ISO 2859-3, 6.3)")


def _interrupted(state: SkipLot, result: Submission, rules: SkipRules) -> Moved:
    if not result.accepted:
        return _disqualified(state, "a lot was not accepted while skip-lot was interrupted")
    earned = points(result, rules)
    state = replaced(state, lots=state.lots + 1, score=state.score + earned if earned else 0)
    if state.score >= rules.requalify_score and state.lots >= rules.requalify_lots:
        frequency = max(MOST_FREQUENT, state.frequency - 1)
        resumed = replaced(state, phase=SkipPhase.SKIPPING, frequency=frequency, score=0, lots=0)
        return resumed, Transition(f"skip-lot, 1 in {frequency}", "qualified again (ISO 2859-3, 6.6)")
    if state.lots >= rules.interrupted_lots:
        return _disqualified(state, f"not qualified again within {state.lots} lots")
    return state, None


_STEPS = {SkipPhase.LOT_BY_LOT: _lot_by_lot, SkipPhase.SKIPPING: _skipping, SkipPhase.INTERRUPTED: _interrupted}
