"""Scope: from what a recall starts with to every lot that it reaches, where each of them is, and whether that is all."""

from collections.abc import Container, Iterable, Mapping
from datetime import datetime
from decimal import Decimal

from sqlalchemy import Connection, select

from tracemill.answers.adjacency import Adjacency
from tracemill.answers.crossing import onward
from tracemill.answers.roots import Roots, roots
from tracemill.answers.trace import BUDGET
from tracemill.answers.trace_gaps import gaps
from tracemill.answers.trace_view import GapView
from tracemill.core.genealogy.walk import Walk, walk
from tracemill.core.recall import standing, tidy
from tracemill.core.usable import on_hand
from tracemill.model.lot import Lot
from tracemill.model.policy import Policy, Tolerance
from tracemill.model.recall import Recall, Standing
from tracemill.model.record import Record, replaced
from tracemill.model.reference import Contact
from tracemill.model.status import ShipmentState, Side
from tracemill.store import recalls
from tracemill.store.genealogy import SIDES, once_in
from tracemill.store.genealogy_tables import edge
from tracemill.store.lots import states
from tracemill.store.rows import chunks
from tracemill.store.tables import lot

ZERO = Decimal(0)
TOLD = (ShipmentState.STAGED, ShipmentState.LOADING, ShipmentState.SHIPPED, ShipmentState.DELIVERED)
IN, OUT = SIDES[Side.INPUT], SIDES[Side.OUTPUT]


class Reach(Record, frozen=True):
    """The lots that a recall reaches, as row ids by site, the positions it was read at, and every gap."""

    roots: tuple[int, ...]
    lots: dict[str, tuple[int, ...]]
    depth: dict[int, int]
    positions: dict[str, int]
    gaps: tuple[GapView, ...]
    doubts: tuple[GapView, ...] = ()  # taken in although nothing says that it is affected

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
    contacts: tuple[Contact, ...] = ()


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


def row_ids(c: Connection, lots: Iterable[int]) -> dict[str, int]:
    """Return the inside ids of lots by their ids."""
    found = (r for some in chunks(lots) for r in c.execute(select(lot.c.uuid, lot.c.id).where(lot.c.id.in_(some))))
    return {str(r.uuid): int(r.id) for r in found}


def reach(c: Connection, adjacency: Adjacency, start: Roots, left_out: Container[int] = ()) -> Reach:
    """Walk forward from the roots of every site, except from those that are left out, which stay in the list.

    A root of which the genealogy has never heard is in its own scope. What a component was once built into and taken out of again
    is a root, too: the component may have harmed it while it was in there.
    """
    found = _walked(c, adjacency, start, left_out)
    while new := _once_harmed(c, found, left_out):
        start = replaced(start, lots={**start.lots, **new})
        found = _walked(c, adjacency, start, left_out)
    return found


def _once_harmed(c: Connection, found: Reach, left_out: Container[int]) -> dict[int, str]:
    counted = [i for i in found.every if i not in left_out]
    return {i: site for i, site in once_in(c, counted).items() if i not in found.depth}


def _walked(c: Connection, adjacency: Adjacency, start: Roots, left_out: Container[int]) -> Reach:
    lots: dict[str, tuple[int, ...]] = {}
    depth: dict[int, int] = {}
    positions: dict[str, int] = {}
    why: list[GapView] = [*start.gaps]
    every = onward(c, adjacency, {i: at for i, at in start.lots.items() if i not in left_out})  # it goes on at other sites
    for site in sorted({*every.values(), *start.lots.values()}):
        graph, here = adjacency.graph(c, site), [i for i, at in start.lots.items() if at == site]
        found = walk(graph, [i for i, at in every.items() if at == site], budget=BUDGET)
        lots[site] = tuple(dict.fromkeys([*found.lots.tolist(), *found.unknown.tolist(), *here]))
        depth |= dict.fromkeys(lots[site], 0) | dict(zip(found.lots.tolist(), found.depth.tolist(), strict=True))
        positions[site] = graph.position
        why += _at(site, c, found, adjacency.tolerances.get(site, {}))
    return Reach(roots=tuple(start.lots), lots=lots, depth=depth, positions=positions, gaps=tuple(why), doubts=start.doubts)


def current(c: Connection, adjacency: Adjacency, known: Recall) -> Reach:
    """Return what a recall reaches now, without what was left out of it."""
    start = roots(c, known.origin, recalls.roots(c, known.id))
    return reach(c, adjacency, start, recalls.excluded(c, known.id))


def _at(site: str, c: Connection, found: Walk, tolerances: Mapping[str, Tolerance]) -> list[GapView]:
    why = gaps(c, found, site, tolerances)
    return [GapView(gap=g.gap, count=g.count, text=f"{site}: {g.text}", examples=g.examples) for g in why]


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
        Delivered(shipment=k, customer=x.customer, customer_name=x.customer_name, place=x.place,
                  quantity=tidy(x.away or x.quantity), unit=state.unit, state=x.state, at=x.at, contacts=x.contacts)
        for k, x in state.shipments.items() if x.state in TOLD or x.away
    )  # fmt: skip
    return ScopeLot(
        id=state.id, site=state.site, number=state.number, item=state.item, item_text=state.item_text, unit=state.unit,
        supplier_batch=state.supplier_batch, place=_place(state), depth=depth, root=root, in_process=tidy(waiting),
        standing=stands,
        shipments=tuple(sent), excluded_by=excluded[0], excluded_because=excluded[1],
    )  # fmt: skip


def _place(state: Lot) -> str:
    """Name where a lot is, and who has how much of it, where that is not the plant: a recall must reach them, too."""
    held = {party: q for claim in state.claims.values() for party, q in claim.held_by.items()}
    return ", ".join(filter(None, [state.place, *(f"{state.quantity(q)} at {party}" for party, q in held.items())]))


def _in_process(c: Connection, ids: Iterable[int]) -> dict[int, Decimal]:
    """Sum what went into transformations of which nothing has come out yet."""
    out = edge.alias()
    came_out = select(out.c.lot_id).where(out.c.transformation_id == edge.c.transformation_id, out.c.side == OUT)
    went_in = edge.c.lot_id.in_(list(ids)), edge.c.side == IN
    sums: dict[int, Decimal] = {}
    for r in c.execute(select(edge.c.lot_id, edge.c.quantity).where(*went_in, ~came_out.exists())):
        sums[r.lot_id] = sums.get(r.lot_id, ZERO) + Decimal(r.quantity)
    return sums
