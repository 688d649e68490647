"""The story of a recall: the receipts, transformations and shipments of every lot in scope, read once for all that tells them."""

from collections.abc import Iterable, Iterator, Mapping
from datetime import datetime

from sqlalchemy import Connection, select

from tracemill.answers.epcis_facts import Sent, edges, receipts, refs, shipments, transformations
from tracemill.answers.recall import RecallView
from tracemill.mapping.epcis.facts import Fact
from tracemill.model.record import Record
from tracemill.store.genealogy_tables import edge, transformation
from tracemill.store.rows import chunks
from tracemill.store.tables import lot


class Story(Record, frozen=True):
    """A recall as of a moment, with the facts behind it. `lots`: number and item of each lot that a fact is about, by id."""

    view: RecallView
    at: datetime
    facts: tuple[Fact, ...]
    lots: Mapping[str, tuple[str, str]]


def story(c: Connection, view: RecallView, at: datetime) -> Story:
    """Read the facts of all lots in scope, and the other lots that went into the same transformations."""
    ids = {x.id for x in view.lots if not x.excluded_by}
    made = edges(c, transformation.c.id, _works(c, ids))
    numbers = {x.id: (x.number, x.item) for x in view.lots if not x.excluded_by}
    numbers |= {row.lot: (row.number, row.item) for row in made}
    called = refs(numbers)
    facts = (*receipts(c, ids, called), *transformations(made, called), *shipments(_sent(view), called))
    return Story(view=view, at=at, facts=facts, lots=numbers)


def _works(c: Connection, lots: Iterable[str]) -> set[int]:
    """Return the transformations that lots went into or came out of."""
    query = select(edge.c.transformation_id).join(lot, lot.c.id == edge.c.lot_id).distinct()
    return {int(i) for some in chunks(sorted(lots)) for i in c.execute(query.where(lot.c.uuid.in_(some))).scalars()}


def _sent(view: RecallView) -> Iterator[Sent]:
    for x in view.lots:
        if not x.excluded_by:
            for s in x.shipments:
                yield Sent(lot=x.id, unit=s.unit, shipment=s.shipment, quantity=s.quantity, customer=s.customer, place=s.place,
                           state=s.state, at=s.at)  # fmt: skip
