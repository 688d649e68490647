"""Receipts: what the arrival of a lot, its samples and its movements change."""

from tracemill.core.draft import Draft
from tracemill.core.ledger import base_unit, in_base
from tracemill.model.change import Exposed, InspectionLinked, LotDescribed, Moved, Sampled
from tracemill.model.material import LotReceived, MovementRecorded, SampleTaken
from tracemill.model.quality import InspectionOpened
from tracemill.model.status import Receipt

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
