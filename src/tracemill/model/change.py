"""Changes: the committed consequences of events. State is their fold, by position."""

from datetime import date, datetime
from decimal import Decimal

import msgspec

from tracemill.model.handling_unit import Packing
from tracemill.model.inspection import Fact, HistoryKey, Planned
from tracemill.model.lot import Claim, Hold, OpenCase, Shipped, Target
from tracemill.model.material import Work
from tracemill.model.process import Summary
from tracemill.model.quality import Part
from tracemill.model.quality_record import QualityRecord
from tracemill.model.quantity import Quantity
from tracemill.model.reference import Party
from tracemill.model.release import InspectionResult, Review
from tracemill.model.status import Evidence, HoldReason, SampleState, Side
from tracemill.model.work_order import OrderLine


class Change(msgspec.Struct, frozen=True, kw_only=True, omit_defaults=True, tag_field="change", tag=True):
    """The base of all changes; the class name is the tag that is stored."""


class LotCreated(Change, frozen=True, kw_only=True, tag=True):
    number: str
    named_by: str
    item: str = ""
    vessel: str = ""  # the lot is what this vessel holds


class LotDescribed(Change, frozen=True, kw_only=True, tag=True):
    """What a receipt says about a lot."""

    unit: str
    received: Decimal = Decimal(0)
    received_at: datetime | None = None  # None: it was not received, but made here
    number: str = ""  # who receives a lot names it, whoever spoke of it before
    named_by: str = ""
    item: str = ""  # where nobody told it, but it is the material of a lot whose item is known
    item_text: str = ""
    material_class: str = ""
    supplier: Party | None = None
    manufacturer: str = ""
    supplier_batch: str = ""
    purchase_order: str = ""
    certificate: str = ""
    receipt: str = ""
    place: str = ""
    manufactured: date | None = None
    expires: date | None = None
    retest: date | None = None


class IdentityBound(Change, frozen=True, kw_only=True, tag=True):
    system: str
    id: str
    scope: str = ""


class StockClaimed(Change, frozen=True, kw_only=True, tag=True):
    system: str
    claim: Claim
    unit: str = ""


class HoldPlaced(Change, frozen=True, kw_only=True, tag=True):
    hold: Hold


class HoldLifted(Change, frozen=True, kw_only=True, tag=True):
    hold: str
    reason: HoldReason
    by: str = ""
    note: str = ""


class Disposed(Change, frozen=True, kw_only=True, tag=True):
    parts: tuple[Part, ...]
    decided_at: datetime
    recorded_at: datetime
    inspection: str = ""
    signer: str = ""
    meaning: str = ""
    owner: str = ""
    pending_review: bool = False
    nonconforming: int | None = None


class DispositionIgnored(Change, frozen=True, kw_only=True, tag=True):
    """A disposition that does not count, and why."""

    parts: tuple[Part, ...]
    why: str
    by: str = ""


class InspectionLinked(Change, frozen=True, kw_only=True, tag=True):
    inspection: str
    system: str


class InspectionEnded(Change, frozen=True, kw_only=True, tag=True):
    inspection: str
    result: InspectionResult


class Reviewed(Change, frozen=True, kw_only=True, tag=True):
    """What the genealogy of the lot lacks, as its record stood then."""

    review: Review


class Waived(Change, frozen=True, kw_only=True, tag=True):
    """Somebody who may accepts that something is missing: what the hold said is not asked for again."""

    hold: str
    note: str
    by: str = ""


class InspectionPlanned(Change, frozen=True, kw_only=True, tag=True):
    plan: Planned


class HistoryRecorded(Change, frozen=True, kw_only=True, tag=True):
    """A fact about this lot in an inspection history: the histories are the folds of these, by position."""

    key: HistoryKey
    fact: Fact


class NonconformanceLinked(Change, frozen=True, kw_only=True, tag=True):
    nonconformance: str
    system: str
    defect: str = ""


class RecordKept(Change, frozen=True, kw_only=True, tag=True):
    """A quality record about the lot, as it stands now: opened, completed, or closed."""

    record: QualityRecord


class Sampled(Change, frozen=True, kw_only=True, tag=True):
    sample: str
    quantity: Decimal
    destroyed: bool = True
    state: SampleState | None = None
    at: datetime | None = None
    native: Quantity | None = None  # as the source told it


class Moved(Change, frozen=True, kw_only=True, tag=True):
    movement: str
    kind: str
    quantity: Decimal
    system: str
    order: str = ""
    counts: bool = True  # only the owner of movements counts in the ledger; others are shown
    account: str = ""  # the sum it belongs to, where that is not called as its kind
    at: datetime | None = None  # when it happened; what is taken back, is taken back as of then
    native: Quantity | None = None  # as the source told it
    reverses: str = ""
    waits: bool = False  # what it takes back is not known yet
    counted: Decimal | None = None  # what was found, where the ledger expected another amount
    expected: Decimal | None = None
    undone_by: str = ""  # what alone takes it back, where it changes more than this lot


class Linked(Change, frozen=True, kw_only=True, tag=True):
    """The lot went into, or came out of, a transformation: one half of an edge of the genealogy."""

    transformation: str
    side: Side
    quantity: Decimal
    unit: str
    evidence: Evidence
    work: Work
    occurred_at: datetime
    system: str
    movement: str = ""


class Fitted(Change, frozen=True, kw_only=True, tag=True):
    """The lot was built into another one (input), or another one into it (output); below zero it was taken out again."""

    side: Side
    other: str
    number: str
    quantity: Decimal
    position: str = ""


class Measured(Change, frozen=True, kw_only=True, tag=True):
    """The conditions under which the lot was made in a transformation."""

    transformation: str
    summaries: tuple[Summary, ...]
    work: Work
    occurred_at: datetime
    system: str


class ShipmentChanged(Change, frozen=True, kw_only=True, tag=True):
    shipment: str
    shipped: Shipped


class ShipmentBlockWanted(Change, frozen=True, kw_only=True, tag=True):
    """A shipment shall be blocked because of this lot, or shall no longer be."""

    shipment: str
    system: str
    blocked: bool
    command: str
    at: datetime
    why: str = ""


class OrderChanged(Change, frozen=True, kw_only=True, tag=True):
    """The lot stands on a work order, or no longer does."""

    order: str
    line: OrderLine


class OrderBlockWanted(Change, frozen=True, kw_only=True, tag=True):
    """A work order shall be blocked because of this lot, or shall no longer be."""

    order: str
    system: str
    blocked: bool
    command: str
    at: datetime
    why: str = ""


class Packed(Change, frozen=True, kw_only=True, tag=True):
    """Something of the lot went into a handling unit or came out of it, or the unit stands somewhere else."""

    unit: str
    packing: Packing
    measure: str = ""  # the base unit of the lot, where this is the first to tell a quantity of it


class TargetWanted(Change, frozen=True, kw_only=True, tag=True):
    system: str
    target: Target
    permitted: Decimal = Decimal(0)
    command: str
    at: datetime
    why: str = ""


class ActAsked(Change, frozen=True, kw_only=True, tag=True):
    key: str
    verb: str
    system: str
    purpose: str
    at: datetime


class CommandReported(Change, frozen=True, kw_only=True, tag=True):
    """What came of a command: delivered is not done, verified is."""

    system: str
    verb: str
    purpose: str
    state: str
    at: datetime
    native: str = ""
    detail: str = ""
    command: str = ""


class Exposed(Change, frozen=True, kw_only=True, tag=True):
    """Received material was free in a system from `since`; `until` is the verified end."""

    system: str
    since: datetime
    until: datetime | None = None


class CaseOpened(Change, frozen=True, kw_only=True, tag=True):
    key: str
    case: OpenCase


class CaseClosed(Change, frozen=True, kw_only=True, tag=True):
    key: str


class Noted(Change, frozen=True, kw_only=True, tag=True):
    """Something a person should be able to read later in the timeline."""

    text: str


AnyChange = (
    LotCreated | LotDescribed | IdentityBound | StockClaimed | HoldPlaced | HoldLifted | Disposed | DispositionIgnored
    | InspectionLinked | NonconformanceLinked | Sampled | Moved | Linked | ShipmentChanged | TargetWanted | ActAsked
    | CommandReported | Exposed | CaseOpened | CaseClosed | Noted
    | InspectionPlanned | HistoryRecorded | Measured | Fitted | ShipmentBlockWanted
    | InspectionEnded | Reviewed | Waived | RecordKept | OrderChanged | OrderBlockWanted | Packed
)  # fmt: skip
