"""Completeness: whether what a walk found is all there is to find, and if not, every reason why.

It costs little on top of a walk: what the edges of each node say is noted in the graph. Only a walk as of a time, or as known
at a position, weighs the nodes that it met anew.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from enum import StrEnum

import numpy as np
from numpy.typing import ArrayLike

from tracemill.core.genealogy.rows import Amounts, Bytes, Evidence, Ids, Index, LotMark, Mask, TransformationMark
from tracemill.core.genealogy.state import CONSUMES, PRODUCED, PRODUCES, origins, states
from tracemill.core.genealogy.walk import Direction, Walk

EXAMPLES = 5
CLOSED, INCOMPARABLE = int(TransformationMark.CLOSED), int(TransformationMark.INCOMPARABLE)  # arrays are slow with enums
RECEIVED, BEFORE_CUTOVER = int(LotMark.RECEIVED), int(LotMark.BEFORE_CUTOVER)
TOLERANCE = 0.02  # of the larger of input and output


class Gap(StrEnum):
    """Why a trace may be incomplete."""

    MISSING_CONSUMPTION = "missing_consumption"  # a transformation has outputs and no inputs
    MISSING_PRODUCTION = "missing_production"  # a closed transformation has inputs and no outputs
    BACKFLUSHED = "backflushed"  # an edge was computed from a recipe, not observed
    INFERRED = "inferred"  # an edge was guessed
    MASS_BALANCE = "mass_balance"  # more came out than went in, or, once closed, less
    UNKNOWN_ORIGIN = "unknown_origin"  # a lot was neither produced nor received
    UNKNOWN_LOT = "unknown_lot"  # nobody ever told of a lot that was asked for
    BEFORE_CUTOVER = "before_cutover"  # a lot is older than the hub
    EVIDENCE_LEFT_OUT = "evidence_left_out"  # edges with evidence that was not asked for
    SILENT_SYSTEM = "silent_system"
    LAGGING_SYSTEM = "lagging_system"
    BUDGET_REACHED = "budget_reached"


@dataclass(frozen=True, slots=True)
class Finding:
    """One reason: how often, and the first few lots or transformations (ids; for an edge one of each, in pairs)."""

    gap: Gap
    count: int
    lots: tuple[int, ...] = ()
    transformations: tuple[int, ...] = ()


@dataclass(frozen=True, slots=True)
class Completeness:
    """The verdict: complete, or every reason why not."""

    findings: tuple[Finding, ...]

    @property
    def complete(self) -> bool:
        return not self.findings


def completeness(
    walk: Walk,
    *,
    tolerance: float | ArrayLike = TOLERANCE,
    suspects: ArrayLike = (),
    explained: ArrayLike = (),
    silent: bool = False,
    lagging: bool = False,
) -> Completeness:
    """Judge a walk. `tolerance`: one for all, or float64[m] for `walk.transformations`, as a part of max(in, out).

    `suspects`: ids of further transformations that might belong here, because they should have used such material: they count
    where they lack inputs or outputs. `explained`: ids of transformations whose other side is told elsewhere.
    `silent`, `lagging`: a system that has something to say here has not said it yet.
    """
    weighed = np.asarray(tolerance, np.float64), np.asarray(explained, np.int64)
    found = [*_of_transformations(walk, *weighed), *_of_suspects(walk, suspects)]
    found += [*_of_edges(walk), *_of_lots(walk)]
    said = (
        (Gap.EVIDENCE_LEFT_OUT, walk.left_out),
        (Gap.SILENT_SYSTEM, int(silent)),
        (Gap.LAGGING_SYSTEM, int(lagging)),
        (Gap.BUDGET_REACHED, int(walk.stopped)),
    )
    found += [Finding(gap, count) for gap, count in said if count]
    return Completeness(_merged(found))


def out_of_balance(walk: Walk, tolerance: float) -> Ids:
    """Return the ids of the transformations of a walk whose balance is off by more than a tolerance, either way."""
    _, balance = _states(walk, walk.numbers)
    found: Ids = walk.transformations[np.abs(balance) > tolerance]
    return found


def _of_transformations(walk: Walk, tolerance: Amounts, explained: Ids) -> Iterator[Finding]:
    flags, balance = _states(walk, walk.numbers)
    whole = np.isin(walk.transformations, explained) if len(explained) else np.zeros(len(flags), np.bool_)
    yield from _one_sided(flags[~whole], walk.transformations[~whole])
    closed = (flags & CLOSED) != 0
    beyond = (balance < -tolerance) | (closed & (balance > tolerance))
    beyond &= (flags & INCOMPARABLE) == 0
    yield from _transformations(Gap.MASS_BALANCE, beyond, walk.transformations)


def _of_suspects(walk: Walk, suspects: ArrayLike) -> Iterator[Finding]:
    """A suspect of which nothing is told at all lacks its inputs."""
    asked = np.asarray(suspects, np.int64)
    if not len(asked):
        return
    asked = np.setdiff1d(asked, walk.transformations)
    numbers, known = walk.graph.transformations.numbers(asked)
    flags, _ = _states(walk, numbers[known])
    silent = np.concatenate((asked[~known], asked[known][(flags & (CONSUMES | PRODUCES)) == 0]))
    yield from _transformations(Gap.MISSING_CONSUMPTION, np.ones(len(silent), np.bool_), silent)
    yield from _one_sided(flags, asked[known])


def _one_sided(flags: Bytes, ids: Ids) -> Iterator[Finding]:
    sides = flags & (CONSUMES | PRODUCES)
    yield from _transformations(Gap.MISSING_CONSUMPTION, sides == PRODUCES, ids)
    lacking = (flags & (CONSUMES | PRODUCES | CLOSED)) == CONSUMES | CLOSED
    yield from _transformations(Gap.MISSING_PRODUCTION, lacking, ids)


def _of_edges(walk: Walk) -> Iterator[Finding]:
    weak = walk.weak_edges
    if not len(weak):
        return
    rows = walk.graph.rows(weak)
    rows = rows.take(np.lexsort((rows.output, rows.lot, rows.transformation, rows.evidence)))
    several = np.zeros(len(rows), np.bool_)  # one edge may have been told in several rows
    several[1:] = np.all([column[1:] == column[:-1] for column in (rows.evidence, rows.transformation, rows.lot, rows.output)], 0)
    for gap, code in ((Gap.BACKFLUSHED, Evidence.BACKFLUSHED), (Gap.INFERRED, Evidence.INFERRED)):
        chosen = np.flatnonzero((rows.evidence == code) & ~several)
        if len(chosen):
            some = rows.take(chosen[:EXAMPLES])
            yield Finding(gap, len(chosen), tuple(some.lot.tolist()), tuple(some.transformation.tolist()))


def _of_lots(walk: Walk) -> Iterator[Finding]:
    flags = walk.graph.lot_flags[walk.lot_numbers]
    old = (flags & BEFORE_CUTOVER) != 0
    if walk.direction is Direction.BACK:  # forward, every lot but the starts has an origin, and theirs does not matter
        explained = PRODUCED if walk.horizon.open else 0
        lost = (flags & (explained | RECEIVED | BEFORE_CUTOVER)) == 0
        if not walk.horizon.open:
            lost[lost] = _without_origin(walk, walk.lot_numbers[lost])
        yield from _lots(Gap.UNKNOWN_ORIGIN, lost, walk.lots)
    yield from _lots(Gap.BEFORE_CUTOVER, old, walk.lots)
    yield from _lots(Gap.UNKNOWN_LOT, np.ones(len(walk.unknown), np.bool_), walk.unknown)


def _without_origin(walk: Walk, lots: Index) -> Mask:
    order = np.argsort(lots)
    found = np.empty(len(lots), np.bool_)
    found[order] = origins(walk.graph, lots[order], walk.horizon) == 0
    return found


def _states(walk: Walk, numbers: Index) -> tuple[Bytes, Amounts]:
    graph = walk.graph
    if walk.horizon.open:
        return graph.transformation_flags[numbers], graph.balance[numbers]
    order = np.argsort(numbers)
    flags, balance = np.empty(len(numbers), np.uint8), np.empty(len(numbers))
    flags[order], balance[order] = states(graph, numbers[order], walk.horizon)
    marks = np.uint8(CLOSED | INCOMPARABLE)
    return flags | (graph.transformation_flags[numbers] & marks), balance


def _transformations(gap: Gap, where: Mask, ids: Ids) -> Iterator[Finding]:
    if count := int(np.count_nonzero(where)):
        yield Finding(gap, count, transformations=tuple(ids[np.flatnonzero(where)[:EXAMPLES]].tolist()))


def _lots(gap: Gap, where: Mask, ids: Ids) -> Iterator[Finding]:
    if count := int(np.count_nonzero(where)):
        yield Finding(gap, count, lots=tuple(ids[np.flatnonzero(where)[:EXAMPLES]].tolist()))


def _merged(found: list[Finding]) -> tuple[Finding, ...]:
    """Put findings of one kind together, in the order of the kinds."""
    merged = []
    for gap in Gap:
        same = [finding for finding in found if finding.gap is gap]
        if same:
            lots = tuple(lot for finding in same for lot in finding.lots)
            transformations = tuple(one for finding in same for one in finding.transformations)
            merged.append(Finding(gap, sum(finding.count for finding in same), lots[:EXAMPLES], transformations[:EXAMPLES]))
    return tuple(merged)
