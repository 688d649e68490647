"""Cases: what a person must look at, the unsafe ones first."""

from datetime import datetime
from typing import Any

from sqlalchemy import Connection, Select, literal, select, tuple_
from sqlalchemy import case as either

from tracemill.answers.page import Page, Sites, at_sites, count, cursor_at, places, said, within
from tracemill.model.record import Record, decode
from tracemill.model.status import Consequence
from tracemill.store.tables import case, lot


class CaseView(Record, frozen=True):
    """One case with its evidence."""

    id: str
    key: str
    site: str
    kind: str
    lot: str
    lot_number: str
    title: str
    consequence: str
    next_action: str
    evidence: dict[str, Any]
    opened_at: datetime
    closed_at: datetime | None
    closed_by: str
    note: str


_BASE: Select[Any] = select(case, lot.c.uuid.label("lot"), lot.c.number.label("lot_number")).outerjoin(
    lot, lot.c.id == case.c.lot_id
)


UNSAFE = Consequence.UNSAFE
_PLACE = tuple_(either((case.c.consequence == UNSAFE, 0), else_=1), case.c.opened_at, case.c.uuid)


def _view(r: Any) -> CaseView:
    return CaseView(
        id=r.uuid,
        key=r.key,
        site=r.site,
        kind=r.kind,
        lot=r.lot or "",
        lot_number=r.lot_number or "",
        title=r.title,
        consequence=r.consequence,
        next_action=r.next_action,
        evidence=decode(r.evidence, dict[str, Any]),
        opened_at=r.opened_at,
        closed_at=r.closed_at,
        closed_by=r.closed_by or "",
        note=r.note or "",
    )


def listed(
    c: Connection, sites: Sites, cursor: str = "", limit: int = 50, *, open_only: bool = True, consequence: str = "",
    lot_id: str = "",
) -> Page[CaseView]:  # fmt: skip
    """List cases: unsafe before late, the oldest first."""
    query, limit = _asked(sites, open_only, consequence, lot_id), within(limit)
    total = count(c, query)
    if cursor:
        rank, opened, uuid = places(cursor, (int, datetime.fromisoformat, str))
        query = query.where(tuple_(literal(rank), literal(opened, case.c.opened_at.type), literal(uuid)) < _PLACE)
    rows = c.execute(query.order_by(*_PLACE).limit(limit + 1)).all()
    last = rows[limit - 1] if len(rows) > limit else None
    following = None if last is None else cursor_at(int(last.consequence != UNSAFE), last.opened_at.isoformat(), last.uuid)
    items = tuple(_view(r) for r in rows[:limit])
    return Page(items=items, total=total, showing=said(len(items), total), next=following)


def every(c: Connection, sites: Sites, *, consequence: str = "", lot_id: str = "") -> list[CaseView]:
    """Return all open cases of a kind, the oldest first."""
    return [_view(r) for r in c.execute(_asked(sites, True, consequence, lot_id).order_by(case.c.opened_at, case.c.uuid))]


def _asked(sites: Sites, open_only: bool, consequence: str, lot_id: str) -> Select[Any]:
    query = at_sites(_BASE, case.c.site, sites)
    if open_only:
        query = query.where(case.c.closed_at.is_(None))
    if consequence:
        query = query.where(case.c.consequence == consequence)
    return query.where(lot.c.uuid == lot_id) if lot_id else query


def one(c: Connection, ref: str) -> CaseView | None:
    """Return a case by its id or key."""
    row = c.execute(_BASE.where((case.c.uuid == ref) | (case.c.key == ref))).one_or_none()
    return None if row is None else _view(row)
