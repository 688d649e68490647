"""What the hub remembers about each system: how far its feeds were read, and whether it is paused."""

from collections.abc import Mapping
from datetime import datetime
from typing import Any

from sqlalchemy import Connection, select, update

from tracemill.model.record import decode, encode
from tracemill.store.rows import upsert
from tracemill.store.tables import feed_cursor, system_state


def cursor(tx: Connection, system: str, feed: str) -> dict[str, Any]:
    found = tx.execute(
        select(feed_cursor.c.cursor).where(feed_cursor.c.system == system, feed_cursor.c.feed == feed)
    ).scalar_one_or_none()
    return {} if found is None else decode(found, dict[str, Any])


def save_cursor(tx: Connection, system: str, feed: str, value: dict[str, Any], at: datetime) -> None:
    row = {
        "system": system,
        "feed": feed,
        "cursor": encode(value).decode(),
        "read_at": at,
        "ok_at": at,
        "failures": 0,
        "error": None,
    }
    upsert(tx, feed_cursor, [row], ("system", "feed"), ("cursor", "read_at", "ok_at", "failures", "error"))


def read_through(tx: Connection, feeds: Mapping[str, str]) -> dict[str, datetime]:
    """Return when each system's feed was last read to its end (`feeds`: feed by system). In the middle of a round: nothing."""
    query = select(feed_cursor.c.system, feed_cursor.c.feed, feed_cursor.c.cursor, feed_cursor.c.ok_at)
    rows = tx.execute(query.where(feed_cursor.c.system.in_(list(feeds)), feed_cursor.c.ok_at.is_not(None)))
    ends = [row for row in rows if row.feed == feeds[row.system] and not _midway(row.cursor)]
    return {row.system: row.ok_at for row in ends}


def unfinished(tx: Connection) -> set[str]:
    """Return the systems of which a feed is read in part."""
    rows = tx.execute(select(feed_cursor.c.system, feed_cursor.c.cursor))
    return {row.system for row in rows if _midway(row.cursor)}


def _midway(cursor: str) -> bool:
    return bool(decode(cursor, dict[str, Any]).get("page"))


def failed(tx: Connection, system: str, feed: str, error: str, at: datetime) -> None:
    row = {"system": system, "feed": feed, "cursor": "{}", "read_at": at, "ok_at": None, "failures": 0, "error": error[:500]}
    upsert(tx, feed_cursor, [row], ("system", "feed"), ("read_at", "error"))
    which = feed_cursor.c.system == system, feed_cursor.c.feed == feed
    tx.execute(update(feed_cursor).where(*which).values(failures=feed_cursor.c.failures + 1))


def paused(tx: Connection) -> dict[str, Any]:
    """Return the paused systems: who paused them, when and why."""
    return {r.system: r for r in tx.execute(select(system_state).where(system_state.c.paused_at.is_not(None)))}


def set_paused(tx: Connection, system: str, at: datetime | None, by: str, reason: str) -> None:
    row = {"system": system, "paused_at": at, "paused_by": by, "reason": reason}
    upsert(tx, system_state, [row], ("system",), ("paused_at", "paused_by", "reason"))
