"""Decision tables: what a cell means, who decides, and what is missing."""

from __future__ import annotations

from decimal import Decimal
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from pydantic import ValidationError

from tracemill.core.decision_cell import Interval, Numbers
from tracemill.core.decision_table import DecisionTable, DecisionTableError, NoRule, Outcome, compile_table
from tracemill.core.decision_table_spec import DecisionTableSpec


def table(inputs: dict[str, Any], *rules: list[Any], outputs: tuple[str, ...] = ("then",), hit: str = "first") -> DecisionTable:
    written = {"inputs": inputs, "outputs": list(outputs), "hit": hit, "rules": list(rules)}
    return compile_table(DecisionTableSpec.model_validate(written))


def one_cell(kind: str, cell: Any, value: Any) -> bool:
    return table({"x": {"type": kind}}, [cell, "yes"]).decide({"x": value}) == Outcome(0, {"then": "yes"})


@pytest.mark.parametrize(
    ("cell", "yes", "no"),
    [
        ("-", ["a", ""], []),
        ("approved", ["approved"], ["Approved", "approve"]),
        ('"approved"', ["approved"], ['"approved"']),
        ('"-"', ["-"], ["a"]),
        ('"say \\"hi\\""', ['say "hi"'], ["hi"]),
        ("in [a, b]", ["a", "b"], ["c", "a, b"]),
        ('in ["a, b", c]', ["a, b", "c"], ["a"]),
        ("not a", ["b"], ["a"]),
        ("not in [a, b]", ["c"], ["a", "b"]),
        ("not not a", ["a"], ["b"]),
        ("two words", ["two words"], ["two"]),
        ("inside", ["inside"], ["side"]),
        ("0012", ["0012"], ["12"]),
        (12, ["12"], ["0012"]),
    ],
)
def test_a_text_cell(cell: Any, yes: list[str], no: list[str]) -> None:
    assert all(one_cell("text", cell, value) for value in yes)
    assert not any(one_cell("text", cell, value) for value in no)


@pytest.mark.parametrize(
    ("cell", "yes", "no"),
    [
        ("-", [0, -5], []),
        (3, [3, Decimal("3.0"), "3"], [4]),
        ("3", [3], [2]),
        (">= 3", [3, 4], [2]),
        ("> 3", ["3.000001"], [3]),
        ("<0.5", [0.4, -1], [0.5]),
        ("<= 0.5", [0.5], ["0.51"]),
        ("1..4", [1, 4, "2.5"], ["0.99", "4.01"]),
        ("-4..-1", [-4, -1], [0]),
        ("in [1, 5..7, > 10]", [1, 6, 11], [2, 8, 10]),
        ("not 3", [2, 4], [3]),
        ("not 1..4", [0, 5], [1, 2, 4]),
        ("not > 3", [3], [4]),
        (Decimal("0.1"), [0.1, "0.1"], ["0.10000000000000000555"]),
        (0.1, [Decimal("0.1")], ["0.1000000000000000055"]),
    ],
)
def test_a_number_cell_compares_exact_decimals(cell: Any, yes: list[Any], no: list[Any]) -> None:
    assert all(one_cell("number", cell, value) for value in yes)
    assert not any(one_cell("number", cell, value) for value in no)


@pytest.mark.parametrize(
    ("cell", "yes", "no"), [(True, True, False), ("true", True, False), ("not true", False, True), (False, False, True)]
)
def test_a_boolean_cell(cell: Any, yes: bool, no: bool) -> None:
    assert one_cell("boolean", cell, yes)
    assert not one_cell("boolean", cell, no)


@pytest.mark.parametrize(
    ("kind", "cell", "says"),
    [
        ("number", "> three", "row 1, column x: '> three': expected -, a number"),
        ("number", "4..1", "the range ends before it begins"),
        ("number", True, "expected -, a number"),
        ("number", "in []", "the list is empty"),
        ("number", "not -", "- stands alone"),
        ("number", "NaN", "expected -, a number"),
        ("text", "in [a, -]", "- stands alone|double quotes"),
        ("text", "a]", "double quotes"),
        ("text", ">= 3", "double quotes"),
        ("text", "", "expected -"),
        ("text", None, "the cell is empty; write -"),
        ("text", True, "expected -"),
        ("boolean", "yes", "expected -, true, false"),
        ("boolean", "not -", "- stands alone"),
    ],
)  # fmt: skip
def test_a_cell_that_cannot_be_read_is_named_by_row_column_and_text(kind: str, cell: Any, says: str) -> None:
    with pytest.raises(DecisionTableError, match=says) as caught:
        table({"x": {"type": kind}}, [cell, "yes"])
    assert (caught.value.row, caught.value.column, caught.value.cell) == (1, "x", cell)


def test_a_text_outside_the_declared_values_is_an_error_in_the_table() -> None:
    with pytest.raises(DecisionTableError, match=r"row 2, column risk: 'hgih': 'hgih' is not one of high, low"):
        table({"risk": {"type": "text", "values": ["high", "low"]}}, ["low", 1], ["hgih", 2])


@pytest.mark.parametrize(
    ("inputs", "rules", "says"),
    [
        ({"x": {"type": "text"}}, [["a"]], r"row 1, has 1 cells, expected 2: x, ->, then"),
        ({"x": {"type": "number", "values": ["a"]}}, [["1", 1]], "values belong to text"),
        ({"x": {"type": "text", "min": 1}}, [["a", 1]], "min and max belong to number"),
        ({"x": {"type": "number", "min": 3, "max": 1}}, [["1", 1]], "min is above max"),
        ({"then": {"type": "text"}}, [["a", 1]], "'then' is used for more than one column"),
    ],
)
def test_a_table_that_does_not_fit_together_is_an_error(inputs: Any, rules: Any, says: str) -> None:
    with pytest.raises(DecisionTableError, match=says):
        table(inputs, *rules)


def test_unknown_keys_in_the_written_form_are_refused() -> None:
    with pytest.raises(ValidationError, match="hits"):
        DecisionTableSpec.model_validate(
            {"inputs": {"x": {"type": "text"}}, "outputs": ["y"], "hits": "first", "rules": [["-", 1]]}
        )


INCOMING = {
    "approval": {"type": "text", "values": ["approved", "trial", "blocked"]},
    "defects": {"type": "number", "min": 0},
    "certificate": {"type": "boolean"},
}


def incoming(hit: str = "first") -> DecisionTable:
    return table(
        INCOMING,
        ["blocked", "-", "-", "refuse", None],
        ["approved", "< 0.5", True, "skip", None],
        ["approved", "-", "-", "sample", "II"],
        ["trial", "-", "-", "sample", "III"],
        outputs=("action", "level"),
        hit=hit,
    )


def test_the_first_matching_rule_decides() -> None:
    assert incoming().decide({"approval": "approved", "defects": "0.4", "certificate": True, "more": 1}) == Outcome(
        1, {"action": "skip", "level": None}
    )
    assert incoming().decide({"approval": "approved", "defects": "0.5", "certificate": True}) == Outcome(
        2, {"action": "sample", "level": "II"}
    )


def test_a_missing_value_satisfies_only_a_dash() -> None:
    assert incoming().decide({"approval": "approved", "certificate": True}) == Outcome(2, {"action": "sample", "level": "II"})
    assert incoming().decide({"defects": 0}) == NoRule()


def test_a_value_nobody_declared_never_matches_a_negation() -> None:
    strict = table({"risk": {"type": "text", "values": ["high", "low"]}}, ["not high", "skip"])
    assert strict.decide({"risk": "low"}) == Outcome(0, {"then": "skip"})
    assert strict.decide({"risk": "HIGH"}) == NoRule()
    assert strict.decide({"risk": None}) == NoRule()


def test_a_number_outside_its_bounds_satisfies_only_a_dash() -> None:
    bounded = table({"n": {"type": "number", "min": 0, "max": 10}}, ["not 3", "a"], ["-", "b"])
    assert bounded.decide({"n": -1}) == Outcome(1, {"then": "b"})


@pytest.mark.parametrize(("name", "value"), [("defects", "many"), ("defects", True), ("approval", 3), ("certificate", "true")])
def test_a_value_of_the_wrong_type_is_an_error_that_names_its_column(name: str, value: object) -> None:
    with pytest.raises(DecisionTableError, match=f"column {name}"):
        incoming().decide({"approval": "approved", name: value})


def test_two_matching_rules_of_a_unique_table_decide_nothing() -> None:
    assert incoming("unique").decide({"approval": "approved", "defects": 0, "certificate": True}) == NoRule((1, 2))
    assert incoming("unique").decide({"approval": "trial"}) == Outcome(3, {"action": "sample", "level": "III"})


def test_a_complete_table_has_no_findings() -> None:
    assert incoming().check() == ()


def test_overlaps_are_found_in_a_unique_table() -> None:
    assert [(f.kind, f.rules) for f in incoming("unique").check()] == [("overlap", (1, 2))]


def test_touching_ranges_do_not_overlap_and_leave_no_gap() -> None:
    assert table({"n": {"type": "number"}}, ["< 3", 1], ["3..5", 2], ["> 5", 3], hit="unique").check() == ()


def test_a_gap_between_numbers_is_named() -> None:
    found = table({"n": {"type": "number", "min": 0}}, ["< 3", 1], ["> 3", 2], hit="unique").check()
    assert [(f.kind, f.text) for f in found] == [("gap", "no rule for n 3")]


def test_a_gap_between_values_is_named() -> None:
    found = table(INCOMING, ["approved", ">= 2", "-", 1], ["blocked", "-", "-", 2], ["trial", "-", True, 3]).check()
    assert {f.text for f in found} == {
        "no rule for approval approved, defects 0 or > 0 and < 2",
        "no rule for approval trial, defects 0 or > 0 and < 2 or 2 or > 2, certificate false",
    }


def test_free_text_needs_no_rule_for_every_other_text() -> None:
    assert table({"kind": {"type": "text"}}, ["a", 1], ["b", 2]).check() == ()
    assert [f.kind for f in table({"kind": {"type": "text"}, "ok": {"type": "boolean"}}, ["a", True, 1]).check()] == ["gap"]


def test_a_rule_hidden_by_earlier_ones_is_found() -> None:
    found = table({"n": {"type": "number"}}, [">= 3", 1], ["< 3", 2], ["3..5", 3], ["-", 4]).check()
    assert [(f.kind, f.rules) for f in found] == [("unreachable", (2,)), ("unreachable", (3,))]


def test_a_last_dash_after_named_texts_is_reachable() -> None:
    assert table({"kind": {"type": "text"}}, ["a", 1], ["-", 2]).check() == ()


numbers = st.decimals(min_value=-20, max_value=20, places=1)
number_cells = st.one_of(
    numbers.map(str),
    st.builds(lambda sign, n: f"{sign} {n}", st.sampled_from([">", ">=", "<", "<="]), numbers),
    st.tuples(numbers, numbers).map(lambda ends: "{}..{}".format(*sorted(ends))),
    st.just("-"),
)
negatable = number_cells.filter(lambda cell: cell != "-")
any_cells = st.one_of(number_cells, negatable.map(lambda cell: f"not {cell}"))


@given(negatable, numbers)
def test_a_negated_cell_accepts_exactly_the_other_numbers(cell: str, value: Decimal) -> None:
    assert one_cell("number", cell, value) is not one_cell("number", f"not {cell}", value)


@given(st.lists(st.tuples(any_cells, any_cells), min_size=1, max_size=4), numbers, numbers)
def test_where_check_finds_no_gap_every_value_is_decided(rules: list[tuple[str, str]], x: Decimal, y: Decimal) -> None:
    made = table({"x": {"type": "number"}, "y": {"type": "number"}}, *([*cells, 1] for cells in rules))
    if not any(f.kind == "gap" for f in made.check()):
        assert isinstance(made.decide({"x": x, "y": y}), Outcome)


@given(st.lists(st.tuples(any_cells, any_cells), min_size=1, max_size=4), numbers, numbers)
def test_where_check_finds_no_overlap_at_most_one_rule_matches(rules: list[tuple[str, str]], x: Decimal, y: Decimal) -> None:
    made = table({"x": {"type": "number"}, "y": {"type": "number"}}, *([*cells, 1] for cells in rules), hit="unique")
    decided = made.decide({"x": x, "y": y})
    if isinstance(decided, NoRule) and decided.matched:
        assert decided.matched[:2] in {f.rules for f in made.check() if f.kind == "overlap"}


def test_a_table_too_large_to_search_says_so() -> None:
    size = 20
    rules = [[*(">= 1" if at == row else "-" for at in range(size)), 1] for row in range(size)]
    made = table({f"c{at}": {"type": "number"} for at in range(size)}, *rules)
    assert [f.kind for f in made.check()] == ["gap", "unchecked"]


def test_an_interval_prints_as_a_person_would_write_it() -> None:
    assert str(Interval(Decimal(1), Decimal(4))) == "1..4"
    assert str(Interval()) == "any number"
    assert Numbers((Interval(),)).inverted().parts == ()
