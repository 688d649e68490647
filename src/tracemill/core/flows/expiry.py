"""Expiry and retest: when a date has passed, the calendar holds the lot until quality says until when it may be used."""

from datetime import date

from tracemill.core.draft import Draft
from tracemill.core.shelf_life import after, last_day, permitted_until, today
from tracemill.core.usable import dated_hold
from tracemill.model.change import HoldLifted, HoldPlaced
from tracemill.model.decision import Timer
from tracemill.model.lot import Hold, Lot
from tracemill.model.status import RELEASING, HoldReason


def react(draft: Draft) -> None:
    """Hold the lot by each date that has passed, let go what no longer has, and look again when the next one does."""
    _keep(draft, HoldReason.EXPIRED, last_day(draft.lot))
    _keep(draft, HoldReason.RETEST, _retest(draft.lot, draft.policy.zone))


def _retest(lot: Lot, zone: str) -> date | None:
    """Return the retest date that still stands: an acceptance after it, or one that says until when, has dealt with it."""
    decided = lot.disposition
    if lot.retest is None or decided is None or not any(p.decision in RELEASING for p in decided.parts):
        return lot.retest
    answered = permitted_until(decided.parts) is not None or today(decided.decided_at, zone) > lot.retest
    return None if answered else lot.retest


def _keep(draft: Draft, reason: HoldReason, last: date | None) -> None:
    """Make the hold of one reason agree with its date and the calendar."""
    hold_id = dated_hold(draft.lot.id, reason)
    known = draft.lot.holds.get(hold_id)
    if last is not None and today(draft.now, draft.policy.zone) > last:
        if known is None or known.note != str(last):
            hold = Hold(id=hold_id, reason=reason, system="hub", placed_at=draft.now, note=str(last))
            draft.add(HoldPlaced(hold=hold))
        return
    if known is not None:
        draft.add(HoldLifted(hold=hold_id, reason=reason, by="hub", note="quality decided until when it may be used"))
    if last is not None:
        due = after(last, draft.policy.zone)
        draft.timers.append(Timer(key=f"{reason}:{draft.lot.id}", lot=draft.lot.id, due=due))
