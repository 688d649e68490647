"""Work orders beside the lots that stand on them."""

from collections.abc import Iterable

from sqlalchemy import Connection

from tracemill.model.change import AnyChange, OrderChanged
from tracemill.store.order_tables import order_line
from tracemill.store.rows import upsert


def save(tx: Connection, site: str, found: Iterable[tuple[int, AnyChange]]) -> None:
    """Keep the table in step with the changes of lots."""
    rows = [
        {"work_order": c.order, "lot_id": lot_id, "site": site, "side": c.line.side}
        for lot_id, c in found
        if isinstance(c, OrderChanged)
    ]
    upsert(tx, order_line, rows, ("work_order", "lot_id"), ("side",))
