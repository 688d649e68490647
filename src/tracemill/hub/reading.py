"""Readings: what a system answers about stock, translated into the canonical event."""

from collections.abc import Sequence
from datetime import datetime

from tracemill.core.comparison import complies
from tracemill.core.draft import Draft
from tracemill.core.ledger import Negative
from tracemill.core.stock import observation
from tracemill.core.unbooked import reread
from tracemill.hub.link import Link
from tracemill.hub.runtime import Runtime
from tracemill.hub.translate import Untranslatable, translate_body
from tracemill.model.connector import Fetched
from tracemill.model.event import Event
from tracemill.model.lot import Claim, Lot, Target
from tracemill.model.material import StockObserved
from tracemill.model.quantity import NotComparable


class Unreadable(Exception):
    """A read-back that says nothing: the lot is not there, or the answer cannot be translated."""


async def read_events(runtime: Runtime, link: Link, natives: Sequence[str], site: str) -> dict[str, Event | None]:
    """Read the stock of lots back. None: proven absent. A missing key: unknown."""
    fetched = await link.connector.read(natives, runtime.clock)
    link.last_ok = runtime.clock()
    return {native: None if f is None else stock_event(runtime, link, f, site) for native, f in fetched.items()}


def stock_event(runtime: Runtime, link: Link, fetched: Fetched, site: str) -> Event:
    """Translate one read-back into stock.observed; raises Unreadable."""
    try:
        events = translate_body(
            link, (link.stock_mapping,), fetched.body, site=site, received_at=runtime.clock(), read_started=fetched.read_started,
            origin=f"read:{link.name}:{fetched.key}:{fetched.read_started.isoformat()}",
        )  # fmt: skip
    except Untranslatable as error:
        raise Unreadable(f"{link.name} answered about {fetched.key} what the pack cannot read: {error}") from error
    for event in events:
        if isinstance(event.data, StockObserved):
            return event
    raise Unreadable(f"{link.name} answered about {fetched.key}, but the pack reads no stock from it")


def claim_of(runtime: Runtime, event: Event, lot: Lot) -> Claim:
    """Return the sums that a reading shows, without committing anything; raises Unreadable."""
    draft = Draft(event, Lot(id=lot.id, site=lot.site, number=lot.number, named_by=lot.named_by, unit=lot.unit, item=lot.item,
                             wanted=lot.wanted, acts=lot.acts), runtime.decider.rules(lot.site))  # fmt: skip
    try:
        observation(draft, event.data)
    except (NotComparable, Negative) as error:
        raise Unreadable(f"{event.source} answered about {event.data.lot.id} what cannot be compared: {error}") from error
    return reread(lot, event.source, draft.lot.claims[event.source])


def shows(runtime: Runtime, event: Event, lot: Lot, target: Target, system: str) -> bool:
    """Say whether a reading shows the wanted state."""
    policy = runtime.policies[lot.site].systems[system]
    return complies(lot, target, claim_of(runtime, event, lot), policy.expresses)


def fresh(read_started: datetime, sent_ended: datetime | None, verify_after: datetime | None) -> bool:
    """A read-back counts if it began after our write ended, and after the longest effect time of what went before."""
    return all(limit is None or read_started > limit for limit in (sent_ended, verify_after))
