"""Events: canonical facts, typed and versioned, as CloudEvents 1.0."""

from datetime import datetime
from decimal import Decimal
from typing import Annotated, Any

import msgspec

from tracemill.model.moment import Moment
from tracemill.model.quantity import Quantity
from tracemill.model.record import Record, plain
from tracemill.model.status import ApprovalKind, DispositionKind, Evidence, HoldReason, ShipmentState, StockStatus


class Alias(Record, frozen=True):
    """What another system calls the same lot."""

    system: str
    id: str
    item: str = ""


class LotRef(Record, frozen=True):
    """A lot as one system names it, with what it says others call it."""

    id: str
    item: str = ""
    aliases: tuple[Alias, ...] = ()


class Party(Record, frozen=True):
    """A supplier, manufacturer, customer or carrier."""

    id: str
    name: str = ""


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


class Part(Record, frozen=True):
    """A part of a lot that a decision set apart (ISA-95 material sublot). No quantity means: the rest of the lot."""

    decision: DispositionKind
    quantity: Quantity | None = None
    reason: str = ""
    scope: str = ""


class DispositionDecided(Record, frozen=True):
    """Quality decided about a lot, or a part of it."""

    lot: LotRef
    inspection: str
    parts: tuple[Part, ...]
    signer: str = ""
    meaning: str = ""
    revision: str = ""
    nonconformance: str = ""
    nonconforming: Annotated[int, msgspec.Meta(ge=0)] | None = None  # items of the sample that do not conform


class InspectionOpened(Record, frozen=True):
    """An inspection of a lot exists in the system that plans inspections."""

    lot: LotRef
    inspection: str


class InspectionApproved(Record, frozen=True):
    """The responsible authority allows a milder inspection of a supplier's item, or revokes it; the reason is the event's.

    `lot` is any lot that was planned under this supplier, item and plan: the approval stands on its timeline.
    """

    lot: LotRef
    supplier: str
    item: str
    plan: str
    what: ApprovalKind
    until: datetime | None = None
    revoked: bool = False


class SampleTaken(Record, frozen=True):
    """A sample was drawn from a lot; a destroyed sample leaves the stock."""

    lot: LotRef
    sample: str
    quantity: Quantity
    destroyed: bool = True


class HoldRequested(Record, frozen=True):
    """Somebody restricts a lot, or a quantity of it."""

    lot: LotRef
    hold: str
    reason: HoldReason
    quantity: Quantity | None = None
    note: str = ""


class HoldReleased(Record, frozen=True):
    """The placer, or a role with the right, lifts one named hold."""

    lot: LotRef
    hold: str
    note: str = ""


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
    item_text: str = ""
    material_class: str = ""
    place: str = ""


class ShipmentShipped(Record, frozen=True):
    """A quantity of a lot is on a shipment: staged, or on its way to the customer (EPCIS bizStep shipping)."""

    lot: LotRef
    quantity: Quantity
    shipment: str
    customer: Party | None = None
    state: ShipmentState = ShipmentState.SHIPPED
    place: str = ""


class Inherited(Record, frozen=True):
    """A hold of another lot that restricts this one too, because it was made from it."""

    root: str  # the hold as it was placed
    origin: str  # the lot it was placed on
    number: str
    reason: HoldReason
    placer: str = ""
    note: str = ""


class HoldInherited(Record, frozen=True):
    """The hub's own word: which holds of its ancestors restrict a lot, and which (roots) no longer do."""

    lot: LotRef
    holds: tuple[Inherited, ...] = ()
    lapsed: tuple[str, ...] = ()


class NonconformanceOpened(Record, frozen=True):
    """A nonconformance was opened for a lot."""

    lot: LotRef
    nonconformance: str
    quantity: Quantity | None = None
    defect: str = ""


class NotificationAcknowledged(Record, frozen=True):
    """A person confirmed that a notification arrived."""

    lot: LotRef
    notification: str


class CommandSettled(Record, frozen=True):
    """The hub's own word: a command was read back as done, or given up."""

    lot: LotRef
    system: str
    verb: str
    state: str
    purpose: str = ""
    native: str = ""
    detail: str = ""


class MessageUnread(Record, frozen=True):
    """A message that may carry a status could not be read: its lots are held until someone has read it."""

    lot: LotRef
    message: str
    system: str
    cause: str


class MessageRead(Record, frozen=True):
    """Someone read, replayed or discarded a parked message; the unread hold it placed is lifted."""

    lot: LotRef
    message: str
    note: str = ""


class TimerDue(Record, frozen=True):
    """A time that a decision asked for has come."""

    lot: LotRef
    timer: str


Data = (
    LotReceived | StockObserved | DispositionDecided | InspectionOpened | SampleTaken | HoldRequested | HoldReleased
    | MovementRecorded | MaterialConsumed | MaterialProduced | ShipmentShipped | NonconformanceOpened
    | NotificationAcknowledged | CommandSettled | MessageUnread | MessageRead | TimerDue
    | HoldInherited | InspectionApproved
)  # fmt: skip

TYPES: dict[str, type[Any]] = {
    "lot.received.v1": LotReceived,
    "stock.observed.v1": StockObserved,
    "disposition.decided.v1": DispositionDecided,
    "inspection.opened.v1": InspectionOpened,
    "inspection.approved.v1": InspectionApproved,
    "sample.taken.v1": SampleTaken,
    "hold.requested.v1": HoldRequested,
    "hold.released.v1": HoldReleased,
    "movement.recorded.v1": MovementRecorded,
    "material.consumed.v1": MaterialConsumed,
    "material.produced.v1": MaterialProduced,
    "shipment.shipped.v1": ShipmentShipped,
    "nonconformance.opened.v1": NonconformanceOpened,
    "notification.acknowledged.v1": NotificationAcknowledged,
    "command.settled.v1": CommandSettled,
    "message.unread.v1": MessageUnread,
    "message.read.v1": MessageRead,
    "timer.due.v1": TimerDue,
    "hold.inherited.v1": HoldInherited,
}
NAMES: dict[type[Any], str] = {kind: name for name, kind in TYPES.items()}

# What may only come from the hub itself: never accepted from outside.
INTERNAL = frozenset({"command.settled.v1", "hold.inherited.v1", "message.unread.v1", "message.read.v1", "timer.due.v1"})


class Event(Record, frozen=True):
    """One canonical fact with actor, source revision and three times."""

    id: str
    type: str
    site: str
    source: str
    data: Any
    occurred: Moment
    recorded: datetime
    observed: Moment | None = None
    actor: str = ""
    reason: str = ""
    correlation: str = ""
    causation: str = ""
    message: str = ""
    mapping: str = ""

    @property
    def lot(self) -> LotRef:
        ref: LotRef = self.data.lot
        return ref


def cloudevent(event: Event) -> dict[str, Any]:
    """Show an event as a structured CloudEvent 1.0 (JSON format)."""
    return {
        "specversion": "1.0",
        "id": event.id,
        "type": event.type,
        "source": f"/{event.site}/{event.source}",
        "subject": event.lot.id,
        "time": event.occurred.utc.isoformat(),
        "datacontenttype": "application/json",
        "correlationid": event.correlation or event.id,
        "recordedtime": event.recorded.isoformat(),
        "data": plain(event.data),
    }


def json_schemas() -> dict[str, dict[str, Any]]:
    """Return the JSON Schema 2020-12 of the data of every published event type."""
    return {
        name: {"$schema": "https://json-schema.org/draft/2020-12/schema", **msgspec.json.schema(kind)}
        for name, kind in TYPES.items()
    }


ZERO = Decimal(0)
