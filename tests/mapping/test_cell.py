"""Cells: what they give, and that they give what JSONata gives."""

import contextlib
import threading
from decimal import Decimal

import jsonata
import jsonatapy
import pytest
from hypothesis import given
from hypothesis import strategies as st

from tracemill.mapping.cell import CellError, compile_cell
from tracemill.mapping.engine import Engine

RECORD = {
    "lot": "0047",
    "plant": "P1",
    "none": None,
    "on": True,
    "big": 2**60,
    "qty": Decimal("480.000"),
    "lines": [{"lot": "A", "tests": [1, 2]}, {"lot": "B", "tests": [3]}],
    "one": [{"lot": "A"}],
    "odd name": {"and": "x"},
}


@pytest.mark.parametrize(
    ("text", "value"),
    [
        ("lot", "0047"),
        ("$.lot", "0047"),
        ("$$.lot", "0047"),
        ("`odd name`.and", "x"),
        ('"odd name".and', "x"),
        ("lines[0].lot", "A"),
        ("lines[-1].lot", "B"),
        ("lines.lot", ["A", "B"]),
        ("lines.tests", [1, 2, 3]),
        ("lines.tests[0]", [1, 3]),
        ("one.lot", "A"),
        ("lines[7].lot", None),
        ("nowhere.at.all", None),
        ("none", None),
        ("none.x", None),
        ("'text'", "text"),
        ("'say \"hi\"\\n'", 'say "hi"\n'),
        ("12345678901234567890", 12345678901234567890),
        ("-480.000", Decimal("-480.000")),
        ("true", True),
        ("null", None),
        ("plant & '-' & lot", "P1-0047"),
        ("plant & on", "P1true"),
        ("plant & nowhere", None),
        ("plant & none", None),
        ("qty & ' ' & big", "480.000 1152921504606846976"),
        ("$who.name", "Ada"),
        ("$nobody.name", None),
    ],
)
def test_a_plain_cell_runs_without_the_engine_and_keeps_every_digit(text: str, value: object) -> None:
    cell = compile_cell(text)
    assert cell.is_plain
    got = cell.evaluate(RECORD, {"who": {"name": "Ada"}})
    assert got == value
    assert type(got) is type(value)
    assert str(got) == str(value)


@pytest.mark.parametrize(
    ("text", "value"),
    [
        ("on ? lot : plant", "0047"),
        ("$uppercase(lines[0].lot)", "A"),
        ("lines[lot='B'].tests", [3]),
        ("$join(lines.lot, ',')", "A,B"),
        ("lines.{'id': lot}", [{"id": "A"}, {"id": "B"}]),
        ("$sum(lines.tests)", 6),
        ("1/4", Decimal("0.25")),
        ("0.1+0.2", Decimal("0.30000000000000004")),
        ("qty ~> $string()", "480.000"),
        ("$string(big)", str(2**60)),
        ("$number(qty) > 479", True),
        ("$map(lines, function($l, $i) {$l.lot & $i})", ["A0", "B1"]),
        ("lot ~> $pad(-6, '0')", "000047"),
        ("$pad(lot, 6)", "0047  "),
        ("$replace(lot, /^0+/, '')", "47"),
        ("$formatInteger(7, '0000')", "0007"),
        ("$uppercase($who.name)", "ADA"),
        ("$exists(nowhere)", False),
        ("true ? $uppercase", None),
    ],
)
def test_other_cells_run_on_the_engine_and_never_give_a_float(text: str, value: object) -> None:
    cell = compile_cell(text)
    assert not cell.is_plain
    got = cell.evaluate(RECORD, {"who": {"name": "Ada"}})
    assert got == value
    assert str(got) == str(value)


GOLDENS = [
    "lot",
    "lines.lot",
    "lines[0].tests[1]",
    "one.lot",
    "plant & '-' & lot",
    "on ? lot : plant",
    "lines[lot='B'].tests",
    "$join(lines.lot, ',')",
    "lines.{'id': lot, 'n': $count(tests)}",
    "$substringBefore(plant, '1') & $pad(lot, -6, '0')",
    "$map(lines, function($l, $i) {$l.lot & $i})",
    "$replace(lot, /^0+/, '')",
    "$exists(nowhere) ? 'yes' : 'no'",
    "$sort(lines, function($a, $b) {$a.lot < $b.lot}).lot",
]


@pytest.mark.parametrize("text", GOLDENS)
def test_two_other_engines_agree_with_a_cell(text: str) -> None:
    record = {name: value for name, value in RECORD.items() if name not in {"big", "qty", "none"}}
    got = compile_cell(text).evaluate(record)
    assert got == jsonata.Jsonata(text).evaluate(record)
    assert got == jsonatapy.compile(text).evaluate(record)


_names = st.sampled_from(["a", "b", "c"])
_leaves = st.one_of(st.none(), st.booleans(), st.integers(-9, 9), st.text("xyé", max_size=2))
_documents = st.dictionaries(
    _names,
    st.recursive(_leaves, lambda inner: st.lists(inner, max_size=3) | st.dictionaries(_names, inner), max_leaves=12),
)
_steps = st.builds(lambda name, index: f"{name}{index}", _names, st.sampled_from(["", "", "[0]", "[1]", "[-1]"]))
_paths = st.lists(_steps, min_size=1, max_size=4).map(".".join)


@given(_documents, _paths)
def test_a_plain_path_gives_what_the_engine_gives(document: dict[str, object], text: str) -> None:
    cell = compile_cell(text)
    assert cell.is_plain
    assert cell.evaluate(document) == jsonatapy.compile(text).evaluate(document)


@given(st.text())
def test_a_text_in_a_record_comes_out_byte_for_byte(text: str) -> None:
    assert compile_cell("a.b").evaluate({"a": {"b": text}}) == text


@given(st.text(st.characters(exclude_categories=["Cs"])))
def test_the_engine_too_gives_a_text_byte_for_byte(text: str) -> None:
    assert compile_cell("true ? a.b").evaluate({"a": {"b": text}}) == text


@given(st.decimals(allow_nan=False, allow_infinity=False, places=6), st.integers())
def test_quantities_and_ids_pass_the_engine_as_exact_texts(quantity: Decimal, number: int) -> None:
    record = {"q": quantity, "n": number}
    assert Decimal(str(compile_cell("true ? q").evaluate(record))) == quantity
    got = compile_cell("true ? n").evaluate(record)
    assert str(got) == str(number)


def test_a_list_is_not_joined_into_an_id() -> None:
    with pytest.raises(CellError, match="not a single value"):
        compile_cell("plant & lines.lot").evaluate(RECORD)


def test_a_result_beyond_exact_doubles_is_an_error_and_not_a_wrong_number() -> None:
    with pytest.raises(CellError) as caught:
        compile_cell("$number('12345678901234567890')").evaluate({})
    assert caught.value.kind == "inexact"


def test_calculating_with_a_decimal_says_how() -> None:
    with pytest.raises(CellError, match=r"\$number") as caught:
        compile_cell("qty * 2").evaluate(RECORD)
    assert caught.value.kind == "type"


def test_a_cell_can_refuse_a_record() -> None:
    with pytest.raises(CellError, match="wrong plant") as caught:
        compile_cell("plant = 'P2' ? lot : $error('wrong plant')").evaluate(RECORD)
    assert caught.value.kind == "raised"


@pytest.mark.parametrize(
    ("text", "position", "says"),
    [
        ("", 0, "empty"),
        ("   ", 0, "empty"),
        ("lot 'x'", 4, "without an operator"),
        ("a & (b", 6, "never closed"),
        ("a)", 1, "closes nothing"),
        ("'abc", 0, "not closed"),
        ("a[0", 3, "never closed"),
        ("a.", 2, "end"),
        ("a & /x", 4, "not closed"),
        ("1 + 'a", 4, "not closed"),
        ("a \\ b", 2, "no meaning"),
    ],
)
def test_a_cell_that_does_not_parse_says_where(text: str, position: int, says: str) -> None:
    with pytest.raises(CellError, match=says) as caught:
        compile_cell(text)
    assert caught.value.kind == "syntax"
    assert caught.value.position == position


@given(st.text("ab.[]0&'\"$(){}:,+-*/ \\|?~>=`^@#%!"))
def test_compiling_any_text_gives_a_cell_or_a_cell_error(text: str) -> None:
    with contextlib.suppress(CellError):
        compile_cell(text).evaluate({"a": {"b": [1, {"a": "x"}]}})


def test_a_cell_works_from_every_thread() -> None:
    cell = compile_cell("$uppercase(lot & 'a')")
    got: list[object] = []

    def run() -> None:
        got.extend(cell.evaluate(RECORD) for _ in range(50))

    threads = [threading.Thread(target=run) for _ in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert got == ["0047A"] * 200


def test_the_engine_compiles_once_per_thread() -> None:
    engine = Engine("a+1", ())
    assert engine._expression() is engine._expression()


def test_half_a_character_and_an_endless_nest_are_cell_errors_on_the_engine() -> None:
    nest: object = "x"
    for _ in range(5000):
        nest = {"a": nest}
    for record in ({"a": "\ud800"}, nest, {"a": object()}, {"a": 10**5000}):
        with pytest.raises(CellError):
            compile_cell("$string(a)").evaluate(record)


def test_a_message_of_the_engine_is_short_and_printable() -> None:
    with pytest.raises(CellError) as caught:
        compile_cell("$number(a)").evaluate({"a": "x\0" * 10_000})
    assert caught.value.message.isprintable()
    assert len(caught.value.message) < 1000
