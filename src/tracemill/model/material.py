"""Material facts: what arrived, is there, was used, was made and left (ISA-95 material, EPCIS business steps)."""

from datetime import date, datetime
from typing import Annotated

import msgspec

from tracemill.model.quantity import Quantity
from tracemill.model.record import Record
from tracemill.model.reference import LotRef, Party
from tracemill.model.status import Evidence, HoldReason, ShipmentState, StockStatus


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
    restriction: Restriction | None = None


class StockObserved(Record, frozen=True):
    """Everything one system holds of one lot, as read at one moment."""

    lot: LotRef
    rows: tuple[StockRow, ...]
    read_started: datetime | None = None
    revision: str = ""


class SampleTaken(Record, frozen=True):
    """A sample was drawn from a lot; a destroyed sample leaves the stock."""

    lot: LotRef
    sample: str
    quantity: Quantity
    destroyed: bool = True


class MovementRecorded(Record, frozen=True):
    """A signed entry of a lot's ledger as its owner booked it."""

    lot: LotRef
    movement: str
    kind: str
    quantity: Quantity
    order: str = ""


class Work(Record, frozen=True):
    """The transformation that material went into or came out of (ISA-95 segment response)."""

    order: str = ""
    operation: str = ""
    machine: str = ""
    recipe: str = ""
    transformation: str = ""  # its own id, where the source has one (EPCIS transformationID)
    kind: str = "production"  # or rework, split, merge, relabel, charge, discharge

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


class MaterialProduced(Record, frozen=True):
    """A quantity of a lot came out of a transformation. A negative quantity takes an earlier booking back."""

    lot: LotRef
    quantity: Quantity
    work: Work
    movement: str = ""
    evidence: Evidence = Evidence.SCANNED
    label: str = ""  # the number printed on the lot, where the source itself calls it something else
    item_text: str = ""
    material_class: str = ""
    place: str = ""
    manufactured: date | None = None
    expires: date | None = None
    retest: date | None = None
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
