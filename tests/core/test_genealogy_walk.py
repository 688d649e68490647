"""Walks find what a simple search finds, with every filter, and say when they stopped early."""

from __future__ import annotations

from unittest.mock import patch

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from tests.core import histories
from tests.core.naive_genealogy import Naive, Row, columns
from tracemill.core.genealogy import seen as genealogy_seen
from tracemill.core.genealogy.graph import Graph
from tracemill.core.genealogy.path import Paths
from tracemill.core.genealogy.rows import UNKNOWN_TIME, Evidence
from tracemill.core.genealogy.walk import Direction, walk

directions = st.sampled_from(list(Direction))
horizons = st.one_of(st.none(), st.integers(0, 9)), st.one_of(st.none(), st.integers(0, 40))
masks = st.one_of(st.none(), st.sets(st.sampled_from(list(Evidence))))


def grown(history: list[Row], cut: int) -> Graph:
    """A graph some of whose rows are recent."""
    rows, cut = columns(history), min(cut, len(history))
    return Graph.of(rows.take(np.arange(cut))).extended(rows.take(np.arange(cut, len(rows))))


@pytest.mark.parametrize("few", [1024, 0], ids=["as few", "as many"])
@given(
    history=histories.rows(),
    cut=st.integers(0, 40),
    starts=st.sets(st.integers(1, histories.LOTS + 1), min_size=1, max_size=2),
    direction=directions,
    as_of=horizons[0],
    known_at=horizons[1],
    evidence=masks,
    strict=st.booleans(),
)
def test_a_walk_finds_what_a_simple_search_finds(
    few: int,
    history: list[Row],
    cut: int,
    starts: set[int],
    direction: Direction,
    as_of: int | None,
    known_at: int | None,
    evidence: set[Evidence] | None,
    strict: bool,
) -> None:
    graph = grown(history, cut)
    with patch.object(genealogy_seen, "FEW", few):
        found = walk(graph, list(starts), direction, as_of=as_of, known_at=known_at, evidence=evidence, strict_time=strict)
    naive = Naive(history, as_of, known_at)
    known = starts & {row.lot for row in history}
    accepted = set(Evidence) if evidence is None else evidence
    depth, transformations, used = naive.walk(known, direction is Direction.FORWARD, accepted, strict)
    assert dict(zip(found.lots.tolist(), found.depth.tolist(), strict=True)) == depth
    assert sorted(found.transformations.tolist()) == sorted(transformations)
    rows = graph.rows(found.edges)
    assert set(zip(rows.lot.tolist(), rows.transformation.tolist(), rows.output.tolist(), strict=True)) == used
    assert set(found.unknown.tolist()) == starts - known
    assert not found.stopped


@given(history=histories.rows(), cut=st.integers(0, 40), direction=directions, strict=st.booleans())
def test_every_lot_has_a_shortest_path_along_edges_that_exist(
    history: list[Row], cut: int, direction: Direction, strict: bool
) -> None:
    found = walk(grown(history, cut), [1], direction, strict_time=strict)
    paths, naive = Paths(found), Naive(history)
    made = direction is Direction.FORWARD
    for lot, depth in zip(found.lots.tolist(), found.depth.tolist(), strict=True):
        path = paths.to(lot)
        assert path is not None
        assert (path.lots[0], path.lots[-1], len(path.transformations)) == (1, lot, depth)
        for before, transformation, after in zip(path.lots, path.transformations, path.lots[1:], strict=False):
            assert (before, transformation, not made) in naive.net
            assert (after, transformation, made) in naive.net
    assert paths.to(99) is None


@given(history=histories.rows(), cut=st.integers(0, 40), direction=directions, budget=st.integers(0, 8), strict=st.booleans())
def test_a_budget_cuts_the_end_off_and_says_so(
    history: list[Row], cut: int, direction: Direction, budget: int, strict: bool
) -> None:
    graph = grown(history, cut)
    whole = walk(graph, [1], direction, strict_time=strict)
    found = walk(graph, [1], direction, budget=budget, strict_time=strict)
    order = np.lexsort((whole.lots, whole.depth))
    assert sorted(found.lots.tolist()) == sorted(whole.lots[order][:budget].tolist())
    assert found.stopped == (len(whole.lots) > budget)
    assert set(graph.rows(found.edges).lot.tolist()) <= set(found.lots.tolist())


@given(history=histories.rows(), cut=st.integers(0, 40), direction=directions, evidence=st.sets(st.sampled_from(list(Evidence))))
def test_edges_that_only_their_evidence_keeps_out_are_counted(
    history: list[Row], cut: int, direction: Direction, evidence: set[Evidence]
) -> None:
    found = walk(grown(history, cut), [1], direction, evidence=evidence)
    naive, made = Naive(history), direction is Direction.FORWARD
    met = [edge for lot in found.lots.tolist() for edge in naive.of_lot(lot, output=not made)]
    met += [edge for one in found.transformations.tolist() for edge in naive.of_transformation(one, output=made)]
    assert found.left_out == sum(not naive.passing(edge, evidence, lambda _: True) for edge in met)


def test_an_output_from_before_an_input_cannot_contain_it_unless_a_time_is_unknown() -> None:
    def reached(consumed: int, strict: bool) -> list[int]:
        rows = [Row(1, 1, False, 5.0, 0, consumed, 1), Row(2, 1, True, 5.0, 0, 10, 2), Row(3, 1, True, 5.0, 0, 20, 3)]
        return walk(Graph.of(columns(rows)), [1], strict_time=strict).lots.tolist()

    assert reached(15, strict=False) == [1, 2, 3]
    assert reached(15, strict=True) == [1, 3]
    assert reached(UNKNOWN_TIME, strict=True) == [1, 2, 3]
    assert reached(10, strict=True) == [1, 2, 3]


def test_a_heel_carries_a_lot_into_what_was_mixed_later() -> None:
    """A vessel is a chain of contents: what is charged joins what is left, and makes the next content."""
    rows = [
        Row(11, 1, False, 40.0, 0, 1, 1), Row(50, 1, True, 40.0, 0, 1, 2),  # B-0902 is charged: content 50
        Row(50, 2, False, 40.0, 0, 2, 3), Row(12, 2, False, 260.0, 0, 2, 4), Row(51, 2, True, 300.0, 0, 2, 5),  # with the heel
        Row(51, 3, False, 180.0, 0, 3, 6), Row(71, 3, True, 180.0, 0, 3, 7),
    ]  # fmt: skip
    graph = Graph.of(columns(rows))
    assert walk(graph, [11]).lots.tolist() == [11, 50, 51, 71]
    assert walk(graph, [71], Direction.BACK).lots.tolist() == [71, 51, 12, 50, 11]


def test_a_budget_that_ends_within_a_level_takes_back_the_edges_to_what_it_left_out() -> None:
    rows = [Row(1, 1, False, 9.0, 0, 0, 1), *(Row(lot, 1, True, 3.0, 0, 0, lot) for lot in (2, 3, 4))]
    graph = Graph.of(columns(rows))
    found = walk(graph, [1], budget=2)
    assert (found.lots.tolist(), found.stopped) == ([1, 2], True)
    assert graph.rows(found.edges).lot.tolist() == [1, 2]


def test_what_was_taken_back_in_parts_is_gone_although_floats_leave_a_rest() -> None:
    parts = [0.1, 0.2, -0.3]
    graph = Graph.of(columns([Row(1, 1, False, part, 0, 0, n, part < 0) for n, part in enumerate(parts)]))
    assert sum(parts) > 0
    assert walk(graph, [1]).transformations.tolist() == []
