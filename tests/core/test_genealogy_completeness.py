"""A trace says whether it is complete, and if not, every reason why."""

from __future__ import annotations

import math

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from tests.core import histories
from tests.core.naive_genealogy import Naive, Row, columns
from tracemill.core.genealogy.completeness import Gap, completeness
from tracemill.core.genealogy.graph import Graph
from tracemill.core.genealogy.rows import Evidence, LotMark, Marks, TransformationMark
from tracemill.core.genealogy.walk import Direction, Walk, walk

lot_marks = st.dictionaries(histories.lots, st.integers(0, 3))
transformation_marks = st.dictionaries(histories.transformations, st.integers(0, 3))


def marks(given: dict[int, int]) -> Marks:
    return Marks.of(list(given), list(given.values()))


def balance(naive: Naive, one: int) -> float:
    sides = [[naive.net[edge] for edge in naive.of_transformation(one, output=output)] for output in (False, True)]
    if not all(sides):
        return math.nan
    consumed, produced = map(sum, sides)
    return (consumed - produced) / max(consumed, produced)


def naive_counts(
    found: Walk, naive: Naive, lots: dict[int, int], ones: dict[int, int], tolerance: dict[int, float]
) -> dict[Gap, int]:
    """Count the reasons one by one."""
    counts = dict.fromkeys(Gap, 0)
    for one in found.transformations.tolist():
        closed, incomparable = ones.get(one, 0) & TransformationMark.CLOSED, ones.get(one, 0) & TransformationMark.INCOMPARABLE
        inputs, outputs = (naive.of_transformation(one, output=output) for output in (False, True))
        counts[Gap.MISSING_CONSUMPTION] += bool(outputs) and not inputs
        counts[Gap.MISSING_PRODUCTION] += bool(inputs) and not outputs and bool(closed)
        off = balance(naive, one)
        counts[Gap.MASS_BALANCE] += not incomparable and (off < -tolerance[one] or bool(closed and off > tolerance[one]))
    rows = found.graph.rows(found.edges)
    for edge in set(zip(rows.lot.tolist(), rows.transformation.tolist(), rows.output.tolist(), strict=True)):
        kinds = {row.evidence for row in naive.told[edge] if not row.reverses}
        counts[Gap.BACKFLUSHED] += Evidence.BACKFLUSHED in kinds
        counts[Gap.INFERRED] += Evidence.INFERRED in kinds
    for lot in found.lots.tolist():
        lost = not naive.of_lot(lot, output=True) and not lots.get(lot, 0)
        counts[Gap.UNKNOWN_ORIGIN] += lost and found.direction is Direction.BACK
        counts[Gap.BEFORE_CUTOVER] += bool(lots.get(lot, 0) & LotMark.BEFORE_CUTOVER)
    return counts


@given(
    history=histories.rows(),
    cut=st.integers(0, 40),
    lots=lot_marks,
    ones=transformation_marks,
    direction=st.sampled_from(list(Direction)),
    as_of=st.one_of(st.none(), st.integers(0, 9)),
    known_at=st.one_of(st.none(), st.integers(0, 40)),
    tolerance=st.one_of(st.sampled_from([0.0, 0.1, 0.5]), st.just(None)),
)
def test_every_reason_is_counted_as_if_one_by_one(
    history: list[Row],
    cut: int,
    lots: dict[int, int],
    ones: dict[int, int],
    direction: Direction,
    as_of: int | None,
    known_at: int | None,
    tolerance: float | None,
) -> None:
    rows, cut = columns(history), min(cut, len(history))
    graph = Graph.of(rows.take(np.arange(cut)), marks(lots), marks(ones)).extended(
        rows.take(np.arange(cut, len(rows))), marks(lots), marks(ones)
    )
    found = walk(graph, [1], direction, as_of=as_of, known_at=known_at)
    per_one = {one: one / 10 if tolerance is None else tolerance for one in found.transformations.tolist()}
    verdict = completeness(found, tolerance=list(per_one.values()) if tolerance is None else tolerance)
    counts = naive_counts(found, Naive(history, as_of, known_at), lots, ones, per_one)
    counts[Gap.UNKNOWN_LOT] = len(found.unknown)
    assert {finding.gap: finding.count for finding in verdict.findings} == {gap: n for gap, n in counts.items() if n}
    assert verdict.complete == (not any(counts.values()))


def verdicts(rows: list[Row], direction: Direction, **said: object) -> dict[Gap, tuple[int, tuple[int, ...], tuple[int, ...]]]:
    graph = Graph.of(columns(rows), Marks.of([1], LotMark.RECEIVED))
    found = completeness(walk(graph, [1 if direction is Direction.FORWARD else 2], direction), **said)  # type: ignore[arg-type]
    return {f.gap: (f.count, f.lots, f.transformations) for f in found.findings}


SOUND = [Row(1, 1, False, 5.0, 0, 0, 1), Row(2, 1, True, 5.0, 0, 0, 2)]


@pytest.mark.parametrize("direction", list(Direction))
def test_a_sound_trace_is_complete(direction: Direction) -> None:
    assert verdicts(SOUND, direction) == {}


def test_what_the_caller_knows_of_systems_is_a_reason() -> None:
    found = verdicts(SOUND, Direction.FORWARD, silent=True, lagging=True)
    assert found == {Gap.SILENT_SYSTEM: (1, (), ()), Gap.LAGGING_SYSTEM: (1, (), ())}


def test_a_suspect_without_consumption_makes_a_forward_trace_incomplete() -> None:
    """Going forward, who consumed without saying so is not on the way: somebody must name the orders to look at."""
    rows = [*SOUND, Row(3, 2, True, 5.0, 0, 0, 3), *(Row(lot, 3, lot == 5, 5.0, 0, 0, lot) for lot in (4, 5))]
    found = verdicts(rows, Direction.FORWARD, suspects=[1, 2, 3, 77])
    assert found == {Gap.MISSING_CONSUMPTION: (2, (), (77, 2))}


def test_an_edge_that_was_guessed_is_named_by_its_lot_and_transformation() -> None:
    rows = [Row(1, 1, False, 5.0, 3, 0, 1), SOUND[1]]
    assert verdicts(rows, Direction.BACK) == {Gap.INFERRED: (1, (1,), (1,))}


def test_evidence_that_was_not_asked_for_and_a_budget_are_reasons() -> None:
    graph = Graph.of(columns([SOUND[0], SOUND[1], Row(1, 2, False, 1.0, 2, 0, 3)]))
    found = completeness(walk(graph, [1], evidence=[Evidence.SCANNED], budget=1))
    assert {f.gap: f.count for f in found.findings} == {Gap.EVIDENCE_LEFT_OUT: 1, Gap.BUDGET_REACHED: 1}


def test_a_lot_that_nobody_told_of_is_a_reason() -> None:
    found = completeness(walk(Graph.of(columns(SOUND)), [99]))
    assert [(f.gap, f.lots) for f in found.findings] == [(Gap.UNKNOWN_LOT, (99,))]


def test_as_of_a_time_what_came_later_is_missing() -> None:
    rows = [Row(1, 1, False, 5.0, 0, 8, 1), Row(2, 1, True, 5.0, 0, 4, 2)]
    found = completeness(walk(Graph.of(columns(rows)), [2], Direction.BACK, as_of=5))
    assert [(f.gap, f.transformations) for f in found.findings] == [(Gap.MISSING_CONSUMPTION, (1,))]
