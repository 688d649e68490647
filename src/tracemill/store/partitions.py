"""Monthly partitions on PostgreSQL: made ahead of time, so that retention drops a month instead of deleting rows."""

from datetime import UTC, datetime

from sqlalchemy import Connection

PARTITIONED = ("message", "body", "attempt")


def month(at: datetime) -> datetime:
    """Return the first moment of a month, UTC."""
    return at.astimezone(UTC).replace(day=1, hour=0, minute=0, second=0, microsecond=0)


def following(start: datetime) -> datetime:
    return start.replace(year=start.year + start.month // 12, month=start.month % 12 + 1)


def ensure(tx: Connection, now: datetime) -> None:
    """Make the partitions of this month and the next; on SQLite there is nothing to do."""
    if tx.dialect.name != "postgresql":
        return
    start = month(now)
    for first in (start, following(start)):
        low, high = (int(t.timestamp() * 1_000_000) for t in (first, following(first)))
        for table in PARTITIONED:
            name = f"{table}_{first:%Y_%m}"
            tx.exec_driver_sql(f"CREATE TABLE IF NOT EXISTS {name} PARTITION OF {table} FOR VALUES FROM ({low}) TO ({high})")
