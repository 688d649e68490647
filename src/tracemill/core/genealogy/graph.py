"""The genealogy graph: lots and transformations with all that is told of them, followed from position to position.

The record is bipartite, lot -> transformation -> lot. A graph never changes: `extended` returns another one that shares the
large tables, so one thread may follow new positions while others walk. Recent rows lie in a small table of their own; an edge
that they touch moves there with all its rows, so that every edge is told in one place.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, replace
from typing import Any

import numpy as np
from numpy.typing import NDArray

from tracemill.core.genealogy.links import HIDDEN, REVERSES, Columns, Links, Side, Way, side
from tracemill.core.genealogy.names import Names, numbered
from tracemill.core.genealogy.rows import Amounts, Bytes, Index, Marks, Mask, Rows, distinct
from tracemill.core.genealogy.state import CONSUMES, PRODUCED, PRODUCES, origins, states

TOUCHED = 0x80  # recent rows tell of this node
GIVEN = 0x0F  # the marks of callers
LEAST_RECENT = 8192
RECENT_PART = 64  # recent rows are merged when they are more than this part of the others

Sides = tuple[Side, Side]


@dataclass(frozen=True, slots=True)
class Graph:
    """The genealogy up to a position.

    Inside it nodes are numbers: those of `lots` and of `transformations` (int64 ids by number). lot_flags and
    transformation_flags are uint8[nodes]; balance float64[transformations]: (in - out) / max(in, out), NaN where one is unknown.
    """

    lots: Names
    transformations: Names
    old: Sides
    recent: Sides | None
    lot_flags: Bytes
    transformation_flags: Bytes
    balance: Amounts
    position: int

    @classmethod
    def of(
        cls, rows: Rows, lots: Marks | None = None, transformations: Marks | None = None, position: int | None = None
    ) -> Graph:
        """Build the graph of all rows. `position`: where the hub stands, if further than the rows."""
        lots, transformations = lots or Marks.of(), transformations or Marks.of()
        lot_names, lot_numbers = numbered(rows.lot, lots.ids)
        names, numbers = numbered(rows.transformation, transformations.ids)
        shape = (len(lot_names), len(names))
        made = rows.output
        columns = Columns(lot_numbers, numbers, _row_flags(rows), rows.quantity, rows.occurred_at, rows.position)
        came_in = side(columns.take(np.flatnonzero(~made)), 0, shape)
        graph = cls(
            lot_names,
            names,
            (came_in, side(columns.take(np.flatnonzero(made)), len(came_in), shape)),
            None,
            np.zeros(len(lot_names), np.uint8),
            np.zeros(len(names), np.uint8),
            np.full(len(names), np.nan),
            _latest(rows, -1 if position is None else position),
        )
        graph._mark(lots, transformations)
        graph._judge(np.arange(len(lot_names)), np.arange(len(names)))
        return graph

    def extended(self, rows: Rows, lots: Marks | None = None, transformations: Marks | None = None) -> Graph:
        """Return the graph with newer rows and marks. Raises ValueError for rows at positions that are already in it."""
        if len(rows) and int(rows.position.min()) <= self.position:
            raise ValueError(f"rows at position {rows.position.min()} come after position {self.position}")
        lots, transformations = lots or Marks.of(), transformations or Marks.of()
        lot_names = self.lots.joined(rows.lot, lots.ids)
        names = self.transformations.joined(rows.transformation, transformations.ids)
        lot_numbers, numbers = lot_names.known(rows.lot), names.known(rows.transformation)
        columns = Columns(
            lot_numbers.astype(np.int32),
            numbers.astype(np.int32),
            _row_flags(rows),
            rows.quantity,
            rows.occurred_at,
            rows.position,
        )
        old, recent = self._moved(columns, rows.output)
        graph = replace(
            self,
            lots=lot_names,
            transformations=names,
            old=old,
            recent=recent,
            lot_flags=_longer(self.lot_flags, len(lot_names), np.uint8(0)),
            transformation_flags=_longer(self.transformation_flags, len(names), np.uint8(0)),
            balance=_longer(self.balance, len(names), np.float64(np.nan)),
            position=_latest(rows, self.position),
        )
        graph.lot_flags[lot_numbers] |= np.uint8(TOUCHED)
        graph.transformation_flags[numbers] |= np.uint8(TOUCHED)
        graph._mark(lots, transformations)
        marked = names.known(transformations.ids)
        graph._judge(distinct(lot_numbers), distinct(np.append(numbers, marked)))
        return graph.compacted() if graph._is_long() else graph

    def compacted(self) -> Graph:
        """Return the same graph with its recent rows merged into the large tables."""
        if self.recent is None and not len(self.lots.later) and not len(self.transformations.later):
            return self
        lots = Marks(self.lots.all(), self.lot_flags & np.uint8(GIVEN))
        transformations = Marks(self.transformations.all(), self.transformation_flags & np.uint8(GIVEN))
        return Graph.of(self.rows(), lots, transformations, self.position)

    def rows(self, numbers: Index | None = None) -> Rows:
        """Return rows of the record by their numbers within this graph (as `Walk.edges` has them), or all of them."""
        found = []
        for way in Way:
            for part in self.parts(way):
                if numbers is None:
                    slots = np.flatnonzero(part.by_transformation.flags < HIDDEN)
                else:
                    here = numbers - part.offset
                    slots = here[(here >= 0) & (here < len(part))]
                found.append(self._named(part.columns(slots), way))
        return Rows.joined(found)

    def parts(self, way: Way) -> tuple[Side, ...]:
        """The tables of one way: the large one, and that of the recent rows."""
        return (self.old[way],) if self.recent is None else (self.old[way], self.recent[way])

    def reach(self, way: Way, from_lots: bool, nodes: Index) -> Iterator[tuple[Side, Links, Index]]:
        """Say in which tables to look for the rows of nodes, and for which of them."""
        names, flags = (self.lots, self.lot_flags) if from_lots else (self.transformations, self.transformation_flags)
        yield self.old[way], self.old[way].links(from_lots), nodes[nodes < len(names.first)] if len(names.later) else nodes
        if self.recent is None:
            return
        touched = nodes[(flags[nodes] & TOUCHED) != 0]
        if len(touched) and len(self.recent[way]):
            yield self.recent[way], self.recent[way].links(from_lots), touched

    @property
    def nbytes(self) -> int:
        """Bytes in all tables."""
        held = [*self.lots.arrays(), *self.transformations.arrays(), self.lot_flags, self.transformation_flags, self.balance]
        for way in Way:
            for part in self.parts(way):
                held += part.arrays()
        return sum(array.nbytes for array in held)

    def __len__(self) -> int:
        """How many rows it holds."""
        hidden = sum(int(np.count_nonzero(part.by_lot.flags >= HIDDEN)) for part in self.old) if self.recent else 0
        return sum(len(part) for way in Way for part in self.parts(way)) - hidden

    def _moved(self, columns: Columns, made: Mask) -> tuple[Sides, Sides | None]:
        """Return both tables after new rows: an edge that they touch is hidden in the large one and told in the recent one."""
        old, recent = list(self.old), []
        offset = len(self.old[Way.IN]) + len(self.old[Way.OUT])
        for way in Way:
            fresh = columns.take(np.flatnonzero(made if way is Way.OUT else ~made))
            old[way], taken = _hidden(self.old[way], fresh, (len(self.lots.first), len(self.transformations.first)))
            before = [] if self.recent is None else [_all(self.recent[way])]
            told = Columns(*(np.concatenate(column) for column in zip(*before, taken, fresh, strict=True)))
            recent.append(side(told, offset, None))
            offset += len(told.lot)
        return (old[0], old[1]), (recent[0], recent[1]) if len(recent[0]) + len(recent[1]) else None

    def _mark(self, lots: Marks, transformations: Marks) -> None:
        for names, flags, marks in (
            (self.lots, self.lot_flags, lots),
            (self.transformations, self.transformation_flags, transformations),
        ):
            at = names.known(marks.ids)
            flags[at] = (flags[at] & ~np.uint8(GIVEN)) | (marks.marks & np.uint8(GIVEN))

    def _judge(self, lots: Index, transformations: Index) -> None:
        """Note what their edges say of these nodes. Only a graph that nobody has seen yet may be written to."""
        self.lot_flags[lots] = (self.lot_flags[lots] & ~np.uint8(PRODUCED)) | origins(self, lots)
        flags, balance = states(self, transformations)
        kept = self.transformation_flags[transformations] & ~np.uint8(CONSUMES | PRODUCES)
        self.transformation_flags[transformations] = kept | flags
        self.balance[transformations] = balance

    def _is_long(self) -> bool:
        if self.recent is None:
            return False
        return sum(map(len, self.recent)) > max(LEAST_RECENT, sum(map(len, self.old)) // RECENT_PART)

    def _named(self, columns: Columns, way: Way) -> Rows:
        reverses = (columns.flags & REVERSES) != 0
        return Rows(
            self.lots.ids(columns.lot),
            self.transformations.ids(columns.transformation),
            np.full(len(columns.lot), way is Way.OUT),
            columns.quantity,
            columns.flags & np.uint8(3),
            columns.occurred_at,
            columns.position,
            reverses,
        )


def _row_flags(rows: Rows) -> Bytes:
    return rows.evidence | (rows.reverses.astype(np.uint8) * np.uint8(REVERSES))


def _latest(rows: Rows, position: int) -> int:
    return max(position, int(rows.position.max())) if len(rows) else position


def _longer(values: NDArray[Any], size: int, filling: Any) -> NDArray[Any]:
    found = np.full(size, filling, values.dtype)
    found[: len(values)] = values
    return found


def _all(part: Side) -> Columns:
    return part.columns(np.arange(len(part)))


def _hidden(part: Side, fresh: Columns, shape: tuple[int, int]) -> tuple[Side, Columns]:
    """Hide the edges of fresh rows in a large table; return it with the rows that are newly hidden."""
    known = np.flatnonzero((fresh.lot < shape[0]) & (fresh.transformation < shape[1]))
    lot, transformation = fresh.lot[known], fresh.transformation[known]
    slots = distinct(part.by_transformation.edges(transformation.astype(np.intp), lot))
    slots = slots[part.by_transformation.flags[slots] < HIDDEN]
    taken = part.columns(slots)
    if not len(slots):
        return part, taken
    places = part.by_lot.edges(lot.astype(np.intp), transformation)
    return replace(part, by_transformation=_with(part.by_transformation, slots), by_lot=_with(part.by_lot, places)), taken


def _with(links: Links, hidden: Index) -> Links:
    flags = links.flags.copy()
    flags[hidden] |= np.uint8(HIDDEN)
    return replace(links, flags=flags)
