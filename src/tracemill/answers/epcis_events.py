"""Captured EPCIS events: those that a query finds, page by page, and one event by its id."""

import zlib
from collections.abc import Iterator
from datetime import timedelta
from typing import Any

from sqlalchemy import Column, Connection, Label, Select, literal_column, select

from tracemill.answers.page import Sites, at_sites, cursor_at, places
from tracemill.mapping.epcis import vocabulary as cbv
from tracemill.mapping.epcis.answer import matches
from tracemill.mapping.epcis.document import EVENT_TYPES, Event, query_document, read_json, write_json
from tracemill.mapping.epcis.epc_format import LINKED, linked
from tracemill.mapping.epcis.epc_format import epc_format as epc_format
from tracemill.mapping.epcis.fault import EpcisFault
from tracemill.mapping.epcis.fault import Refusal as Refusal
from tracemill.mapping.epcis.formats import utc
from tracemill.mapping.epcis.query import Query, parse_query
from tracemill.mapping.epcis.vocabulary import CONTEXT as CONTEXT
from tracemill.model.record import Record
from tracemill.store.messages import storable
from tracemill.store.tables import body, message

EPCIS_FEED = "epcis"
MOST_READ, STEP = 2000, 100
# Whose words the standard itself lists, and the parameter that asks for events by one of them.
WORDS = {
    "eventTypes": ("eventType", sorted(EVENT_TYPES)),
    "bizSteps": ("EQ_bizStep", sorted(cbv.BIZ_STEPS)),
    "dispositions": ("EQ_disposition", sorted(cbv.DISPOSITIONS)),
}
_SHOWN = timedelta(milliseconds=1)  # to which a record time is cut


class Found(Record, frozen=True):
    """A page of events as JSON-LD, and the token of the next page; empty where nothing follows."""

    document: bytes
    token: str


def events(c: Connection, parameters: dict[str, str], sites: Sites, created: str, form: str) -> Found:
    """Return one page of the captured events that match; raises Refusal and BadCursor.

    In the order of capture a page reads at most 2,000 events, and where it stops before the end it says so by its token, however
    few it found. What needs all of them first, an order by their own times or a count, is refused where there are more to read.
    """
    query = parse_query(parameters)
    page = _sorted(c, query, sites) if query.order == "eventTime" else _walked(c, query, sites)
    found, token = page
    return Found(document=_document(found, created, form), token=token)


def event(c: Connection, event_id: str, sites: Sites, created: str, form: str) -> bytes:
    """Return one captured event by its eventID, empty where there is none."""
    one = captured(EPCIS_FEED, sites).where(message.c.key == storable(event_id), message.c.conflicting.is_(False))
    found = [_event(row) for row in c.execute(one)]
    return _document(found, created, form) if found else b""


def captured(feed: str, sites: Sites) -> Select[Any]:
    """Select what was captured; the feed stands in the statement itself, for the indexes that hold only this feed."""
    return at_sites(_BODIES.where(message.c.feed == literal_column(f"'{feed}'")), message.c.site, sites)


def raw(row: Any) -> bytes:
    return zlib.decompress(row.data) if row.codec == "zlib" else bytes(row.data)


def walk(query: Query, sites: Sites, after: int) -> Select[Any]:
    """Select events in the order of capture; a key that came again with another body is no other event."""
    found = captured(EPCIS_FEED, sites).where(message.c.conflicting.is_(False))
    for name, bound in query.bounds.items():
        if name == "GE_recordTime":
            found = found.where(message.c.received_at >= bound)
        elif name == "LT_recordTime":
            found = found.where(message.c.received_at < bound + _SHOWN)
    if after:
        found = found.where(message.c.id > after if query.ascending else message.c.id < after)
    return found.order_by(message.c.id if query.ascending else message.c.id.desc())


def _rows(c: Connection, query: Query, sites: Sites, after: int = 0) -> Iterator[Any]:
    """Read events step by step, the next step only when it is asked for."""
    while True:
        rows = c.execute(walk(query, sites, after).limit(STEP)).all()
        yield from rows
        if len(rows) < STEP:
            return
        after = rows[-1].id


def _walked(c: Connection, query: Query, sites: Sites) -> tuple[list[Event], str]:
    """Read a page in the order of capture. Its token says where to go on, and how many may still follow (-1: all)."""
    last, left = places(query.token, (int, int)) if query.token else (0, -1 if query.first is None else query.first)
    if query.most is not None and not query.token:
        _count(c, query, sites, query.most)
    size = query.per_page if left < 0 else min(query.per_page, left)
    found: list[Event] = []
    for read, row in enumerate(_rows(c, query, sites, last)):
        if len(found) == size or read == MOST_READ:
            rest = left - len(found) if left >= 0 else left
            return found, cursor_at(last, rest) if rest else ""
        one, last = _event(row), row.id
        found += [one] if matches(one, query) else []
    return found, ""


def _sorted(c: Connection, query: Query, sites: Sites) -> tuple[list[Event], str]:
    """Sort all that match by their own times. The token keeps to what was captured when the first page was read."""
    newest, start = places(query.token, (int, int)) if query.token else (0, 0)
    rows = [row for row in _all(c, query, sites) if not newest or row.id <= newest]
    found = [one for row in rows if matches(one := _event(row), query)]
    if query.most is not None and len(found) > query.most:
        raise _too_large(f"more than {query.most} events match")
    found.sort(key=lambda one: utc(one["eventTime"]), reverse=not query.ascending)
    found = found[: query.first]
    end = start + query.per_page
    newest = newest or max((row.id for row in rows), default=0)
    return found[start:end], cursor_at(newest, end) if end < len(found) else ""


def _all(c: Connection, query: Query, sites: Sites) -> Iterator[Any]:
    for read, row in enumerate(_rows(c, query, sites)):
        if read == MOST_READ:
            raise _too_large(f"more than {MOST_READ} captured events would have to be read for this answer")
        yield row


def _count(c: Connection, query: Query, sites: Sites, most: int) -> None:
    found = 0
    for row in _all(c, query, sites):
        found += matches(_event(row), query)
        if found > most:
            raise _too_large(f"more than {most} events match")


def _too_large(cause: str) -> Refusal:
    advice = "narrow it by GE_recordTime and LT_recordTime, or read page by page without this order or count"
    return Refusal("QueryTooLargeException", EpcisFault(field="", cause=cause, advice=advice))


def _document(found: list[Event], created: str, form: str) -> bytes:
    told = [linked(one) for one in found] if form == LINKED else found
    return write_json(query_document(told, created, "SimpleEventQuery"))


def _event(row: Any) -> Event:
    """Return an event as it was captured, with the time at which it was."""
    return read_json(raw(row)).content | {"recordTime": row.received_at.isoformat(timespec="milliseconds")}


def _of_body(column: Column[Any]) -> Label[Any]:
    """Read the body once, in however many months the same body came."""
    found = select(column).where(body.c.hash == message.c.body_hash).order_by(body.c.month).limit(1)
    return found.scalar_subquery().label(column.name)


_BODIES = select(
    message.c.id, message.c.uuid, message.c.system, message.c.correlation, message.c.received_at,
    _of_body(body.c.data), _of_body(body.c.codec),
)  # fmt: skip
