"""First submissions: what quality's decision says about the supplier. Resubmitted lots say nothing (ISO 2859-1:1999, 9.3)."""

from tracemill.core.draft import Draft
from tracemill.core.inspection_record import record
from tracemill.core.usable import on_hand, used
from tracemill.model.change import Disposed, Noted
from tracemill.model.inspection import Planned, Submission, Withdrawn
from tracemill.model.lot import ZERO, Lot
from tracemill.model.record import replaced
from tracemill.model.status import DispositionKind

OPEN = frozenset({DispositionKind.HOLD, DispositionKind.PENDING})
_GOOD = OPEN | {DispositionKind.ACCEPT}


def react(draft: Draft) -> None:
    """Record the result of the first submission of a lot that the hub planned, once quality's decision ends it."""
    planned, known = draft.lot.planned, draft.lot.submission
    decided = next((c.change for c in draft.changes if isinstance(c.change, Disposed)), None)
    if decided is None or planned is None or not draft.policy.inspection.kept:
        return
    if all(p.decision is DispositionKind.INVALIDATED for p in decided.parts):
        return _invalidated(draft, decided, planned, known)
    accepted = _acceptable(draft.lot, decided)
    if known is not None and not _corrects(decided, known, accepted):
        return draft.add(Noted(text="decided after the first submission: it does not count for the supplier's history"))
    if accepted is None or (accepted and planned.skipped):
        return
    result = _result(draft, decided, planned, accepted)
    if known is not None:
        result = replaced(result, decided_at=known.decided_at)  # a correction keeps the place of what it corrects
    if result != known:
        record(draft, planned.key, result)


def _invalidated(draft: Draft, decided: Disposed, planned: Planned, known: Submission | None) -> None:
    if known is not None and known.inspection == decided.inspection:
        record(draft, planned.key, Withdrawn(lot=draft.lot.id, at=known.decided_at))


def _corrects(decided: Disposed, known: Submission, accepted: bool | None) -> bool:
    """Say whether a decision corrects a result, rather than being about the lot as it was submitted again.

    Without the id of an inspection nobody can tell the two apart: then only a result that is worse is a correction.
    """
    if known.reinspected or known.inspection != decided.inspection:
        return False
    return bool(decided.inspection) or not accepted or known.accepted


def _acceptable(lot: Lot, decided: Disposed) -> bool | None:
    """Say whether the lot was acceptable as submitted; None while a part of it is not decided.

    Only a lot that is accepted as a whole is acceptable: a partial rejection is none, a concession is none, and what is
    to be sorted, reworked or inspected again was not accepted as it came.
    """
    kinds = {p.decision for p in decided.parts}
    if not kinds <= _GOOD:
        return False
    if kinds & OPEN or not kinds:
        return None
    named = sum((p.quantity.amount for p in decided.parts if p.quantity), ZERO)
    whole = any(p.quantity is None for p in decided.parts) or named >= on_hand(lot) + used(lot)
    return True if whole else None


def _result(draft: Draft, decided: Disposed, planned: Planned, accepted: bool) -> Submission:
    found = decided.nonconforming
    if accepted and found is not None and found > planned.accept:
        why = f"accepted with {found} nonconforming items, where {planned.accept} may fail"
        draft.add(Noted(text=f"{why}: it counts as not acceptable for the supplier's history"))
        accepted = False
    return Submission(
        lot=draft.lot.id,
        inspection=decided.inspection,
        decided_at=min(draft.event.occurred.utc, draft.now),  # when it was decided, not when it was read
        accepted=accepted,
        severity=planned.severity,
        code_letter=planned.code_letter,
        aql=planned.aql,
        sample_size=planned.sample_size,
        accept=planned.accept,
        nonconforming=found,
        reinspected=any(p.decision is DispositionKind.REINSPECT for p in decided.parts),
    )
