"""EPCIS facts: the receipts, transformations and shipments of lots, as a document tells them."""

from collections import Counter
from collections.abc import Iterable, Iterator, Mapping
from datetime import datetime
from decimal import Decimal
from typing import Any

from sqlalchemy import Column, Connection, select

from tracemill.mapping.epcis.facts import Fact
from tracemill.model.event import Event
from tracemill.model.lot import LEFT
from tracemill.model.moment import Moment
from tracemill.model.quantity import show
from tracemill.model.record import Record, decode, plain
from tracemill.model.status import ShipmentState
from tracemill.store.genealogy_tables import edge, transformation
from tracemill.store.rows import chunks
from tracemill.store.tables import event, lot

Refs = Mapping[str, dict[str, str]]


class Sent(Record, frozen=True):
    """A quantity of a lot on a shipment."""

    lot: str
    unit: str
    shipment: str
    quantity: Decimal
    customer: str
    place: str
    state: ShipmentState
    at: datetime


def in_time(facts: Iterable[Fact]) -> list[Fact]:
    return sorted(facts, key=lambda fact: (fact.occurred.utc, fact.type, fact.subject))


def refs(lots: Mapping[str, tuple[str, str]]) -> Refs:
    """Name each lot by its number and item; lots that share both by the hub's own ids, for they are not the same."""
    same = Counter(lots.values())
    return {i: {"id": called[0], "item": called[1]} if same[called] == 1 else {"id": i} for i, called in lots.items()}


def receipts(c: Connection, lots: Iterable[str], called: Refs) -> Iterator[Fact]:
    """Give each receipt as it was told last."""
    told: dict[tuple[str, str], Fact] = {}
    query = (
        select(event.c.data, lot.c.uuid)
        .join(lot, lot.c.id == event.c.lot_id)
        .where(event.c.type == "lot.received.v1")
        .order_by(event.c.position)
    )
    for some in chunks(sorted(lots)):
        for row in c.execute(query.where(lot.c.uuid.in_(some))):
            read = decode(row.data, Event)
            data = {**plain(read.data), "lot": called[row.uuid]}
            told[row.uuid, data.get("receipt", "")] = _fact("lot.received.v1", row.uuid, read.occurred, data)
    yield from told.values()


def edges(c: Connection, by: Column[Any], wanted: Iterable[Any]) -> list[Any]:
    """Return all that went into and came out of transformations, whether a walk met it or not."""
    query = (
        select(edge, lot.c.uuid.label("lot"), lot.c.number, lot.c.item, transformation.c.uuid.label("work"), transformation.c.key,
               transformation.c.work_order, transformation.c.site.label("at_site"), transformation.c.first_at)
        .join(lot, lot.c.id == edge.c.lot_id)
        .join(transformation, transformation.c.id == edge.c.transformation_id)
        .order_by(edge.c.position, edge.c.ordinal)
    )  # fmt: skip
    return [r for some in chunks(sorted(wanted)) for r in c.execute(query.where(by.in_(some)))]


def transformations(rows: Iterable[Any], called: Refs) -> Iterator[Fact]:
    """Sum up bookings and what took them back: what is left of each lot on each side of a transformation."""
    sums: dict[tuple[str, int, str, str], Decimal] = {}
    works, done = {}, dict[str, datetime]()
    for row in rows:
        key = (row.work, row.side, row.lot, row.unit)
        sums[key] = sums.get(key, Decimal(0)) + Decimal(row.quantity)
        works[row.work] = row
        if row.side:
            done[row.work] = max(row.occurred_at, done.get(row.work, row.occurred_at))
    for (work, side, uuid, unit), amount in sums.items():
        if amount > 0:
            row = works[work]
            made = {"transformation": row.work, "order": row.work_order, "key": row.key, "site": row.at_site}
            made |= {"completed": done[work].date().isoformat()} if work in done else {}
            data = {"lot": called[uuid], "quantity": {"amount": show(amount), "unit": unit}, "work": made}
            kind = "material.produced.v1" if side else "material.consumed.v1"
            yield _fact(kind, uuid, _moment(row.first_at), data)


def shipments(sent: Iterable[Sent], called: Refs) -> Iterator[Fact]:
    """Give what has left, and of what came back in part the rest; what is staged or was cancelled is on its way to nobody."""
    for x in sent:
        if x.state in LEFT:
            much = {"amount": show(x.quantity), "unit": x.unit}
            data: dict[str, Any] = {"lot": called[x.lot], "quantity": much, "shipment": x.shipment, "place": x.place}
            data |= {"customer": {"id": x.customer}} if x.customer else {}
            yield _fact("shipment.shipped.v1", x.shipment, _moment(x.at), data)


def _fact(kind: str, subject: str, at: Moment, data: dict[str, Any]) -> Fact:
    return Fact(type=kind, subject=subject, occurred=at, data=data)


def _moment(at: datetime) -> Moment:
    return Moment(utc=at, text=at.isoformat(), zone="+00:00")
