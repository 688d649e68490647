"""Recalls: what one starts from, and how a lot within it stands."""

from datetime import datetime
from decimal import Decimal

from tracemill.model.quantity import show
from tracemill.model.record import Record
from tracemill.model.status import OriginKind

ZERO = Decimal(0)

PARTS = ("held", "not_yet_held", "consumed", "shipped", "escaped")  # that add up to what was requested


class Origin(Record, frozen=True):
    """What a recall starts from: a lot, a batch of a supplier or maker, serials, or a machine within a time."""

    kind: OriginKind
    lot: str = ""
    name: str = ""  # what the asker called the lot
    batch: str = ""
    maker: str = ""  # manufacturer or supplier; empty: whoever called a batch so
    machine: str = ""
    since: datetime | None = None
    until: datetime | None = None
    parameter: str = ""  # with above or below: what the machine was told to have done
    above: Decimal | None = None
    below: Decimal | None = None
    unit: str = ""
    first: str = ""
    last: str = ""
    item: str = ""  # whose serials they are
    complaint: str = ""
    site: str = ""  # empty: every site

    def words(self) -> str:
        match self.kind:
            case OriginKind.LOT:
                return f"lot {self.name or self.lot}"
            case OriginKind.SUPPLIER_BATCH:
                return f"supplier batch {self.batch}" + (f" of {self.maker}" if self.maker else "")
            case OriginKind.SERIALS:
                return f"serials {self.first} to {self.last}" + (f" of {self.item}" if self.item else "")
            case OriginKind.COMPLAINT:
                return f"complaint {self.complaint}"
        span = f"{self.since:%Y-%m-%d %H:%M} to {self.until:%Y-%m-%d %H:%M} UTC"
        value = "".join(f" {w} {show(v)}" for w, v in (("above", self.above), ("below", self.below)) if v is not None)
        beyond = f", {self.parameter or 'value'}{value}{f' {self.unit}' if self.unit else ''}" if value else ""
        return f"machine {self.machine}, {span}{beyond}"


class Recall(Record, frozen=True):
    """A recall: what it starts from, and when it was detected, scoped, asked for, held and verified."""

    id: str
    mock: bool
    origin: Origin
    sites: tuple[str, ...]
    reason: str
    opened_by: str
    detected_at: datetime
    opened_at: datetime
    hold_asked_at: datetime | None = None
    hold_asked_by: str = ""
    held_at: datetime | None = None
    verified_at: datetime | None = None
    closed_at: datetime | None = None


class Contained(Record, frozen=True):
    """What one system lets people still do with a lot, and why that is not contained."""

    system: str
    total: Decimal
    available: Decimal
    contained: bool
    loose: Decimal = ZERO  # how much of it the system cannot vouch for
    why: str = ""
    state: str = ""  # of the delivery that restricts it there; empty where none does


class Standing(Record, frozen=True):
    """Where the material of a lot is: `held + consumed + shipped + escaped = requested`, in the lot's base unit.

    `held` is what was read back, in a system that blocks, after the recall; `escaped` is all that nobody can vouch for. Until
    holds are asked for, what is on hand is `not_yet_held`, a part of the sum of its own; from then on that is zero.
    """

    requested: Decimal = ZERO
    on_hand: Decimal = ZERO
    held: Decimal = ZERO
    consumed: Decimal = ZERO
    shipped: Decimal = ZERO
    escaped: Decimal = ZERO
    not_yet_held: Decimal = ZERO  # on hand, and nobody has asked for holds
    in_transit: Decimal = ZERO  # of what was shipped: nobody has told that it arrived
    staged: Decimal = ZERO  # of what is on hand: on a shipment that has not left
    known: bool = True  # False: nobody has told how much of it there is
    systems: tuple[Contained, ...] = ()

    @property
    def contained(self) -> bool:
        return self.known and self.escaped == self.not_yet_held == ZERO
