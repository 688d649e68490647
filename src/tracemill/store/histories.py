"""Inspection histories: what first submissions of a supplier's item showed, per plan."""

from collections.abc import Collection
from datetime import datetime

from sqlalchemy import Connection, insert, select

from tracemill.core.inspection_history import History
from tracemill.model.record import decode, encode
from tracemill.store.lots import Loaded
from tracemill.store.rows import Row, chunks, upsert
from tracemill.store.tables import inspection_history as table

KEYS = ("site", "supplier", "item", "plan")


def load(tx: Connection, site: str, view: Loaded, suppliers: Collection[str], items: Collection[str]) -> None:
    """Load the histories of these suppliers and items into the view, in order of their key; locks them."""
    for some in chunks(sorted(suppliers)):
        for few in chunks(sorted(items)):
            query = select(table.c.state).where(table.c.site == site, table.c.supplier.in_(some), table.c.item.in_(few))
            for row in tx.execute(query.order_by(table.c.supplier, table.c.item, table.c.plan).with_for_update()):
                state = decode(row.state, History)
                view.histories[state.key] = view.histories_as_read[state.key] = state


def save(tx: Connection, site: str, view: Loaded, at: datetime) -> None:
    """Write back the histories that changed. One that nobody loaded is new: it never takes the place of another."""
    changed = [h for key, h in view.histories.items() if h != view.histories_as_read.get(key)]
    new = [_row(site, h, at) for h in changed if h.key not in view.histories_as_read]
    if new:
        tx.execute(insert(table), new)
    upsert(tx, table, [_row(site, h, at) for h in changed if h.key in view.histories_as_read], KEYS, ("state", "updated_at"))


def _row(site: str, history: History, at: datetime) -> Row:
    key = history.key
    return {"site": site, "supplier": key.supplier, "item": key.item, "plan": key.plan,
            "state": encode(history).decode(), "updated_at": at}  # fmt: skip
