"""Quality records: what the systems that keep them tell of nonconformances, CAPAs, audit findings and complaints of a lot."""

from typing import Any

from tracemill.core.draft import Draft
from tracemill.core.evolve import replace
from tracemill.model.change import NonconformanceLinked, Noted, RecordKept
from tracemill.model.lot import Lot
from tracemill.model.quality import NonconformanceOpened
from tracemill.model.quality_record import (
    AuditFindingOpened,
    CapaClosed,
    CapaOpened,
    ComplaintClosed,
    NonconformanceClosed,
    QualityRecord,
)
from tracemill.model.status import QualityKind


def keep(draft: Draft, kind: QualityKind, native: str, system: str = "", **told: object) -> QualityRecord:
    """Link a record to the lot. Told again, it is the same record, completed by what is new; a closed one stays closed."""
    lot, system = draft.lot, system or draft.event.source
    fresh = QualityRecord(
        kind=kind, id=native, system=system, lot=lot.id, number=lot.number, opened_at=draft.event.occurred.utc,
        supplier=lot.supplier.id if lot.supplier else "", item=lot.item, order=lot.purchase_order,
    )  # fmt: skip
    known = lot.records.get(fresh.key)
    record = replace(known or fresh, **{name: value for name, value in told.items() if value})
    if record != known:
        draft.add(RecordKept(record=record))
    return record


def facts(lot: Lot, **said: str) -> dict[str, Any]:
    """Return what quality and procurement are told of a lot that may be bad: where it comes from, and what is said of it."""
    supplier = lot.supplier
    return {
        "decision": "", "quantity": "", "unit": lot.unit, "defect": "", "inspection": "", "signer": "",
        "item": lot.item, "item_text": lot.item_text, "supplier": supplier.id if supplier else "",
        "supplier_name": supplier.name if supplier else "", "supplier_batch": lot.supplier_batch,
        "purchase_order": lot.purchase_order, "certificate": lot.certificate, **said,
    }  # fmt: skip


def nonconformance(draft: Draft, data: NonconformanceOpened) -> None:
    if data.nonconformance not in draft.lot.nonconformances:
        draft.add(NonconformanceLinked(nonconformance=data.nonconformance, system=draft.event.source, defect=data.defect))
    keep(draft, QualityKind.NONCONFORMANCE, data.nonconformance, defect=data.defect, order=data.order, text=data.text)


def capa(draft: Draft, data: CapaOpened) -> None:
    keep(
        draft, QualityKind.CAPA, data.capa, defect=data.defect, text=data.text, owner=data.owner, about=data.nonconformances
    )  # fmt: skip


def finding(draft: Draft, data: AuditFindingOpened) -> None:
    keep(draft, QualityKind.AUDIT_FINDING, data.finding, defect=data.defect, order=data.order, text=data.text)


def nonconformance_closed(draft: Draft, data: NonconformanceClosed) -> None:
    closed(draft, QualityKind.NONCONFORMANCE, data.nonconformance, data.text)


def capa_closed(draft: Draft, data: CapaClosed) -> None:
    judged = {True: "effective", False: "NOT effective", None: ""}[data.effective]
    closed(draft, QualityKind.CAPA, data.capa, ": ".join(filter(None, (judged, data.text))))


def complaint_closed(draft: Draft, data: ComplaintClosed) -> None:
    closed(draft, QualityKind.COMPLAINT, data.complaint, data.text)
    draft.close(complaint_key(draft.lot.id, data.complaint))


def complaint_key(lot: str, complaint: str) -> str:
    """Return the key of the case of a complaint."""
    return f"complaint:{lot}:{complaint}"[:400]


def closed(draft: Draft, kind: QualityKind, native: str, closing: str) -> None:
    """Close a record of the system that tells so. One that nobody opened is noted: the news of its opening may be late."""
    known = draft.lot.records.get(f"{kind}:{draft.event.source}:{native}")
    if known is None:
        said = f"{draft.event.source} closed {kind.replace('_', ' ')} {native}"
        draft.add(Noted(text=f"{said}, of which nobody told that it was opened; tell its closing again after that"))
    elif known.closed_at is None:
        draft.add(RecordKept(record=replace(known, closed_at=draft.event.occurred.utc, closing=closing)))
