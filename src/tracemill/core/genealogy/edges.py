"""Edges: what the rows of the record add up to, as known at a position and as of a time.

An edge (lot, transformation, in or out) exists while its rows add up to more than nothing; where one of them has no quantity,
while more rows add than take back.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Protocol

import numpy as np

from tracemill.core.genealogy.links import CONTESTED, HIDDEN, REVERSES, Links, Side, Way, edge_heads, spread
from tracemill.core.genealogy.rows import Amounts, Bytes, Index, Mask, Nodes

ROUNDING = 1e-9  # of all that was moved over an edge: less is nothing
ALL_EVIDENCE = 0b1111


class Record(Protocol):
    """Whoever says in which tables the rows of nodes lie."""

    def reach(self, way: Way, from_lots: bool, nodes: Index) -> Iterator[tuple[Side, Links, Index]]: ...


@dataclass(frozen=True, slots=True)
class Horizon:
    """What counts: rows that occurred up to `as_of` (microseconds) and that were known up to the position `known_at`."""

    as_of: int | None = None
    known_at: int | None = None

    @property
    def open(self) -> bool:
        return self.as_of is None and self.known_at is None

    def valid(self, side: Side, slots: Index) -> Mask:
        """Say which rows count. A row whose time nobody knows occurred before everything."""
        found = np.ones(len(slots), np.bool_)
        if self.as_of is not None:
            found &= side.occurred_at[slots] <= self.as_of
        if self.known_at is not None:
            found &= side.position[slots] <= self.known_at
        return found


NOW = Horizon()


@dataclass(frozen=True, slots=True)
class Edges:
    """Edges that exist, each of length n: owner (its place in the nodes that were asked for), neighbour, quantity (net; NaN)."""

    owner: Index
    neighbour: Nodes
    quantity: Amounts


def edges(record: Record, way: Way, from_lots: bool, nodes: Index, horizon: Horizon = NOW) -> Edges:
    """Return the edges of nodes that exist."""
    found = []
    for side, links, asked in record.reach(way, from_lots, nodes):
        first, counts = links.counted(asked)
        places = spread(first, counts)
        if not len(places):
            continue
        owners = np.arange(len(nodes)) if asked is nodes else np.searchsorted(nodes, asked)
        found.append(_existing(side, links, places, np.repeat(owners, counts), horizon))
    if len(found) == 1:
        return found[0]
    none = Edges(np.zeros(0, np.intp), np.zeros(0, np.int32), np.zeros(0))
    parts = [none, *found]
    owner = np.concatenate([part.owner for part in parts])
    return Edges(owner, np.concatenate([p.neighbour for p in parts]), np.concatenate([p.quantity for p in parts]))


def _existing(side: Side, links: Links, places: Index, owner: Index, horizon: Horizon) -> Edges:
    slots, flags = links.slots(places), links.flags[places]
    valid = (flags < HIDDEN) & horizon.valid(side, slots)
    quantity, neighbour = side.quantity[slots], links.neighbour[places]
    doubtful = np.flatnonzero((flags & CONTESTED) != 0)
    if len(doubtful):
        heads = np.flatnonzero(edge_heads(owner[doubtful], neighbour[doubtful]))
        exists, net = netted(heads, quantity[doubtful], flags[doubtful], valid[doubtful])
        valid[doubtful] = False
        valid[doubtful[heads]] = exists
        quantity[doubtful[heads]] = net
    return Edges(owner[valid], neighbour[valid], quantity[valid])


def netted(heads: Index, quantity: Amounts, flags: Bytes, valid: Mask) -> tuple[Mask, Amounts]:
    """Add up rows to edges that begin at `heads`; return which edges exist and their net quantity (NaN: unknown)."""
    missing = np.isnan(quantity)
    amounts = np.where(valid & ~missing, quantity, 0.0)
    net = np.add.reduceat(amounts, heads)
    moved = np.add.reduceat(np.abs(amounts), heads)
    signs = np.where((flags & REVERSES) != 0, -1, 1) * valid
    unknown = np.logical_or.reduceat(valid & missing, heads)
    exists = np.where(unknown, np.add.reduceat(signs, heads) > 0, net > ROUNDING * moved)
    return exists, np.where(unknown, np.nan, net)
