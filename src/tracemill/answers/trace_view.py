"""What a trace answers: lots, works, the links between them, and every reason why that may not be all."""

from datetime import datetime

from tracemill.answers.process import SummaryView
from tracemill.answers.share import Share
from tracemill.model.record import Record


class Place(Record, frozen=True):
    """What one system holds of a lot."""

    system: str
    available: str
    quarantine: str
    blocked: str


class Sent(Record, frozen=True):
    """A quantity of a lot on a shipment."""

    shipment: str
    quantity: str
    state: str
    customer: str
    at: datetime


class LotNode(Record, frozen=True):
    """A lot that a trace met."""

    id: str
    number: str
    item: str
    item_text: str
    depth: int
    verdict: str
    quantity: str
    usable: str
    unit: str
    where: tuple[Place, ...]
    shipments: tuple[Sent, ...]
    inspections: tuple[str, ...]
    share: Share | None
    vessel: str  # it is what this vessel held between two refills


class WorkNode(Record, frozen=True):
    """A transformation that a trace met."""

    id: str
    key: str
    kind: str
    order: str
    operation: str
    machine: str
    recipe: str
    first_at: datetime
    process: tuple[SummaryView, ...]


class LinkView(Record, frozen=True):
    """A quantity of a lot that went into, or came out of, a transformation."""

    lot: str
    work: str
    side: str
    quantity: str
    unit: str
    evidence: str
    occurred_at: datetime


class Stage(Record, frozen=True):
    """One lot on the way from the lot asked about to another, and the work that made it."""

    lot: str
    work: str


class GapView(Record, frozen=True):
    """One reason why a trace may not be complete."""

    gap: str
    count: int
    text: str
    examples: tuple[str, ...] = ()


class TraceView(Record, frozen=True):
    """The answer: what was found, how much of it is shown, and whether it is all there is."""

    lot: str
    number: str
    site: str
    direction: str
    sentence: str
    complete: bool
    gaps: tuple[GapView, ...]
    found_lots: int
    found_works: int
    lots: tuple[LotNode, ...]
    works: tuple[WorkNode, ...]
    links: tuple[LinkView, ...]
    position: int
    as_of: datetime | None
    known_at: int | None
    way: tuple[Stage, ...]  # a shortest way to the lot that was asked for
