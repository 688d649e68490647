"""EPCIS: a trace as one document for a partner, with every gap of the trace in it."""

from collections import Counter
from collections.abc import Iterable, Iterator, Sequence
from datetime import datetime
from decimal import Decimal
from typing import Any, Literal

from sqlalchemy import Connection, select

from tracemill.answers.adjacency import Adjacency
from tracemill.answers.trace import trace
from tracemill.answers.trace_view import TraceView
from tracemill.mapping.epcis.document import capture_document, write_json
from tracemill.mapping.epcis.facts import Fact
from tracemill.mapping.epcis.formats import is_uri
from tracemill.mapping.epcis.own_names import Names
from tracemill.mapping.epcis.story import events_of
from tracemill.model.check_digit import is_checked
from tracemill.model.event import Event
from tracemill.model.lot import Lot
from tracemill.model.moment import Moment
from tracemill.model.quantity import show
from tracemill.model.record import decode, plain
from tracemill.model.status import ShipmentState
from tracemill.store.genealogy_tables import edge, transformation
from tracemill.store.rows import chunks
from tracemill.store.tables import event, lot

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
    made = _edges(c, works)
    states = _states(c, {node.id for view in views for node in view.lots} | {row.lot for row in made})
    refs = _refs(states.values())
    met = [states[i] for i in {node.id for view in views for node in view.lots}]
    facts = [*_receipts(c, met, refs), *_transformations(made, refs), *_shipments(met, refs)]
    events = events_of(sorted(facts, key=lambda fact: (fact.occurred.utc, fact.type, fact.subject)), own)
    document = capture_document(events, created, {"hub": f"{own.base.rstrip('/')}/"})
    return document | {"hub:complete": all(view.complete for view in views), "hub:gaps": _gaps(views)}


def _gaps(views: Iterable[TraceView]) -> list[str]:
    return list(dict.fromkeys(gap.text for view in views for gap in view.gaps))


def _states(c: Connection, ids: set[str]) -> dict[str, Lot]:
    rows = (r for some in chunks(sorted(ids)) for r in c.execute(select(lot.c.uuid, lot.c.state).where(lot.c.uuid.in_(some))))
    return {r.uuid: decode(r.state, Lot) for r in rows}


def _refs(lots: Iterable[Lot]) -> dict[str, dict[str, str]]:
    """Name each lot by its number and item; lots that share both by the hub's own ids, for they are not the same."""
    found = list(lots)
    same = Counter((state.number, state.item) for state in found)
    return {
        state.id: {"id": state.number, "item": state.item} if same[state.number, state.item] == 1 else {"id": state.id}
        for state in found
    }


def _receipts(c: Connection, lots: Sequence[Lot], refs: dict[str, dict[str, str]]) -> Iterator[Fact]:
    """Give each receipt as it was told last."""
    told: dict[tuple[str, str], Fact] = {}
    query = (
        select(event.c.data, lot.c.uuid)
        .join(lot, lot.c.id == event.c.lot_id)
        .where(event.c.type == "lot.received.v1")
        .order_by(event.c.position)
    )
    for some in chunks([state.id for state in lots]):
        for row in c.execute(query.where(lot.c.uuid.in_(some))):
            read = decode(row.data, Event)
            data = {**plain(read.data), "lot": refs[row.uuid]}
            told[row.uuid, data.get("receipt", "")] = _fact("lot.received.v1", row.uuid, read.occurred, data)
    yield from told.values()


def _edges(c: Connection, works: set[str]) -> list[Any]:
    """Return all that went into and came out of these transformations, whether the walk met it or not."""
    query = (
        select(edge, lot.c.uuid.label("lot"), transformation.c.uuid.label("work"), transformation.c.key,
               transformation.c.work_order, transformation.c.site.label("at_site"), transformation.c.first_at)
        .join(lot, lot.c.id == edge.c.lot_id)
        .join(transformation, transformation.c.id == edge.c.transformation_id)
        .order_by(edge.c.position, edge.c.ordinal)
    )  # fmt: skip
    return [r for some in chunks(sorted(works)) for r in c.execute(query.where(transformation.c.uuid.in_(some)))]


def _transformations(edges: Iterable[Any], refs: dict[str, dict[str, str]]) -> Iterator[Fact]:
    """Sum up bookings and what took them back: what is left of each lot on each side of a transformation."""
    sums: dict[tuple[str, int, str, str], Decimal] = {}
    works = {}
    for row in edges:
        key = (row.work, row.side, row.lot, row.unit)
        sums[key] = sums.get(key, Decimal(0)) + Decimal(row.quantity)
        works[row.work] = row
    for (work, side, uuid, unit), amount in sums.items():
        if amount > 0:
            row = works[work]
            made = {"transformation": row.work, "order": row.work_order}
            data = {"lot": refs[uuid], "quantity": {"amount": show(amount), "unit": unit}, "work": made}
            kind = "material.produced.v1" if side else "material.consumed.v1"
            yield _fact(kind, uuid, _moment(row.first_at), data)


def _shipments(lots: Iterable[Lot], refs: dict[str, dict[str, str]]) -> Iterator[Fact]:
    """Give what has left; what is only staged, came back or was cancelled is not on its way to anybody."""
    for state in lots:
        for number, sent in state.shipments.items():
            if sent.state == ShipmentState.SHIPPED:
                much = {"amount": show(sent.quantity), "unit": state.unit}
                data: dict[str, Any] = {"lot": refs[state.id], "quantity": much, "shipment": number, "place": sent.place}
                data |= {"customer": {"id": sent.customer}} if sent.customer else {}
                yield _fact("shipment.shipped.v1", number, _moment(sent.at), data)


def _fact(kind: str, subject: str, at: Moment, data: dict[str, Any]) -> Fact:
    return Fact(type=kind, subject=subject, occurred=at, data=data)


def _moment(at: datetime) -> Moment:
    return Moment(utc=at, text=at.isoformat(), zone="+00:00")
