"""A handling unit: which lots are in it, in the units inside it too, and where each system says that it stands."""

from collections.abc import Iterable
from datetime import datetime
from decimal import Decimal
from typing import Any

from sqlalchemy import ColumnElement, Connection, select

from tracemill.answers.page import Sites, at_sites
from tracemill.core.handling_units import contradiction, standings, whereabouts
from tracemill.model.handling_unit import Standing, unit_id
from tracemill.model.lot import Lot
from tracemill.model.quantity import NAMES, show
from tracemill.model.record import Record
from tracemill.store.lots import states
from tracemill.store.rows import chunks
from tracemill.store.tables import lot
from tracemill.store.unit_tables import unit_content as table


class UnitLine(Record, frozen=True):
    """A handling unit with something of a lot in it, as one system tells it. The amount is in the lot's base unit."""

    unit: str
    quantity: str
    place: str
    parent: str
    system: str
    told_at: datetime  # since when it stands there
    disputed: bool


class UnitPlace(Record, frozen=True):
    """The last word of one system about where the unit stands."""

    system: str
    site: str
    place: str
    parent: str
    told_at: datetime


class UnitLot(Record, frozen=True):
    """A lot in the unit, or in a unit inside it (`within`), as one system tells it."""

    id: str
    site: str
    number: str
    item: str
    verdict: str
    quantity: str
    unit_name: str
    within: str
    system: str


class UnitView(Record, frozen=True):
    """Everything about one handling unit."""

    unit: str
    sentence: str
    disputed: bool  # systems tell different places
    told: tuple[UnitPlace, ...]
    units: tuple[str, ...]  # inside it, directly or in one another
    lots: tuple[UnitLot, ...]


def of_lot(found: Lot) -> tuple[UnitLine, ...]:
    """Return the units that something of a lot is in."""
    return tuple(
        UnitLine(
            unit=unit, quantity=show(s.quantity), place=s.place, parent=s.parent, system=s.system, told_at=s.told_at,
            disputed=s.disputed,
        )
        for unit in sorted(found.units)
        for s in standings(found, unit)
        if s.quantity
    )  # fmt: skip


def view(c: Connection, text: str, sites: Sites) -> UnitView | None:
    """Return a unit by its id, an SSCC in any form; None where nobody tells of anything in it."""
    unit = unit_id(text)
    rows = contents(c, unit, sites)
    if not rows:
        return None
    own = [_standing(r) for r in rows if r.unit == unit]
    placed, on_it = [s for s in own if s.place or s.parent], [_standing(r) for r in rows if r.parent == unit]
    told = whereabouts(placed or on_it or own)  # where nobody told it of the unit itself, it is where what stands on it is
    problem, held = contradiction(unit, own), states(c, {r.lot_id for r in rows})
    return UnitView(
        unit=unit,
        sentence=problem or _sentence(told, unit),
        disputed=bool(problem),
        told=tuple(_place(s, unit) for s in told),
        units=tuple(dict.fromkeys(r.unit for r in rows if r.unit != unit)),
        lots=tuple(_lot(r, held[r.lot_id]) for r in rows),
    )


def contents(c: Connection, unit: str, sites: Sites) -> list[Any]:
    """Return what is told of a unit, and of every unit inside it; a unit that stands in itself is looked at once."""
    found = _rows(c, table.c.unit == unit, sites)
    seen, inner = {unit}, [unit]
    while inner:
        rows = [r for some in chunks(inner) for r in _rows(c, table.c.parent.in_(some), sites) if r.unit not in seen]
        inner = list(dict.fromkeys(r.unit for r in rows))
        seen.update(inner)
        found += rows
    return found


def _rows(c: Connection, condition: ColumnElement[bool], sites: Sites) -> list[Any]:
    query = select(table, lot).join(lot, lot.c.id == table.c.lot_id).where(condition, table.c.quantity != "0")
    query = query.with_only_columns(table, lot.c.uuid, lot.c.number, lot.c.item, lot.c.verdict)
    return list(c.execute(at_sites(query, table.c.site, sites).order_by(table.c.unit, lot.c.number, table.c.system)))


def _standing(r: Any) -> Standing:
    return Standing(
        unit=r.unit, system=r.system, site=r.site, quantity=Decimal(r.quantity), told_at=r.told_at, parent=r.parent,
        place=r.place, disputed=r.disputed,
    )  # fmt: skip


def _place(s: Standing, unit: str) -> UnitPlace:
    return UnitPlace(system=s.system, site=s.site, place=s.place, parent="" if s.parent == unit else s.parent, told_at=s.told_at)


def _lot(r: Any, held: Lot) -> UnitLot:
    return UnitLot(
        id=r.uuid, site=r.site, number=r.number, item=r.item, verdict=r.verdict, quantity=show(Decimal(r.quantity)),
        unit_name=NAMES.get(held.unit, held.unit), within=r.unit, system=r.system,
    )  # fmt: skip


def _sentence(told: Iterable[Standing], unit: str) -> str:
    sites = ", ".join(sorted({s.site for s in told}))
    places = sorted({s.place for s in told if s.place})
    parents = sorted({s.parent for s in told if s.parent and s.parent != unit})
    where = [*(f"at {place}" for place in places), *(f"in handling unit {parent}" for parent in parents)]
    return f"it stands {', '.join(where)} ({sites})" if where else f"nobody told where in {sites} it stands"
