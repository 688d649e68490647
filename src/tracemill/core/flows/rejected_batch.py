"""Rejected batch: more of a supplier batch that quality rejected, as any lot at any site, is held when it arrives."""

from tracemill.core.draft import Draft
from tracemill.model.change import HoldPlaced
from tracemill.model.identifier import derived
from tracemill.model.lot import Hold, Lot
from tracemill.model.status import HoldReason


def react(draft: Draft) -> None:
    """Hold a receipt of a batch of which another lot stands rejected; people who compared both lift it."""
    found = next((other for other in draft.rejected.values() if _same_batch(draft.lot, other)), None)
    if found is None:
        return
    hold_id = derived("hold", draft.lot.id, "rejected batch")
    if hold_id not in draft.lot.holds:
        note = f"supplier batch {found.supplier_batch} was rejected as {found.number}"
        draft.add(HoldPlaced(hold=Hold(id=hold_id, reason=HoldReason.QUALITY, system="hub", placed_at=draft.now, note=note)))


def _same_batch(lot: Lot, other: Lot) -> bool:
    """Compare supplier batches. Where nobody told the manufacturer of one, it may be the same."""
    if lot.id == other.id or not lot.supplier_batch or lot.supplier_batch != other.supplier_batch:
        return False
    return not lot.manufacturer or not other.manufacturer or lot.manufacturer == other.manufacturer
