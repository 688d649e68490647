"""Scope: from what a recall starts with to every lot that it reaches, where each of them is, and whether that is all."""

from collections.abc import Iterable, Mapping
from datetime import datetime
from decimal import Decimal

from sqlalchemy import Connection, select

from tracemill.answers.adjacency import Adjacency
from tracemill.answers.trace import BUDGET
from tracemill.answers.trace_gaps import gaps
from tracemill.answers.trace_view import GapView
from tracemill.core.genealogy.walk import Walk, walk
from tracemill.core.recall import standing, tidy
from tracemill.core.usable import on_hand
from tracemill.model.lot import Lot
from tracemill.model.policy import Policy
from tracemill.model.recall import Origin, Standing
from tracemill.model.record import Record
from tracemill.model.status import OriginKind, ShipmentState
from tracemill.store.genealogy import once_in
from tracemill.store.genealogy_tables import edge, transformation
from tracemill.store.lots import states
from tracemill.store.rows import chunks
from tracemill.store.tables import lot

ZERO = Decimal(0)
IN, OUT = 0, 1  # sides of a transformation, as they are stored


class Reach(Record, frozen=True):
    """The lots that a recall reaches, as row ids by site, the positions it was read at, and every gap."""

    roots: tuple[int, ...]
    lots: dict[str, tuple[int, ...]]
    depth: dict[int, int]
    positions: dict[str, int]
    gaps: tuple[GapView, ...]

    @property
    def every(self) -> tuple[int, ...]:
        return tuple(i for ids in self.lots.values() for i in ids)


class Delivered(Record, frozen=True):
    """A quantity of a lot that is on its way to, or with, a customer."""

    shipment: str
    customer: str
    customer_name: str
    place: str
    quantity: Decimal
    unit: str
    state: ShipmentState
    at: datetime


class ScopeLot(Record, frozen=True):
    """One lot of a scope and how it stands."""

    id: str
    site: str
    number: str
    item: str
    item_text: str
    supplier_batch: str
    place: str
    unit: str
    depth: int
    root: bool
    in_process: Decimal
    standing: Standing
    shipments: tuple[Delivered, ...]
    excluded_by: str = ""
    excluded_because: str = ""


def roots(c: Connection, origin: Origin) -> dict[int, str]:
    """Return the lots that a recall starts from, with their sites."""
    match origin.kind:
        case OriginKind.LOT:
            query = select(lot.c.id, lot.c.site).where(lot.c.uuid == origin.lot)
        case OriginKind.SUPPLIER_BATCH:
            query = select(lot.c.id, lot.c.site).where(lot.c.supplier_batch == origin.batch)
        case OriginKind.MACHINE:
            came_out = edge.c.transformation_id == transformation.c.id, edge.c.side == OUT, edge.c.lot_id == lot.c.id
            within = edge.c.occurred_at >= origin.since, edge.c.occurred_at <= origin.until
            query = select(lot.c.id, lot.c.site).distinct().where(*came_out, transformation.c.machine == origin.machine, *within)
    if origin.site:
        query = query.where(lot.c.site == origin.site)
    found = {int(r.id): str(r.site) for r in c.execute(query)}
    if origin.kind is OriginKind.SUPPLIER_BATCH and origin.maker:
        found = {i: found[i] for some in chunks(found) for i, state in states(c, some).items() if _made_by(state, origin.maker)}
    return found


def row_ids(c: Connection, lots: Iterable[int]) -> dict[str, int]:
    """Return the inside ids of lots by their ids."""
    found = (r for some in chunks(lots) for r in c.execute(select(lot.c.uuid, lot.c.id).where(lot.c.id.in_(some))))
    return {str(r.uuid): int(r.id) for r in found}


def _made_by(state: Lot, maker: str) -> bool:
    """Say whether a lot may be of a maker: one of whom nothing was told may be."""
    names = {state.manufacturer, state.supplier.id if state.supplier else "", state.supplier.name if state.supplier else ""} - {
        ""
    }
    return not names or maker in names


def reach(c: Connection, adjacency: Adjacency, starts: Mapping[int, str]) -> Reach:
    """Walk forward from the roots of every site; a root of which the genealogy has never heard is in its own scope.

    What a component was once built into and taken out of again is a root, too: it may have harmed that while it was in there.
    """
    found = _walked(c, adjacency, starts)
    while new := {i: site for i, site in once_in(c, found.every).items() if i not in found.depth}:
        starts = {**starts, **new}
        found = _walked(c, adjacency, starts)
    return found


def _walked(c: Connection, adjacency: Adjacency, starts: Mapping[int, str]) -> Reach:
    lots: dict[str, tuple[int, ...]] = {}
    depth: dict[int, int] = {}
    positions: dict[str, int] = {}
    why: list[GapView] = []
    for site in sorted(set(starts.values())):
        graph = adjacency.graph(c, site)
        found = walk(graph, [i for i, at in starts.items() if at == site], budget=BUDGET)
        lots[site] = tuple(dict.fromkeys([*found.lots.tolist(), *found.unknown.tolist()]))
        depth |= dict.fromkeys(lots[site], 0) | dict(zip(found.lots.tolist(), found.depth.tolist(), strict=True))
        positions[site] = graph.position
        why += _at(site, c, found)
    return Reach(roots=tuple(starts), lots=lots, depth=depth, positions=positions, gaps=tuple(why))


def _at(site: str, c: Connection, found: Walk) -> list[GapView]:
    return [GapView(gap=g.gap, count=g.count, text=f"{site}: {g.text}", examples=g.examples) for g in gaps(c, found, site)]


def described(
    c: Connection, found: Reach, policies: Mapping[str, Policy], asked: datetime | None, excluded: Mapping[int, tuple[str, str]]
) -> tuple[ScopeLot, ...]:
    """Tell each lot of a scope: nearest to the origin first."""
    started, told = set(found.roots), []
    for some in chunks(sorted(found.every, key=lambda i: (found.depth[i], i))):
        known, waiting = states(c, some), _in_process(c, some)
        told += [
            _lot(known[i], found.depth[i], i in started, waiting.get(i, ZERO), standing(known[i], policies[known[i].site], asked),
                 excluded.get(i, ("", "")))
            for i in some if i in known and not _emptied(known[i])
        ]  # fmt: skip
    return tuple(told)


def _emptied(state: Lot) -> bool:
    """Say whether a lot is what a vessel held before: all of it is in lots that the scope names."""
    return bool(state.vessel) and on_hand(state) == ZERO


def _lot(state: Lot, depth: int, root: bool, waiting: Decimal, stands: Standing, excluded: tuple[str, str]) -> ScopeLot:
    sent = (
        Delivered(shipment=k, customer=x.customer, customer_name=x.customer_name, place=x.place, quantity=tidy(x.quantity),
                  unit=state.unit, state=x.state, at=x.at)
        for k, x in state.shipments.items() if x.state in (ShipmentState.STAGED, ShipmentState.SHIPPED)
    )  # fmt: skip
    return ScopeLot(
        id=state.id, site=state.site, number=state.number, item=state.item, item_text=state.item_text, unit=state.unit,
        supplier_batch=state.supplier_batch, place=state.place, depth=depth, root=root, in_process=tidy(waiting), standing=stands,
        shipments=tuple(sent), excluded_by=excluded[0], excluded_because=excluded[1],
    )  # fmt: skip


def _in_process(c: Connection, ids: Iterable[int]) -> dict[int, Decimal]:
    """Sum what went into transformations of which nothing has come out yet."""
    out = edge.alias()
    came_out = select(out.c.lot_id).where(out.c.transformation_id == edge.c.transformation_id, out.c.side == OUT)
    went_in = edge.c.lot_id.in_(list(ids)), edge.c.side == IN
    sums: dict[int, Decimal] = {}
    for r in c.execute(select(edge.c.lot_id, edge.c.quantity).where(*went_in, ~came_out.exists())):
        sums[r.lot_id] = sums.get(r.lot_id, ZERO) + Decimal(r.quantity)
    return sums
