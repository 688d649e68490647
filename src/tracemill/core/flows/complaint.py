"""Complaint: linked to its lot, told to people with where the lot went; held and put to quality where the site says so."""

from tracemill.core.draft import Draft
from tracemill.core.quality_records import complaint_key, facts, keep
from tracemill.core.usable import on_hand, said, used
from tracemill.model.change import HoldPlaced
from tracemill.model.decision import Case
from tracemill.model.identifier import derived
from tracemill.model.lot import Hold
from tracemill.model.quality_record import ComplaintReceived
from tracemill.model.quantity import show
from tracemill.model.status import CaseKind, ComplaintSeverity, Consequence, HoldReason, QualityKind


def received(draft: Draft, data: ComplaintReceived) -> None:
    """Link the complaint. The first news of it opens a case, asks quality to look, and holds what may be as bad."""
    known = f"{QualityKind.COMPLAINT}:{draft.event.source}:{data.complaint}" in draft.lot.records
    customer = (data.customer.name or data.customer.id) if data.customer else ""
    told = {"defect": data.defect, "text": data.text, "customer": customer, "shipment": data.shipment}
    keep(draft, QualityKind.COMPLAINT, data.complaint, severity=str(data.severity), **told)
    if known:
        return
    if data.severity in draft.policy.suspected:
        _suspect(draft, data)
    _to_quality(draft, data)
    draft.case(_case(draft, data, customer))


def _suspect(draft: Draft, data: ComplaintReceived) -> None:
    note = f"complaint {data.complaint}" + (f": {data.defect}" if data.defect else "")
    hold_id = derived("hold", draft.lot.id, "complaint", draft.event.source, data.complaint)
    draft.add(
        HoldPlaced(hold=Hold(id=hold_id, reason=HoldReason.SUSPECTED, system="hub", placed_at=draft.now, note=note))
    )  # fmt: skip


def _to_quality(draft: Draft, data: ComplaintReceived) -> None:
    lot = draft.lot
    told = data.quantity
    quantity, unit = (told.amount, told.unit) if told else (on_hand(lot) + used(lot), lot.unit)
    said = {"decision": "complaint", "defect": data.defect, "complaint": data.complaint}
    value = facts(lot, quantity=show(quantity), unit=unit, **said)
    able = [s for s in draft.policy.systems.values() if s.can("open_nonconformance") and s.name != draft.event.source]
    if able:
        draft.act(able[0].name, "open_nonconformance", f"complaint:{data.complaint}", value)


def _case(draft: Draft, data: ComplaintReceived, customer: str) -> Case:
    lot = draft.lot
    went = [
        f"{said(line.quantity, lot)} {line.state} to {line.customer_name or line.customer or 'nobody told'} on {name}"
        for name, line in lot.shipments.items()
    ]
    bad = data.severity is ComplaintSeverity.CRITICAL or data.severity in draft.policy.suspected
    return Case(
        key=complaint_key(lot.id, data.complaint),
        kind=CaseKind.COMPLAINT,
        lot=lot.id,
        title=f"{customer or 'a customer'} complains about {lot.number}: {data.defect or data.text or 'no defect told'}",
        consequence=Consequence.UNSAFE if bad else Consequence.LATE,
        next_action=f"see what it was made from and where that went: tracemill complaint {data.complaint}; recall what caused it",
        evidence={
            "system": draft.event.source, "complaint": data.complaint, "severity": data.severity, "shipment": data.shipment,
            "text": data.text, "went_to": went, "made_in": len(lot.made_by),
        },
    )  # fmt: skip
