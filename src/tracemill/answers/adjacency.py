"""Adjacency: the genealogy of each site in memory, which follows the record by position."""

import threading
from collections.abc import Mapping, Sequence
from typing import Any

from sqlalchemy import BigInteger, Connection, func, select, type_coerce

from tracemill.core.genealogy.graph import Graph
from tracemill.core.genealogy.rows import LotMark, Marks, Rows, TransformationMark
from tracemill.model.policy import Tolerance
from tracemill.store.genealogy_tables import edge
from tracemill.store.tables import change, lot, site_position

_EDGES = select(
    edge.c.lot_id,
    edge.c.transformation_id,
    edge.c.side,
    edge.c.amount,
    edge.c.evidence,
    type_coerce(edge.c.occurred_at, BigInteger),  # as it is stored: microseconds
    edge.c.position,
)
AT_ONCE = 20_000

_MIXED = select(edge.c.transformation_id).group_by(edge.c.transformation_id).having(func.count(edge.c.unit.distinct()) > 1)


class Adjacency:
    """One graph for each site. Graphs never change: whoever walks one is not disturbed by another who follows.

    `tolerances`: by site and item, how far what comes out of a transformation may be from what went in.
    """

    def __init__(self, tolerances: Mapping[str, Mapping[str, Tolerance]] | None = None) -> None:
        self.tolerances = tolerances or {}
        self._graphs: dict[str, Graph] = {}
        self._lock = threading.Lock()

    def graph(self, c: Connection, site: str) -> Graph:
        """Return the genealogy of a site as of the connection's snapshot."""
        head = c.execute(select(site_position.c.position).where(site_position.c.site == site)).scalar() or 0
        with self._lock:
            known = self._graphs.get(site)
            if known is None:
                known = self._graphs[site] = _built(c, site, head)
            elif known.position < head:
                known = self._graphs[site] = _followed(c, site, known, head)
            return known


def _built(c: Connection, site: str, head: int) -> Graph:
    received = c.execute(select(lot.c.id).where(lot.c.site == site, lot.c.received.is_(True))).scalars().all()
    mixed = c.execute(_MIXED.where(edge.c.site == site)).scalars().all()
    marks = Marks.of(received, LotMark.RECEIVED), Marks.of(mixed, TransformationMark.INCOMPARABLE)
    return Graph.of(_rows(c, site, -1, head), *marks, position=head)


def _followed(c: Connection, site: str, graph: Graph, head: int) -> Graph:
    described = select(change.c.lot_id).where(
        change.c.site == site, change.c.position > graph.position, change.c.position <= head, change.c.kind == "LotDescribed"
    )
    received = c.execute(select(lot.c.id).where(lot.c.id.in_(described), lot.c.received.is_(True))).scalars().all()
    new = select(edge.c.transformation_id).where(edge.c.site == site, edge.c.position > graph.position, edge.c.position <= head)
    mixed = c.execute(_MIXED.where(edge.c.transformation_id.in_(new))).scalars().all()
    marks = Marks.of(received, LotMark.RECEIVED), Marks.of(mixed, TransformationMark.INCOMPARABLE)
    return graph.extended(_rows(c, site, graph.position, head), *marks)


def _rows(c: Connection, site: str, after: int, head: int) -> Rows:
    """Read the edges of some positions, in the order in which the hub learned them."""
    query = _EDGES.where(edge.c.site == site, edge.c.position > after, edge.c.position <= head)
    ordered = query.order_by(edge.c.position, edge.c.ordinal).execution_options(yield_per=AT_ONCE)
    parts = [_part(some) for some in c.execute(ordered).partitions()]
    return Rows.joined(parts) if parts else Rows.none()


def _part(found: Sequence[Any]) -> Rows:
    lots, works, sides, amounts, evidence, times, positions = zip(*found, strict=True)
    return Rows.of(lots, works, [side == 1 for side in sides], amounts, evidence, times, positions)
