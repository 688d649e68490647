"""Cases: what a person must look at, the unsafe ones first."""

from datetime import datetime
from typing import Any

from sqlalchemy import Connection, Select, select

from tracemill.answers.page import Sites, at_sites
from tracemill.model.record import Record, decode
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
    c: Connection, sites: Sites, *, open_only: bool = True, consequence: str = "", lot_id: str = "", limit: int = 200
) -> list[CaseView]:
    """List cases: unsafe before late, the oldest first."""
    query = at_sites(_BASE, case.c.site, sites)
    if open_only:
        query = query.where(case.c.closed_at.is_(None))
    if consequence:
        query = query.where(case.c.consequence == consequence)
    if lot_id:
        query = query.where(lot.c.uuid == lot_id)
    return [_view(r) for r in c.execute(query.order_by(case.c.consequence.desc(), case.c.opened_at).limit(limit))]


def one(c: Connection, ref: str) -> CaseView | None:
    """Return a case by its id or key."""
    row = c.execute(_BASE.where((case.c.uuid == ref) | (case.c.key == ref))).one_or_none()
    return None if row is None else _view(row)
