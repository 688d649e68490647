"""Capture jobs: what became of the events of each EPCIS document that was sent."""

from collections.abc import Iterator, Sequence
from datetime import datetime
from typing import Any

import msgspec
from sqlalchemy import Connection, select

from tracemill.answers.epcis_events import EPCIS_FEED, captured, raw
from tracemill.answers.page import Sites, cursor_at, position
from tracemill.mapping.epcis.query import DEFAULT_PAGE as DEFAULT_PAGE
from tracemill.mapping.epcis.query import LARGEST_PAGE as LARGEST_PAGE
from tracemill.model.record import Record, decode
from tracemill.store.messages import storable
from tracemill.store.rows import chunks
from tracemill.store.tables import message, seen

EPCIS_JOBS = "epcis-jobs"


class Fault(Record, frozen=True):
    """Why an event of a capture was left out, or stored and put aside."""

    title: str
    detail: str
    type: str = "epcisException:ValidationException"


class CaptureJob(Record, frozen=True, rename="camel"):
    """What became of one capture; `success` is false as soon as an event was left out, or stored but put aside as unreadable."""

    capture_id: str = msgspec.field(name="captureID")
    created_at: datetime
    finished_at: datetime | None
    running: bool
    success: bool
    capture_error_behaviour: str
    errors: tuple[Fault, ...]


class Captured(Record, frozen=True):
    """What is kept of one capture: the keys of the events that were stored, and what was wrong with those it left out."""

    behaviour: str
    events: tuple[str, ...] = ()
    errors: tuple[str, ...] = ()


def job(c: Connection, uuid: str, sites: Sites) -> tuple[str, CaptureJob] | None:
    """Return the system that captured, and what became of the events it sent, those it had told before among them."""
    row = c.execute(captured(EPCIS_JOBS, sites).where(message.c.uuid == uuid)).one_or_none()
    return None if row is None else (row.system, _job(c, row))


def jobs(c: Connection, sites: Sites, systems: Sequence[str], token: str, limit: int) -> tuple[list[CaptureJob], str]:
    """Return one page of jobs, the newest first, and the token of the next; `systems` are those that may be seen, "*" all."""
    query = captured(EPCIS_JOBS, sites)
    query = query if "*" in systems else query.where(message.c.system.in_(systems))
    if (last := position(token)) is not None:
        query = query.where(message.c.id < last)
    rows = c.execute(query.order_by(message.c.id.desc()).limit(limit + 1)).all()
    return [_job(c, row) for row in rows[:limit]], cursor_at(rows[limit - 1].id) if len(rows) > limit else ""


def _job(c: Connection, row: Any) -> CaptureJob:
    written = decode(raw(row), Captured)
    states = list(_states(c, row, written.events))
    errors = [Fault(title="Left out", detail=text) for text in written.errors]
    errors += [
        Fault(title="Stored and put aside", detail=f"{s.key}: {s.cause}; message {s.uuid}", type="about:blank")
        for s in states
        if s.state == "parked"
    ]
    running = any(s.state == "received" for s in states)
    finished = None if running else max([s.processed_at for s in states if s.processed_at], default=row.received_at)
    return CaptureJob(
        capture_id=row.uuid, created_at=row.received_at, finished_at=finished, running=running, errors=tuple(errors),
        success=not errors, capture_error_behaviour=written.behaviour,
    )  # fmt: skip


def _states(c: Connection, told: Any, keys: Sequence[str]) -> Iterator[Any]:
    """Yield the message that first carried each key, and those of this capture that carry a known key with another body."""
    first = select(*_STATE).join(seen, seen.c.message_id == message.c.id)
    for some in chunks([storable(key) for key in keys]):
        yield from c.execute(first.where(seen.c.system == told.system, seen.c.feed == EPCIS_FEED, seen.c.key.in_(some)))
    near = message.c.id.between(told.id, told.id + STORING)
    again = select(*_STATE).where(near, message.c.feed == EPCIS_FEED, message.c.correlation == told.correlation)
    yield from c.execute(again.where(message.c.conflicting, message.c.received_at == told.received_at))


STORING = 60_000 << 20  # ids are times (store.Sequence): what is stored in one go is stored within a minute
_STATE = (message.c.key, message.c.uuid, message.c.state, message.c.cause, message.c.processed_at)
