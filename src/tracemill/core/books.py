"""The books of a lot: what follows from its entries, in whatever order they were told.

A reversal that came first takes back what it waited for, a count is compared with what the ledger had at its time, and what a
lot gained since quality decided is held until it decides again.
"""

from decimal import Decimal

from tracemill.core.draft import Draft
from tracemill.core.entries import GAINS, booked, entry_key, uncovered
from tracemill.core.movements import reversal_key, take_back
from tracemill.core.usable import gain_hold
from tracemill.model.change import Disposed, HoldLifted, HoldPlaced, LotDescribed, Moved, Sampled
from tracemill.model.lot import Entry, Hold
from tracemill.model.status import HoldReason, MovementKind

ZERO = Decimal(0)
BOOKED = (LotDescribed, Moved, Sampled, Disposed)
_NOTES = {
    "adjusted": "found in a count, beyond what quality decided about",
    "transferred_in": "came from another site after quality decided",
}


def settle(draft: Draft) -> None:
    """Draw the conclusions from what an event booked."""
    if not any(isinstance(c.change, BOOKED) for c in draft.changes):
        return
    _waiting(draft)
    _counts(draft)
    for account in GAINS:
        _hold_gain(draft, account)


def _waiting(draft: Draft) -> None:
    """Take back what was known to be taken back before it was told itself."""
    for key, entry in sorted(draft.lot.entries.items()):
        system, _, movement = key.partition("/")
        if entry.waits and entry_key(system, entry.reverses) in draft.lot.entries:
            take_back(draft, system, movement, entry.reverses, entry.told)
            original = draft.lot.entries[entry_key(system, entry.reverses)]
            if draft.lot.entries[key].quantity or original.counted is not None:
                draft.close(reversal_key(draft.lot.id, system, movement))


def _counts(draft: Draft) -> None:
    """Adjust the ledger to each count, in order of time: what was told late may move what a count has to explain."""
    counts = {k: e for k, e in draft.lot.entries.items() if e.counted is not None and e.counts and not e.void}
    earlier = ZERO
    for key, count in sorted(counts.items(), key=lambda item: (item[1].at, item[0])):
        expected = _had(draft, count) + earlier
        difference = (count.counted or ZERO) - expected
        earlier += difference
        if change := difference - count.quantity:
            system, _, movement = key.partition("/")
            draft.add(
                Moved(
                    movement=movement, kind=MovementKind.ADJUSTED, quantity=change, system=system, at=count.at,
                    counted=count.counted, expected=expected,
                )
            )  # fmt: skip


def _had(draft: Draft, count: Entry) -> Decimal:
    """Return what the ledger had at the time of a count, apart from what counts adjusted."""
    entries = draft.lot.entries.values()
    counted = sum((e.net for e in entries if e.counted is not None and e.counts and not e.void), ZERO)
    later = sum((e.net for e in entries if e.counted is None and e.counts and not e.reverses and e.at > count.at), ZERO)
    return booked(draft.lot) - counted - later


def _hold_gain(draft: Draft, account: str) -> None:
    """Hold what a lot gained since quality decided; a customer's return always."""
    hold_id = gain_hold(draft.lot.id, account)
    wanted = uncovered(draft.lot, account) if account == "returned" or draft.lot.disposition is not None else ZERO
    known = draft.lot.holds.get(hold_id)
    if known is not None and not wanted:
        draft.add(HoldLifted(hold=hold_id, reason=known.reason, by="hub", note="quality has decided about all of it"))
    elif wanted and (known is None or known.quantity != wanted):
        owner = draft.policy.owner("quality", draft.lot.material_class, draft.now)
        reason = HoldReason.RETURNED if account == "returned" else HoldReason.AWAITING_INSPECTION
        hold = Hold(
            id=hold_id, reason=reason, system=owner or "hub", placed_at=known.placed_at if known else draft.now, quantity=wanted,
            note=_NOTES.get(account, ""),
        )  # fmt: skip
        draft.add(HoldPlaced(hold=hold))
