"""Disposition: a rejection opens a nonconformance, linked to supplier and purchase order, and tells procurement."""

from typing import Any

from tracemill.core.draft import Draft
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
    value = _facts(draft, data, part)
    purpose = f"{part.decision}:{data.inspection or draft.lot.number}"
    if not data.nonconformance:
        for system in draft.policy.systems.values():
            if system.can("open_nonconformance"):
                draft.act(system.name, "open_nonconformance", purpose, value)
                break
    if draft.policy.procurement:
        to = draft.policy.procurement
        draft.act(to["system"], "notify", purpose, {**value, "to": to["to"], "topic": "rejection"})


def _facts(draft: Draft, data: DispositionDecided, part: Part) -> dict[str, Any]:
    lot = draft.lot
    return {
        "decision": part.decision,
        "quantity": show(part.quantity.amount if part.quantity else on_hand(lot)),
        "unit": lot.unit,
        "defect": part.reason,
        "inspection": data.inspection,
        "signer": data.signer,
        "item": lot.item,
        "item_text": lot.item_text,
        "supplier": lot.supplier.id if lot.supplier else "",
        "supplier_name": lot.supplier.name if lot.supplier else "",
        "supplier_batch": lot.supplier_batch,
        "purchase_order": lot.purchase_order,
        "certificate": lot.certificate,
    }
