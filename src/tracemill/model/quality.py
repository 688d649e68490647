"""Quality facts: inspections, dispositions, holds and nonconformances."""

from datetime import date, datetime
from typing import Annotated

import msgspec

from tracemill.model.quantity import Quantity
from tracemill.model.record import Record
from tracemill.model.reference import LotRef, Party
from tracemill.model.status import ApprovalKind, DispositionKind, HoldReason


class Part(Record, frozen=True):
    """A part of a lot that a decision set apart (ISA-95 material sublot). No quantity means: the rest of the lot."""

    decision: DispositionKind
    quantity: Quantity | None = None
    reason: str = ""
    scope: str = ""
    until: date | None = None  # the last day on which it may be used, whatever its label says


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


class InspectionCompleted(Record, frozen=True):
    """An inspection of a lot came to its end. Passing releases nothing by itself; failing restricts."""

    lot: LotRef
    inspection: str
    passed: bool
    plan: str = ""
    signer: str = ""


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


class HoldRequested(Record, frozen=True):
    """Somebody restricts a lot, or a quantity of it."""

    lot: LotRef
    hold: str
    reason: HoldReason
    quantity: Quantity | None = None
    note: str = ""
    unit: str = ""  # the handling unit that is held; without a quantity: what of the lot is in it, from then on


class HoldReleased(Record, frozen=True):
    """The placer, or a role with the right, lifts one named hold."""

    lot: LotRef
    hold: str
    note: str = ""


class Inherited(Record, frozen=True):
    """A hold of another lot that restricts this one too, because it was made from it."""

    root: str  # the hold as it was placed
    origin: str  # the lot it was placed on
    number: str
    reason: HoldReason
    placer: str = ""
    note: str = ""


class Descent(Record, frozen=True):
    """What a lot is because of the lots whose material it is."""

    item: str = ""
    item_text: str = ""
    material_class: str = ""
    supplier: Party | None = None
    manufacturer: str = ""
    supplier_batch: str = ""
    purchase_order: str = ""
    certificate: str = ""
    expires: date | None = None
    retest: date | None = None


class HoldInherited(Record, frozen=True):
    """The hub's own word: which holds of its ancestors restrict a lot, and which (roots) no longer do."""

    lot: LotRef
    holds: tuple[Inherited, ...] = ()
    lapsed: tuple[str, ...] = ()
    awaits: bool = False  # it is the same material as they are, and not all of that was accepted: quality decides about it
    descent: Descent | None = None  # what was not known of it, where they are told after it


class BatchRejected(Record, frozen=True):
    """The hub's own word: another lot of the same supplier batch, maybe at another site, stands rejected."""

    lot: LotRef
    batch: str
    number: str
    site: str


class NonconformanceOpened(Record, frozen=True):
    """A nonconformance was opened for a lot."""

    lot: LotRef
    nonconformance: str
    quantity: Quantity | None = None
    defect: str = ""
    order: str = ""
    text: str = ""
