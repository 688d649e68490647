"""Recalls as they are stored: the record, its frozen scopes, and the lots that it names itself."""

from collections.abc import Iterable
from datetime import datetime
from typing import Any

from sqlalchemy import Connection, func, select, update

from tracemill.model.recall import Origin, Recall
from tracemill.model.record import Record, decode, encode
from tracemill.store.recall_tables import recall, recall_lot, recall_version
from tracemill.store.rows import insert, upsert
from tracemill.store.tables import lot


class Version(Record, frozen=True):
    """A frozen scope: which lots were in it, and the position of each site that it was made at."""

    version: int
    at: datetime
    actor: str
    why: str
    positions: dict[str, int]
    lots: tuple[int, ...]
    excluded: dict[int, tuple[str, str]] = {}  # who left which lot out, and why


def open_new(tx: Connection, made: Recall) -> Recall:
    """Store a recall under the next number of this hub."""
    n = int(tx.execute(select(func.max(recall.c.n))).scalar() or 0) + 1
    kept = {"mock": made.mock, "reason": made.reason, "opened_by": made.opened_by, "detected_at": made.detected_at,
            "opened_at": made.opened_at, "origin": written(made.origin), "sites": written(made.sites)}  # fmt: skip
    insert(tx, recall, [{"id": f"RC-{n}", "n": n, **kept}])
    found = one(tx, f"RC-{n}")
    assert found is not None
    return found


def one(c: Connection, key: str) -> Recall | None:
    row = c.execute(select(recall).where(recall.c.id == key)).one_or_none()
    return _recall(row) if row else None


def every(c: Connection, *, running: bool = False) -> list[Recall]:
    """List recalls, the newest first; or only those that are not closed."""
    query = select(recall).order_by(recall.c.n.desc())
    return [_recall(r) for r in c.execute(query.where(recall.c.closed_at.is_(None)) if running else query)]


def _recall(r: Any) -> Recall:
    times = {f: getattr(r, f) for f in ("detected_at", "opened_at", "hold_asked_at", "held_at", "verified_at", "closed_at")}
    return Recall(id=r.id, mock=r.mock, origin=decode(r.origin, Origin), sites=decode(r.sites, tuple[str, ...]), reason=r.reason,
                  opened_by=r.opened_by, hold_asked_by=r.hold_asked_by or "", **times)  # fmt: skip


def written(value: object) -> str:
    """Write a list as it is stored."""
    return encode(value).decode()


def mark(tx: Connection, key: str, **values: Any) -> None:
    tx.execute(update(recall).where(recall.c.id == key).values(**values))


def freeze(tx: Connection, key: str, made: Version) -> None:
    left_out = written({str(i): said for i, said in made.excluded.items()})
    row = {"recall": key, "version": made.version, "at": made.at, "actor": made.actor, "why": made.why,
           "positions": written(made.positions), "lots": written(made.lots), "excluded": left_out}  # fmt: skip
    insert(tx, recall_version, [row])


def versions(c: Connection, key: str) -> list[Version]:
    query = select(recall_version).where(recall_version.c.recall == key).order_by(recall_version.c.version)
    return [
        Version(version=r.version, at=r.at, actor=r.actor, why=r.why, positions=decode(r.positions, dict[str, int]),
                lots=decode(r.lots, tuple[int, ...]), excluded=decode(r.excluded, dict[int, tuple[str, str]]))
        for r in c.execute(query)
    ]  # fmt: skip


def last_version(c: Connection, key: str) -> int:
    return int(c.execute(select(func.max(recall_version.c.version)).where(recall_version.c.recall == key)).scalar() or 0)


def name_roots(tx: Connection, key: str, lots: Iterable[int]) -> None:
    """Name the lots that a recall starts from; one that is named already stays as it is, excluded or not."""
    upsert(tx, recall_lot, [{"recall": key, "lot_id": i, "root": True} for i in lots], ("recall", "lot_id"), ())


def roots(c: Connection, key: str) -> set[int]:
    """Return the lots that a recall was found to start from, ever."""
    return set(c.execute(select(recall_lot.c.lot_id).where(recall_lot.c.recall == key, recall_lot.c.root)).scalars())


def exclude(tx: Connection, key: str, lot_id: int, at: datetime, by: str, reason: str) -> None:
    row = {"recall": key, "lot_id": lot_id, "root": False, "excluded_at": at, "excluded_by": by, "reason": reason}
    upsert(tx, recall_lot, [row], ("recall", "lot_id"), ("excluded_at", "excluded_by", "reason"))


def excluded(c: Connection, key: str) -> dict[int, tuple[str, str]]:
    """Return who left which lots out, and why."""
    query = select(recall_lot).where(recall_lot.c.recall == key, recall_lot.c.excluded_at.is_not(None))
    return {int(r.lot_id): (str(r.excluded_by), str(r.reason)) for r in c.execute(query)}


def to_hold(c: Connection, key: str, limit: int) -> list[tuple[int, str, str]]:
    """Return roots that are not asked to be held yet: (row id, id, site)."""
    waiting = recall_lot.c.recall == key, recall_lot.c.root, recall_lot.c.asked_at.is_(None), recall_lot.c.excluded_at.is_(None)
    query = select(lot.c.id, lot.c.uuid, lot.c.site).join(recall_lot, recall_lot.c.lot_id == lot.c.id).where(*waiting)
    return [(int(r.id), str(r.uuid), str(r.site)) for r in c.execute(query.order_by(lot.c.id).limit(limit))]


def asked(tx: Connection, key: str, lots: Iterable[int], at: datetime) -> None:
    chosen = recall_lot.c.recall == key, recall_lot.c.lot_id.in_(list(lots))
    tx.execute(update(recall_lot).where(*chosen).values(asked_at=at))
