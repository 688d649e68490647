"""GS1 identification: read from labels, links and EPCs, refused with the place of what is wrong, written back."""

from datetime import date
from decimal import Decimal

import pytest
from hypothesis import given
from hypothesis import strategies as st
from tests.vectors import vector_json, vector_path

from tracemill.model.check_digit import CSET82, check_digit, check_pair, with_check_digit
from tracemill.model.digital_link import digital_link, parse_link
from tracemill.model.element_string import element_string, parse_elements, raw_string
from tracemill.model.epc import epc_urn, parse_epc
from tracemill.model.gs1 import BadGs1, Gs1, day_of
from tracemill.model.gs1_ais import AIS
from tracemill.model.quantity import Quantity
from tracemill.model.scanned import canonical_link, parse_gs1, scan, search_keys

GS = "\x1d"
LABEL = "(01)04012345123456(10)AB(C)1(17)251200(3103)001250(37)12(400)PO-7"


def test_a_printed_label_is_read_as_what_it_says() -> None:
    read = parse_elements(LABEL)
    assert (read.gtin, read.lot, read.count, read.order) == ("04012345123456", "AB(C)1", 12, "PO-7")
    assert read.expiry(2026) == date(2025, 12, 31)
    assert read.weight == Quantity(amount=Decimal("1.250"), unit="KGM")
    assert element_string(read) == LABEL


@pytest.mark.parametrize("start", ["]C1", "]d2", "]Q3", "", GS, f"]C1{GS}"])
@pytest.mark.parametrize("separator", [GS, "<GS>", "{GS}", "^", "\\x1d", "␝"])
def test_a_scanner_may_announce_its_symbology_and_show_its_separators_in_many_ways(start: str, separator: str) -> None:
    read = parse_elements(f"{start}0104012345123456" + f"10L-1{separator}" + "17251231" + f"21S9{separator}")
    assert read.elements == (("01", "04012345123456"), ("10", "L-1"), ("17", "251231"), ("21", "S9"))


@pytest.mark.parametrize(
    ("text", "ai", "position", "said"),
    [
        ("(01)04012345123457", "01", 17, "check digit 7, its digits give 6"),
        ("(00)340123453111111116", "00", 21, "check digit 6, its digits give 5"),
        ("(10)L1(17)251331", "17", 12, "month 13"),
        ("(17)250230", "17", 8, "day 30 in month 02"),
        ("(01)0401234512345", "01", 17, "ends after 13 of 14 characters"),
        ("(01)0401234512345X", "01", 17, "where a digit must stand"),
        ("(10)L 1", "10", 5, "a character that GS1 allows"),
        ("(10)A(10)B", "10", 9, "contradicts 'A'"),
        ("]d20104012345123457", "01", 18, "check digit 7"),
        (f"]C110LOT-THAT-IS-LONGER-THAN-20{GS}", "10", 25, "at most 20"),
        ("https://id.gs1.org/01/04012345123457", "01", 35, "check digit 7"),
        ("(8006)040123451234560302", "8006", 20, "piece 3 of 2"),
        ("(8013)1987654Ad4X4bL5ttr2310c2L", "8013", 29, "check characters 2L"),
    ],
)
def test_a_wrong_value_is_refused_with_its_place(text: str, ai: str, position: int, said: str) -> None:
    with pytest.raises(BadGs1, match="character") as error:
        parse_gs1(text)
    assert (error.value.ai, error.value.position) == (ai, position)
    assert said in str(error.value)


@pytest.mark.parametrize(
    "text", ["", "42", "Hello", "(9999)x", "urn:epc:id:gid:1.2.3", "urn:epc:id:sgtin:1.2.3", "https://a.b/c"]
)
def test_what_is_no_gs1_identification_is_refused(text: str) -> None:
    with pytest.raises(BadGs1):
        parse_gs1(text)


def test_day_00_is_the_last_of_its_month_and_the_century_slides() -> None:
    assert day_of("280200", 2026) == date(2028, 2, 29)
    assert day_of("750101", 2026) == date(2075, 1, 1)
    assert day_of("770101", 2026) == date(1977, 1, 1)
    assert day_of("010101", 2099) == date(2101, 1, 1)


def test_check_characters_are_those_of_the_general_specifications() -> None:
    assert check_digit("629104150021") == "3"
    assert check_pair("1987654Ad4X4bL5ttr2310c") == "2K"


LINKS = [
    (
        "https://shop.example/x/gtin/4012345123456/lot/L%2F1?17=251200&linkType=pip",
        "https://id.gs1.org/01/04012345123456/10/L%2F1",
    ),
    ("https://id.gs1.org/01/04012345123456/22/V/10/L/21/S", "https://id.gs1.org/01/04012345123456/21/S"),
    ("HTTPS://example.com/414/4012345000054/254/12", "https://id.gs1.org/414/4012345000054/254/12"),
    ("urn:epc:class:lgtin:4012345.011111.44%2F4", "https://id.gs1.org/01/04012345111118/10/44%2F4"),
    ("urn:epc:id:itip:4012345.011111.01.02.7", "https://id.gs1.org/8006/040123451111180102/21/7"),
    ("https://example.com/01/04012345123456/21/S/10/L", "https://example.com/01/04012345123456/21/S/10/L"),
    ("urn:epcglobal:cbv:bt:4012345000009:ASN1099", "urn:epcglobal:cbv:bt:4012345000009:ASN1099"),
    ("https://erp.example/lots/4711", "https://erp.example/lots/4711"),
]


@pytest.mark.parametrize(("uri", "canonical"), LINKS)
def test_every_way_to_name_a_thing_has_one_canonical_link_and_foreign_names_stay(uri: str, canonical: str) -> None:
    assert canonical_link(uri) == canonical


def test_a_whole_link_keeps_qualifiers_and_attributes() -> None:
    uri = "https://example.com/01/04012345123456/10/L1/21/S9?17=251231&3103=001250"
    assert digital_link(parse_link(uri), "https://example.com", whole=True) == uri


PLAIN = st.text(st.sampled_from(CSET82), min_size=1, max_size=20)
COMPANY = st.integers(6, 12)
DIGITS = st.text(st.sampled_from("0123456789"), min_size=17, max_size=17)


@given(DIGITS, PLAIN, PLAIN)
def test_a_label_survives_every_form(digits: str, lot: str, serial: str) -> None:
    gtin = with_check_digit(digits[:13])
    read = Gs1(elements=(("01", gtin), ("10", lot), ("21", serial)))
    assert parse_elements(raw_string(read)) == read
    assert parse_link(digital_link(read, whole=True)) == read


@given(DIGITS, PLAIN, COMPANY, st.sampled_from(["10", "21", "235", "414", "00", "8003", "8004", "253", "402", "417", "8018"]))
def test_an_epc_reads_back_as_the_key_it_was_written_from(digits: str, text: str, company: int, kind: str) -> None:
    elements = {
        "414": (("414", with_check_digit(digits[:12])), ("254", text)),
        "00": (("00", with_check_digit(digits)),),
        "8003": (("8003", "0" + with_check_digit(digits[:12]) + text[:16]),),
        "8004": (("8004", digits[:12] + text[:18]),),
        "253": (("253", with_check_digit(digits[:12]) + text[:17]),),
        "402": (("402", with_check_digit(digits[:16])),),
        "417": (("417", with_check_digit(digits[:12])),),
        "8018": (("8018", with_check_digit(digits)),),
    }.get(kind, (("01", with_check_digit(digits[:13])), (kind, text)))
    read = Gs1(elements=tuple(e for e in elements if e != ("254", "0")))
    assert parse_epc(epc_urn(read, company)) == read


def test_a_search_tries_the_lot_alone_and_every_uri_that_names_it() -> None:
    keys = {(k.kind, k.value) for k in search_keys("]d20104012345111118104444")}
    assert ("lot", "4444") in keys
    assert ("gtin", "04012345111118") in keys
    assert ("uri", "urn:epc:class:lgtin:4012345.011111.4444") in keys
    assert ("uri", "https://id.gs1.org/01/04012345111118/10/4444") in keys


@pytest.mark.parametrize(
    ("text", "kinds"),
    [
        ("B-0901", {"text"}),
        ("10044", {"text"}),
        ("4012345123456", {"text", "gtin", "gln"}),
        ("4012345123457", {"text"}),
        ("340123453111111115", {"text", "sscc"}),
        ("", set()),
    ],
)
def test_a_bare_number_means_what_its_length_and_check_digit_allow(text: str, kinds: set[str]) -> None:
    assert {key.kind for key in search_keys(text)} == kinds


@given(st.text(max_size=60) | st.from_regex(r"(\(0?1\)|https://a/01/|urn:epc:id:sgtin:)[ -~]{0,30}", fullmatch=True))
def test_a_search_takes_any_text_and_says_why_a_label_could_not_be_read(text: str) -> None:
    found = scan(text)
    assert found.text == text
    assert (found.gs1 is None) or not found.fault
    assert canonical_link(canonical_link(text)) == canonical_link(text)


def test_all_published_pairs_of_names_agree() -> None:
    pairs = vector_json("vectors/epc_uri_to_digital_link.json")["pairs"]
    wrong = [p for p in pairs if canonical_link(p["input"]) != (p["canonical"] or p["input"])]
    assert not wrong
    assert len(pairs) == 36


def test_the_table_of_identifiers_is_that_of_the_syntax_dictionary() -> None:
    text = vector_path("gs1-syntax-dictionary/gs1-syntax-dictionary.txt").read_text(encoding="utf-8")
    rows = [line.partition("#") for line in text.splitlines() if line and not line.startswith("#")]
    for row, _, title in rows:
        codes, *parts = row.split()
        first, _, last = codes.partition("-")
        for number in range(int(first), int(last or first) + 1):
            ai = AIS[str(number).zfill(len(first))]
            flags = parts[0] if not parts[0][0].isalpha() and parts[0][0] != "[" else ""
            assert (ai.fixed, ai.attribute, ai.title) == ("*" in flags, "?" in flags, title.strip())
            assert (ai.qualifiers is not None) == any(p.startswith("dlpkey") for p in parts)
            lengths = [p.split(",")[0].strip("[]")[1:].lstrip(".") for p in parts if p.strip("[")[:1] in "NXYZ"]
            assert [c.most for c in ai.components] == [int(n) for n in lengths if n.isdigit()]
    assert sum(1 for _ in rows) == 224
