"""Disposition: a rejection opens a nonconformance, linked to supplier and purchase order, and tells procurement."""

from tracemill.core.draft import Draft
from tracemill.core.quality_records import facts
from tracemill.core.usable import UNDECIDED, on_hand
from tracemill.model.quality import DispositionDecided, Part
from tracemill.model.quantity import show
from tracemill.model.status import RELEASING


def react(draft: Draft) -> None:
    """Act on the rejected parts of a decision that counts."""
    data: DispositionDecided = draft.event.data
    last = draft.lot.disposition
    if last is None or last.recorded_at != draft.now or last.owner != draft.event.source:
        return
    for part in last.parts:
        if part.decision not in RELEASING and part.decision not in UNDECIDED:
            _rejected(draft, data, part)


def _rejected(draft: Draft, data: DispositionDecided, part: Part) -> None:
    rejected = show(part.quantity.amount if part.quantity else on_hand(draft.lot))
    said = {"decision": part.decision, "defect": part.reason, "inspection": data.inspection, "signer": data.signer}
    value = facts(draft.lot, quantity=rejected, **said)
    purpose = f"{part.decision}:{data.inspection or draft.lot.number}"
    if not data.nonconformance and (system := draft.policy.able("open_nonconformance")) is not None:
        draft.act(system.name, "open_nonconformance", purpose, value)
    if draft.policy.procurement:
        to = draft.policy.procurement
        draft.act(to["system"], "notify", purpose, {**value, "to": to["to"], "topic": "rejection"})
