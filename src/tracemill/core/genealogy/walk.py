"""The walk: from lots to all that was made of them, or back to all they were made from, level by level.

Each lot and each transformation is opened once, so cycles end. With `strict_time` a transformation is opened again when it is
found to have taken in material earlier than was thought: an output that came out before an input went in cannot contain it.
That is judged within one transformation only, row by row, and wherever a time is unknown the material is taken to have gone on.
"""

from __future__ import annotations

from collections.abc import Collection, Iterable, Iterator
from dataclasses import dataclass
from enum import StrEnum
from itertools import count
from typing import Any

import numpy as np
from numpy.typing import ArrayLike, NDArray

from tracemill.core.genealogy.edges import NOW, Horizon
from tracemill.core.genealogy.graph import Graph
from tracemill.core.genealogy.links import REVERSES, WEAK, Way
from tracemill.core.genealogy.rows import Evidence, Ids, Index, Nodes, distinct
from tracemill.core.genealogy.seen import Seen
from tracemill.core.genealogy.sieve import Sieve, Used


class Direction(StrEnum):
    """Which way to walk."""

    FORWARD = "forward"  # to what was made of it
    BACK = "back"  # to what it was made from

    @property
    def first(self) -> Way:
        """How a lot is tied to the transformations that come next."""
        return Way.IN if self is Direction.FORWARD else Way.OUT

    @property
    def second(self) -> Way:
        return Way.OUT if self is Direction.FORWARD else Way.IN


@dataclass(frozen=True, slots=True)
class Walk:
    """What a walk found. Its arrays are read-only by agreement.

    lots int64[n] in the order of depth int32[n], the starts first at 0; transformations int64[m]; lot_numbers and numbers: the
    same as numbers of the graph. unknown int64[k]: starts of which the graph has never heard. stopped: the budget was reached,
    more lots follow. left_out: how many edges only the wanted evidence kept out.
    """

    graph: Graph
    direction: Direction
    horizon: Horizon
    strict_time: bool
    lots: Ids
    depth: Nodes
    transformations: Ids
    lot_numbers: Index
    numbers: Index
    unknown: Ids
    stopped: bool
    left_out: int
    used: tuple[Used, ...]

    @property
    def edges(self) -> Index:
        """The rows it went along, as row numbers for `graph.rows`, sorted."""
        return self._rows(part.side.offset + part.links.slots(part.places) for part in self.used)

    @property
    def weak_edges(self) -> Index:
        """Those of the edges that add and were backflushed or inferred."""
        doubtful = ((part, np.flatnonzero((part.flags & (WEAK | REVERSES)) == WEAK)) for part in self.used if not part.sure)
        return self._rows(part.side.offset + part.links.slots(part.places[chosen]) for part, chosen in doubtful)

    @staticmethod
    def _rows(parts: Iterable[Index]) -> Index:
        found = list(parts)
        return distinct(np.concatenate(found)) if found else np.zeros(0, np.intp)


def walk(
    graph: Graph,
    starts: ArrayLike,
    direction: Direction = Direction.FORWARD,
    *,
    as_of: int | None = None,
    known_at: int | None = None,
    evidence: Collection[Evidence] | None = None,
    strict_time: bool = False,
    budget: int | None = None,
) -> Walk:
    """Walk from lots (ids). `as_of`: rows that occurred until then (microseconds); `known_at`: rows up to that position.

    `evidence`: an edge counts while one of its rows has one of these (None: any). `budget`: at most so many lots, those of a
    level in the order of their ids.
    """
    asked = distinct(np.asarray(starts, np.int64))
    numbers, known = graph.lots.numbers(asked)
    horizon = NOW if as_of is None and known_at is None else Horizon(as_of, known_at)
    sieve = Sieve(graph, horizon, evidence, _sign(direction) if strict_time else 0)
    course = _Course(graph, direction, sieve, budget)
    levels = list(course.levels(np.sort(numbers[known])))
    lots = np.concatenate(levels)
    opened = [np.zeros(0, np.intp), *course.opened]
    met = distinct(np.concatenate(opened)) if strict_time else np.concatenate(opened)
    return Walk(
        graph=graph,
        direction=direction,
        horizon=horizon,
        strict_time=strict_time,
        lots=graph.lots.ids(lots),
        depth=np.repeat(np.arange(len(levels), dtype=np.int32), [len(level) for level in levels]),
        transformations=graph.transformations.ids(met),
        lot_numbers=lots,
        numbers=met,
        unknown=asked[~known],
        stopped=course.stopped,
        left_out=sieve.left_out,
        used=tuple(sieve.used),
    )


def _sign(direction: Direction) -> int:
    return 1 if direction is Direction.FORWARD else -1


class _Course:
    """One walk under way."""

    def __init__(self, graph: Graph, direction: Direction, sieve: Sieve, budget: int | None) -> None:
        self._graph, self._direction, self._sieve = graph, direction, sieve
        self._left = len(graph.lots) if budget is None else max(0, budget)
        self._lots = Seen(len(graph.lots))
        self._transformations = Seen(len(graph.transformations))
        self.opened: list[Index] = []
        self.stopped = False

    def levels(self, starts: Index) -> Iterator[Index]:
        """Yield the lots of each level, sorted by number."""
        lots = self._afforded(self._lots.fresh(starts))
        for depth in count():
            if not len(lots) and depth:
                return
            yield lots
            if self.stopped or not len(lots):
                return
            lots = self._next(lots)

    def _next(self, lots: Index) -> Index:
        neighbours = self._sieve.along(self._direction.first, True, lots)
        transformations = self._transformations.fresh(neighbours) if self._sieve.sign == 0 else self._sieve.earlier()
        if not len(transformations):
            return transformations
        self.opened.append(transformations)
        before = len(self._sieve.used)
        fresh = self._lots.fresh(self._sieve.along(self._direction.second, False, transformations))
        kept = self._afforded(fresh)
        if self.stopped:
            self._sieve.forget(before, _without(fresh, kept))
        return kept

    def _afforded(self, lots: Index) -> Index:
        """Keep as many lots as the budget allows, those with the lowest ids."""
        if len(lots) > self._left:
            self.stopped = True
            lots = np.sort(lots[np.argsort(self._graph.lots.ids(lots), kind="stable")[: self._left]])
        self._left -= len(lots)
        return lots


def _without(every: NDArray[Any], some: NDArray[Any]) -> NDArray[Any]:
    return every[np.isin(every, some, invert=True)]
