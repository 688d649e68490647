"""Quality records beside the lots that they are about, so that they can be found by id, and counted by supplier."""

from collections.abc import Collection, Iterable
from datetime import datetime

from sqlalchemy import Connection, select

from tracemill.model.change import AnyChange, RecordKept
from tracemill.model.quality_record import QualityRecord
from tracemill.model.record import decode, encode
from tracemill.model.status import QualityKind
from tracemill.store.lots import Loaded
from tracemill.store.quality_tables import quality_record as table
from tracemill.store.rows import chunks, upsert

KEYS = ("lot_id", "key")


def load(tx: Connection, site: str, view: Loaded, suppliers: Collection[str], since: datetime) -> None:
    """Load the nonconformances of these suppliers that were opened since then: recurrence counts them."""
    for some in chunks(sorted(suppliers)):
        query = select(table.c.data).where(
            table.c.site == site, table.c.supplier.in_(some), table.c.opened_at >= since,
            table.c.kind == QualityKind.NONCONFORMANCE,
        )  # fmt: skip
        for text in tx.execute(query).scalars():
            found = decode(text, QualityRecord)
            view.records[found.key] = found


def save(tx: Connection, site: str, found: Iterable[tuple[int, AnyChange]]) -> None:
    """Keep the table in step with the changes of lots."""
    rows = [
        {
            "lot_id": lot_id, "key": r.key, "site": site, "kind": r.kind, "native": r.id, "supplier": r.supplier,
            "opened_at": r.opened_at, "closed_at": r.closed_at, "data": encode(r).decode(),
        }
        for lot_id, change in found
        if isinstance(change, RecordKept)
        for r in [change.record]
    ]  # fmt: skip
    upsert(tx, table, rows, KEYS, ("supplier", "opened_at", "closed_at", "data"))
