"""Cases and timers: what a person must look at, and when the hub wants to look again."""

from collections.abc import Iterable
from datetime import datetime
from typing import Any

from sqlalchemy import Connection, delete, select, update

from tracemill.model.decision import Case, Timer
from tracemill.model.identifier import derived
from tracemill.model.record import encode
from tracemill.store.rows import upsert
from tracemill.store.tables import case, lot, timer


def apply(tx: Connection, site: str, found: Iterable[tuple[Case, int | None]], at: datetime) -> None:
    """Open, refresh and close cases; the same key is the same case."""
    for item, lot_id in found:
        if item.closes:
            close(tx, item.key, "hub", "its cause is gone", at)
            continue
        row = {
            "key": item.key[:400],
            "uuid": derived("case", item.key),
            "site": site,
            "kind": item.kind,
            "lot_id": lot_id,
            "title": item.title,
            "consequence": item.consequence,
            "next_action": item.next_action,
            "evidence": encode(item.evidence).decode(),
            "opened_at": at,
            "closed_at": None,
            "closed_by": None,
            "note": None,
        }
        reopen = case.c.key == row["key"], case.c.closed_at.is_not(None)
        tx.execute(update(case).where(*reopen).values(opened_at=at, closed_at=None, closed_by=None, note=None))
        upsert(tx, case, [row], ("key",), ("title", "consequence", "next_action", "evidence"))


def close(tx: Connection, key: str, by: str, note: str, at: datetime) -> int:
    change = update(case).where(case.c.key == key, case.c.closed_at.is_(None))
    return tx.execute(change.values(closed_at=at, closed_by=by, note=note)).rowcount


def set_timers(tx: Connection, site: str, found: Iterable[tuple[Timer, int]]) -> None:
    rows = [{"key": t.key, "site": site, "lot_id": lot_id, "due": t.due} for t, lot_id in found]
    upsert(tx, timer, rows, ("key",), ("due",))


def due_timers(tx: Connection, now: datetime, limit: int) -> list[Any]:
    """Return timers whose time has come: (key, site, due, lot uuid)."""
    query = select(timer.c.key, timer.c.site, timer.c.due, lot.c.uuid).join(lot, lot.c.id == timer.c.lot_id)
    return list(tx.execute(query.where(timer.c.due <= now).order_by(timer.c.due).limit(limit)))


def drop_timers(tx: Connection, keys: Iterable[str]) -> None:
    tx.execute(delete(timer).where(timer.c.key.in_(list(keys))))
