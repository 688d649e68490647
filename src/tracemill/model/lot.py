"""The lot: the traced thing, and everything the hub knows about it. Its state is the fold of its changes."""

from datetime import date, datetime
from decimal import Decimal

from tracemill.model.handling_unit import Packing
from tracemill.model.inspection import Planned, Submission
from tracemill.model.material import Work
from tracemill.model.quality import Part
from tracemill.model.quality_record import QualityRecord
from tracemill.model.quantity import Quantity
from tracemill.model.record import Record
from tracemill.model.reference import Contact, Party
from tracemill.model.release import InspectionResult, Review
from tracemill.model.status import Consequence, Evidence, HoldReason, ShipmentState, Side
from tracemill.model.work_order import OrderLine

ZERO = Decimal(0)
STANDING = (ShipmentState.STAGED, ShipmentState.LOADING)
GONE = (ShipmentState.SHIPPED, ShipmentState.DELIVERED)
LEFT = (*GONE, ShipmentState.RETURNED)  # what came back had left


class Hold(Record, frozen=True):
    """A restriction. A lot is usable only with no open hold; a hold with a quantity restricts that quantity only."""

    id: str
    reason: HoldReason
    system: str  # who placed it
    placed_at: datetime
    quantity: Decimal | None = None
    by: str = ""
    place: str = ""
    native: str = ""  # the placer's own id of it
    note: str = ""
    root: str = ""  # inherited: the hold it comes from, the lot that one was placed on, and that lot's number
    origin: str = ""
    origin_number: str = ""
    owner: str = ""  # who can end it, where that is not its placer, and what ends it
    step: str = ""
    unit: str = ""  # of a handling unit; with `since`, it restricts what of the lot was in there from then on
    since: datetime | None = None


class Entry(Record, frozen=True):
    """A movement as the ledger keeps it, so that it can be taken back, and a late one takes its place."""

    kind: str
    quantity: Decimal  # signed, in the lot's base unit
    at: datetime
    account: str = ""
    counts: bool = True
    taken_back: Decimal = ZERO
    void: bool = False  # all of it was taken back
    reverses: str = ""
    waits: bool = False  # a reversal of what is not known yet
    told: Quantity | None = None  # of how much of it; None: of all of it
    counted: Decimal | None = None
    side: Side | None = None  # with the work: the edge of the genealogy that it made
    work: Work | None = None
    evidence: Evidence = Evidence.SCANNED
    undone_by: str = ""  # what alone takes it back: more than this lot changed by it
    order: str = ""  # the work order that it was for

    @property
    def net(self) -> Decimal:
        """What it still moves, apart from what was taken back."""
        return self.quantity - self.taken_back.copy_sign(self.quantity)


class Shipped(Record, frozen=True):
    """A quantity of the lot on one shipment."""

    quantity: Decimal
    state: ShipmentState
    at: datetime
    customer: str = ""
    customer_name: str = ""
    place: str = ""
    system: str = ""
    loading: datetime | None = None
    contacts: tuple[Contact, ...] = ()  # of the customer
    returned: Decimal = ZERO  # how much of it is back

    @property
    def away(self) -> Decimal:
        """What of it has left and is not back."""
        return self.quantity - self.returned if self.state in LEFT else ZERO


class Block(Record, frozen=True):
    """What the hub last wanted of a shipment or order because of a lot: blocked, or free again; and whether it was read back."""

    system: str
    blocked: bool
    command: str
    at: datetime
    state: str = "pending"
    why: str = ""
    detail: str = ""

    @property
    def verified(self) -> bool:
        return self.state == "verified"


class Claim(Record, frozen=True):
    """What one system says it holds of a lot: sums per status in the lot's base unit, and how old that reading is."""

    read_started: datetime
    available: Decimal = ZERO
    quarantine: Decimal = ZERO
    blocked: Decimal = ZERO
    native: str = ""  # the system's own words, for people
    revision: str = ""
    foreign_blocked: Decimal = ZERO  # blocked by somebody other than the hub
    held_by: dict[str, Decimal] = {}  # what others have, and what others own, by party
    owned_by: dict[str, Decimal] = {}
    behind: Decimal = ZERO  # what left the lot, as others told, and this system has not booked; below zero: it booked first
    told: Decimal = ZERO  # what the system itself told to have left since this reading

    @property
    def total(self) -> Decimal:
        return self.available + self.quarantine + self.blocked


class Target(Record, frozen=True):
    """How much of a lot a system may let people use: at most `available`, at least `blocked`, the rest in quarantine."""

    available: Decimal
    blocked: Decimal

    def relaxes(self, older: "Target | None") -> bool:
        """Say whether this target lets more be used than the older one did."""
        return older is None or self.available > older.available or self.blocked < older.blocked


class Wanted(Record, frozen=True):
    """The last target decided for a system, and whether it was read back."""

    target: Target
    decided_at: datetime
    command: str
    permitted: Decimal = ZERO  # what may be used and what was used already, for a system that counts its own use
    state: str = "pending"
    settled_at: datetime | None = None
    detail: str = ""


class Act(Record, frozen=True):
    """Something the hub asked a system to do once, and what came of it."""

    verb: str
    system: str
    purpose: str
    state: str
    asked_at: datetime
    settled_at: datetime | None = None
    native: str = ""
    detail: str = ""


class Disposition(Record, frozen=True):
    """Quality's last decision about the lot."""

    parts: tuple[Part, ...]
    decided_at: datetime
    recorded_at: datetime
    inspection: str = ""
    signer: str = ""
    meaning: str = ""
    owner: str = ""
    pending_review: bool = False
    nonconforming: int | None = None


class Exposure(Record, frozen=True):
    """How long received material was free in a system before its first restriction was read back there."""

    since: datetime
    until: datetime | None = None
    movements: int = 0

    @property
    def seconds(self) -> float | None:
        return None if self.until is None else max(0.0, (self.until - self.since).total_seconds())


class OpenCase(Record, frozen=True):
    """What a person must look at about the lot, for as long as it is open."""

    consequence: Consequence
    title: str = ""
    next_action: str = ""
    system: str = ""  # which system it is about
    urgent: bool = False  # people are told at once, without the grace time
    page: dict[str, str] = {}  # what a page says besides the title: quantity, place, customer, whom to call


class Lot(Record, frozen=True):
    """A lot as the hub knows it now (or as of a moment)."""

    id: str
    site: str
    number: str
    named_by: str
    item: str = ""
    item_text: str = ""
    material_class: str = ""
    unit: str = ""
    received: Decimal = ZERO
    received_at: datetime | None = None
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
    identities: dict[str, tuple[str, ...]] = {}
    holds: dict[str, Hold] = {}
    claims: dict[str, Claim] = {}
    wanted: dict[str, Wanted] = {}
    acts: dict[str, Act] = {}
    disposition: Disposition | None = None
    inspections: dict[str, str] = {}
    nonconformances: dict[str, str] = {}
    records: dict[str, QualityRecord] = {}  # by kind, system and id
    samples: dict[str, Decimal] = {}
    retained: dict[str, Decimal] = {}  # samples that are kept: there, and not to be used
    moved: dict[str, Decimal] = {}  # signed sums of what counts, by account
    entries: dict[str, Entry] = {}  # by system and movement
    covered: dict[str, Decimal] = {}  # of what was gained: how much quality's last decision knew of
    gained_at: datetime | None = None
    exposures: dict[str, Exposure] = {}
    cases: dict[str, OpenCase] = {}
    made_by: tuple[str, ...] = ()  # transformations it came out of
    used: bool = False  # it went into one: something was made from it
    inside: dict[str, Decimal] = {}  # by parent: how much of it is built in there now; nothing where it was taken out
    parts: dict[str, Decimal] = {}  # by component: how much of that is built in here
    fitted_names: dict[str, str] = {}  # of all parents and components that there ever were
    vessel: str = ""  # it is no lot that people know: it is what a vessel held between two refills
    shipments: dict[str, Shipped] = {}
    shipment_blocks: dict[str, Block] = {}
    orders: dict[str, OrderLine] = {}
    order_blocks: dict[str, Block] = {}
    planned: Planned | None = None
    submission: Submission | None = None
    results: dict[str, InspectionResult] = {}  # by inspection
    measured: tuple[str, ...] = ()  # parameters of which conditions were told
    review: Review | None = None
    waived: dict[str, str] = {}  # by hold: what somebody accepted as missing
    units: dict[str, tuple[Packing, ...]] = {}  # by handling unit, in the order in which it happened
    version: int = 0

    @property
    def unsafe(self) -> bool:
        """Say whether material may be used wrongly."""
        return any(c.consequence is Consequence.UNSAFE for c in self.cases.values())

    def native(self, system: str) -> str | None:
        """Return what a system calls this lot, or None where it does not know it."""
        ids = self.identities.get(system)
        return ids[-1] if ids else None

    def quantity(self, amount: Decimal) -> Quantity:
        return Quantity(amount=amount, unit=self.unit or "C62")
