"""Quality records: nonconformances, CAPAs, audit findings and complaints, as the systems that keep them tell of them."""

from datetime import datetime

from tracemill.model.quantity import Quantity
from tracemill.model.record import Record
from tracemill.model.reference import LotRef, Party
from tracemill.model.status import ComplaintSeverity, QualityKind


class QualityRecord(Record, frozen=True):
    """One record of the quality system that is about a lot: the hub links it, it does not keep it."""

    kind: QualityKind
    id: str
    system: str
    lot: str
    number: str  # what the lot is called
    opened_at: datetime
    defect: str = ""
    supplier: str = ""
    item: str = ""
    order: str = ""  # the work order or purchase order that it is about
    customer: str = ""
    shipment: str = ""
    severity: str = ""
    text: str = ""
    owner: str = ""
    about: tuple[str, ...] = ()  # other records that it answers, by their id
    closed_at: datetime | None = None
    closing: str = ""

    @property
    def key(self) -> str:
        return f"{self.kind}:{self.system}:{self.id}"


class NonconformanceClosed(Record, frozen=True):
    """A nonconformance of a lot was closed."""

    lot: LotRef
    nonconformance: str
    text: str = ""


class CapaOpened(Record, frozen=True):
    """A corrective and preventive action was opened that concerns a lot, and answers nonconformances."""

    lot: LotRef
    capa: str
    nonconformances: tuple[str, ...] = ()
    defect: str = ""
    text: str = ""
    owner: str = ""


class CapaClosed(Record, frozen=True):
    """A corrective and preventive action was closed, and whether it was found effective."""

    lot: LotRef
    capa: str
    effective: bool | None = None
    text: str = ""


class AuditFindingOpened(Record, frozen=True):
    """An audit found something. `lot` is a lot that it concerns: of the supplier, or of the order, that was audited."""

    lot: LotRef
    finding: str
    defect: str = ""
    order: str = ""
    text: str = ""


class ComplaintReceived(Record, frozen=True):
    """A customer complains about a lot, or about a serial, which is a lot of one."""

    lot: LotRef
    complaint: str
    customer: Party | None = None
    shipment: str = ""
    defect: str = ""
    severity: ComplaintSeverity = ComplaintSeverity.MAJOR
    quantity: Quantity | None = None
    text: str = ""


class ComplaintClosed(Record, frozen=True):
    """A complaint was answered."""

    lot: LotRef
    complaint: str
    text: str = ""
