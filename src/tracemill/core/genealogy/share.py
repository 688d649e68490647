"""The share of a raw lot in each descendant: how much of it may be there at most, and how much would be in even mixing.

**At most** is a bound, not an estimate. No more of the start can have gone along an edge than the edge's quantity, nor more than
was where it came from; no more can be in a lot or in a transformation than all edges brought, nor more than there was of the
start. Every output of a transformation may hold all that went in: nothing is known of how it was mixed. Over a cycle the
bound starts from everything there was and is lowered in rounds, so it is valid whenever the rounds end, if not always the
lowest possible. An edge without quantity limits nothing, and through a transformation whose units cannot be converted an output
may be made of it wholly. So `at_most` adds up to more than the start over all descendants; each value holds for its lot alone.

**Proportional** takes each transformation, and each lot that several transformations made, as evenly mixed: it is the part of
the lot (0 to 1) that would then stem from the starts. It is NaN where a quantity that it depends on is unknown. Around cycles
it is approached in rounds.

Both know nothing of losses (what evaporates of an input is taken to be like the rest), of stock that a lot had beside what
transformations produced, or of times.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import NamedTuple

import numpy as np
from numpy.typing import ArrayLike

from tracemill.core.genealogy.edges import edges
from tracemill.core.genealogy.flow import Flow, flow
from tracemill.core.genealogy.links import Way
from tracemill.core.genealogy.rows import Amounts, Ids, Index, Mask, TransformationMark
from tracemill.core.genealogy.walk import Direction, Walk

ROUNDS = 64
STEADY = 1e-12


@dataclass(frozen=True, slots=True)
class Shares:
    """For each lot int64[n] of a walk, in its order: at_most float64[n] in base units (inf: no limit is known) and
    proportional float64[n] from 0 to 1 (NaN: unknown). steady: more rounds around cycles would not have changed the latter.
    """

    lots: Ids
    at_most: Amounts
    proportional: Amounts
    steady: bool


def shares(walk: Walk, quantity: ArrayLike = np.nan) -> Shares:
    """Return the shares of a forward walk's starts in all it found.

    `quantity`: how much there was of the starts, one for all or float64[s] in the order of `walk.lots`; NaN takes what was
    consumed of each. The walk must follow all evidence, or the bound does not hold. Raises ValueError for a walk back.
    """
    if walk.direction is not Direction.FORWARD:
        raise ValueError("shares are of a walk forward")
    if walk.left_out or walk.stopped:
        raise ValueError("shares need a whole walk along all evidence: the bound counts what comes by every way")
    web = _web(walk)
    start = np.flatnonzero(walk.depth == 0)
    at_most = _at_most(web, start, _quantities(walk, start, quantity))
    proportional, steady = _proportional(web, start)
    count = len(walk.lots)
    return Shares(walk.lots, at_most[:count], proportional[:count], steady)


@dataclass(frozen=True, slots=True)
class _Web:
    """The edges between the nodes of a walk, lots first, then transformations, in the order of the flow.

    quantity float64[edges]; weight float64[edges]: the part of all that flows into the target (from outside of the walk, too)
    that comes along the edge; incomparable bool[nodes].
    """

    flow: Flow
    quantity: Amounts
    weight: Amounts
    incomparable: Mask


def _web(walk: Walk) -> _Web:
    lots, transformations = walk.lot_numbers, walk.numbers
    consumed = _incoming(walk, Way.IN, transformations, lots, len(walk.graph.lots))
    produced = _incoming(walk, Way.OUT, lots, transformations, len(walk.graph.transformations))
    source = np.concatenate((consumed.source, produced.source + len(lots)))
    target = np.concatenate((consumed.target + len(lots), produced.target))
    found = flow(source, target, len(lots) + len(transformations), len(lots))
    incomparable = np.zeros(len(lots) + len(transformations), np.bool_)
    incomparable[len(lots) :] = (walk.graph.transformation_flags[transformations] & TransformationMark.INCOMPARABLE) != 0
    quantity = np.concatenate((consumed.quantity, produced.quantity))[found.order]
    weight = np.concatenate((consumed.weight, produced.weight))[found.order]
    weight[incomparable[found.target] & (weight != 1.0)] = np.nan
    return _Web(found, quantity, weight, incomparable)


class _Incoming(NamedTuple):
    source: Index  # places in the sources that the walk found
    target: Index  # places in the targets
    quantity: Amounts
    weight: Amounts


def _incoming(walk: Walk, way: Way, targets: Index, sources: Index, count: int) -> _Incoming:
    """Return all edges into targets that come from sources."""
    order = np.argsort(targets)
    found = edges(walk.graph, way, way is Way.OUT, targets[order], walk.horizon)
    whole = np.bincount(found.owner, found.quantity, len(targets))[found.owner]
    alone = np.bincount(found.owner, minlength=len(targets))[found.owner] == 1
    place = np.full(count, -1, np.intp)
    place[sources] = np.arange(len(sources))
    source = place[found.neighbour]
    inside = source >= 0
    weight = np.where(alone, 1.0, found.quantity / whole)  # what comes from one source only needs no quantity
    return _Incoming(source[inside], order[found.owner[inside]], found.quantity[inside], weight[inside])


def _quantities(walk: Walk, start: Index, quantity: ArrayLike) -> Amounts:
    given = np.broadcast_to(np.asarray(quantity, np.float64), start.shape).copy()
    missing = np.isnan(given)
    if missing.any():
        numbers = walk.lot_numbers[start]
        order = np.argsort(numbers)
        found = edges(walk.graph, Way.IN, True, numbers[order], walk.horizon)
        consumed = np.empty(len(start))
        consumed[order] = np.bincount(found.owner, np.where(np.isnan(found.quantity), np.inf, found.quantity), len(start))
        given[missing] = consumed[missing]
    return given


def _at_most(web: _Web, start: Index, quantity: Amounts) -> Amounts:
    nodes = len(web.incomparable)
    cap = np.where(_beyond(web), np.inf, quantity.sum())
    own = np.zeros(nodes)
    own[start] = quantity
    limit = np.where(np.isnan(web.quantity), np.inf, web.quantity)
    values = cap.copy()
    values[start] = np.minimum(cap[start], own[start])
    values[web.flow.target] = cap[web.flow.target]

    def into(targets: Index, sums: Amounts) -> Amounts:
        wholly = np.where(web.incomparable[targets] & (sums > 0), np.inf, sums)
        return np.minimum(cap[targets], own[targets] + wholly)

    for _ in range(ROUNDS if web.flow.cyclic else 1):
        before = values.copy()
        web.flow.sweep(values, lambda at, part: np.minimum(at, limit[part]), into)
        if np.array_equal(before, values):
            break
    return values


def _beyond(web: _Web) -> Mask:
    """Say which nodes are counted in units that cannot be compared with those of the starts."""
    found = web.incomparable.astype(np.float64)
    if not web.incomparable.any():
        return web.incomparable
    before = np.zeros(0)
    while not np.array_equal(before, found):
        before = found.copy()
        web.flow.sweep(found, lambda at, _: at, lambda targets, sums: ((sums > 0) | web.incomparable[targets]).astype(np.float64))
    return found > 0


def _proportional(web: _Web, start: Index) -> tuple[Amounts, bool]:
    values = np.zeros(len(web.incomparable))
    values[start] = 1.0
    fixed = values > 0
    steady = not web.flow.cyclic
    for _ in range(1 if steady else ROUNDS):
        before = values.copy()
        web.flow.sweep(
            values,
            lambda at, part: at * web.weight[part],
            lambda targets, sums: np.where(fixed[targets], 1.0, np.minimum(sums, 1.0)),
        )
        if np.allclose(before, values, rtol=0, atol=STEADY, equal_nan=True):
            return values, True
    return values, steady
