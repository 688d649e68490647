"""The genealogy graph follows positions: told in pieces it is the graph that is told at once."""

from __future__ import annotations

from itertools import pairwise
from unittest.mock import patch

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from tests.core import histories
from tests.core.naive_genealogy import Naive, Row, columns
from tracemill.core.genealogy import graph as genealogy
from tracemill.core.genealogy.completeness import completeness
from tracemill.core.genealogy.graph import Graph
from tracemill.core.genealogy.rows import LotMark, Marks, Rows, TransformationMark
from tracemill.core.genealogy.state import CONSUMES, PRODUCED, PRODUCES
from tracemill.core.genealogy.walk import Direction, walk

scales = st.sampled_from((1, histories.SPARSE))
SEEN = PRODUCED | CONSUMES | PRODUCES | 0x0F


def told(graph: Graph) -> dict[str, object]:
    """Everything that can be asked of a graph, by ids."""
    lots, transformations = graph.lots.all(), graph.transformations.all()
    rows = graph.rows()
    order = np.argsort(rows.position)
    answers = {}
    for lot in lots.tolist():
        for direction in Direction:
            found = walk(graph, [lot], direction)
            verdict = completeness(found)
            edges = graph.rows(found.edges)
            answers[lot, direction] = (
                dict(zip(found.lots.tolist(), found.depth.tolist(), strict=True)),
                sorted(found.transformations.tolist()),
                sorted(edges.position.tolist()),
                {finding.gap: finding.count for finding in verdict.findings},
            )
    return {
        "rows": [column[order].tolist() for column in rows.columns() if column is not rows.quantity],
        "quantities": np.nan_to_num(rows.quantity[order], nan=-99.0).tolist(),
        "lots": dict(zip(lots.tolist(), (graph.lot_flags & SEEN).tolist(), strict=True)),
        "transformations": dict(zip(transformations.tolist(), (graph.transformation_flags & SEEN).tolist(), strict=True)),
        "balance": dict(zip(transformations.tolist(), np.nan_to_num(graph.balance, nan=-99.0).round(9).tolist(), strict=True)),
        "position": graph.position,
        "count": len(graph),
        "answers": answers,
    }


@given(
    history=histories.rows(), cuts=st.lists(st.integers(0, 40), max_size=4), scale=scales, least=st.sampled_from((0, 6, 10_000))
)
def test_a_graph_that_followed_rows_answers_like_one_built_of_them(
    history: list[Row], cuts: list[int], scale: int, least: int
) -> None:
    history = [Row(r.lot * scale, r.transformation * scale, *astuple_after_ids(r)) for r in history]
    marks = Marks.of([1 * scale, 3 * scale], LotMark.RECEIVED), Marks.of([2 * scale], TransformationMark.CLOSED)
    rows = columns(history)
    edges = [0, *sorted(min(cut, len(history)) for cut in cuts), len(history)]
    with patch.object(genealogy, "LEAST_RECENT", least):
        graph = Graph.of(rows.take(np.arange(edges[1])))
        for first, last in pairwise(edges[1:]):
            graph = graph.extended(rows.take(np.arange(first, last)), *marks)
        graph = graph.extended(Rows.none(), *marks)
    whole = Graph.of(rows, *marks)
    assert told(graph) == told(whole)
    assert told(graph.compacted()) == told(whole)


def astuple_after_ids(row: Row) -> tuple[bool, float, int, int, int, bool]:
    return row.output, row.quantity, row.evidence, row.occurred_at, row.position, row.reverses


@given(history=histories.rows())
def test_nodes_note_what_their_edges_say(history: list[Row]) -> None:
    graph, naive = Graph.of(columns(history)), Naive(history)
    for lot, flags in zip(graph.lots.all().tolist(), graph.lot_flags.tolist(), strict=True):
        assert bool(flags & PRODUCED) == bool(naive.of_lot(lot, output=True))
    for one, flags in zip(graph.transformations.all().tolist(), graph.transformation_flags.tolist(), strict=True):
        assert bool(flags & CONSUMES) == bool(naive.of_transformation(one, output=False))
        assert bool(flags & PRODUCES) == bool(naive.of_transformation(one, output=True))


def test_rows_at_positions_that_are_known_are_refused() -> None:
    graph = Graph.of(columns([Row(1, 1, False, 5.0, 0, 0, 7)]))
    with pytest.raises(ValueError, match="after position 7"):
        graph.extended(columns([Row(2, 1, False, 5.0, 0, 0, 7)]))


def test_a_graph_is_not_changed_by_what_follows_it() -> None:
    graph = Graph.of(columns([Row(1, 1, False, 5.0, 0, 0, 1), Row(2, 1, True, 5.0, 0, 0, 2)]))
    before = told(graph)
    later = graph.extended(columns([Row(1, 1, False, -5.0, 0, 0, 3, True)]), Marks.of([1], LotMark.BEFORE_CUTOVER))
    assert told(graph) == before
    assert walk(later, [1]).lots.tolist() == [1]


@pytest.mark.parametrize(
    ("changed", "message"),
    [
        ({"evidence": [9]}, "evidence 9"),
        ({"quantity": [-1.0], "reverses": [False]}, "reverses"),
        ({"position": [1, 2]}, "lengths"),
    ],
)
def test_rows_that_contradict_themselves_are_refused(changed: dict[str, list[object]], message: str) -> None:
    row = {"lot": [1], "transformation": [1], "output": [True], "quantity": [1.0], "evidence": [0], "occurred_at": [0]}
    with pytest.raises(ValueError, match=message):
        Rows.of(**{**row, "position": [1], **changed})  # type: ignore[arg-type]
