"""Shares: the bound holds for units that really moved, and even mixing is what arithmetic says."""

from __future__ import annotations

import math
from functools import cache

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from tests.core import histories
from tests.core.naive_genealogy import Naive, Row, Units, columns
from tracemill.core.genealogy.graph import Graph
from tracemill.core.genealogy.rows import Evidence, Marks, TransformationMark
from tracemill.core.genealogy.share import Shares, shares
from tracemill.core.genealogy.walk import Direction, walk

ALMOST = 1 + 1e-9


def shared(rows: list[Row], starts: list[int], quantity: float | list[float] = math.nan, marks: Marks | None = None) -> Shares:
    return shares(walk(Graph.of(columns(rows), None, marks), starts), quantity)


def by_lot(found: Shares) -> dict[int, float]:
    return dict(zip(found.lots.tolist(), found.at_most.tolist(), strict=True))


@pytest.mark.parametrize("given_quantity", [True, False])
@given(history=histories.units(told=st.sampled_from([True, True, True, False])))
def test_no_lot_has_ever_held_more_of_the_start_than_the_bound(given_quantity: bool, history: Units) -> None:
    there = float(len(history.held(1, 1)))
    bounds = by_lot(shared(history.rows, [1], there if given_quantity else math.nan))
    for lot in range(2, histories.LOTS + 1):
        assert len(history.held(lot, 1)) <= bounds.get(lot, 0.0) * ALMOST


@given(history=histories.units())
def test_the_bound_holds_for_several_starts_together(history: Units) -> None:
    starts = sorted({row.lot for row in history.rows} & {1, 2})
    there = [float(len(history.held(lot, lot))) for lot in starts]
    bounds = by_lot(shared(history.rows, starts, there or math.nan))
    for lot in range(3, histories.LOTS + 1):
        assert len(history.held(lot, *starts)) <= bounds.get(lot, 0.0) * ALMOST


@given(history=histories.units(acyclic=True, told=st.sampled_from([True, True, False])))
def test_without_cycles_the_bound_is_what_the_rule_says(history: Units) -> None:
    naive, total = Naive(history.rows), 5.0

    @cache
    def in_lot(lot: int) -> float:
        if lot == 1:
            return total
        brought = [limited(edge, in_transformation(edge[1])) for edge in naive.of_lot(lot, output=True)]
        return min(total, sum(brought))

    @cache
    def in_transformation(one: int) -> float:
        return min(total, sum(limited(edge, in_lot(edge[0])) for edge in naive.of_transformation(one, output=False)))

    def limited(edge: tuple[int, int, bool], there: float) -> float:
        quantity = naive.net[edge]
        return there if math.isnan(quantity) else min(quantity, there)

    found = shared(history.rows, [1], total)
    assert by_lot(found) == pytest.approx({lot: in_lot(lot) for lot in found.lots.tolist()})
    assert found.steady


@given(history=histories.units())
def test_even_mixing_gives_each_node_the_weighted_mean_of_what_flows_into_it(history: Units) -> None:
    found = shared(history.rows, [1])
    naive = Naive(history.rows)
    share = dict.fromkeys(range(1, histories.LOTS + 1), 0.0)
    share |= zip(found.lots.tolist(), found.proportional.tolist(), strict=True)
    if not found.steady:
        return
    for lot in share.keys() - {1}:
        made = naive.of_lot(lot, output=True)
        mixed = [(naive.net[edge], _mean(naive, edge[1], share)) for edge in made]
        whole = sum(amount for amount, _ in mixed)
        assert share[lot] == pytest.approx(sum(a * s for a, s in mixed) / whole if whole else 0.0, abs=1e-6)


def _mean(naive: Naive, transformation: int, share: dict[int, float]) -> float:
    taken = naive.of_transformation(transformation, output=False)
    whole = sum(naive.net[edge] for edge in taken)
    return sum(naive.net[edge] * share[edge[0]] for edge in taken) / whole if whole else 0.0


def test_a_split_and_a_merge_by_hand() -> None:
    rows = [
        Row(1, 1, False, 30.0, 0, 0, 1), Row(2, 1, False, 10.0, 0, 0, 2),
        Row(3, 1, True, 25.0, 0, 0, 3), Row(4, 1, True, 15.0, 0, 0, 4),
        Row(4, 2, False, 10.0, 0, 0, 5), Row(5, 2, False, 30.0, 0, 0, 6), Row(6, 2, True, 40.0, 0, 0, 7),
    ]  # fmt: skip
    found = shared(rows, [1], 100.0)
    assert by_lot(found) == {1: 100.0, 3: 25.0, 4: 15.0, 6: 10.0}
    assert found.proportional.tolist() == [1.0, 0.75, 0.75, 0.1875]
    assert by_lot(shared(rows, [2]))[3] == 10.0


def test_a_relabelled_lot_is_wholly_the_start_even_where_no_quantity_is_known() -> None:
    rows = [Row(1, 1, False, math.nan, 0, 0, 1), Row(2, 1, True, math.nan, 0, 0, 2)]
    found = shared(rows, [1], 7.0)
    assert (found.at_most.tolist(), found.proportional.tolist()) == ([7.0, 7.0], [1.0, 1.0])
    assert shared(rows, [1]).at_most.tolist() == [math.inf, math.inf]


def test_where_units_cannot_be_converted_an_output_may_be_the_start_wholly() -> None:
    rows = [
        Row(1, 1, False, 3.0, 0, 0, 1), Row(9, 1, False, 1.0, 0, 0, 2), Row(2, 1, True, 500.0, 0, 0, 3),
        Row(2, 2, False, 200.0, 0, 0, 4), Row(3, 2, True, 200.0, 0, 0, 5),
    ]  # fmt: skip
    found = shared(rows, [1], 3.0, Marks.of([1], TransformationMark.INCOMPARABLE))
    assert found.at_most.tolist() == [3.0, 500.0, 200.0]
    assert np.isnan(found.proportional).tolist() == [False, True, True]


def test_a_lot_that_is_reworked_into_itself_ends_in_a_bound() -> None:
    rows = [
        Row(1, 1, False, 4.0, 0, 0, 1), Row(2, 1, True, 10.0, 0, 0, 2), Row(9, 1, False, 6.0, 0, 0, 3),
        Row(2, 2, False, 5.0, 0, 0, 4), Row(2, 2, True, 5.0, 0, 0, 5),
        Row(2, 3, False, 10.0, 0, 0, 6), Row(3, 3, True, 3.0, 0, 0, 7),
    ]  # fmt: skip
    found = shared(rows, [1])
    assert by_lot(found) == {1: 4.0, 2: 4.0, 3: 3.0}
    assert found.proportional.tolist() == pytest.approx([1.0, 0.4, 0.4])


def test_shares_are_refused_for_walks_that_left_something_out() -> None:
    graph = Graph.of(columns([Row(1, 1, False, 4.0, 3, 0, 1), Row(2, 1, True, 4.0, 0, 0, 2)]))
    for found in (walk(graph, [2], Direction.BACK), walk(graph, [1], evidence=[Evidence.SCANNED]), walk(graph, [1], budget=1)):
        with pytest.raises(ValueError, match="shares"):
            shares(found)
