"""Receiving: store the raw message durably, then acknowledge. Pushed, polled or sent to the API: the same door."""

from collections.abc import Sequence
from datetime import datetime
from typing import Any

from sqlalchemy import Connection

from tracemill.hub.runtime import Runtime
from tracemill.hub.steps import Step
from tracemill.model.connector import Page
from tracemill.model.status import FeedKind
from tracemill.store import messages, systems
from tracemill.store.messages import Incoming, Receipt
from tracemill.store.writer import Priority

MAX_BODY = 10 * 1024 * 1024


class TooLarge(ValueError):
    """A body over 10 MiB: refused at the door, before anything is acknowledged."""


async def receive(runtime: Runtime, items: Sequence[Incoming]) -> list[Receipt]:
    """Store messages and return their receipts after the commit that survives kill -9 and power loss."""
    for item in items:
        if len(item.body) > MAX_BODY:
            raise TooLarge(f"a body of {len(item.body)} bytes is over the limit of {MAX_BODY}; send it in parts")

    receipts = await runtime.store.gather(runtime.take, items, Priority.RECEIVE)
    runtime.reach(Step.RECEIVE_COMMITTED)
    runtime.received.set()
    return receipts


async def receive_page(runtime: Runtime, system: str, feed: str, page: Page, now: datetime) -> list[Receipt]:
    """Store a page of a feed together with the feed's cursor, in one commit."""
    link = runtime.links[system]
    items = [
        Incoming(
            site=link.site,
            system=system,
            feed=feed,
            kind=FeedKind(link.feeds[feed].kind),
            key=record.key,
            body=record.body,
            content_type=record.content_type,
            received_at=now,
            read_started=record.read_started,
        )
        for record in page.records
    ]

    def store(tx: Connection) -> list[Receipt]:
        receipts = messages.receive(tx, runtime.store.ids, items)
        systems.save_cursor(tx, system, feed, page.cursor, now)
        runtime.reach(Step.RECEIVE_BEFORE_COMMIT)
        return receipts

    receipts = await runtime.store.write(store, Priority.POLL)
    runtime.reach(Step.RECEIVE_COMMITTED)
    if any(r.uuid for r in receipts):
        runtime.received.set()
    return receipts


def counts(receipts: Sequence[Receipt]) -> dict[str, Any]:
    """Count receipts by outcome."""
    found: dict[str, int] = {}
    for receipt in receipts:
        found[receipt.outcome] = found.get(receipt.outcome, 0) + 1
    return found
