"""Correction: an EPCIS error declaration takes back an event that was told, once, and only where that event was acted on."""

from collections.abc import Mapping, Sequence
from typing import Any

from sqlalchemy import Connection

from tracemill.answers.epcis_events import EPCIS_FEED
from tracemill.mapping.epcis.document import read_json
from tracemill.mapping.epcis.facts import Fact, Unkept, facts_of
from tracemill.mapping.epcis.reversal import corrective_ids, facts_taken_back
from tracemill.model.record import Record
from tracemill.model.status import MessageState
from tracemill.store import messages
from tracemill.store.messages import Stored

_DONE = (MessageState.PROCESSED, MessageState.REPLAYED)


class Before(Record, frozen=True):
    """What was told before an error declaration: the event it takes back, if any, and which corrective events were not."""

    body: bytes = b""
    state: str = ""
    missing: tuple[str, ...] = ()


def taken_back(event_id: str, hashed: str) -> str:
    """Return the key that an error declaration is told once under; one that repeats another event is another one."""
    return f"{event_id} taken back {hashed}"


def declares(message: Stored) -> bool:
    return message.feed == EPCIS_FEED and b'"errorDeclaration"' in message.body


def up_to_declaration(batch: Sequence[Stored]) -> Sequence[Stored]:
    """Cut a batch before an error declaration, so that what it takes back is decided before it is read."""
    return batch[: next((n for n, message in enumerate(batch) if n and declares(message)), len(batch))]


def before(c: Connection, message: Stored) -> Before:
    """Return what the same system told before an error declaration."""
    try:
        event = read_json(message.body).content
        corrective = corrective_ids(event)
    except (ValueError, KeyError, AttributeError):
        return Before()
    missing = tuple(one for one in corrective if not messages.told_before(c, message.system, EPCIS_FEED, one))
    uuid = messages.told_before(c, message.system, EPCIS_FEED, str(event.get("eventID")))
    told = messages.one(c, uuid) if uuid else None
    return Before(body=told.body, state=told.state, missing=missing) if told else Before(missing=missing)


def facts(event: Mapping[str, Any], told: Before) -> list[Fact]:
    """Translate an event, or what it takes back; raises Unkept."""
    if not event.get("errorDeclaration"):
        return facts_of(event)
    taken = f"it takes back the event {event['eventID']}, which"
    if not told.body:
        advice = "send that event from the same system, then replay this message; if nobody has told it, discard this message"
        raise Unkept(f"{taken} this system has not told", advice)
    if told.state not in _DONE:
        raise Unkept(f"{taken} is {told.state} and did nothing", "discard that message, then this one")
    if told.missing:
        raise Unkept(
            f"{taken} is corrected by {told.missing[0]}, which was not told", "send what is right, then replay this message"
        )
    return facts_taken_back(event, read_json(told.body).content)
