"""Labels: which lots a GS1 label, Digital Link or EPC URI means, captured under that name or kept by number and item."""

from collections.abc import Iterator

from sqlalchemy import ColumnElement, and_, or_, select

from tracemill.model.check_digit import is_checked
from tracemill.model.gs1 import Gs1, gtin14
from tracemill.model.record import Record
from tracemill.model.scanned import scan, uris
from tracemill.store.tables import identity, lot


class Meaning(Record, frozen=True):
    """One thing that a label names: under which URIs, by which number of which item, and whether it is the finest thing named."""

    what: str
    uris: tuple[str, ...]
    number: str
    gtin: str
    finest: bool

    def surely(self) -> ColumnElement[bool]:
        """The lot is called by the URI, or has the number and, where the label names an item, that item."""
        told = and_(_called((self.number,)), lot.c.item.in_(spellings(self.gtin))) if self.gtin else _called((self.number,))
        return or_(_called(self.uris), told)

    def perhaps(self) -> ColumnElement[bool]:
        """The lot has the number; its item is the site's own and cannot be compared with a GTIN (see `comparable`)."""
        return _called((self.number,))


def meanings(text: str) -> tuple[Meaning, ...]:
    """Return what a text names as GS1 identification, the finest first: handling unit, serial, lot."""
    return tuple(_meanings(scan(text).gs1))


def _meanings(gs1: Gs1 | None) -> Iterator[Meaning]:
    if gs1 is None:
        return
    rest = gs1
    for what, number, codes in (("SSCC", gs1.sscc, ("00",)), ("serial", gs1.serial, ("21", "235")), ("lot", gs1.lot, ("10",))):
        if number:
            gtin = "" if what == "SSCC" else gs1.gtin
            yield Meaning(what=what, uris=uris(rest), number=number, gtin=gtin, finest=rest is gs1)
            rest = Gs1(elements=tuple(e for e in rest.elements if e[0] not in codes))


def comparable(item: str) -> bool:
    """Say whether an item is a GTIN: one that differs from the label's is another item."""
    return len(gtin14(item)) == 14 and is_checked(gtin14(item))


def spellings(gtin: str) -> tuple[str, ...]:
    """A GTIN is kept with or without its leading zeros, at 14, 13, 12 or 8 digits."""
    return (gtin, *(gtin[-n:] for n in (13, 12, 8) if not gtin[:-n].strip("0")))


def _called(names: tuple[str, ...]) -> ColumnElement[bool]:
    told = select(identity.c.lot_id).where(identity.c.native.in_(names))
    return or_(lot.c.number.in_(names), lot.c.id.in_(told))
