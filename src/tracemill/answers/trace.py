"""Trace: what a lot was made from, or what was made of it, and whether that is all."""

from collections.abc import Iterable, Sequence
from datetime import datetime
from typing import Any, Literal

from sqlalchemy import Connection, func, select

from tracemill.answers.adjacency import Adjacency
from tracemill.answers.words import counted, named
from tracemill.core.genealogy.completeness import Completeness, Finding, Gap, completeness
from tracemill.core.genealogy.walk import Direction, Walk, walk
from tracemill.core.usable import allowance, verdict
from tracemill.model.lot import Lot
from tracemill.model.quantity import show
from tracemill.model.record import Record, decode
from tracemill.model.status import MessageState
from tracemill.store.rows import chunks
from tracemill.store.tables import edge, feed_cursor, lot, message, transformation

SHOWN = 500
BUDGET = 1_000_000


class Place(Record, frozen=True):
    """What one system holds of a lot."""

    system: str
    available: str
    quarantine: str
    blocked: str


class Sent(Record, frozen=True):
    """A quantity of a lot on a shipment."""

    shipment: str
    quantity: str
    state: str
    customer: str
    at: datetime


class LotNode(Record, frozen=True):
    """A lot that a trace met."""

    id: str
    number: str
    item: str
    item_text: str
    depth: int
    verdict: str
    quantity: str
    usable: str
    unit: str
    where: tuple[Place, ...]
    shipments: tuple[Sent, ...]


class WorkNode(Record, frozen=True):
    """A transformation that a trace met."""

    id: str
    key: str
    kind: str
    order: str
    operation: str
    machine: str
    recipe: str
    first_at: datetime


class LinkView(Record, frozen=True):
    """A quantity of a lot that went into, or came out of, a transformation."""

    lot: str
    work: str
    side: str
    quantity: str
    unit: str
    evidence: str
    occurred_at: datetime


class GapView(Record, frozen=True):
    """One reason why a trace may not be complete."""

    gap: str
    count: int
    text: str
    examples: tuple[str, ...] = ()


class TraceView(Record, frozen=True):
    """The answer: what was found, how much of it is shown, and whether it is all there is."""

    lot: str
    number: str
    site: str
    direction: str
    sentence: str
    complete: bool
    gaps: tuple[GapView, ...]
    found_lots: int
    found_works: int
    lots: tuple[LotNode, ...]
    works: tuple[WorkNode, ...]
    links: tuple[LinkView, ...]
    position: int
    as_of: datetime | None = None
    known_at: int | None = None


def trace(
    c: Connection, adjacency: Adjacency, state: Lot, direction: Literal["forward", "back"],
    *, as_of: datetime | None = None, known_at: int | None = None, limit: int = SHOWN,
) -> TraceView:  # fmt: skip
    """Walk from a lot and judge the walk. `as_of`: what had occurred by then; `known_at`: what the hub knew at a position."""
    row_id = c.execute(select(lot.c.id).where(lot.c.uuid == state.id)).scalar_one()
    graph = adjacency.graph(c, state.site)
    moment = None if as_of is None else int(as_of.timestamp() * 1_000_000)
    found = walk(graph, [row_id], Direction(direction), as_of=moment, known_at=known_at, budget=BUDGET)
    silent = _silent(c)
    judged = completeness(found, silent=bool(silent))
    gaps = (*_gaps(c, judged, silent), *_unread(c, state.site))
    lots = _lots(c, found, limit)
    works = _works(c, found.transformations[:limit].tolist())
    return TraceView(
        lot=state.id, number=state.number, site=state.site, direction=direction, sentence=_sentence(state, found, gaps),
        complete=not gaps, gaps=gaps, found_lots=max(0, len(found.lots) - 1), found_works=len(found.transformations), lots=lots,
        works=works, links=_links(c, found, limit), position=graph.position, as_of=as_of, known_at=known_at,
    )  # fmt: skip


def _sentence(state: Lot, found: Walk, gaps: Sequence[GapView]) -> str:
    made = "was made from" if found.direction is Direction.BACK else "went into"
    lots = counted(max(0, len(found.lots) - len(found.unknown) - 1), "lot")
    said = f"{state.number} {made} {lots} by way of {counted(len(found.transformations), 'transformation')}"
    return f"{said}: {'complete' if not gaps else 'INCOMPLETE'}"


def _lots(c: Connection, found: Walk, limit: int) -> tuple[LotNode, ...]:
    ids, depth = found.lots[:limit].tolist(), dict(zip(found.lots.tolist(), found.depth.tolist(), strict=True))
    states: dict[int, Lot] = {}
    for some in chunks(ids):
        for row in c.execute(select(lot.c.id, lot.c.state).where(lot.c.id.in_(some))):
            states[row.id] = decode(row.state, Lot)
    return tuple(_lot(states[i], depth[i]) for i in ids if i in states)


def _lot(state: Lot, depth: int) -> LotNode:
    allowed = allowance(state)
    places = (
        Place(system=s, available=show(x.available), quarantine=show(x.quarantine), blocked=show(x.blocked))
        for s, x in state.claims.items()
    )
    sent = (
        Sent(shipment=k, quantity=show(x.quantity), state=x.state, customer=x.customer_name or x.customer, at=x.at)
        for k, x in state.shipments.items()
    )
    return LotNode(
        id=state.id, number=state.number, item=state.item, item_text=state.item_text, depth=depth, verdict=verdict(state),
        quantity=show(allowed.total), usable=show(allowed.usable), unit=state.unit, where=tuple(places), shipments=tuple(sent),
    )  # fmt: skip


def _works(c: Connection, ids: Iterable[int]) -> tuple[WorkNode, ...]:
    query = select(transformation).order_by(transformation.c.first_at)
    return tuple(_work(r) for some in chunks(ids) for r in c.execute(query.where(transformation.c.id.in_(some))))


def _work(r: Any) -> WorkNode:
    return WorkNode(id=r.uuid, key=r.key, kind=r.kind, order=r.work_order, operation=r.operation, machine=r.machine,
                    recipe=r.recipe, first_at=r.first_at)  # fmt: skip


def _links(c: Connection, found: Walk, limit: int) -> tuple[LinkView, ...]:
    """Return the edges between what is shown."""
    lots, works = found.lots[:limit].tolist(), found.transformations[:limit].tolist()
    query = (
        select(lot.c.uuid.label("lot"), transformation.c.uuid.label("work"), edge)
        .join(lot, lot.c.id == edge.c.lot_id)
        .join(transformation, transformation.c.id == edge.c.transformation_id)
        .where(edge.c.lot_id.in_(lots))
        .order_by(edge.c.position)
    )
    return tuple(_link(r) for some in chunks(works) for r in c.execute(query.where(edge.c.transformation_id.in_(some))))


def _link(r: Any) -> LinkView:
    side = "output" if r.side else "input"
    evidence = ("scanned", "measured", "backflushed", "inferred")[r.evidence]
    return LinkView(lot=r.lot, work=r.work, side=side, quantity=r.quantity, unit=r.unit, evidence=evidence,
                    occurred_at=r.occurred_at)  # fmt: skip


_WORDS = {
    Gap.MISSING_CONSUMPTION: "{n} of which nobody told what went in",
    Gap.MISSING_PRODUCTION: "{n} of which nobody told what came out",
    Gap.BACKFLUSHED: "{n} booked from the bill of materials, not from what was seen",
    Gap.INFERRED: "{n} inferred, not seen",
    Gap.MASS_BALANCE: "{n} out of balance beyond the tolerance",
    Gap.UNKNOWN_ORIGIN: "{n} of which nobody told where it comes from",
    Gap.UNKNOWN_LOT: "{n} without any genealogy: nobody told of its use or its making",
    Gap.BEFORE_CUTOVER: "{n} from before the hub",
    Gap.EVIDENCE_LEFT_OUT: "{n} left out by the evidence that was asked for",
    Gap.SILENT_SYSTEM: "systems that do not answer: {systems}",
    Gap.LAGGING_SYSTEM: "systems that lag behind",
    Gap.BUDGET_REACHED: "the walk was stopped at its budget; more follows",
}
_COUNTED = {
    Gap.BACKFLUSHED: "edge", Gap.INFERRED: "edge", Gap.EVIDENCE_LEFT_OUT: "edge", Gap.UNKNOWN_ORIGIN: "lot",
    Gap.UNKNOWN_LOT: "lot", Gap.BEFORE_CUTOVER: "lot",
}  # fmt: skip


def _gaps(c: Connection, judged: Completeness, silent: Sequence[str]) -> list[GapView]:
    return [_gap(c, finding, silent) for finding in judged.findings]


def _gap(c: Connection, finding: Finding, silent: Sequence[str]) -> GapView:
    n = counted(finding.count, _COUNTED.get(finding.gap, "transformation"))
    text = _WORDS[finding.gap].format(n=n, systems=", ".join(map(named, silent)))
    lots = c.execute(select(lot.c.number).where(lot.c.id.in_(finding.lots))).scalars() if finding.lots else ()
    works = select(transformation.c.key).where(transformation.c.id.in_(finding.transformations))
    keys = c.execute(works).scalars() if finding.transformations else ()
    return GapView(gap=finding.gap, count=finding.count, text=text, examples=(*keys, *lots))


def _silent(c: Connection) -> list[str]:
    """Name the systems whose feeds fail."""
    return list(c.execute(select(feed_cursor.c.system).where(feed_cursor.c.failures > 0).distinct()).scalars())


def _unread(c: Connection, site: str) -> list[GapView]:
    """A message that nobody could read may tell of material."""
    parked = select(func.count()).select_from(message).where(message.c.site == site, message.c.state == MessageState.PARKED)
    count = int(c.execute(parked).scalar() or 0)
    if not count:
        return []
    return [GapView(gap="unread_messages", count=count, text=f"{counted(count, 'message')} that nobody has read yet")]
