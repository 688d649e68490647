"""Links: one direction of the record as a compressed table, from lots to transformations and from transformations to lots."""

from __future__ import annotations

from dataclasses import dataclass
from enum import IntEnum
from typing import Any, NamedTuple

import numpy as np
from numpy.typing import NDArray

from tracemill.core.genealogy.rows import Amounts, Bytes, Ids, Index, Mask, Nodes, narrow

EVIDENCE = 3  # the lowest two bits of a row's flags
WEAK = 2  # of the evidence: backflushed or inferred
REVERSES = 4
CONTESTED = 8  # this row alone does not say whether its edge exists
HIDDEN = 16  # its edge is told by the recent rows, all of it
_LOW = np.int64(0xFFFFFFFF)


class Way(IntEnum):
    """What a row says of a lot: it went in, or it came out."""

    IN = 0
    OUT = 1


class Columns(NamedTuple):
    """Rows of one way with inside numbers instead of ids, each of length n."""

    lot: Nodes
    transformation: Nodes
    flags: Bytes
    quantity: Amounts
    occurred_at: Ids
    position: Ids

    def take(self, index: NDArray[Any]) -> Columns:
        return Columns(*(column[index] for column in self))


@dataclass(frozen=True, slots=True)
class Links:
    """For each node its rows beside each other, those of one edge adjacent.

    starts int32[nodes + 1] into neighbour int32[n] and flags uint8[n]; slot int32[n]: the row's place in the columns of its
    way (None: the same place). keys int32[nodes]: the sorted nodes that have rows (None: all, by number).
    """

    starts: Nodes
    neighbour: Nodes
    flags: Bytes
    slot: Nodes | None
    keys: Nodes | None

    def counted(self, nodes: Index) -> tuple[Index, Index]:
        """Return where the rows of each node start, and how many there are."""
        if self.keys is None:
            first = self.starts[nodes].astype(np.intp)
            return first, self.starts[nodes + 1] - first
        at = np.minimum(np.searchsorted(self.keys, nodes.astype(np.int32)), len(self.keys) - 1)
        first = self.starts[at].astype(np.intp)
        return first, np.where(self.keys[at] == nodes, self.starts[at + 1] - first, 0).astype(np.intp)

    def slots(self, places: Index) -> Index:
        """Return where the rows at these places stand in the columns of their way."""
        return places if self.slot is None else self.slot[places].astype(np.intp)

    def edges(self, nodes: Index, neighbours: Nodes) -> Index:
        """Return the places of all rows of the edges (node, neighbour), which may be none."""
        first, counts = self.counted(nodes)
        low = bisected(self.neighbour, first, first + counts, neighbours)
        high = bisected(self.neighbour, low, first + counts, neighbours + 1)
        return spread(low, high - low)


@dataclass(frozen=True, slots=True)
class Side:
    """All rows of one way: their columns by (transformation, lot), and the links both ways.

    `offset` is the number of its first row among all rows of the graph.
    """

    by_transformation: Links
    by_lot: Links
    quantity: Amounts
    occurred_at: Ids
    position: NDArray[Any]  # int32 where it fits
    offset: int

    def __len__(self) -> int:
        return len(self.quantity)

    def links(self, from_lots: bool) -> Links:
        return self.by_lot if from_lots else self.by_transformation

    def arrays(self) -> list[NDArray[Any]]:
        found = [self.quantity, self.occurred_at, self.position]
        for links in (self.by_transformation, self.by_lot):
            every = (links.starts, links.neighbour, links.flags, links.slot, links.keys)
            found += [array for array in every if array is not None]
        return found

    def transformation(self, slots: Index) -> Nodes:
        """Return the transformations of rows: a row does not repeat it."""
        links = self.by_transformation
        at = np.searchsorted(links.starts, slots.astype(np.int32), side="right") - 1  # of one width, or all starts are widened
        return at.astype(np.int32) if links.keys is None else links.keys[at]

    def columns(self, slots: Index) -> Columns:
        links = self.by_transformation
        lot, flags = links.neighbour[slots], links.flags[slots] & np.uint8(EVIDENCE | REVERSES)
        position = self.position[slots].astype(np.int64)
        return Columns(lot, self.transformation(slots), flags, self.quantity[slots], self.occurred_at[slots], position)


def spread(first: Index, counts: Index) -> Index:
    """Return first[i], first[i] + 1, … counts[i] times, for each i in turn."""
    if len(counts) == 1:
        return np.arange(first[0], first[0] + counts[0], dtype=np.intp)
    ends = np.cumsum(counts)
    total = int(ends[-1]) if len(ends) else 0
    found: Index = np.repeat(first - ends + counts, counts)
    found += np.arange(total, dtype=np.intp)
    return found


def bisected(values: Nodes, low: Index, high: Index, wanted: Nodes) -> Index:
    """Return the first place in [low, high) of each sorted range that holds `wanted` or more."""
    low, high = low.copy(), high.copy()
    while np.any(open_ := low < high):
        middle = (low + high) // 2
        less = open_ & (values[np.where(open_, middle, 0)] < wanted)
        low = np.where(less, middle + 1, low)
        high = np.where(open_ & ~less, middle, high)
    return low


def side(rows: Columns, offset: int, shape: tuple[int, int] | None) -> Side:
    """Sort rows of one way. `shape`: how many lots and transformations there are; None links only those that occur."""
    rows = rows.take(_sorted(rows.transformation, _sorted(rows.lot)))
    heads = edge_heads(rows.transformation, rows.lot)
    several = ~heads
    several[:-1] |= ~heads[1:]
    doubtful = several | ((rows.flags & REVERSES) != 0) | (rows.quantity == 0)
    flags = rows.flags | (doubtful.astype(np.uint8) * np.uint8(CONTESTED))
    slot = _sorted(rows.lot)
    lots, transformations = (None, None) if shape is None else shape
    starts, keys = _starts(rows.transformation, transformations)
    by_transformation = Links(starts, rows.lot, flags, None, keys)
    starts, keys = _starts(rows.lot[slot], lots)
    by_lot = Links(starts, rows.transformation[slot], flags[slot], slot.astype(np.int32), keys)
    return Side(by_transformation, by_lot, rows.quantity, rows.occurred_at, narrow(rows.position), offset)


def edge_heads(owner: NDArray[Any], neighbour: NDArray[Any]) -> Mask:
    """Say which rows begin an edge, where the rows of each edge are adjacent."""
    heads = np.ones(len(owner), np.bool_)
    heads[1:] = (owner[1:] != owner[:-1]) | (neighbour[1:] != neighbour[:-1])
    return heads


def _sorted(key: Nodes, before: Index | None = None) -> Index:
    """Return the stable order by a key, after an earlier order; numbers packed with places sort faster than argsort."""
    packed = (key if before is None else key[before]).astype(np.int64) << np.int64(32)
    packed |= np.arange(len(key), dtype=np.int64)
    packed.sort()
    packed &= _LOW
    return packed if before is None else before[packed]


def _starts(ordered: Nodes, nodes: int | None) -> tuple[Nodes, Nodes | None]:
    keys: Nodes | None = None
    if nodes is None:
        heads = edge_heads(ordered, ordered)
        keys = ordered[heads]
        return np.append(np.flatnonzero(heads), len(ordered)).astype(np.int32), keys
    starts = np.zeros(nodes + 1, np.int32)
    np.cumsum(np.bincount(ordered, minlength=nodes), out=starts[1:])
    return starts, keys
