"""Business keys are found in whatever can be read, and finding them never fails."""

import json

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tracemill.mapping.cell import compile_cell
from tracemill.mapping.keys import BusinessKey, KeyRule, extract_keys

RULES = [
    KeyRule("lot", [compile_cell("Charge"), compile_cell("lines.lot")]),
    KeyRule("order", [compile_cell("'PO' & Nr"), compile_cell("$uppercase(order)")]),
]


def found(source: object) -> list[tuple[str, str]]:
    return [(key.kind, key.value) for key in extract_keys(RULES, source)]


def test_keys_are_read_by_every_cell_and_named_once() -> None:
    source = {"Charge": "007", "lines": [{"lot": "A "}, {"lot": "007"}, {"lot": 12}], "order": "x1", "Nr": 5}
    expected = [("lot", "007"), ("lot", "A "), ("lot", "12"), ("order", "PO5"), ("order", "X1")]
    assert found(source) == expected
    assert found(json.dumps(source)) == expected
    assert found(json.dumps(source).encode()) == expected


def test_a_cell_that_fails_does_not_stop_the_others() -> None:
    assert found({"Charge": "007", "order": 5, "Nr": None}) == [("lot", "007")]


@pytest.mark.parametrize("value", ["", "  ", "x" * 201, None, True, {}, []])
def test_what_is_no_key_is_dropped(value: object) -> None:
    assert found({"Charge": value, "Nr": "1"}) == [("order", "PO1")]


def test_a_joined_key_that_lacks_a_part_is_no_key() -> None:
    assert found({"Charge": "007", "Nr": None}) == [("lot", "007")]
    assert found({"Charge": "007"}) == [("lot", "007")]


def test_a_truncated_text_is_searched_for_the_declared_names() -> None:
    text = '{"Charge": "00\\u0034 7", "Menge": 5, "lines": [{"lot":"A\\"B"}, {"lot" : 0012, "lot": 12}, {"lot": "cut o'
    assert found(text) == [("lot", "004 7"), ("lot", 'A"B'), ("lot", "0012"), ("lot", "12")]


def test_a_key_cut_off_by_the_end_is_no_key() -> None:
    assert found('{"Charge": "00') == []
    assert found('{"Charge": 4711') == []


def test_bytes_that_are_no_text_are_searched_too() -> None:
    assert found(b'\xff\xfe {"Charge": "007"') == [("lot", "007")]


def test_a_long_broken_text_is_searched_in_bounded_time() -> None:
    assert found('"Charge": "' * 300_000) in ([], [("lot", ": ")])
    assert found('"Charge"' + " " * 1_000_000) == []


@given(st.text(st.characters(exclude_categories=["Cs"]), min_size=1, max_size=200))
def test_a_key_survives_byte_for_byte(value: str) -> None:
    expected = [BusinessKey("lot", value)] if value.strip() else []
    for source in ({"Charge": value}, json.dumps({"Charge": value}), json.dumps({"Charge": value})[:-1]):
        assert extract_keys(RULES[:1], source) == expected


@given(st.text() | st.binary() | st.integers() | st.none())
def test_extracting_keys_never_raises(source: object) -> None:
    extract_keys(RULES, source)
