"""Trace: what a lot was made from, or what was made of it, and whether that is all."""

from collections.abc import Iterable, Mapping, Sequence
from datetime import datetime
from typing import Any, Literal

from sqlalchemy import Connection, select

from tracemill.answers import process
from tracemill.answers.adjacency import Adjacency
from tracemill.answers.crossing import Leg, legs, transfers
from tracemill.answers.share import Share, shared
from tracemill.answers.trace_gaps import gaps
from tracemill.answers.trace_view import GapView, LinkView, LotNode, Place, Sent, Stage, TraceView, WorkNode
from tracemill.answers.words import counted
from tracemill.core.evolve import replace
from tracemill.core.genealogy.path import Paths
from tracemill.core.genealogy.walk import Direction, Walk, walk
from tracemill.core.usable import allowance, verdict
from tracemill.model.lot import Lot
from tracemill.model.quantity import show
from tracemill.model.record import decode
from tracemill.store.genealogy_tables import edge, transformation
from tracemill.store.rows import chunks
from tracemill.store.tables import lot

SHOWN = 500
BUDGET = 1_000_000


def trace(
    c: Connection, adjacency: Adjacency, state: Lot, direction: Literal["forward", "back"],
    *, as_of: datetime | None = None, known_at: int | None = None, limit: int = SHOWN, to: Lot | None = None,
    shares: bool = False,
) -> TraceView:  # fmt: skip
    """Walk from a lot and judge the walk. `as_of`: what had occurred by then; `known_at`: what the hub knew at a position.

    `to` asks for a way to that lot; `shares` for how much of the lot is in each of those made of it.
    """
    graph = adjacency.graph(c, state.site)
    moment = None if as_of is None else int(as_of.timestamp() * 1_000_000)
    found = walk(graph, [_row_id(c, state)], Direction(direction), as_of=moment, known_at=known_at, budget=BUDGET)
    first = Leg(site=state.site, walk=found)
    every = legs(c, adjacency, first, moment) if known_at is None else [first]  # a position says nothing of other sites
    why = tuple(gap for leg in every for gap in _gaps(c, adjacency, leg, state.site, known_at))
    depth: dict[int, int] = {}
    for leg in reversed(every):
        depth |= leg.depth
    works = list(dict.fromkeys(work for leg in every for work in leg.walk.transformations.tolist()))
    ids = sorted(depth, key=lambda lot: (depth[lot], lot)) if len(every) > 1 else list(depth)
    unknown = sum(len(leg.walk.unknown) for leg in every)
    return TraceView(
        lot=state.id, number=state.number, site=state.site, direction=direction,
        sentence=_sentence(state, found.direction, len(ids) - unknown, len(works), why), complete=not why, gaps=why,
        found_lots=max(0, len(ids) - 1), found_works=len(works),
        lots=_lots(c, ids[:limit], depth, shared(found) if shares else {}), works=_works(c, works[:limit]),
        links=_links(c, ids[:limit], works[:limit], as_of, known_at), position=graph.position, as_of=as_of,
        known_at=known_at, way=_way(c, found, to) if to else (),
    )  # fmt: skip


def _gaps(c: Connection, adjacency: Adjacency, leg: Leg, own: str, known_at: int | None) -> list[GapView]:
    """Judge a part of a walk; what is missing at another site is told with that site."""
    why = list(gaps(c, leg.walk, leg.site, adjacency.tolerances.get(leg.site, {})))
    if known_at is not None and transfers(c, leg.walk.transformations.tolist()):
        why.append(GapView(gap="other_site", count=1, text="what other sites knew then is not told with this site's record"))
    if leg.site == own:
        return why
    return [replace(gap, text=f"{leg.site}: {gap.text}") for gap in why]


def _way(c: Connection, found: Walk, to: Lot) -> tuple[Stage, ...]:
    """Return a shortest way from the lot asked about to another one; nothing where the walk does not meet that."""
    path = Paths(found).to(_row_id(c, to))
    if path is None:
        return ()
    numbers = {r.id: r.number for r in c.execute(select(lot.c.id, lot.c.number).where(lot.c.id.in_(path.lots)))}
    works = select(transformation.c.id, transformation.c.key).where(transformation.c.id.in_(path.transformations))
    keys = {0: "", **{r.id: r.key for r in c.execute(works)}}
    return tuple(Stage(lot=numbers[i], work=keys[w]) for i, w in zip(path.lots, (0, *path.transformations), strict=True))


def _row_id(c: Connection, state: Lot) -> int:
    return int(c.execute(select(lot.c.id).where(lot.c.uuid == state.id)).scalar_one())


def _sentence(state: Lot, direction: Direction, lots: int, works: int, gaps: Sequence[GapView]) -> str:
    made = "was made from" if direction is Direction.BACK else "went into"
    said = f"{state.number} {made} {counted(max(0, lots - 1), 'lot')} by way of {counted(works, 'transformation')}"
    return f"{said}: {'complete' if not gaps else 'INCOMPLETE'}"


def _lots(c: Connection, ids: Sequence[int], depth: Mapping[int, int], parts: Mapping[int, Share]) -> tuple[LotNode, ...]:
    states: dict[int, Lot] = {}
    for some in chunks(ids):
        for row in c.execute(select(lot.c.id, lot.c.state).where(lot.c.id.in_(some))):
            states[row.id] = decode(row.state, Lot)
    return tuple(_lot(states[i], depth[i], parts.get(i)) for i in ids if i in states)


def _lot(state: Lot, depth: int, part: Share | None) -> LotNode:
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
        inspections=tuple(state.inspections), share=part, vessel=state.vessel,
    )  # fmt: skip


def _works(c: Connection, ids: Iterable[int]) -> tuple[WorkNode, ...]:
    query = select(transformation).order_by(transformation.c.first_at)
    told = process.of_works(c, ids)
    found = (r for some in chunks(ids) for r in c.execute(query.where(transformation.c.id.in_(some))))
    return tuple(_work(r, told.get(r.key, ())) for r in found)


def _work(r: Any, told: tuple[process.SummaryView, ...]) -> WorkNode:
    return WorkNode(id=r.uuid, key=r.key, kind=r.kind, order=r.work_order, operation=r.operation, machine=r.machine,
                    recipe=r.recipe, first_at=r.first_at, process=told)  # fmt: skip


def _links(
    c: Connection, lots: Sequence[int], works: Sequence[int], as_of: datetime | None, known_at: int | None
) -> tuple[LinkView, ...]:
    """Return the edges between what is shown, of the past that was asked about."""
    query = (
        select(lot.c.uuid.label("lot"), transformation.c.uuid.label("work"), edge)
        .join(lot, lot.c.id == edge.c.lot_id)
        .join(transformation, transformation.c.id == edge.c.transformation_id)
        .where(edge.c.lot_id.in_(lots))
        .order_by(edge.c.position)
    )
    if as_of is not None:
        query = query.where(edge.c.occurred_at <= as_of)
    if known_at is not None:
        query = query.where(edge.c.position <= known_at)
    return tuple(_link(r) for some in chunks(works) for r in c.execute(query.where(edge.c.transformation_id.in_(some))))


def _link(r: Any) -> LinkView:
    side = "output" if r.side else "input"
    evidence = ("scanned", "measured", "backflushed", "inferred")[r.evidence]
    return LinkView(lot=r.lot, work=r.work, side=side, quantity=r.quantity, unit=r.unit, evidence=evidence,
                    occurred_at=r.occurred_at)  # fmt: skip
