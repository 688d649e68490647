"""Clean point: what proves that a lot is not affected by what a recall is about, and what keeps it from being proven."""

from tracemill.core.usable import hold_words
from tracemill.model.lot import Lot
from tracemill.model.status import DispositionKind


def accepted(lot: Lot) -> tuple[str, str]:
    """Return (what proves that quality found nothing wrong with a lot, why nothing does); one of the two is empty."""
    if lot.holds:
        return "", f"held: {hold_words(min(lot.holds.values(), key=lambda h: h.placed_at), lot)}"
    said = lot.disposition
    if said is None:
        return "", "quality has not decided about it"
    if said.pending_review:
        return "", "what quality decided is still to be reviewed"
    kinds = sorted({part.decision for part in said.parts})
    if kinds != [DispositionKind.ACCEPT]:
        return "", f"quality did not simply accept it: {', '.join(kinds)}"
    where = f" in {said.inspection}" if said.inspection else ""
    by = f" by {said.signer}" if said.signer else ""
    return f"accepted by quality{where}{by}, {said.decided_at:%Y-%m-%d %H:%M} UTC", ""
