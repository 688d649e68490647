"""A work order: the lots that it is to use and to make, what it used and made, its inspections, and why it may not run."""

from collections.abc import Iterable
from datetime import datetime

from sqlalchemy import Connection, func, select

from tracemill.answers import lot_parts as parts
from tracemill.answers.page import Sites, at_sites
from tracemill.core.flows.work_order_release import not_to_use
from tracemill.core.usable import allowance, verdict
from tracemill.model.lot import Lot
from tracemill.model.quantity import show
from tracemill.model.record import Record
from tracemill.model.status import Side
from tracemill.store.genealogy import stands
from tracemill.store.genealogy_tables import edge, transformation
from tracemill.store.lots import states
from tracemill.store.order_tables import order_line


class OrderLot(Record, frozen=True):
    """A lot of the order. Amounts are in its base unit; `done` is what was used of it, or made. Empty: nobody told."""

    id: str
    site: str
    number: str
    item: str
    side: str
    verdict: str
    planned: str
    done: str
    usable: str
    unit: str
    closed: bool
    why: str  # why the order may not use it
    block: str  # nothing, or how far the order's block for it is: pending, verified, dead
    inspections: tuple[parts.InspectionView, ...]


class OrderView(Record, frozen=True):
    """A work order as systems told of it."""

    order: str
    item: str
    released_at: datetime | None  # None: nobody told of its release, only of its bookings
    operations: tuple[str, ...]
    blocked: bool
    sentence: str
    lots: tuple[OrderLot, ...]


def view(c: Connection, order: str, sites: Sites) -> OrderView | None:
    """Return a work order; None where nobody told of it."""
    done = _done(c, order, sites)
    planned = at_sites(select(order_line.c.lot_id).where(order_line.c.work_order == order), order_line.c.site, sites)
    found = states(c, {*c.execute(planned).scalars(), *(lot_id for lot_id, _ in done)})
    lots = [(state, side, row_id) for row_id, state in found.items() for side in _sides(state, order, row_id, done)]
    if not lots:
        return None
    shown = tuple(
        sorted((_lot(s, side, order, done.get((i, side), "")) for s, side, i in lots), key=lambda x: (x.side, x.number))
    )
    lines = [state.orders[order] for state, _, _ in lots if order in state.orders]
    return OrderView(
        order=order,
        item=next((line.item for line in lines if line.item), ""),
        released_at=min((line.at for line in lines), default=None),
        operations=tuple(dict.fromkeys(_operation(o) for line in lines for o in line.operations)),
        blocked=any(x.why for x in shown),
        sentence=_sentence(shown),
        lots=shown,
    )


def _operation(o: object) -> str:
    told = [getattr(o, "operation", ""), getattr(o, "machine", "")]
    plan = getattr(o, "plan", "")
    return " ".join(filter(None, told)) + (f", inspected by {plan}" if plan else "")


def _done(c: Connection, order: str, sites: Sites) -> dict[tuple[int, Side], str]:
    """Return how much of each lot went in and came out, what was taken back left out."""
    query = (
        select(edge.c.lot_id, edge.c.side, func.sum(edge.c.amount).label("amount"))
        .join(transformation, transformation.c.id == edge.c.transformation_id)
        .where(transformation.c.work_order == order)
        .group_by(edge.c.lot_id, edge.c.side)
        .having(stands(edge.c.amount))
    )
    rows = c.execute(at_sites(query, transformation.c.site, sites))
    return {(r.lot_id, Side.OUTPUT if r.side else Side.INPUT): f"{r.amount:.12g}" for r in rows}


def _sides(state: Lot, order: str, row_id: int, done: Iterable[tuple[int, Side]]) -> set[Side]:
    planned = {state.orders[order].side} if order in state.orders else set()
    return planned | {side for lot_id, side in done if lot_id == row_id}


def _lot(state: Lot, side: Side, order: str, done: str) -> OrderLot:
    line, block = state.orders.get(order), state.order_blocks.get(order)
    mine = line if line is not None and line.side is side else None
    return OrderLot(
        id=state.id,
        site=state.site,
        number=state.number,
        item=state.item,
        side=side,
        verdict=verdict(state),
        planned=show(mine.planned) if mine and mine.planned is not None else "",
        done=done,
        usable=show(allowance(state).usable),
        unit=state.unit,
        closed=mine.closed if mine else False,
        why=not_to_use(state, mine) if mine and side is Side.INPUT and not mine.closed else "",
        block=block.state if block and block.blocked and side is Side.INPUT else "",
        inspections=parts.inspections(state) if side is Side.OUTPUT else (),
    )


def _sentence(lots: tuple[OrderLot, ...]) -> str:
    if held := [f"{x.number}: {x.why}" for x in lots if x.why]:
        return f"it may not run; {'; '.join(held)}"
    return "no lot that it is to use keeps it from running"
