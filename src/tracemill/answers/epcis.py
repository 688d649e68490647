"""EPCIS: a trace as one document for a partner, with every gap of the trace in it."""

from collections.abc import Iterable, Iterator, Sequence
from typing import Any, Literal

from sqlalchemy import Connection, select

from tracemill.answers.adjacency import Adjacency
from tracemill.answers.epcis_facts import Sent, edges, in_time, receipts, refs, shipments, transformations
from tracemill.answers.trace import trace
from tracemill.answers.trace_view import TraceView
from tracemill.mapping.epcis.document import capture_document, write_json
from tracemill.mapping.epcis.formats import is_uri
from tracemill.mapping.epcis.own_names import Names
from tracemill.mapping.epcis.story import events_of
from tracemill.model.check_digit import is_checked
from tracemill.model.lot import Lot
from tracemill.model.record import decode
from tracemill.model.status import ShipmentState
from tracemill.store.genealogy_tables import transformation
from tracemill.store.rows import chunks
from tracemill.store.tables import lot

MOST = 10_000


class TooMuch(Exception):
    """A trace that is longer than one document holds: a part of it would look like all of it."""


def names(base: str, gln: str = "") -> Names:
    """Say how to name what has no GS1 name; raises ValueError where that would not be an address or a GLN."""
    if not base.startswith(("https://", "http://")) or not is_uri(base) or "?" in base or "#" in base:
        raise ValueError(f"base {base!r} is no web address that ids can stand under")
    if gln and not (len(gln) == 13 and is_checked(gln)):
        raise ValueError(f"gln {gln!r} is no GLN: 13 digits, the last of which checks the others")
    return Names(base=base, gln=gln)


def written(document: dict[str, Any]) -> bytes:
    """Write a document as JSON-LD, with every quantity as the exact number that it is."""
    return write_json(document)


def epcis_document(
    c: Connection, adjacency: Adjacency, lots: Sequence[Lot], direction: Literal["forward", "back"], own: Names, created: str
) -> dict[str, Any]:
    """Return the receipts, transformations and shipments of all that a walk from these lots meets.

    `hub:complete` and `hub:gaps` say whether that is all. Raises TooMuch over 10,000 lots or transformations.
    """
    views = [trace(c, adjacency, state, direction, limit=MOST + 1) for state in lots]
    if any(view.found_lots > MOST or view.found_works > MOST for view in views):
        raise TooMuch(f"the trace is longer than the {MOST} lots and transformations that a document holds")
    works = {work.id for view in views for work in view.works}
    made = edges(c, transformation.c.uuid, works)
    met = {node.id for view in views for node in view.lots}
    states = _states(c, met).values()
    called = refs({row.lot: (row.number, row.item) for row in made} | {x.id: (x.number, x.item) for x in states})
    facts = [*receipts(c, met, called), *transformations(made, called), *shipments(_sent(states), called)]
    events = events_of(in_time(facts), own)
    document = capture_document(events, created, {"hub": f"{own.base.rstrip('/')}/"})
    return document | {"hub:complete": all(view.complete for view in views), "hub:gaps": _gaps(views)}


def _gaps(views: Iterable[TraceView]) -> list[str]:
    return list(dict.fromkeys(gap.text for view in views for gap in view.gaps))


def _states(c: Connection, ids: set[str]) -> dict[str, Lot]:
    rows = (r for some in chunks(sorted(ids)) for r in c.execute(select(lot.c.uuid, lot.c.state).where(lot.c.uuid.in_(some))))
    return {r.uuid: decode(r.state, Lot) for r in rows}


def _sent(lots: Iterable[Lot]) -> Iterator[Sent]:
    for state in lots:
        for number, sent in state.shipments.items():
            if sent.state is ShipmentState.RETURNED and not sent.away:
                continue
            much = sent.away or sent.quantity
            yield Sent(lot=state.id, unit=state.unit, shipment=number, quantity=much, customer=sent.customer,
                       place=sent.place, state=sent.state, at=sent.at)  # fmt: skip
