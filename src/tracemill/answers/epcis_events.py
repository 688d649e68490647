"""Captured EPCIS events: what became of a capture, the events that a query finds, and one event by its id."""

import zlib
from collections.abc import Iterator, Sequence
from datetime import datetime
from typing import Any

from sqlalchemy import Connection, Select, select

from tracemill.answers.page import Sites, at_sites, cursor_at, position
from tracemill.mapping.epcis.answer import matches
from tracemill.mapping.epcis.document import query_document, read_json, write_json
from tracemill.mapping.epcis.fault import Refusal as Refusal
from tracemill.mapping.epcis.query import parse_query
from tracemill.model.record import Record, decode
from tracemill.store.messages import storable
from tracemill.store.rows import chunks
from tracemill.store.tables import body, message, seen

EPCIS_FEED, EPCIS_JOBS = "epcis", "epcis-jobs"
MOST_READ, STEP = 2000, 100


class Fault(Record, frozen=True):
    """Why an event of a capture was left out, or stored and put aside."""

    title: str
    detail: str
    type: str = "epcisException:ValidationException"


class CaptureJob(Record, frozen=True, rename="camel"):
    """What became of one capture; `success` is false where an event was left out, or stored but put aside as unreadable."""

    capture_id: str
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
    query = at_sites(_BODIES.where(message.c.uuid == uuid, message.c.feed == EPCIS_JOBS), message.c.site, sites)
    row = c.execute(query).one_or_none()
    if row is None:
        return None
    written = decode(_raw(row), Captured)
    states = list(_states(c, row, written.events))
    errors = [Fault(title="Left out", detail=text) for text in written.errors]
    errors += [
        Fault(title="Stored and put aside", detail=f"{s.key}: {s.cause}; message {s.uuid}", type="about:blank")
        for s in states
        if s.state == "parked"
    ]
    running = any(s.state == "received" for s in states)
    finished = None if running else max([s.processed_at for s in states if s.processed_at], default=row.received_at)
    found = CaptureJob(
        capture_id=uuid, created_at=row.received_at, finished_at=finished, running=running, errors=tuple(errors),
        success=not running and not errors, capture_error_behaviour=written.behaviour,
    )  # fmt: skip
    return row.system, found


def _states(c: Connection, told: Any, keys: Sequence[str]) -> Iterator[Any]:
    """Yield the message that first carried each key, and those of this capture that carry a known key with another body."""
    first = select(*_STATE).join(seen, seen.c.message_id == message.c.id)
    for some in chunks([storable(key) for key in keys]):
        yield from c.execute(first.where(seen.c.system == told.system, seen.c.feed == EPCIS_FEED, seen.c.key.in_(some)))
    near = message.c.id.between(told.id, told.id + len(keys) * 2 + 1000)  # stored in one go, so their ids follow the job's
    again = select(*_STATE).where(near, message.c.feed == EPCIS_FEED, message.c.correlation == told.correlation)
    yield from c.execute(again.where(message.c.conflicting, message.c.received_at == told.received_at))


class Found(Record, frozen=True):
    """A page of events as JSON-LD, and the token of the next page; empty where nothing follows."""

    document: bytes
    token: str


def events(c: Connection, parameters: dict[str, str], sites: Sites, created: str) -> Found:
    """Return one page of the captured events that match, the newest first; raises Refusal and BadCursor.

    A page reads at most 2,000 events. Where it stops before the end it says so by its token, however few it found.
    """
    query = parse_query(parameters)
    found: list[dict[str, Any]] = []
    read, last = 0, position(query.token)
    while True:
        rows = c.execute(_captured(sites, last).limit(STEP)).all()
        for row in rows:
            if len(found) == query.per_page or read == MOST_READ:
                return _page(found, created, cursor_at(last))
            event = _event(row)
            found += [event] if matches(event, query) else []
            read, last = read + 1, row.id
        if len(rows) < STEP:
            return _page(found, created, "")


def event(c: Connection, event_id: str, sites: Sites, created: str) -> bytes:
    """Return one captured event by its eventID, empty where there is none."""
    one = _captured(sites, None).where(seen.c.key == storable(event_id))
    found = [_event(row) for row in c.execute(one)]
    return write_json(query_document(found, created, "SimpleEventQuery")) if found else b""


def _captured(sites: Sites, before: int | None) -> Select[Any]:
    """Select the first message of each key, the newest first: a key that came again with another body is no other event."""
    query = at_sites(_BODIES.join(seen, seen.c.message_id == message.c.id), message.c.site, sites)
    query = query.where(seen.c.feed == EPCIS_FEED, message.c.feed == EPCIS_FEED)
    return (query if before is None else query.where(message.c.id < before)).order_by(message.c.id.desc())


def _page(found: list[dict[str, Any]], created: str, token: str) -> Found:
    return Found(document=write_json(query_document(found, created, "SimpleEventQuery")), token=token)


def _event(row: Any) -> dict[str, Any]:
    """Return an event as it was captured, with the time at which it was."""
    return read_json(_raw(row)).content | {"recordTime": row.received_at.isoformat(timespec="milliseconds")}


def _raw(row: Any) -> bytes:
    return zlib.decompress(row.data) if row.codec == "zlib" else bytes(row.data)


_STATE = (message.c.key, message.c.uuid, message.c.state, message.c.cause, message.c.processed_at)
_BODIES = select(
    message.c.id, message.c.system, message.c.correlation, message.c.received_at, body.c.data, body.c.codec
).join(body, body.c.hash == message.c.body_hash)  # fmt: skip
