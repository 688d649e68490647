"""The path: one shortest way from the starts of a walk to a lot that it found, to show why the lot is there."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from tracemill.core.genealogy.rows import UNKNOWN_TIME, Rows
from tracemill.core.genealogy.walk import Direction, Walk


@dataclass(frozen=True, slots=True)
class Path:
    """Ids along the way: lots[0] is a start, lots[i] and lots[i + 1] are tied by transformations[i]."""

    lots: tuple[int, ...]
    transformations: tuple[int, ...]


class Paths:
    """Paths of one walk. Making it sorts what the walk went along once; each path then costs a few searches."""

    def __init__(self, walk: Walk) -> None:
        self._forward = walk.direction is Direction.FORWARD
        self._strict = walk.strict_time
        self._depth = dict(zip(walk.lots.tolist(), walk.depth.tolist(), strict=True))
        rows = walk.graph.rows(walk.edges)
        rows = rows.take(~rows.reverses)
        second = rows.output == self._forward
        self._into_lot = _sorted(rows.take(second), by_lot=True)
        self._into_transformation = _sorted(rows.take(~second), by_lot=False)

    def to(self, lot: int) -> Path | None:
        """Return a shortest path to a lot, the one over the lowest ids; None where the walk did not find it."""
        if lot not in self._depth:
            return None
        lots, transformations = [lot], []
        while self._depth[lots[-1]]:
            lot, transformation = self._before(lots[-1])
            lots.append(lot)
            transformations.append(transformation)
        return Path(tuple(reversed(lots)), tuple(reversed(transformations)))

    def _before(self, lot: int) -> tuple[int, int]:
        wanted = self._depth[lot] - 1
        last = _slice(self._into_lot, self._into_lot.lot, lot)
        for i in range(len(last)):
            transformation = int(last.transformation[i])
            first = _slice(self._into_transformation, self._into_transformation.transformation, transformation)
            for j in range(len(first)):
                before = int(first.lot[j])
                if self._depth[before] == wanted and self._fits(int(first.occurred_at[j]), int(last.occurred_at[i])):
                    return before, transformation
        raise ValueError(f"the walk has no edges to lot {lot}")

    def _fits(self, first: int, second: int) -> bool:
        if not self._strict or UNKNOWN_TIME in (first, second):
            return True
        return first <= second if self._forward else second <= first


def _sorted(rows: Rows, by_lot: bool) -> Rows:
    keys = (rows.transformation, rows.lot) if by_lot else (rows.lot, rows.transformation)
    return rows.take(np.lexsort(keys))


def _slice(rows: Rows, column: np.ndarray[tuple[int], np.dtype[np.int64]], value: int) -> Rows:
    return rows.take(np.arange(np.searchsorted(column, value), np.searchsorted(column, value, side="right")))
