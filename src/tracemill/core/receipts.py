"""Receipts: what the arrival of a lot, its samples and its movements change."""

from decimal import Decimal

from tracemill.core.draft import Draft
from tracemill.core.ledger import base_unit, in_base
from tracemill.core.usable import ZERO, said, used
from tracemill.model.change import Exposed, InspectionLinked, LotDescribed, Moved, NonconformanceLinked, Noted, Sampled
from tracemill.model.decision import Case
from tracemill.model.material import LotReceived, MovementRecorded, ReceiptReversed, SampleTaken
from tracemill.model.quality import InspectionOpened, NonconformanceOpened
from tracemill.model.status import CaseKind, Consequence, Receipt

SIGNS = {
    "received": 1, "produced": 1, "returned": 1, "consumed": -1, "scrapped": -1, "shipped": -1,
}  # fmt: skip
OURS = frozenset({"received", "sampled", "transferred"})  # the ledger has these from other events


def receipt(draft: Draft, data: LotReceived) -> None:
    """A lot arrived: what is said about it, and since when it lies free where the system does not quarantine itself."""
    draft.add(
        LotDescribed(
            received=in_base(draft, data.quantity),
            unit=base_unit(draft, data.quantity),
            received_at=draft.event.occurred.utc,
            number=data.lot.id,
            named_by=draft.event.source,
            item_text=data.item_text,
            material_class=data.material_class,
            supplier=data.supplier,
            manufacturer=data.manufacturer or (data.supplier.id if data.supplier else ""),
            supplier_batch=data.supplier_batch,
            purchase_order=data.purchase_order,
            certificate=data.certificate,
            receipt=data.receipt,
            place=data.place,
            manufactured=data.manufactured,
            expires=data.expires,
            retest=data.retest,
        )
    )
    source = draft.source
    if source.receipt is Receipt.HUB_QUARANTINES and source.name not in draft.lot.exposures:
        draft.add(Exposed(system=source.name, since=draft.event.occurred.utc))


def taken_back(draft: Draft, data: ReceiptReversed) -> None:
    """A receipt did not happen: what it brought is not there. What was used of it must be explained by people."""
    draft.add(
        LotDescribed(received=-in_base(draft, data.quantity), unit=base_unit(draft, data.quantity)),
        Noted(
            text=f"{draft.event.source} took back receipt {data.receipt or 'without a number'} of {data.quantity}: {data.note}"
        ),
    )
    if (gone := used(draft.lot)) > max(draft.lot.received, ZERO):
        draft.case(_used_all_the_same(draft, data, gone))


def _used_all_the_same(draft: Draft, data: ReceiptReversed, gone: Decimal) -> Case:
    lot = draft.lot
    return Case(
        key=f"receipt:{lot.id}:{data.receipt}"[:400],
        kind=CaseKind.INCIDENT,
        lot=lot.id,
        title=f"{said(gone, lot)} of {lot.number} has left, but {draft.event.source} says that {said(lot.received, lot)} came",
        consequence=Consequence.LATE,
        next_action=f"find out what really arrived, and tell it from {draft.event.source}",
        evidence={"system": draft.event.source, "receipt": data.receipt},
    )


def sample(draft: Draft, data: SampleTaken) -> None:
    if data.sample not in draft.lot.samples:
        draft.add(Sampled(sample=data.sample, quantity=in_base(draft, data.quantity), destroyed=data.destroyed))


def movement(draft: Draft, data: MovementRecorded) -> None:
    """A movement counts in the ledger if it comes from the owner of movements; others are shown."""
    owner = draft.policy.owner("movement", draft.lot.material_class, draft.now) or draft.event.source
    sign = SIGNS.get(data.kind)
    counts = owner == draft.event.source and sign is not None and data.kind not in OURS
    quantity = in_base(draft, data.quantity) * (sign or 1)
    draft.add(
        Moved(
            movement=data.movement, kind=data.kind, quantity=quantity, system=draft.event.source, order=data.order, counts=counts
        )
    )


def inspection(draft: Draft, data: InspectionOpened) -> None:
    if data.inspection not in draft.lot.inspections:
        draft.add(InspectionLinked(inspection=data.inspection, system=draft.event.source))


def nonconformance(draft: Draft, data: NonconformanceOpened) -> None:
    if data.nonconformance not in draft.lot.nonconformances:
        draft.add(NonconformanceLinked(nonconformance=data.nonconformance, system=draft.event.source, defect=data.defect))
