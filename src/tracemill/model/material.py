"""Material facts: what arrived, is there, was used, was made and left (ISA-95 material, EPCIS business steps)."""

from datetime import date, datetime
from typing import Annotated

import msgspec

from tracemill.model.quantity import Quantity
from tracemill.model.record import Record
from tracemill.model.reference import LotRef, Party
from tracemill.model.status import (
    Direction,
    Evidence,
    HoldReason,
    MovementKind,
    SampleState,
    ShipmentState,
    StockStatus,
)


class LotReceived(Record, frozen=True):
    """A lot came in from a supplier (EPCIS bizStep receiving)."""

    lot: LotRef
    quantity: Quantity
    item_text: str = ""
    material_class: str = ""
    supplier: Party | None = None
    manufacturer: str = ""
    supplier_batch: str = ""
    purchase_order: str = ""
    certificate: str = ""
    place: str = ""
    receipt: str = ""
    manufactured: date | None = None
    expires: date | None = None  # the last day on which it may be used, as the plant's calendar shows it
    retest: date | None = None  # the last day before quality must look at it again


class ReceiptReversed(Record, frozen=True):
    """A receipt that was told did not happen, or not like this: what it brought is taken away again."""

    lot: LotRef
    quantity: Quantity
    receipt: str = ""
    note: str = ""


class Restriction(Record, frozen=True):
    """A block as a system shows it: who placed it and why."""

    id: str
    reason: HoldReason = HoldReason.OTHER
    by: str = ""
    token: str = ""


class StockRow(Record, frozen=True):
    """A quantity of one lot in one status, place and handling unit."""

    status: StockStatus
    quantity: Quantity
    place: str = ""
    unit: str = ""
    native: str = ""
    owner: str = ""  # whose it is, where it is not the plant's: consignment of a supplier
    holder: str = ""  # who has it, where it is not the plant: a subcontractor, a customer's consignment store
    restriction: Restriction | None = None


class StockObserved(Record, frozen=True):
    """Everything one system holds of one lot, as read at one moment."""

    lot: LotRef
    rows: tuple[StockRow, ...]
    read_started: datetime | None = None
    revision: str = ""


class SampleTaken(Record, frozen=True):
    """A sample was drawn from a lot, or what became of it since; a destroyed sample leaves the stock."""

    lot: LotRef
    sample: str
    quantity: Quantity
    destroyed: bool = True
    state: SampleState | None = None  # what became of it; where it is not told, `destroyed` says

    @property
    def became(self) -> SampleState:
        return self.state or (SampleState.DESTROYED if self.destroyed else SampleState.RETAINED)


class MovementRecorded(Record, frozen=True):
    """An entry of a lot's ledger as its owner booked it. The quantity is an amount: the kind, or the direction, has the sign."""

    lot: LotRef
    movement: str  # its own id: a system tells the same movement of a lot once
    kind: Annotated[str, msgspec.Meta(extra_json_schema={"enum": [kind.value for kind in MovementKind]})]
    quantity: Quantity | None = None  # of a reversal: how much is taken back, all of it where not told; of a count: nothing
    order: str = ""
    direction: Direction | None = None  # of kinds that may go either way: adjusted, transferred, returned
    counted: Quantity | None = None  # adjusted: how much of the lot was found in all
    reverses: str = ""  # reversed: the id of the movement that is taken back
    transfer: str = ""  # transferred to or from another site: the number under which both sites tell it


class Work(Record, frozen=True):
    """The transformation that material went into or came out of (ISA-95 segment response)."""

    order: str = ""
    operation: str = ""
    machine: str = ""
    recipe: str = ""
    transformation: str = ""  # its own id, where the source has one (EPCIS transformationID)
    kind: str = "production"  # or rework, regrade, split, merge, relabel, transfer, charge, discharge

    @property
    def key(self) -> str:
        """What makes it one transformation at its site: its own id, else order and operation."""
        return self.transformation or "/".join(part for part in (self.order, self.operation) if part)


class MaterialConsumed(Record, frozen=True):
    """A quantity of a lot went into a transformation. A negative quantity takes an earlier booking back."""

    lot: LotRef
    quantity: Quantity
    work: Work
    movement: str = ""
    evidence: Evidence = Evidence.SCANNED


class Described(Record, frozen=True, kw_only=True):
    """What is told of a lot where it is made."""

    item_text: str = ""
    material_class: str = ""
    place: str = ""
    manufactured: date | None = None
    expires: date | None = None
    retest: date | None = None


class MaterialProduced(Described, frozen=True):
    """A quantity of a lot came out of a transformation. A negative quantity takes an earlier booking back."""

    lot: LotRef
    quantity: Quantity
    work: Work
    movement: str = ""
    evidence: Evidence = Evidence.SCANNED
    label: str = ""  # the number printed on the lot, where the source itself calls it something else
    serial: bool = False  # there is only one of it


class ShipmentShipped(Record, frozen=True):
    """A quantity of a lot is on a shipment: staged, or on its way to the customer (EPCIS bizStep shipping)."""

    lot: LotRef
    quantity: Quantity
    shipment: str
    customer: Party | None = None
    state: ShipmentState = ShipmentState.SHIPPED
    place: str = ""
    loading: Annotated[datetime, msgspec.Meta(tz=True)] | None = None  # when it is to be loaded
