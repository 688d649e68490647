"""Events: canonical facts, typed and versioned, as CloudEvents 1.0."""

from datetime import datetime
from typing import Any

import msgspec

from tracemill.model.component import ComponentInstalled, ComponentRemoved
from tracemill.model.handling_unit import UnitAgreed, UnitPacked, UnitUnpacked
from tracemill.model.master_data import BomDefined, ItemDefined, PartyDefined, RoutingDefined
from tracemill.model.material import (
    LotReceived,
    MaterialConsumed,
    MaterialProduced,
    MovementRecorded,
    ReceiptReversed,
    SampleTaken,
    ShipmentShipped,
    StockObserved,
)
from tracemill.model.moment import Moment
from tracemill.model.process import ProcessRecorded
from tracemill.model.quality import (
    BatchRejected,
    DispositionDecided,
    HoldInherited,
    HoldReleased,
    HoldRequested,
    InspectionApproved,
    InspectionCompleted,
    InspectionOpened,
    NonconformanceOpened,
)
from tracemill.model.quality_record import (
    AuditFindingOpened,
    CapaClosed,
    CapaOpened,
    ComplaintClosed,
    ComplaintReceived,
    NonconformanceClosed,
)
from tracemill.model.record import Record, plain
from tracemill.model.reference import LotRef
from tracemill.model.regrouping import LotMerged, LotRelabelled, LotSplit
from tracemill.model.release import GenealogyReviewed
from tracemill.model.serials import SerialsProduced
from tracemill.model.vessel import VesselCharged, VesselCleaned, VesselDischarged
from tracemill.model.work_order import WorkOrderClosed, WorkOrderReleased


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
    | HoldInherited | InspectionApproved | ProcessRecorded | LotSplit | LotMerged | LotRelabelled
    | ReceiptReversed | BatchRejected | InspectionCompleted | GenealogyReviewed
    | WorkOrderReleased | WorkOrderClosed | ItemDefined | BomDefined | RoutingDefined | PartyDefined
    | NonconformanceClosed | CapaOpened | CapaClosed | AuditFindingOpened | ComplaintReceived | ComplaintClosed
    | VesselCharged | VesselDischarged | VesselCleaned | ComponentInstalled | ComponentRemoved
    | SerialsProduced | UnitPacked | UnitUnpacked | UnitAgreed
)  # fmt: skip

TYPES: dict[str, type[Any]] = {
    "lot.received.v1": LotReceived,
    "receipt.reversed.v1": ReceiptReversed,
    "stock.observed.v1": StockObserved,
    "disposition.decided.v1": DispositionDecided,
    "inspection.opened.v1": InspectionOpened,
    "inspection.completed.v1": InspectionCompleted,
    "inspection.approved.v1": InspectionApproved,
    "sample.taken.v1": SampleTaken,
    "hold.requested.v1": HoldRequested,
    "hold.released.v1": HoldReleased,
    "movement.recorded.v1": MovementRecorded,
    "material.consumed.v1": MaterialConsumed,
    "material.produced.v1": MaterialProduced,
    "serials.produced.v1": SerialsProduced,
    "lot.split.v1": LotSplit,
    "lot.merged.v1": LotMerged,
    "lot.relabelled.v1": LotRelabelled,
    "process.recorded.v1": ProcessRecorded,
    "vessel.charged.v1": VesselCharged,
    "vessel.discharged.v1": VesselDischarged,
    "vessel.cleaned.v1": VesselCleaned,
    "component.installed.v1": ComponentInstalled,
    "component.removed.v1": ComponentRemoved,
    "shipment.shipped.v1": ShipmentShipped,
    "work_order.released.v1": WorkOrderReleased,
    "work_order.closed.v1": WorkOrderClosed,
    "item.defined.v1": ItemDefined,
    "bom.defined.v1": BomDefined,
    "routing.defined.v1": RoutingDefined,
    "party.defined.v1": PartyDefined,
    "nonconformance.opened.v1": NonconformanceOpened,
    "nonconformance.closed.v1": NonconformanceClosed,
    "capa.opened.v1": CapaOpened,
    "capa.closed.v1": CapaClosed,
    "audit_finding.opened.v1": AuditFindingOpened,
    "complaint.received.v1": ComplaintReceived,
    "complaint.closed.v1": ComplaintClosed,
    "unit.packed.v1": UnitPacked,
    "unit.unpacked.v1": UnitUnpacked,
    "unit.agreed.v1": UnitAgreed,
    "notification.acknowledged.v1": NotificationAcknowledged,
    "command.settled.v1": CommandSettled,
    "message.unread.v1": MessageUnread,
    "message.read.v1": MessageRead,
    "timer.due.v1": TimerDue,
    "hold.inherited.v1": HoldInherited,
    "genealogy.reviewed.v1": GenealogyReviewed,
    "batch.rejected.v1": BatchRejected,
}
NAMES: dict[type[Any], str] = {kind: name for name, kind in TYPES.items()}

# What may only come from the hub itself: never accepted from outside.
INTERNAL = frozenset(
    {
        "batch.rejected.v1",
        "command.settled.v1",
        "genealogy.reviewed.v1",
        "hold.inherited.v1",
        "message.unread.v1",
        "message.read.v1",
        "timer.due.v1",
        "unit.agreed.v1",
    }
)


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
        """The lot it is about. Master data is about none, and goes by its own name."""
        ref: LotRef = self.data.lot if hasattr(self.data, "lot") else LotRef(id=self.data.subject)
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
