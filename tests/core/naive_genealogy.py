"""A genealogy in plain dictionaries: slow, and simple enough to be right. And histories in which real units move."""

from __future__ import annotations

import math
from collections import defaultdict
from collections.abc import Callable, Collection, Iterable
from dataclasses import dataclass, field
from itertools import count

from tracemill.core.genealogy.rows import UNKNOWN_TIME, Rows

Edge = tuple[int, int, bool]  # lot, transformation, output


@dataclass(frozen=True)
class Row:
    lot: int
    transformation: int
    output: bool
    quantity: float
    evidence: int
    occurred_at: int
    position: int
    reverses: bool = False

    @property
    def edge(self) -> Edge:
        return self.lot, self.transformation, self.output


def columns(rows: Collection[Row]) -> Rows:
    """The rows as the engine takes them."""
    names = ("lot", "transformation", "output", "quantity", "evidence", "occurred_at", "position", "reverses")
    return Rows.of(*([getattr(row, name) for row in rows] for name in names))


@dataclass
class Naive:
    """What exists of some rows at a horizon."""

    rows: Iterable[Row]
    as_of: int | None = None
    known_at: int | None = None
    told: dict[Edge, list[Row]] = field(default_factory=lambda: defaultdict(list))

    def __post_init__(self) -> None:
        for row in self.rows:
            late = self.as_of is not None and row.occurred_at > self.as_of
            if not late and (self.known_at is None or row.position <= self.known_at):
                self.told[row.edge].append(row)
        self.net = {edge: amount for edge, rows in self.told.items() if (amount := _net(rows)) is not None}

    def of_lot(self, lot: int, output: bool) -> list[Edge]:
        return [edge for edge in self.net if edge[0] == lot and edge[2] is output]

    def of_transformation(self, transformation: int, output: bool) -> list[Edge]:
        return [edge for edge in self.net if edge[1] == transformation and edge[2] is output]

    def passing(self, edge: Edge, evidence: Collection[int], fits: Callable[[Row], bool]) -> list[Row]:
        return [row for row in self.told[edge] if not row.reverses and row.evidence in evidence and fits(row)]

    def walk(
        self, starts: Iterable[int], forward: bool, evidence: Collection[int] = (0, 1, 2, 3), strict: bool = False
    ) -> tuple[dict[int, int], set[int], set[Edge]]:
        """Return lots with their depth, transformations, edges. With strict time: by pairs of an input row and an output row."""
        depth = dict.fromkeys(starts, 0)
        used: set[Edge] = set()
        transformations: set[int] = set()
        level = sorted(depth)
        for distance in count(1):
            if not level:
                break
            following: set[int] = set()
            for lot in level:
                for first in self.of_lot(lot, output=not forward):
                    entries = self.passing(first, evidence, lambda _: True)
                    if not entries:
                        continue
                    used.add(first)
                    transformations.add(first[1])
                    for second in self.of_transformation(first[1], output=forward):
                        fits = (lambda row, e=entries: any(_in_order(x, row, forward) for x in e)) if strict else (lambda _: True)
                        if self.passing(second, evidence, fits):
                            used.add(second)
                            following.add(second[0])
            level = sorted(following - depth.keys())
            depth.update(dict.fromkeys(level, distance))
        return depth, transformations, used


def _in_order(first: Row, second: Row, forward: bool) -> bool:
    if UNKNOWN_TIME in (first.occurred_at, second.occurred_at):
        return True
    before, after = (first, second) if forward else (second, first)
    return before.occurred_at <= after.occurred_at


def _net(rows: list[Row]) -> float | None:
    """The net quantity of an edge; None where it does not exist."""
    if any(math.isnan(row.quantity) for row in rows):
        return math.nan if sum(-1 if row.reverses else 1 for row in rows) > 0 else None
    net = math.fsum(row.quantity for row in rows)
    return net if net > 1e-9 * math.fsum(abs(row.quantity) for row in rows) else None


class Units:
    """A history in which single units move. after[lot][place]: the units that were there after they had been in that lot."""

    def __init__(self) -> None:
        self.rows: list[Row] = []
        self.there: dict[tuple[str, int], list[int]] = defaultdict(list)
        self.after: dict[int, dict[tuple[str, int], set[int]]] = defaultdict(lambda: defaultdict(set))
        self._lots: dict[int, set[int]] = defaultdict(set)
        self._units = count()

    def receive(self, lot: int, amount: int) -> None:
        self._put(("lot", lot), [next(self._units) for _ in range(amount)])

    def move(self, lot: int, transformation: int, output: bool, amount: int, oldest: bool, told: bool) -> None:
        """Move units from a lot into a transformation, or out of it; `oldest`: which units go; `told`: with their quantity."""
        places = ("lot", lot), ("transformation", transformation)
        source, target = (places[1], places[0]) if output else places
        here = self.there[source]
        amount = min(amount, len(here))
        if not amount:
            return
        units = here[:amount] if oldest else here[-amount:]
        self.there[source] = here[amount:] if oldest else here[:-amount]
        self._put(target, units)
        self._tell(lot, transformation, output, float(amount) if told else math.nan)

    def mistake(self, lot: int, transformation: int, output: bool, amount: int) -> None:
        """Tell of a move that never was, and take it back."""
        self._tell(lot, transformation, output, float(amount))
        self._tell(lot, transformation, output, -float(amount))

    def held(self, lot: int, *starts: int) -> set[int]:
        """The units of some lots that have ever been in a lot."""
        return set().union(*(self.after[start]["lot", lot] for start in starts))

    def _put(self, place: tuple[str, int], units: list[int]) -> None:
        self.there[place] += units
        for unit in units:
            if place[0] == "lot":
                self._lots[unit].add(place[1])
            for lot in self._lots[unit]:
                self.after[lot][place].add(unit)

    def __repr__(self) -> str:
        return f"Units({self.rows})"

    def _tell(self, lot: int, transformation: int, output: bool, quantity: float) -> None:
        position = len(self.rows) + 1
        self.rows.append(Row(lot, transformation, output, quantity, 0, position, position, quantity < 0))
