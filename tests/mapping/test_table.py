"""Mappings: all that can be mapped is, all that cannot is named, nothing is bent."""

from decimal import Decimal
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tracemill.mapping.codes import CodeList
from tracemill.mapping.spec import MappingSpec, compile_mapping
from tracemill.mapping.table import Mapped, Mapping

STATUS = CodeList("status", {"RL": "released", "QI": "quarantine", "": "released", "05": "blocked"}, frozenset({"XX"}))
FLAG = CodeList("flag", {"Y": "true", "N": "false"})


def table(fields: dict[str, Any], **more: Any) -> Mapping:
    spec = MappingSpec.model_validate({"event": "lot.received.v1", "fields": fields, **more})
    return compile_mapping("receipt", spec, {"status": STATUS, "flag": FLAG})


def one(spec: Any, source: object) -> Mapped:
    return table({"x": spec}).apply(source)


def cause(spec: Any, source: object) -> str:
    mapped = one(spec, source)
    assert "x" not in mapped.values
    (problem,) = mapped.problems
    assert problem.target == "x"
    return problem.cause


def test_a_record_becomes_nested_values_with_their_lineage() -> None:
    mapping = table(
        {"lot": "Charge", "quantity.value": {"cell": "Menge", "type": "quantity"}, "quantity.unit": "ME"},
        constants={"site": "berlin"},
    )
    mapped = mapping.apply({"Charge": "0047", "Menge": "480.000", "ME": "KG"})
    assert mapped.values == {"site": "berlin", "lot": "0047", "quantity": {"value": Decimal("480.000"), "unit": "KG"}}
    assert mapped.lineage == {
        "site": 'constant "berlin"',
        "lot": "Charge",
        "quantity.value": "Menge",
        "quantity.unit": "ME",
    }
    assert mapped.problems == []


def test_every_problem_is_collected_and_the_good_fields_stay() -> None:
    mapping = table({"lot": "Charge", "n": {"cell": "Menge", "type": "quantity"}, "s": {"cell": "S", "codes": "status"}})
    mapped = mapping.apply({"Charge": "0047", "Menge": "1,5", "S": "QX"})
    assert mapped.values == {"lot": "0047"}
    assert [(p.target, p.cell, p.value) for p in mapped.problems] == [("n", "Menge", '"1,5"'), ("s", "S", '"QX"')]
    assert mapped.problems[1].cause == (
        'status code "QX" has no canonical status; hint: add QX: quarantine under codes.status, or ignore: [QX]'
    )


@given(st.text(st.characters(exclude_categories=["Cs"], exclude_characters="\0"), min_size=1))
def test_an_id_survives_byte_for_byte(lot: str) -> None:
    assert one("a", {"a": lot}).values == {"x": lot}


@pytest.mark.parametrize("lot", ["007", " x ", "  ", "🧪-1", "1e5", "null", "NaN", "é", "e\u0301", "a\tb", "-", "0"])
def test_ids_that_others_bend_stay_as_they_are(lot: str) -> None:
    assert one("a", {"a": lot}).values == {"x": lot}
    assert one("true ? a", {"a": lot}).values == {"x": lot}


@given(st.integers(-(10**30), 10**30))
def test_an_integer_in_a_text_field_becomes_its_exact_digits(number: int) -> None:
    assert one("a", {"a": number}).values == {"x": str(number)}


@pytest.mark.parametrize("value", [1.5, Decimal("47.0"), float("nan")])
def test_a_decimal_in_an_id_is_a_problem(value: object) -> None:
    assert "an id must be text" in cause("a", {"a": value})


def test_the_digits_of_a_decimal_can_be_asked_for_as_text() -> None:
    assert one("$string(a)", {"a": Decimal("47.0")}).values == {"x": "47.0"}


@pytest.mark.parametrize("value", [True, [], {}, ["a"], "\ud800", "a\0b"])
def test_what_is_no_text_is_a_problem_of_a_text_field(value: object) -> None:
    assert cause("a", {"a": value}).isprintable()


def test_an_integer_of_thousands_of_digits_is_a_problem_of_any_type() -> None:
    for kind in ("text", "quantity", "integer"):
        assert cause({"cell": "a", "type": kind}, {"a": 10**5000})


@given(st.decimals(-(10**17), 10**17, allow_nan=False, allow_infinity=False, places=5))
def test_a_quantity_is_exact_whether_sent_as_text_or_number(quantity: Decimal) -> None:
    spec = {"cell": "a", "type": "quantity"}
    for sent in (quantity, format(quantity, "f")):
        got = one(spec, {"a": sent}).values["x"]
        assert str(got) == str(quantity)


@pytest.mark.parametrize(
    ("sent", "exact"),
    [
        ("480.000", "480.000"),
        (480, "480"),
        (Decimal("480.0"), "480.0"),
        ("-1.5", "-1.5"),
        ("1.5e2", "1.5E+2"),
        (0.1, "0.1"),
        (0, "0"),
    ],
)
def test_a_quantity_keeps_its_digits(sent: object, exact: str) -> None:
    got = one({"cell": "a", "type": "quantity"}, {"a": sent}).values["x"]
    assert isinstance(got, Decimal)
    assert str(got) == exact


@pytest.mark.parametrize(
    "sent",
    [
        "1,5",
        "1.234,56",
        "NaN",
        "Infinity",
        "1e400",
        "1" + "0" * 18,
        10**18,
        "",
        " ",
        " 5",
        "5-",
        "1_000",
        "٤",
        "0x10",
        True,
        [],
        {},
        ["1"],
        float("nan"),
        float("inf"),
        1e300,
        Decimal("NaN"),
        Decimal("1e400"),
        Decimal("1e-400"),
        "1e-400",
        ".",
    ],
)
def test_what_is_no_quantity_is_a_problem_that_names_the_value(sent: object) -> None:
    said = cause({"cell": "a", "type": "quantity"}, {"a": sent})
    if isinstance(sent, str):
        assert f'"{sent}"' in said


def test_spaces_are_taken_off_only_where_the_mapping_says_so() -> None:
    assert one({"cell": "a", "type": "quantity", "trim": True}, {"a": " 5 "}).values == {"x": Decimal(5)}
    assert one({"cell": "a", "trim": True}, {"a": " 5 "}).values == {"x": "5"}
    assert one("a", {"a": " 5 "}).values == {"x": " 5 "}


@pytest.mark.parametrize(
    ("kind", "sent", "got"),
    [
        ("integer", 5, 5),
        ("integer", "007", 7),
        ("integer", Decimal("3.0"), 3),
        ("boolean", True, True),
        ("boolean", "false", False),
        ("list", [1, 2], [1, 2]),
        ("list", "a", ["a"]),
        ("object", {"b": 1}, {"b": 1}),
    ],
)
def test_other_types_take_what_they_name(kind: str, sent: object, got: object) -> None:
    assert one({"cell": "a", "type": kind}, {"a": sent}).values == {"x": got}


@pytest.mark.parametrize(
    ("kind", "sent"),
    [
        ("integer", "3.5"),
        ("integer", True),
        ("integer", Decimal("3.5")),
        ("integer", 10**18),
        ("integer", "1" * 41),
        ("boolean", "Y"),
        ("boolean", 1),
        ("object", []),
        ("object", "x"),
        ("list", ["\ud800"]),
    ],
)
def test_other_types_refuse_the_rest(kind: str, sent: object) -> None:
    assert cause({"cell": "a", "type": kind}, {"a": sent})


def test_a_code_list_may_give_booleans_and_knows_the_empty_code() -> None:
    assert one({"cell": "a", "type": "boolean", "codes": "flag"}, {"a": "Y"}).values == {"x": True}
    assert one({"cell": "a", "codes": "status"}, {"a": ""}).values == {"x": "released"}


def test_a_code_is_compared_byte_for_byte() -> None:
    assert one({"cell": "a", "codes": "status"}, {"a": "05"}).values == {"x": "blocked"}
    assert 'add "5": quarantine' in cause({"cell": "a", "codes": "status"}, {"a": 5})
    assert "has no canonical status" in cause({"cell": "a", "codes": "status"}, {"a": "RL "})


def test_an_ignored_code_gives_nothing_and_where_a_value_is_required_a_problem() -> None:
    mapped = one({"cell": "a", "codes": "status", "required": False}, {"a": "XX"})
    assert (mapped.values, mapped.problems) == ({}, [])
    assert "ignored" in cause({"cell": "a", "codes": "status"}, {"a": "XX"})


def test_a_missing_value_is_a_problem_unless_the_field_may_be_missing() -> None:
    assert cause("a", {}) == "required, but missing"
    assert cause("a", {"a": None}) == "required, but missing"
    assert "empty" in cause("a", {"a": ""})
    for spec in ({"x?": "a"}, {"x": {"cell": "a", "required": False}}):
        mapped = table(spec).apply({})
        assert (mapped.values, mapped.problems) == ({}, [])


def test_a_time_keeps_its_text_and_the_declared_zone() -> None:
    naive, exact = "2026-11-23T09:00:00", "2026-11-23T09:00:00.123+01:00"
    spec = {"cell": "a", "type": "time", "zone": "Europe/Berlin"}
    assert one(spec, {"a": naive}).values == {"x": {"text": naive, "zone": "Europe/Berlin"}}
    assert one(spec, {"a": exact}).values == {"x": {"text": exact, "zone": None}}
    assert one({"cell": "a", "type": "time"}, {"a": "2026-11-23T08:00:00Z"}).problems == []


def test_a_naive_time_without_a_zone_is_a_problem() -> None:
    said = cause({"cell": "a", "type": "time"}, {"a": "2026-11-23T09:00:00"})
    assert said == 'naive time "2026-11-23T09:00:00"; declare zone: Europe/Berlin'
    assert "naive" in cause({"cell": "a", "type": "time"}, {"a": "2026-11-23"})


def test_a_feed_may_declare_the_zone_for_all_its_times() -> None:
    spec = MappingSpec.model_validate({"event": "lot.received.v1", "fields": {"x": {"cell": "a", "type": "time"}}})
    mapped = compile_mapping("m", spec, {}, zone="Europe/Berlin").apply({"a": "2026-11-23"})
    assert mapped.values == {"x": {"text": "2026-11-23", "zone": "Europe/Berlin"}}


@pytest.mark.parametrize("sent", ["", "tomorrow", "23.11.2026", "/Date(1700000000000)/", 1700000000000, "2026-13-01", []])
def test_what_is_no_time_is_a_problem(sent: object) -> None:
    assert "time" in cause({"cell": "a", "type": "time", "zone": "UTC"}, {"a": sent})


LINES = {
    "lot": "head",
    "lines": {
        "each": "Lines",
        "fields": {"item": "Item", "n": {"cell": "N", "type": "quantity"}, "order": "$parent.Order & '/' & $index"},
    },
}


def test_a_list_of_objects_is_mapped_row_by_row() -> None:
    source = {"head": "1", "Order": "45", "Lines": [{"Item": "A", "N": "1"}, {"Item": "B", "N": "x"}]}
    mapped = table(LINES).apply(source)
    assert mapped.values["lines"] == [{"item": "A", "n": Decimal(1), "order": "45/0"}, {"item": "B", "order": "45/1"}]
    assert [problem.target for problem in mapped.problems] == ["lines[1].n"]
    assert mapped.lineage["lines[].n"] == "N"


def test_a_single_row_is_a_list_of_one() -> None:
    assert len(table(LINES).apply({"head": "1", "Order": "4", "Lines": {"Item": "A", "N": 1}}).values["lines"]) == 1  # type: ignore[arg-type]


def test_one_record_gives_one_event_per_part() -> None:
    mapping = table({"lot": "Charge", "order": "$parent.Nr"}, each="Pos", when="Kind = 'GR'")
    record = {"Kind": "GR", "Nr": "45", "Pos": [{"Charge": "A"}, {"Charge": "B"}, "odd"]}
    mapped = mapping.apply_all(record)
    assert [each.values for each in mapped] == [{"lot": "A", "order": "45"}, {"lot": "B", "order": "45"}, {"order": "45"}]
    assert [len(each.problems) for each in mapped] == [0, 0, 1]
    assert mapping.apply_all({"Kind": "GR"}) == []
    assert mapping.apply_all(record | {"Kind": "GI"}) == []


def test_an_each_that_fails_is_a_problem_of_the_record() -> None:
    (mapped,) = table({"lot": "a"}, each="$error('no')").apply_all({})
    assert mapped.problems[0].target == "each"


def test_a_record_is_skipped_when_the_mapping_says_so() -> None:
    mapping = table({"lot": "a"}, when="kind = 'X'")
    assert mapping.apply({"kind": "Y"}).skipped
    assert mapping.apply_all({"kind": "Y"}) == []
    assert mapping.apply_all({"kind": "X", "a": "1"})[0].values == {"lot": "1"}


def test_a_record_is_not_skipped_when_that_cannot_be_told() -> None:
    mapped = table({"lot": "a"}, when="$number(kind) > 1").apply({"kind": "Y", "a": "1"})
    assert not mapped.skipped
    assert mapped.problems[0].target == "when"


_json = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.decimals() | st.text() | st.just("\ud800") | st.just("\0"),
    lambda inner: st.lists(inner, max_size=4) | st.dictionaries(st.sampled_from(["a", "b", "Lines", "é"]), inner, max_size=4),
    max_leaves=20,
)
_everything = table(
    {
        "t": "a",
        "q": {"cell": "a.b", "type": "quantity"},
        "i": {"cell": "b", "type": "integer"},
        "f": {"cell": "b[0]", "type": "boolean"},
        "w": {"cell": "a", "type": "time"},
        "l": {"cell": "a", "type": "list"},
        "o": {"cell": "$", "type": "object"},
        "s": {"cell": "a", "codes": "status"},
        "j": "a & b",
        "e": "$uppercase(a)",
        "g": "$string($)",
        "n.m": "a[b='x'].a ~> $join(',')",
        "rows": {"each": "Lines", "fields": {"a": "$parent.a", "b": "$index > 0 ? b"}},
    },
    when="$exists(zzz) = false",
)


@given(_json)
def test_applying_a_mapping_never_raises(source: object) -> None:
    mapped = _everything.apply(source)
    for problem in mapped.problems:
        assert problem.cause.isprintable()
        assert (problem.value or "-").isprintable()


def test_applying_a_mapping_to_extremes_never_raises() -> None:
    nest: object = "x"
    for _ in range(3000):
        nest = [nest]
    for source in (nest, {"a": nest, "b": nest}, {"a": 10**9999, "b": -(10**9999)}, object(), b"x"):
        assert _everything.apply(source).problems
