"""Rejected batch: whatever else there is of a supplier batch that quality rejected is held, at any site, under any number.

What arrives later is held when it arrives. What is there already is held by its own site, which the hub tells of the rejection.
"""

from tracemill.core.draft import Draft
from tracemill.model.change import HoldPlaced
from tracemill.model.identifier import derived
from tracemill.model.lot import Hold, Lot
from tracemill.model.quality import BatchRejected
from tracemill.model.status import HoldReason


def react(draft: Draft) -> None:
    """Hold a receipt of a batch of which another lot stands rejected; people who compared both lift it."""
    found = next((other for other in draft.rejected.values() if same_batch(draft.lot, other)), None)
    if found is not None:
        _hold(draft, found.supplier_batch, found.number, found.site)


def told(draft: Draft, data: BatchRejected) -> None:
    """Hold a lot of a batch that was rejected elsewhere; people who compared both lift it."""
    _hold(draft, data.batch, data.number, data.site)


def same_batch(lot: Lot, other: Lot) -> bool:
    """Compare supplier batches. Where nobody told the manufacturer of one, it may be the same."""
    if lot.id == other.id or not lot.supplier_batch or lot.supplier_batch != other.supplier_batch:
        return False
    return not lot.manufacturer or not other.manufacturer or lot.manufacturer == other.manufacturer


def _descends(lot: Lot) -> bool:
    """Say whether a lot has its batch from the lots it came of: it inherits what those are held for, for as long as that is."""
    return lot.received_at is None and bool(lot.made_by)


def hold_id(lot: str) -> str:
    """Return the id of the hold: one for each lot, whoever rejected its batch."""
    return derived("hold", lot, "rejected batch")


def _hold(draft: Draft, batch: str, number: str, site: str) -> None:
    if hold_id(draft.lot.id) in draft.lot.holds or _descends(draft.lot):
        return
    where = f" at {site}" if site != draft.lot.site else ""
    note = f"supplier batch {batch} was rejected as {number}{where}"
    hold = Hold(id=hold_id(draft.lot.id), reason=HoldReason.QUALITY, system="hub", placed_at=draft.now, note=note)
    draft.add(HoldPlaced(hold=hold))
