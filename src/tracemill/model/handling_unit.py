"""Handling units: pallets, drums and boxes with an id of their own (SSCC), and what of a lot is in them."""

from datetime import datetime
from decimal import Decimal

from tracemill.model.quantity import Quantity
from tracemill.model.record import Record
from tracemill.model.reference import LotRef
from tracemill.model.scanned import canonical_link, named, scan

SSCC_LENGTH = 18


class UnitPacked(Record, frozen=True):
    """A quantity of one lot was packed into a handling unit; one event for each lot. Zero: only where it stands is told anew."""

    lot: LotRef
    unit: str  # SSCC in any of its forms, or the source's own id
    quantity: Quantity
    parent: str = ""  # the unit that it stands in from then on, and the place where; neither told: as it stood before
    place: str = ""


class UnitUnpacked(Record, frozen=True):
    """A quantity of one lot was taken out of a handling unit."""

    lot: LotRef
    unit: str
    quantity: Quantity | None = None  # where not told: all of the lot that was in it


class UnitAgreed(Record, frozen=True):
    """The hub's own word: systems no longer tell different places of a handling unit in which the lot is, or was."""

    lot: LotRef
    unit: str


class Packing(Record, frozen=True):
    """One fact about a lot in a handling unit, as one system told it, in the lot's base unit."""

    id: str
    system: str
    at: datetime  # when it happened
    quantity: Decimal | None  # signed; None: all of it was taken out
    takes_out: bool = False
    parent: str = ""
    place: str = ""


class Standing(Record, frozen=True):
    """What a system says of a lot in a handling unit: how much of it is in there, and where the unit stands since when."""

    unit: str
    system: str
    site: str
    quantity: Decimal
    told_at: datetime
    parent: str = ""
    place: str = ""
    disputed: bool = False  # the lot has the case that systems tell different places of the unit


def unit_id(text: str) -> str:
    """Return the one id of a unit: the 18 digits of an SSCC, in whatever form it was written; a URI as its canonical link."""
    if len(text) == SSCC_LENGTH and text.isascii() and text.isdigit():
        return text
    gs1 = named(text) or scan(text).gs1
    return gs1.sscc if gs1 is not None and gs1.sscc else canonical_link(text)
