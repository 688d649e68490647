"""Located YAML documents."""

from __future__ import annotations

import time
from decimal import Decimal
from typing import Any

import pytest
import yaml
from hypothesis import given
from hypothesis import strategies as st
from pydantic import BaseModel, ConfigDict

from tracemill.app.document import Document, DocumentError, Finding, Mark, load_document, validate

PLANT = """\
site: de-01
port: 8080
systems:
  erp:
    url: https://erp.example.com
    mode: act
  qms:
    url: https://qms.example.com
targets:
  - name: main
    share: 1.5
  - {name: spare, share: 0.5}
"""


class Anything(BaseModel):
    model_config = ConfigDict(extra="forbid", coerce_numbers_to_str=True)

    site: str
    port: int = 80


def load(text: str | bytes) -> Document:
    return load_document("config/plants/de.yaml", text)


def refused(text: str | bytes) -> Finding:
    with pytest.raises(DocumentError) as caught:
        load(text)
    return caught.value.findings[0]


def value(scalar: str) -> Any:
    return load(f"key: {scalar}\n").data["key"]


def at(finding: Finding) -> tuple[int, int, str]:
    return finding.line, finding.column, finding.code


def test_a_document_is_plain_data_with_text_keys() -> None:
    assert load(PLANT).data == {
        "site": "de-01",
        "port": 8080,
        "systems": {
            "erp": {"url": "https://erp.example.com", "mode": "act"},
            "qms": {"url": "https://qms.example.com"},
        },
        "targets": [{"name": "main", "share": Decimal("1.5")}, {"name": "spare", "share": Decimal("0.5")}],
    }


@pytest.mark.parametrize(
    "scalar",
    ["0012", "1.10", "1e3", "1E3", "yes", "no", "on", "off", "y", "True", "NULL", "~", "0x1F", "0o17", "0b1", "1_000", "+5", "-0",
     "2026-11-23", "12:30:45", "1.", ".5", "00", "-01", "1.50", ".inf", ".nan", "12345678901234567890.0123450", "١٢", "=", "a b"],
)  # fmt: skip
def test_a_plain_scalar_that_would_be_written_differently_stays_text(scalar: str) -> None:
    assert value(scalar) == scalar


@pytest.mark.parametrize(
    ("scalar", "expected"),
    [("12", 12), ("0", 0), ("-7", -7), ("9" * 40, int("9" * 40)), ("1.5", Decimal("1.5")), ("-0.25", Decimal("-0.25")),
     ("1.0", Decimal("1.0")), ("0.1", Decimal("0.1")), ("true", True), ("false", False), ("null", None), ("", None)],
)  # fmt: skip
def test_a_plain_scalar_that_survives_writing_back_becomes_a_value(scalar: str, expected: object) -> None:
    read = value(scalar)
    assert read == expected
    assert type(read) is type(expected)


@pytest.mark.parametrize("scalar", ["12", "1.5", "true", "null", "", "0012", "<<", "*x", "&x"])
def test_a_quoted_scalar_is_always_text(scalar: str) -> None:
    assert value(f"'{scalar}'") == scalar
    assert value(f'"{scalar}"') == scalar


def test_a_block_scalar_is_always_text() -> None:
    assert load("key: |\n  12\n").data == {"key": "12\n"}


def test_keys_are_always_text() -> None:
    assert load("0012: a\n12: b\ntrue: c\n1.5: d\n").data == {"0012": "a", "12": "b", "true": "c", "1.5": "d"}


def test_a_very_long_number_stays_text() -> None:
    assert value("1" * 5000) == "1" * 5000


@given(st.text())
def test_any_quoted_text_survives_byte_for_byte(text: str) -> None:
    escaped = "".join(f"\\U{ord(c):08x}" if not c.isascii() or not c.isprintable() or c in '"\\' else c for c in text)
    if any(0xD800 <= ord(c) <= 0xDFFF for c in text):
        return
    assert load(f'key: "{escaped}"\n').data == {"key": text}


@given(st.text(st.characters(exclude_categories=("Cs", "Cc"), exclude_characters="\u2028\u2029\ufeff\ufffe\uffff")))
def test_any_printable_text_in_single_quotes_survives(text: str) -> None:
    assert load("key: '{}'\n".format(text.replace("'", "''"))).data == {"key": text}


@given(st.text(st.characters(categories=("L", "N", "P")), min_size=1))
def test_a_plain_scalar_is_read_as_a_string_parser_reads_it_or_as_the_number_it_is(text: str) -> None:
    try:
        plain = yaml.load(f"- {text}\n", Loader=yaml.BaseLoader)
        read = load(f"- {text}\n").data
    except (yaml.YAMLError, DocumentError):
        return
    if isinstance(plain, list) and isinstance(plain[0], str) and isinstance(read[0], (int, Decimal)):
        assert str(read[0]).lower() == plain[0]
    elif isinstance(plain, list) and isinstance(plain[0], str):
        assert read[0] in (plain[0], None)


def test_each_value_and_key_knows_its_place() -> None:
    document = load(PLANT)
    assert document.locate(["port"]) == Mark(2, 7)
    assert document.locate_key(["port"]) == Mark(2, 1)
    assert document.locate(["systems", "qms", "url"]) == Mark(8, 10)
    assert document.locate(["targets", 1, "share"]) == Mark(12, 26)
    assert document.locate([]) == Mark(1, 1)


def test_a_missing_key_is_located_at_its_nearest_parent() -> None:
    document = load(PLANT)
    assert document.locate(["systems", "erp", "user", "name"]) == document.locate(["systems", "erp"]) == Mark(5, 5)
    assert document.locate(["nothing", 3]) == Mark(1, 1)


def test_a_duplicate_key_is_refused_with_both_positions() -> None:
    finding = refused("a: 1\nb:\n  c: 1\n  d: 2\n  c: 3\n")
    assert at(finding) == (5, 3, "T104")
    assert "'c'" in finding.text
    assert "3:3" in finding.text


def test_every_duplicate_key_is_reported() -> None:
    with pytest.raises(DocumentError) as caught:
        load("a: 1\na: 2\nb: 1\nb: 2\n")
    assert [f.line for f in caught.value.findings] == [2, 4]


def test_the_same_key_plain_and_quoted_is_a_duplicate() -> None:
    assert refused("a: 1\n'a': 2\n").code == "T104"


BOMB = "a: &a [lol, lol]\n" + "".join(f"{k}: &{k} [{', '.join([f'*{chr(ord(k) - 1)}'] * 9)}]\n" for k in "bcdefghi")


def test_an_anchor_bomb_is_refused_at_its_first_anchor() -> None:
    started = time.perf_counter()
    assert at(refused(BOMB)) == (1, 4, "T105")
    assert time.perf_counter() - started < 1


@pytest.mark.parametrize(
    ("text", "place"),
    [
        ("a: *x\n", (1, 4, "T105")),
        ("a: &x 1\n", (1, 4, "T105")),
        ("&x a: 1\n", (1, 1, "T105")),
        ("a: !!python/object/apply:os.system [ls]\n", (1, 4, "T106")),
        ("a: !!str 1\n", (1, 4, "T106")),
        ("a: ! 1\n", (1, 4, "T106")),
        ("x: 1\n<<: {a: 1}\n", (2, 1, "T107")),
        ("? [a]\n: 1\n", (1, 3, "T109")),
        ("a:\n\t- 1\n", (2, 1, "T103")),
        ("a: [1\nb: 2\n", (2, 2, "T102")),
        ("a: 'open\n", (2, 1, "T102")),
        ("a: 1\n b: 2\n", (2, 3, "T102")),
        ("a: 1\n---\nb: 2\n", (2, 1, "T102")),
        ("a: @x\n", (1, 4, "T102")),
        ('a: "\\UFFFFFFFF"\n', (1, 7, "T102")),
        ('a:\n  b: "\\ud83d"\n', (2, 6, "T101")),
        ('"\\ud83d": 1\n', (1, 1, "T101")),
        ("a: 1\nb: \0\n", (2, 4, "T101")),
        ("a: \ud800\n", (1, 4, "T101")),
        ("a: \x07\n", (1, 4, "T101")),
        (b"a: 1\nb: caf\xe9\n", (2, 7, "T101")),
        ("a: 1\n".encode("utf-16"), (1, 1, "T101")),
        ("[" * 60, (1, 51, "T108")),
    ],
)
def test_what_a_configuration_must_not_contain_is_refused_with_its_place(text: str | bytes, place: tuple[int, int, str]) -> None:
    assert at(refused(text)) == place


def test_ten_thousand_open_brackets_do_not_exhaust_the_stack() -> None:
    assert refused("[" * 10_000).code == "T108"
    assert refused("a: " + "{b: " * 10_000).code in ("T102", "T108")
    assert refused("- " * 10_000 + "x").code == "T108"


def test_a_file_of_20_mb_is_refused_at_once() -> None:
    started = time.perf_counter()
    assert at(refused("a: 1\n" * 4_000_000)) == (1, 1, "T100")
    assert at(refused(b"a: 1\n" * 4_000_000)) == (1, 1, "T100")
    assert refused("ä" * 600_000).code == "T100"
    assert time.perf_counter() - started < 1


def test_more_than_100_000_values_are_refused() -> None:
    assert refused("[" + "1," * 100_001 + "]").code == "T108"


def test_a_byte_order_mark_is_not_part_of_the_document() -> None:
    document = load("\ufeffsite: a\n".encode())
    assert document.data == {"site": "a"}
    assert document.locate_key(["site"]) == Mark(1, 1)
    assert load("\ufeffsite: a\n").data == {"site": "a"}


@pytest.mark.parametrize("text", ["", "\n\n", "# only a comment\n", "---\n", b""])
def test_an_empty_file_is_a_document_without_data(text: str | bytes) -> None:
    document = load(text)
    assert document.data is None
    assert "file is empty" in validate(document, Anything)[1][0].text


def test_windows_line_ends_count_once() -> None:
    assert load("a: 1\r\nb: 2\r\n").locate(["b"]) == Mark(2, 4)


@given(st.text(max_size=80))
def test_any_text_is_either_a_document_or_located_findings(text: str) -> None:
    try:
        document = load(text)
    except DocumentError as error:
        findings = list(error.findings)
    else:
        made, findings = validate(document, Anything)
        assert (made is None) is bool(findings)
        return
    lines = text.count("\n") + text.count("\r") + sum(map(text.count, "\x85\u2028\u2029")) + 1
    assert findings
    assert all(1 <= f.line <= lines and 1 <= f.column <= len(text) + 1 and f.code.startswith("T10") for f in findings)


def test_a_finding_prints_as_file_line_column_code_and_hint() -> None:
    assert str(Finding("config/plants/de.yaml", 31, 14, "T204", "text", "do this")) == (
        "config/plants/de.yaml:31:14 T204 text\n  hint: do this"
    )
    assert str(Finding("a.yaml", 1, 2, "T100", "text")) == "a.yaml:1:2 T100 text"


def test_a_document_error_prints_all_its_findings() -> None:
    with pytest.raises(DocumentError, match=r"de\.yaml:2:1 T104.*\n  hint: keep one"):
        load("a: 1\na: 2\n")
