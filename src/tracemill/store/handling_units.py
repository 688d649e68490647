"""Handling units beside the lots that are in them, so that a unit can be found, and seen across lots and sites."""

from collections.abc import Iterable
from decimal import Decimal

from sqlalchemy import Connection, bindparam, select

from tracemill.core.handling_units import standings
from tracemill.model.handling_unit import Standing
from tracemill.model.lot import Lot
from tracemill.store.lots import Loaded
from tracemill.store.rows import chunks, listed, upsert
from tracemill.store.tables import lot
from tracemill.store.unit_tables import unit_content as table

KEYS = ("unit", "lot_id", "system")
_TOLD = select(table, lot.c.uuid).join(lot, lot.c.id == table.c.lot_id).where(table.c.unit.in_(listed("units")))
_GONE = table.delete().where(*(table.c[key] == bindparam(f"gone_{key}") for key in KEYS))


def load(tx: Connection, view: Loaded, units: Iterable[str]) -> None:
    """Load what is told of these units at any site, of any lot. Other lots are only looked at, so not locked."""
    for some in chunks(sorted(set(units))):
        for row in tx.execute(_TOLD, {"units": some}):
            view.units.setdefault(row.unit, {})[row.uuid, row.system] = Standing(
                unit=row.unit, system=row.system, site=row.site, quantity=Decimal(row.quantity), told_at=row.told_at,
                parent=row.parent, place=row.place, disputed=row.disputed,
            )  # fmt: skip


def save(tx: Connection, view: Loaded) -> None:
    """Keep the table in step with the lots that changed: a row for what is in a unit, or has people look at it."""
    rows, gone = [], []
    for uuid, state in view.lots.items():
        if not state.units or state is (before := view.as_read.get(uuid)):
            continue
        known = _all(before) if before is not None else {}
        for key, s in _all(state).items():
            if s == known.get(key):
                continue
            row = {
                "unit": s.unit, "lot_id": view.row_ids[uuid], "system": s.system, "site": s.site, "quantity": str(s.quantity),
                "parent": s.parent, "place": s.place, "told_at": s.told_at, "disputed": s.disputed,
            }  # fmt: skip
            if s.quantity or s.disputed:
                rows.append(row)
            else:
                gone.append({f"gone_{k}": row[k] for k in KEYS})
    upsert(tx, table, rows, KEYS, ("quantity", "parent", "place", "told_at", "disputed"))
    if gone:
        tx.execute(_GONE, gone)


def _all(state: Lot) -> dict[tuple[str, str], Standing]:
    return {(unit, s.system): s for unit in state.units for s in standings(state, unit)}
