"""The timeline of a lot: its changes in plain words, the newest first."""

from datetime import datetime
from typing import Any

from sqlalchemy import Connection, select

from tracemill.answers.telling import tell
from tracemill.answers.then import NOW, Then
from tracemill.core.evolve import evolve
from tracemill.model.change import AnyChange, DispositionIgnored
from tracemill.model.lot import Lot
from tracemill.model.record import Record, decode
from tracemill.store.tables import audit, change, event, lot, message


class Entry(Record, frozen=True):
    """One change: when it was true, when we heard of it, who said it, and where to look further."""

    position: int
    text: str
    technical: bool
    occurred_at: datetime
    recorded_at: datetime
    source: str
    actor: str
    message: str


def entries(c: Connection, uuid: str, then: Then = NOW) -> list[Entry]:
    """Return all changes of a lot, or those of a past, the newest first."""
    row = c.execute(select(lot.c.id, lot.c.site).where(lot.c.uuid == uuid)).one_or_none()
    if row is None:
        return []
    query = (
        select(change, event.c.source, audit.c.actor, message.c.uuid.label("message"))
        .join(event, (event.c.site == change.c.site) & (event.c.position == change.c.position))
        .join(audit, (audit.c.site == change.c.site) & (audit.c.position == change.c.position))
        .outerjoin(message, message.c.id == event.c.message_id)
        .where(change.c.lot_id == row.id, *then.changes())
        .order_by(change.c.position, change.c.ordinal)
    )
    state, found = Lot(id=uuid, site=row.site, number="", named_by=""), []
    for r in c.execute(query):
        made: AnyChange = decode(r.data, AnyChange)  # type: ignore[arg-type]
        found.append(_entry(r, tell(made, state)))
        state = evolve(state, made)
    return found[::-1]


def ignored(c: Connection, message_uuid: str) -> str:
    """Say why what a message decided does not count; empty where it does."""
    query = (
        select(change.c.data)
        .join(event, (event.c.site == change.c.site) & (event.c.position == change.c.position))
        .join(message, message.c.id == event.c.message_id)
        .where(message.c.uuid == message_uuid, change.c.kind == DispositionIgnored.__name__)
    )
    found = c.execute(query).scalar()
    return decode(found, DispositionIgnored).why if found else ""


def _entry(r: Any, told: tuple[str, bool]) -> Entry:
    return Entry(
        position=r.position,
        text=told[0],
        technical=told[1],
        occurred_at=r.occurred_at,
        recorded_at=r.recorded_at,
        source=r.source,
        actor=r.actor,
        message=r.message or "",
    )
