"""Receipts: what the arrival of a lot, its samples and its inspections change."""

from decimal import Decimal

from tracemill.core.draft import Draft
from tracemill.core.ledger import base_unit, in_base
from tracemill.core.usable import ZERO, said, used
from tracemill.model.change import Exposed, InspectionLinked, LotDescribed, Noted, Sampled
from tracemill.model.decision import Case
from tracemill.model.material import LotReceived, ReceiptReversed, SampleTaken
from tracemill.model.quality import InspectionOpened
from tracemill.model.status import CaseKind, Consequence, Receipt, SampleState


def receipt(draft: Draft, data: LotReceived) -> None:
    """A lot arrived: what is said about it, and since when it lies free where the system does not quarantine itself."""
    draft.add(
        LotDescribed(
            received=in_base(draft, data.quantity),
            unit=base_unit(draft, data.quantity),
            received_at=draft.event.occurred.utc,
            number=data.lot.id,
            named_by=draft.event.source,
            item="" if draft.lot.item else data.lot.item,
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
    """A sample was drawn, or became something else since. What is destroyed stays so."""
    lot, state = draft.lot, data.became
    if lot.samples.get(data.sample):  # something of it is gone
        return
    known = SampleState.RETAINED if data.sample in lot.retained else SampleState.RETURNED if data.sample in lot.samples else None
    if state is not known:
        draft.add(
            Sampled(
                sample=data.sample, quantity=in_base(draft, data.quantity), destroyed=state is SampleState.DESTROYED,
                state=state, at=draft.event.occurred.utc, native=data.quantity,
            )
        )  # fmt: skip


def inspection(draft: Draft, data: InspectionOpened) -> None:
    if data.inspection not in draft.lot.inspections:
        draft.add(InspectionLinked(inspection=data.inspection, system=draft.event.source))
