"""Deliveries: what was asked of which system, and what came of every try."""

from collections.abc import Mapping
from datetime import datetime
from typing import Any

from sqlalchemy import ColumnElement, Connection, Select, select

from tracemill.answers.page import Page, Sites, at_sites, paged
from tracemill.model.record import Record, decode
from tracemill.store.tables import attempt, delivery, lot


class Try(Record, frozen=True):
    """One attempt."""

    n: int
    started_at: datetime
    ended_at: datetime
    outcome: str
    detail: str


class Progress(Record, frozen=True):
    """How far an operation of several steps has come: counted from 1, and what was noted on the way."""

    item: int
    step: int
    unanswered: bool  # this step was begun, and nobody knows yet whether it happened
    noted: dict[str, Any]


class DeliveryView(Record, frozen=True):
    """A command on its way."""

    id: str
    site: str
    system: str
    lot: str
    lot_number: str
    verb: str
    purpose: str
    restricts: bool
    value: dict[str, Any]
    state: str
    mode: str
    approved_by: str
    attempts: int
    next_at: datetime
    decided_at: datetime
    settled_at: datetime | None
    detail: str
    why: str
    native: str
    correlation: str
    superseded_by: str
    progress: Progress | None = None
    tries: tuple[Try, ...] = ()


_BASE: Select[Any] = select(delivery, lot.c.uuid.label("lot"), lot.c.number.label("lot_number")).join(
    lot, lot.c.id == delivery.c.lot_id
)
_PLAIN = ("site", "system", "lot", "lot_number", "verb", "purpose", "restricts", "state", "mode", "attempts", "next_at",
          "decided_at", "settled_at", "detail", "why", "native", "correlation")  # fmt: skip


def _view(r: Any) -> DeliveryView:
    plain = {f: r._mapping[f] for f in _PLAIN}
    return DeliveryView(
        id=r.uuid,
        value=decode(r.value, dict[str, Any]),
        approved_by=r.approved_by or "",
        superseded_by=r.superseded_by or "",
        progress=_progress(decode(r.cursor, dict[str, Any])),
        **plain,
    )


def _progress(cursor: Mapping[str, Any]) -> Progress | None:
    if "step" not in cursor:
        return None
    item, step, noted = int(cursor.get("item", 0)), int(cursor["step"]), dict(cursor.get("saved") or {})
    return Progress(item=item + 1, step=step + 1, unanswered=bool(cursor.get("intent")), noted=noted)


def listed(
    c: Connection, sites: Sites, cursor: str = "", limit: int = 50, *, state: str = "", system: str = "", lot_id: str = "",
    correlation: str = "",
) -> Page[DeliveryView]:  # fmt: skip
    """List deliveries, the newest first."""
    query = at_sites(_BASE, delivery.c.site, sites)
    filters = (
        (delivery.c.state, state),
        (delivery.c.system, system),
        (lot.c.uuid, lot_id),
        (delivery.c.correlation, correlation),
    )
    for column, wanted in filters:
        if wanted:
            query = query.where(column == wanted)
    return paged(c, query, delivery.c.id, _view, cursor, limit)


def where(c: Connection, condition: ColumnElement[bool], sites: Sites, limit: int) -> tuple[DeliveryView, ...]:
    """Return the newest deliveries that a condition holds for."""
    query = at_sites(_BASE.where(condition), delivery.c.site, sites).order_by(delivery.c.id.desc()).limit(limit)
    return tuple(_view(r) for r in c.execute(query))


def one(c: Connection, uuid: str) -> DeliveryView | None:
    """Return one delivery with every try."""
    row = c.execute(_BASE.where(delivery.c.uuid == uuid)).one_or_none()
    if row is None:
        return None
    tries = c.execute(select(attempt).where(attempt.c.delivery_id == row.id).order_by(attempt.c.n))
    found = _view(row)
    made = tuple(Try(n=t.n, started_at=t.started_at, ended_at=t.ended_at, outcome=t.outcome, detail=t.detail) for t in tries)
    return DeliveryView(**{f: getattr(found, f) for f in found.__struct_fields__ if f != "tries"}, tries=made)
