"""Flow: the order in which values run along the edges of a walk, each node after all that flows into it, cycles cut open."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np

from tracemill.core.genealogy.links import spread
from tracemill.core.genealogy.rows import Amounts, Index, distinct


@dataclass(frozen=True, slots=True)
class Flow:
    """Edges source -> target, each int64[n], in the order in which they are used: those of a target adjacent, the targets of a
    step together. `order`: where each edge stood before. heads: the first edge of each target; steps: the first head of each
    step, and their end. cyclic: some target is used before all that flows into it is known.
    """

    source: Index
    target: Index
    order: Index
    heads: Index
    steps: Index
    cyclic: bool

    def sweep(
        self, values: Amounts, along: Callable[[Amounts, slice], Amounts], into: Callable[[Index, Amounts], Amounts]
    ) -> None:
        """Run once over all edges, writing to `values` (float64[nodes]).

        `along` turns the values at the sources of some edges into what they bring, `into` the sums at some targets into values.
        """
        ends = np.append(self.heads, len(self.source))
        for first, last in zip(self.steps[:-1].tolist(), self.steps[1:].tolist(), strict=True):
            part = slice(int(ends[first]), int(ends[last]))
            brought = along(values[self.source[part]], part)
            targets = self.target[self.heads[first:last]]
            values[targets] = into(targets, np.add.reduceat(brought, self.heads[first:last] - part.start))


def flow(source: Index, target: Index, nodes: int, openers: int) -> Flow:
    """Order edges. Nodes 0..openers - 1 may be used too early, the lowest first, where all that is left hangs on a cycle."""
    rank, cyclic = _ranks(source, target, nodes, openers)
    order = np.lexsort((target, rank[target]))
    source, target = source[order], target[order]
    heads = np.flatnonzero(np.append(True, target[1:] != target[:-1])[: len(target)])
    ranks = rank[target[heads]]
    steps = np.flatnonzero(np.append(True, ranks[1:] != ranks[:-1])[: len(ranks)])
    return Flow(source, target, order, heads, np.append(steps, len(heads)), cyclic)


def _ranks(source: Index, target: Index, nodes: int, openers: int) -> tuple[Index, bool]:
    """Return the step at which each node is ready: after all that flow into it."""
    waiting = np.bincount(target, minlength=nodes)
    by_source = np.argsort(source, kind="stable")
    first = np.searchsorted(source[by_source], np.arange(nodes + 1))
    rank = np.full(nodes, -1, np.intp)
    ready = np.flatnonzero(waiting == 0)
    step, opened = 0, 0
    cyclic = False
    left = nodes
    while left:
        if not len(ready):
            while rank[opened] >= 0:
                opened += 1
            ready, cyclic = np.array([opened], np.intp), True
        rank[ready] = step
        step, left = step + 1, left - len(ready)
        reached = target[by_source[spread(first[ready], first[ready + 1] - first[ready])]]
        np.subtract.at(waiting, reached, 1)
        ready = distinct(reached[(waiting[reached] == 0) & (rank[reached] < 0)])
    assert opened < max(openers, 1)
    return rank, cyclic
