"""Master data as it was told: of each thing, what counts from which day on."""

from collections.abc import Iterable
from datetime import UTC, datetime
from typing import Any

from sqlalchemy import Connection, func, select

from tracemill.model.master_data import MASTER, MasterData, Told
from tracemill.model.record import decode, encode
from tracemill.store.master_tables import master_data as table
from tracemill.store.rows import upsert

ALWAYS = datetime(1970, 1, 1, tzinfo=UTC)
KEYS = ("site", "kind", "key", "valid_from")
_KINDS: dict[str, type[MasterData]] = {kind.kind: kind for kind in MASTER}


def mark(tx: Connection, site: str) -> datetime | None:
    """Return when something was told last: asked with every batch, so it is one look at an index. None: never."""
    last: datetime | None = tx.execute(select(func.max(table.c.recorded_at)).where(table.c.site == site)).scalar()
    return last


def load(tx: Connection, site: str) -> tuple[Told, ...]:
    """Return everything that was told of a site."""
    return tuple(read(row) for row in tx.execute(select(table).where(table.c.site == site)))


def read(row: Any) -> Told:
    """Return a definition from its row."""
    return Told(data=decode(row.data, _KINDS[row.kind]), system=row.system, at=row.told_at)


def save(tx: Connection, site: str, found: Iterable[Told], now: datetime) -> None:
    """Write definitions; one that is older than what is known for the same day is late, and does not count."""
    for told in found:
        data = told.data
        row = {
            "site": site, "kind": data.kind, "key": data.key, "valid_from": data.valid_from or ALWAYS,
            "item": getattr(data, "item", ""), "system": told.system, "told_at": told.at, "recorded_at": now,
            "data": encode(data).decode(),
        }  # fmt: skip
        same = [table.c[name] == row[name] for name in KEYS]
        known = tx.execute(select(table.c.told_at).where(*same)).scalar()
        if known is None or known <= told.at:
            upsert(tx, table, [row], KEYS, ("system", "told_at", "recorded_at", "data"))
