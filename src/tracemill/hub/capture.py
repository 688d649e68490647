"""EPCIS capture: a document is judged whole, then each event is stored as a message of its own, beside a record of the job."""

import asyncio
from datetime import datetime
from typing import Any, Literal

from tracemill.answers.epcis_events import EPCIS_FEED
from tracemill.answers.epcis_jobs import EPCIS_JOBS, Captured
from tracemill.hub.commands import By
from tracemill.hub.correction import taken_back
from tracemill.hub.receive import receive
from tracemill.hub.runtime import Runtime
from tracemill.mapping.epcis.document import Document, Event, read_document, read_json, self_contained, write_same
from tracemill.mapping.epcis.event_hash import event_hash
from tracemill.mapping.epcis.fault import EpcisFault
from tracemill.mapping.epcis.fault import Refusal as Refusal
from tracemill.mapping.epcis.validate import validate
from tracemill.model.record import Record, encode
from tracemill.model.status import FeedKind
from tracemill.observe.metrics import RECEIVED
from tracemill.store import messages
from tracemill.store.messages import Incoming

MOST = 1000
Behaviour = Literal["rollback", "proceed"]
_EPCIS = ("EPCISDocument", "EPCISQueryDocument")


class Kept(Record, frozen=True):
    """An event as it is stored, with the key it is told once under.

    `hashed`: the key is its event hash. The same hash is the same event, however it is written; any other id may come again with
    another event, which is a conflict.
    """

    key: str
    name: str
    body: bytes
    hashed: bool


class AlreadyTold(ValueError):
    """An event whose id was told before: it is there, and stays as it is."""


async def capture(runtime: Runtime, system: str, site: str, body: bytes, behaviour: Behaviour, by: By) -> str:
    """Store the events of a document durably and return the id of the job; raises Refusal, and then nothing is stored."""
    found, faults = await asyncio.to_thread(_read, body, behaviour)
    keys, now = tuple(dict.fromkeys(event.key for event in found)), runtime.clock()
    job = Captured(behaviour=behaviour, events=keys, errors=tuple(map(str, faults)))
    hashed = {event.key for event in found if event.hashed}
    known = await runtime.store.read(lambda c: {k for k in hashed if messages.told_before(c, system, EPCIS_FEED, k)})
    items = [_incoming(system, site, EPCIS_JOBS, runtime.fresh_id(now), encode(job), by, now)]
    items += [_incoming(system, site, EPCIS_FEED, e.key, e.body, by, now) for e in found if not (e.hashed and e.key in known)]
    receipts = await receive(runtime, items)
    for item, receipt in zip(items, receipts, strict=True):
        RECEIVED.labels(item.system, receipt.outcome).inc()
    return receipts[0].uuid


async def capture_one(runtime: Runtime, system: str, site: str, body: bytes, by: By) -> tuple[str, bytes]:
    """Store one event durably; return its id and how it is kept. Raises Refusal, and AlreadyTold where its id was told before."""
    one = await asyncio.to_thread(_read_one, body)
    if not await runtime.store.read(lambda c: messages.told_before(c, system, EPCIS_FEED, one.key)):
        item = _incoming(system, site, EPCIS_FEED, one.key, one.body, by, runtime.clock())
        (receipt,) = await receive(runtime, [item])
        RECEIVED.labels(system, receipt.outcome).inc()
        if receipt.outcome == "stored":
            return one.name, one.body
    raise AlreadyTold(f"event {one.name} was captured before; ask for it by its id, or send what is different under another id")


def _read_one(body: bytes) -> Kept:
    document = read_json(body)
    if document.type in _EPCIS:
        advice = "send documents to /epcis/capture, single events here"
        raise Refusal("ValidationException", EpcisFault(field="type", cause="it is a document", advice=advice))
    if faults := validate(document):
        raise Refusal("ValidationException", *faults)
    return _kept(document.events[0], document)


def _read(body: bytes, behaviour: Behaviour) -> tuple[list[Kept], tuple[EpcisFault, ...]]:
    """Return the events to store, those of one hash once, and what is wrong with the others."""
    document = read_document(body)
    events, faults = _judged(document, behaviour)
    kept = [_kept(event, document) for event in events]
    return list({(k.key, b"" if k.hashed else k.body): k for k in reversed(kept)}.values())[::-1], faults


def _judged(document: Document, behaviour: Behaviour) -> tuple[list[Event], tuple[EpcisFault, ...]]:
    """Return the events to store; a fault of the document itself, or of any event under rollback, refuses all of it."""
    if document.type not in _EPCIS:
        advice = "send an EPCISDocument or an EPCISQueryDocument"
        raise Refusal("ValidationException", EpcisFault(field="type", cause="it is no EPCIS document", advice=advice))
    if len(document.events) > MOST:
        cause = f"{len(document.events)} events are over the limit of {MOST}"
        raise Refusal("CaptureLimitExceededException", EpcisFault(field="eventList", cause=cause, advice="send it in parts"))
    faults = validate(document)
    if faults and (behaviour == "rollback" or any(fault.event is None for fault in faults)):
        raise Refusal("ValidationException", *faults)
    wrong = {fault.event for fault in faults}
    return [event for n, event in enumerate(document.events) if n not in wrong], faults


def _kept(event: Event, document: Document) -> Kept:
    """Give an event its id: its own, else its event hash.

    An error declaration repeats the id of the event it takes back: it is another fact, told once under a key of its own.
    """
    hashed = event_hash(event, document.namespaces, document.ignored)
    name = str(event.get("eventID") or hashed)
    body = write_same(self_contained({**event, "eventID": name}, document.namespaces))
    if event.get("errorDeclaration"):
        return Kept(key=taken_back(name, hashed), name=name, body=body, hashed=False)
    return Kept(key=name, name=name, body=body, hashed=name == hashed)


def _incoming(system: str, site: str, feed: str, key: str, raw: bytes, by: By, now: datetime) -> Incoming:
    kept: dict[str, Any] = {"content_type": "application/ld+json", "received_at": now, "read_started": now}
    return Incoming(
        site=site, system=system, feed=feed, kind=FeedKind.FACTS, key=key, body=raw, correlation=by.correlation, actor=by.name,
        **kept,
    )  # fmt: skip
