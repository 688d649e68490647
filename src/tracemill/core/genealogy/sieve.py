"""The sieve of a walk: which rows at a frontier it may go along."""

from __future__ import annotations

from collections.abc import Collection
from typing import NamedTuple

import numpy as np

from tracemill.core.genealogy.edges import Horizon, netted
from tracemill.core.genealogy.graph import Graph
from tracemill.core.genealogy.links import CONTESTED, EVIDENCE, HIDDEN, REVERSES, WEAK, Links, Side, Way, edge_heads, spread
from tracemill.core.genealogy.rows import UNKNOWN_TIME, Bytes, Evidence, Ids, Index, Mask, Nodes, distinct

ALWAYS = int(np.iinfo(np.int64).max)


class Used(NamedTuple):
    """Rows that a walk went along: their places in links of one side, and their flags. sure: all of them were observed."""

    side: Side
    links: Links
    places: Index
    flags: Bytes
    sure: bool


class Sieve:
    """The filters of one walk. `sign`: 0 without strict time, 1 forward, -1 back: back, time runs the other way."""

    def __init__(self, graph: Graph, horizon: Horizon, evidence: Collection[Evidence] | None, sign: int) -> None:
        self._graph, self._horizon, self.sign = graph, horizon, sign
        self._accepted = np.array([evidence is None or code in evidence for code in Evidence])
        self._all_evidence = bool(self._accepted.all())
        self._plain = horizon.open and self._all_evidence and sign == 0
        self._reached = np.full(len(graph.transformations) if sign else 0, ALWAYS)
        self._earlier: list[Index] = []
        self._left_out: list[Index] = []
        self.used: list[Used] = []

    def along(self, way: Way, from_lots: bool, nodes: Index) -> Nodes:
        """Go along the rows of sorted nodes that pass; return where they lead, a node as often as rows lead to it."""
        found: list[Nodes] = []
        for side, links, asked in self._graph.reach(way, from_lots, nodes):
            first, counts = links.counted(asked)
            places = spread(first, counts)
            if not len(places):
                continue
            flags = links.flags[places]
            highest = flags.max()
            used = Used(side, links, places, flags, bool(highest < WEAK))
            if not self._plain or highest >= CONTESTED:
                used = self._sifted(used, np.repeat(asked, counts), from_lots)
            self.used.append(used)
            found.append(links.neighbour[used.places])
        if len(found) == 1:
            return found[0]
        return np.concatenate(found) if found else np.zeros(0, np.int32)

    def earlier(self) -> Index:
        """Return, with strict time, the transformations that took in material earlier than was known before, sorted."""
        found = distinct(np.concatenate([np.zeros(0, np.intp), *self._earlier]))
        self._earlier.clear()
        return found

    def forget(self, since: int, nodes: Index) -> None:
        """Take back that rows were used, of those used since then, which lead to these nodes."""
        for number, used in enumerate(self.used[since:], since):
            kept = np.isin(used.links.neighbour[used.places], nodes, invert=True)
            self.used[number] = used._replace(places=used.places[kept], flags=used.flags[kept])

    @property
    def left_out(self) -> int:
        return len(distinct(np.concatenate(self._left_out))) if self._left_out else 0

    def _sifted(self, used: Used, owner: Index, from_lots: bool) -> Used:
        """Keep the rows of edges that exist and of which one row that adds passes every filter."""
        side, links, places, flags, sure = used
        slots = links.slots(places)
        valid = (flags < HIDDEN) & self._horizon.valid(side, slots)
        adding = valid & ((flags & REVERSES) == 0)
        accepted = adding & self._accepted[flags & EVIDENCE]
        passing = accepted
        if self.sign and not from_lots:
            passing = accepted & (self._times(side, slots, ALWAYS) >= self._reached[owner])
        edges = _Grouped(owner, links.neighbour[places], side, slots, flags, valid)
        if not self._all_evidence:
            self._left_out.append(side.offset + slots[edges.heads(adding, but_not=accepted)])
        kept = edges.whole(passing)
        if self.sign and from_lots:
            self._note(links.neighbour[places], self._times(side, slots, UNKNOWN_TIME), kept & passing)
        return Used(side, links, places[kept], flags[kept], sure)

    def _times(self, side: Side, slots: Index, unknown: int) -> Ids:
        occurred = side.occurred_at[slots]
        return np.where(occurred == UNKNOWN_TIME, unknown, self.sign * occurred)

    def _note(self, transformations: Nodes, times: Ids, where: Mask) -> None:
        at, found = transformations[where], times[where]
        better = found < self._reached[at]
        np.minimum.at(self._reached, at[better], found[better])
        self._earlier.append(at[better].astype(np.intp))


class _Grouped:
    """Rows at a frontier seen as edges: those that say alone whether their edge exists, and those that do so together."""

    def __init__(self, owner: Index, neighbour: Nodes, side: Side, slots: Index, flags: Bytes, valid: Mask) -> None:
        self._valid = valid
        self._together = together = np.flatnonzero((flags & CONTESTED) != 0)
        if len(together):
            self._heads = np.flatnonzero(edge_heads(owner[together], neighbour[together]))
            self._sizes = np.diff(np.append(self._heads, len(together)))
            self._exists, _ = netted(self._heads, side.quantity[slots[together]], flags[together], valid[together])

    def whole(self, passing: Mask) -> Mask:
        """Return the valid rows of edges that exist and of which a row passes."""
        if not len(self._together):
            return passing
        found = passing.copy()
        some = np.logical_or.reduceat(passing[self._together], self._heads)
        found[self._together] = self._valid[self._together] & np.repeat(self._exists & some, self._sizes)
        return found

    def heads(self, adding: Mask, but_not: Mask) -> Index:
        """Return the first row of each edge that exists, to which rows add, but none of the second kind."""
        alone = adding & ~but_not
        if not len(self._together):
            return np.flatnonzero(alone)
        alone[self._together] = False
        some = np.logical_or.reduceat(but_not[self._together], self._heads)
        return np.append(np.flatnonzero(alone), self._together[self._heads[self._exists & ~some]])
