"""Single sampling plans of ISO 2859-1:1999."""

from __future__ import annotations

from decimal import Decimal

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tracemill.core.sampling import SamplingError, SamplingPlan, Severity, code_letter, plan
from tracemill.core.sampling_tables import AQLS, LEVELS, PLANS, SAMPLE_SIZES

lots = st.integers(min_value=1, max_value=1_000_000)
levels = st.sampled_from(LEVELS)
aqls = st.sampled_from(AQLS)
severities = st.sampled_from(list(Severity))


@pytest.mark.parametrize(
    ("lot", "level", "letter"),
    [
        (2, "II", "A"), (8, "II", "A"), (9, "II", "B"), (15, "III", "C"), (50, "II", "D"), (51, "II", "E"),
        (150, "II", "F"), (280, "II", "G"), (281, "II", "H"), (480, "II", "H"), (500, "II", "H"), (501, "II", "J"),
        (1000, "II", "J"), (1200, "II", "J"), (1201, "II", "K"), (3200, "II", "K"), (3201, "II", "L"),
        (35_000, "II", "M"), (150_000, "II", "N"), (500_000, "II", "P"), (500_001, "II", "Q"), (500_001, "III", "R"),
        (1000, "I", "G"), (1000, "III", "K"), (1000, "S-1", "C"), (1000, "S-2", "C"), (1000, "S-3", "E"),
        (1000, "S-4", "F"), (10, "S-4", "A"), (500_001, "S-4", "K"),
    ],
)  # fmt: skip
def test_the_lot_size_and_level_give_the_code_letter_of_table_1(lot: int, level: str, letter: str) -> None:
    assert code_letter(lot, level) == letter


@pytest.mark.parametrize(
    ("lot", "aql", "severity", "letter", "size", "accept"),
    [
        (500, "1.0", "normal", "H", 50, 1),
        (480, "2.5", "normal", "H", 50, 3),
        (1000, "0.65", "normal", "J", 80, 1),
        (1000, "2.5", "normal", "J", 80, 5),
        (3000, "2.5", "normal", "K", 125, 7),
        (3000, "1.0", "normal", "K", 125, 3),
        (4000, "4.0", "normal", "L", 200, 14),
        (400_000, "0.65", "normal", "P", 800, 10),
        (1000, "1.0", "tightened", "J", 80, 1),
        (1000, "2.5", "tightened", "J", 80, 3),
        (3000, "2.5", "tightened", "K", 125, 5),
        (3000, "4.0", "tightened", "K", 125, 8),
        (3000, "6.5", "tightened", "K", 125, 12),
        (3000, "10", "tightened", "K", 125, 18),
        (9000, "0.65", "reduced", "L", 80, 2),
        (35_000, "0.65", "reduced", "M", 125, 3),
        (1000, "1.0", "reduced", "J", 32, 1),
        (1000, "1.5", "reduced", "J", 32, 2),
    ],
)
def test_known_plans_of_level_ii(lot: int, aql: str, severity: str, letter: str, size: int, accept: int) -> None:
    assert plan(lot, "II", aql, severity) == SamplingPlan(letter, size, accept, accept + 1, full_inspection=False)


@pytest.mark.parametrize(
    ("lot", "level", "aql", "severity", "letter", "size", "accept"),
    [
        (50, "S-1", "1.0", "normal", "E", 13, 0),  # A, arrow down to the first plan
        (50, "S-1", "6.5", "normal", "A", 2, 0),
        (50, "S-1", "10", "normal", "C", 5, 1),
        (50, "S-1", "15", "normal", "B", 3, 1),
        (150, "II", "1.0", "normal", "E", 13, 0),  # F, arrow up
        (280, "II", "1.0", "normal", "H", 50, 1),  # G, arrow down
        (10_000, "II", "10", "normal", "K", 125, 21),  # L, arrow up at the upper right
        (150, "II", "100", "normal", "E", 13, 21),
        (100, "S-1", "6.5", "tightened", "B", 3, 0),
        (280, "II", "1.0", "tightened", "J", 80, 1),  # G and H: both arrows point down in table 2-B
        (600_000, "III", "0.015", "tightened", "Q", 1250, 0),
        (600_000, "III", "0.025", "tightened", "S", 3150, 1),  # the only use of letter S
        (150, "II", "1.0", "reduced", "E", 5, 0),
        (280, "II", "1.0", "reduced", "J", 32, 1),
        (500, "II", "1.0", "reduced", "J", 32, 1),
        (600_000, "III", "0.025", "reduced", "N", 200, 0),
    ],
)
def test_an_arrow_leads_to_another_plan_with_its_own_sample_size(
    lot: int, level: str, aql: str, severity: str, letter: str, size: int, accept: int
) -> None:
    assert plan(lot, level, aql, severity) == SamplingPlan(letter, size, accept, accept + 1, full_inspection=False)


def test_a_sample_as_large_as_the_lot_means_every_item_is_inspected() -> None:
    assert plan(10, "II", "0.65") == SamplingPlan("F", 10, 0, 1, full_inspection=True)
    assert plan(13, "II", "1.0") == SamplingPlan("E", 13, 0, 1, full_inspection=True)
    assert plan(14, "II", "1.0").full_inspection is False


def test_a_lot_of_one_item_is_judged_by_that_item_alone() -> None:
    assert plan(1, "II", "10") == SamplingPlan("C", 1, 0, 1, full_inspection=True)


def test_an_aql_may_be_written_in_any_exact_form() -> None:
    assert plan(500, "II", "1.0") == plan(500, "II", "1") == plan(500, "II", Decimal("1.00")) == plan(500, "II", 1)


@pytest.mark.parametrize(
    ("lot", "level", "aql", "severity", "says"),
    [
        (0, "II", "1.0", "normal", "lot size 0"),
        (-3, "II", "1.0", "normal", "lot size -3"),
        (True, "II", "1.0", "normal", "lot size True"),
        (100.0, "II", "1.0", "normal", "lot size 100.0"),
        (100, "IV", "1.0", "normal", "S-1, S-2"),
        (100, "ii", "1.0", "normal", "S-1, S-2"),
        (100, "II", "1.1", "normal", "1.0, 1.5"),
        (100, "II", "one", "normal", "'one'"),
        (100, "II", "NaN", "normal", "'NaN'"),
        (100, "II", 1.5, "normal", "as text or Decimal"),
        (100, "II", "1.0", "strict", "normal, tightened, reduced"),
    ],
)
def test_what_the_tables_do_not_hold_is_an_error_that_says_what_they_do(
    lot: int, level: str, aql: str, severity: str, says: str
) -> None:
    with pytest.raises(SamplingError, match=says):
        plan(lot, level, aql, severity)


@given(lots, lots, levels, aqls, severities)
def test_a_larger_lot_never_has_a_smaller_sample(one: int, other: int, level: str, aql: Decimal, severity: Severity) -> None:
    small, large = sorted((one, other))
    assert plan(small, level, aql, severity).sample_size <= plan(large, level, aql, severity).sample_size


@given(lots, levels, aqls, severities)
def test_every_lot_has_a_plan_that_fits_it(lot: int, level: str, aql: Decimal, severity: Severity) -> None:
    found = plan(lot, level, aql, severity)
    assert found.reject == found.accept + 1
    assert 1 <= found.sample_size <= lot
    assert found.full_inspection is (found.sample_size == lot)
    assert found.full_inspection or found.sample_size == SAMPLE_SIZES[severity][found.code_letter]


@given(lots, levels, aqls)
def test_tightened_never_accepts_more_than_normal_with_the_same_letter(lot: int, level: str, aql: Decimal) -> None:
    normal, tightened = plan(lot, level, aql, "normal"), plan(lot, level, aql, "tightened")
    assert tightened.code_letter != normal.code_letter or tightened.accept <= normal.accept


def test_within_one_row_of_a_table_acceptance_only_grows_with_the_aql() -> None:
    for rows in PLANS.values():
        for cells in rows.values():
            numbers = [int(cell) for cell in cells if cell.isdigit()]
            assert numbers == sorted(set(numbers))


def test_no_cell_of_table_2_b_accepts_more_than_the_same_cell_of_table_2_a() -> None:
    for letter, cells in PLANS["normal"].items():
        for normal, tightened in zip(cells, PLANS["tightened"][letter], strict=True):
            if normal.isdigit() and tightened.isdigit():
                assert int(tightened) <= int(normal)
