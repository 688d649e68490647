"""Mappings as written: errors with their place, examples with readable differences."""

from decimal import Decimal
from typing import Any

import pytest
from pydantic import ValidationError

from tracemill.mapping.codes import CodeList, UnknownCode
from tracemill.mapping.examples import run_examples
from tracemill.mapping.finding import MappingErrors
from tracemill.mapping.lint import CHECKS, Finding, lint_mapping, lint_mappings
from tracemill.mapping.spec import CodeListSpec, MappingSpec, compile_mapping

CODES = {"status": CodeListSpec.model_validate({"RL": "released", "ignore": ["XX"]}).compile("status")}
GOOD: dict[str, Any] = {
    "event": "lot.received.v1",
    "keys": {"lot": "Charge"},
    "fields": {"lot": "Charge", "n": {"cell": "Menge", "type": "quantity"}, "s": {"cell": "S", "codes": "status"}},
    "examples": [
        {
            "name": "a receipt",
            "input": {"Charge": "007", "Menge": "480.000", "S": "RL"},
            "expect": {"lot": "007", "n": "480.000", "s": "released"},
        }
    ],
}


def spec(**change: Any) -> MappingSpec:
    return MappingSpec.model_validate(GOOD | change)


def lint(**change: Any) -> list[Finding]:
    return lint_mapping("receipt", spec(**change), CODES)


def fields(**more: Any) -> dict[str, Any]:
    return {"fields": GOOD["fields"] | more}


def test_a_good_mapping_has_no_findings() -> None:
    assert lint_mappings({"receipt": spec()}, CODES) == []


@pytest.mark.parametrize(
    ("change", "where", "code", "level"),
    [
        (fields(y="a b"), ("fields", "y", "cell"), "T201", "error"),
        ({"when": "a ="}, ("when",), "T201", "error"),
        ({"keys": {"lot": ["Charge", "("]}}, ("keys", "lot", 1), "T201", "error"),
        (fields(y="$eval(a)"), ("fields", "y", "cell"), "T202", "error"),
        (fields(y={"each": "L", "fields": {"z": "$now()"}}), ("fields", "y", "fields", "z", "cell"), "T202", "error"),
        (fields(y={"cell": "a", "codes": "nope"}), ("fields", "y", "codes"), "T203", "error"),
        (fields(**{"lot?": "a"}), ("fields", "lot?"), "T205", "error"),
        (fields(**{"lot.id": "a"}), ("fields", "lot.id"), "T205", "error"),
        ({"constants": {"lot": "x"}}, ("fields", "lot"), "T205", "error"),
        ({"examples": []}, ("examples",), "T206", "warning"),
        (fields(**{"n": {"cell": "Menge & ''", "type": "quantity"}, "y?": "a"}), ("fields", "y?"), "T209", "warning"),
        ({"when": "false"}, ("when",), "T209", "error"),
        (fields(**{"y?": {"cell": "a", "zone": "UTC"}}), ("fields", "y?", "zone"), "T210", "error"),
        (
            fields(n={"cell": "$number(Menge) * 1000 & ''", "type": "quantity"}),
            ("fields", "n", "cell"),
            "T208",
            "warning",
        ),
        (fields(lot="$string($number(Charge))"), ("fields", "lot", "cell"), "T208", "warning"),
        (fields(lot="S"), ("examples", 0), "T207", "error"),
    ],
)
def test_a_fault_is_found_at_its_place(change: dict[str, Any], where: tuple[str | int, ...], code: str, level: str) -> None:
    assert (where, code, level) in [(each.where, each.code, each.level) for each in lint(**change)]
    assert code in CHECKS


def test_a_code_list_that_nothing_uses_is_named() -> None:
    codes = CODES | {"reason": CodeList("reason", {})}
    (finding,) = lint_mappings({"receipt": spec()}, codes)
    assert (finding.where, finding.code, finding.level) == (("codes", "reason"), "T204", "warning")


def test_compiling_reports_every_error_at_once() -> None:
    with pytest.raises(MappingErrors) as caught:
        compile_mapping("receipt", spec(**fields(y="a b", z="$eval(a)"), when="("), CODES)
    assert [each.where for each in caught.value.findings] == [("when",), ("fields", "y", "cell"), ("fields", "z", "cell")]
    assert "fields.y.cell: b at character 3" in str(caught.value)


def results(*examples: dict[str, Any], **change: Any) -> list[str]:
    written = spec(**change, examples=list(examples))
    ran = run_examples(compile_mapping("receipt", written, CODES), written)
    return [str(difference) for result in ran for difference in result.differences]


def test_an_example_shows_each_difference_by_its_path() -> None:
    record = {"Charge": "007", "Menge": "480.000", "S": "RL"}
    assert results({"name": "x", "input": record, "expect": {"lot": "7", "n": "480.0", "t": "x"}}) == [
        'lot: expected "7", got "007"',
        'n: expected "480.0", got 480.000',
        't: expected "x", got nothing',
        's: expected nothing, got "released"',
    ]


def test_a_problem_must_be_expected_and_an_expected_one_must_come() -> None:
    record = {"Charge": "007", "Menge": "1,5", "S": "RL"}
    assert results({"name": "x", "input": record, "problems": ["n"]}) == []
    assert results({"name": "x", "input": record, "problems": {"n": "not a decimal"}}) == []
    assert results({"name": "x", "input": record, "problems": ["n", "s"]}) == ["s: expected a problem, got no problem"]
    assert results({"name": "x", "input": record, "problems": {"n": "empty"}})[0].startswith('n: expected a problem with "empty"')
    assert "n: expected no problem" in results({"name": "x", "input": record, "expect": {"lot": "007", "s": "released"}})[0]


def test_examples_of_parts_times_and_skipped_records() -> None:
    change = {
        "each": "P",
        "when": "$exists(P.t)",
        "fields": {"lot": "lot", "at": {"cell": "t", "type": "time", "zone": "UTC"}, "n": {"cell": "n", "type": "quantity"}},
    }
    record = {"P": [{"lot": "A", "t": "2026-11-23", "n": 1.5}, {"lot": "B", "t": "2026-11-23T00:00Z", "n": 2}]}
    expect = [{"lot": "A", "at": "2026-11-23", "n": 1.5}, {"lot": "B", "at": {"text": "2026-11-23T00:00Z", "zone": None}, "n": 2}]
    assert results({"name": "parts", "input": record, "expect": expect}, **change) == []
    assert results({"name": "skip", "input": {"P": {"lot": "skip"}}, "skipped": True}, **change) == []
    unskipped = results({"name": "skip", "input": record, "skipped": True}, **change)
    assert unskipped == ["skipped: expected the record to be skipped, got 2 mapped"]
    (short,) = results({"name": "parts", "input": record, "expect": expect[:1]}, **change)
    assert short == "expect: expected 1 items, got 2 items"


@pytest.mark.parametrize(
    "change",
    [
        {"fields": {"a b": "x"}},
        {"fields": {"a": 5}},
        {"fields": {"a": {"cell": "x", "tpye": "text"}}},
        {"fields": {"a": {"type": "text"}}},
        {"fields": {"a": {"each": "x"}}},
        {"fields": {"a": {"cell": "x", "zone": "Berlin time"}}},
        {"event": "Lot Received"},
        {"examples": [{"name": "x", "input": {}}]},
        {"constants": {"a": 1.5}},
    ],
)
def test_what_a_mapping_does_not_know_is_refused(change: dict[str, Any]) -> None:
    with pytest.raises(ValidationError):
        spec(**change)


def test_a_code_list_is_written_flat_or_in_full() -> None:
    flat = CodeListSpec.model_validate({"RL": "released", "ignore": ["XX"]})
    full = CodeListSpec.model_validate({"entries": {"RL": "released"}, "ignore": ["XX"]})
    assert flat == full
    assert flat.compile("status") == CODES["status"]
    assert CODES["status"].lookup("XX") is None


@pytest.mark.parametrize(("code", "key"), [("QX", "QX"), ("05", '"05"'), ("no", '"no"'), ("a b", '"a b"'), ("", '""')])
def test_an_unknown_code_says_what_to_add(code: str, key: str) -> None:
    with pytest.raises(UnknownCode) as caught:
        CODES["status"].lookup(code)
    assert f"add {key}: released under codes.status, or ignore: [{key}]" in str(caught.value)


def test_a_float_in_an_example_is_read_as_a_parser_would() -> None:
    record = {"Charge": "007", "Menge": 480.5, "S": "RL"}
    written = spec(examples=[{"name": "x", "input": record, "expect": {"lot": "007", "n": 480.5, "s": "released"}}])
    (result,) = run_examples(compile_mapping("receipt", written, CODES), written)
    assert result.passed
    assert result.mapped[0].values["n"] == Decimal("480.5")
