"""Serials: which lots the ids of a range name, as numbers, as what systems call them, or as GS1 identification."""

from collections.abc import Iterator
from typing import Any

from sqlalchemy import Connection, select

from tracemill.answers.label import comparable, spellings
from tracemill.core.serial_range import BadRange, between
from tracemill.model.gs1 import Gs1
from tracemill.model.recall import Origin
from tracemill.model.record import Record
from tracemill.model.scanned import scan, uris
from tracemill.store.rows import chunks
from tracemill.store.tables import identity, lot


class Asked(Record, frozen=True):
    """The ids of a range in their order; each also by the URIs that say the same, and the GTIN they are all of."""

    ids: tuple[str, ...]
    uris: tuple[tuple[str, ...], ...] = ()  # one range for each way to write it
    gtin: str = ""
    item: str = ""


class Found(Record, frozen=True):
    """The lots of a range with their sites; ids that name nothing; numbers of lots that may be of another item."""

    lots: dict[int, str]
    missing: list[str]
    unclear: list[str]


def asked(origin: Origin) -> Asked:
    """Read a range; raises BadRange where it may mean several."""
    low, high = scan(origin.first).gs1, scan(origin.last).gs1
    if low is None and high is None:
        return Asked(ids=tuple(between(origin.first, origin.last)), item=origin.item)
    if low is None or high is None or not (low.serial and high.serial) or _without_serial(low) != _without_serial(high):
        cause = f"{origin.first} and {origin.last} are not two serials of one item (and of one lot, where a lot is named)"
        raise BadRange(cause, "scan the first and the last serial of one item, or name both as plain serials with the item")
    ways = tuple(tuple(between(a, b)) for a, b in zip(uris(low), uris(high), strict=True))
    return Asked(ids=tuple(between(low.serial, high.serial)), uris=ways, gtin=low.gtin, item=origin.item)


def _without_serial(gs1: Gs1) -> tuple[tuple[str, str], ...]:
    return tuple(sorted(e for e in gs1.elements if e[0] not in ("21", "235")))


def found(c: Connection, wanted: Asked, site: str) -> Found:
    """Return the lots that a range names; raises BadRange where the same serials are of several items."""
    sure = {name: n for way in wanted.uris for n, name in enumerate(way)}
    plain = {name: n for n, name in enumerate(wanted.ids)}
    lots: dict[int, str] = {}
    items: dict[int, str] = {}
    known: set[int] = set()
    unclear: list[str] = []
    for name, row in _named(c, [*sure, *plain], site):
        if name not in sure and not _of(row.item, wanted):
            unclear += [] if wanted.item or comparable(row.item) else [str(row.number)]
            continue
        lots[int(row.id)], items[int(row.id)] = str(row.site), str(row.item)
        known.add(sure.get(name, plain.get(name, -1)))
    if not wanted.item and not wanted.gtin and len(kinds := sorted(set(items.values()))) > 1:
        several = ", ".join(k or "no item" for k in kinds[:5])
        raise BadRange(f"serials {wanted.ids[0]} to {wanted.ids[-1]} are of several items: {several}", "say which item")
    missing = [name for n, name in enumerate(wanted.ids) if n not in known]
    return Found(lots=lots, missing=missing, unclear=sorted(set(unclear)))


def _of(item: str, wanted: Asked) -> bool:
    if wanted.item:
        return item == wanted.item
    return not wanted.gtin or item in spellings(wanted.gtin)


def _named(c: Connection, names: list[str], site: str) -> Iterator[tuple[str, Any]]:
    """Yield each lot under each of these names that it has."""
    own = select(lot.c.id, lot.c.site, lot.c.item, lot.c.number, lot.c.number.label("name"))
    other = select(lot.c.id, lot.c.site, lot.c.item, lot.c.number, identity.c.native.label("name")).join(
        identity, identity.c.lot_id == lot.c.id
    )
    for some in chunks(names):
        for query in (own.where(lot.c.number.in_(some)), other.where(identity.c.native.in_(some))):
            for row in c.execute(query.where(lot.c.site == site) if site else query):
                yield str(row.name), row
