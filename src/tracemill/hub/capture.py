"""EPCIS capture: a document is judged whole, then each event is stored as a message of its own, beside a record of the job."""

from datetime import datetime
from hashlib import sha256
from typing import Any, Literal

from tracemill.hub.commands import By
from tracemill.hub.receive import receive
from tracemill.hub.runtime import Runtime
from tracemill.hub.translate import EPCIS_FEED, EPCIS_JOBS
from tracemill.mapping.epcis.document import Document, Event, read_document, self_contained, write_same
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


class Job(Record, frozen=True):
    """What one capture stored: the keys of its events, and what was wrong with those it left out."""

    behaviour: Behaviour
    events: tuple[str, ...]
    errors: tuple[str, ...]


async def capture(runtime: Runtime, system: str, site: str, body: bytes, behaviour: Behaviour, by: By) -> str:
    """Store the events of a document durably and return the id of the job; raises Refusal, and then nothing is stored."""
    document = read_document(body)
    events, faults = _judged(document, behaviour)
    now = runtime.clock()
    found = list(dict.fromkeys(_named(event, document) for event in events))
    keys = tuple(dict.fromkeys(key for key, _ in found))
    job = Job(behaviour=behaviour, events=keys, errors=tuple(map(str, faults)))
    known = await runtime.store.read(lambda c: {k for k in keys if _hashed(k) and messages.told_before(c, system, EPCIS_FEED, k)})
    items = [_incoming(system, site, EPCIS_JOBS, runtime.fresh_id(now), encode(job), by, now)]
    items += [_incoming(system, site, EPCIS_FEED, key, raw, by, now) for key, raw in found if key not in known]
    receipts = await receive(runtime, items)
    for item, receipt in zip(items, receipts, strict=True):
        RECEIVED.labels(item.system, receipt.outcome).inc()
    return receipts[0].uuid


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


def _named(event: Event, document: Document) -> tuple[str, bytes]:
    """Return the key that an event is told once under, and the event as it is kept: its id is its own, else its event hash.

    An error declaration repeats the id of the event it takes back: it is another fact, with a key of its own.
    """
    name = str(event.get("eventID") or event_hash(event, document.namespaces, document.ignored))
    kept = write_same(self_contained({**event, "eventID": name}, document.namespaces))
    declared = event.get("errorDeclaration")
    return (f"{name} taken back {sha256(kept).hexdigest()}" if declared else name), kept


def _hashed(key: str) -> bool:
    """The same hash is the same event, however it is written; any other id may come with another event, which is a conflict."""
    return key.startswith("ni:///sha-256;") and " " not in key


def _incoming(system: str, site: str, feed: str, key: str, raw: bytes, by: By, now: datetime) -> Incoming:
    kept: dict[str, Any] = {"content_type": "application/ld+json", "received_at": now, "read_started": now}
    return Incoming(
        site=site, system=system, feed=feed, kind=FeedKind.FACTS, key=key, body=raw, correlation=by.correlation, actor=by.name,
        **kept,
    )  # fmt: skip
