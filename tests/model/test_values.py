"""Quantities, times and ids: exact, located errors, nothing guessed."""

from decimal import Decimal

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tracemill.model.identifier import BadIdentifier, derived, look, new_id, opaque
from tracemill.model.moment import BadTime, parse_moment
from tracemill.model.quantity import (
    BadQuantity,
    Conversion,
    NotComparable,
    Quantity,
    UnknownUnit,
    amount,
    show,
    to_unit,
    unit_code,
)


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("1,5", "decimal point"),
        ("NaN", "not finite"),
        ("Infinity", "not finite"),
        ("1e400", "out of range"),
        ("", "not a decimal"),
        (True, "bool"),
        (1.5, "float"),
    ],
)
def test_a_quantity_that_could_mean_two_things_is_refused_with_its_value(text: object, said: str) -> None:
    with pytest.raises(BadQuantity, match=said):
        amount(text)


@given(st.decimals(allow_nan=False, allow_infinity=False, places=6, min_value=-(10**12), max_value=10**12))
def test_a_quantity_survives_writing_and_reading(value: Decimal) -> None:
    assert amount(show(value)) == value


def test_units_convert_exactly_where_physics_or_the_item_says_how() -> None:
    assert to_unit(Quantity(amount=Decimal("1.5"), unit="TNE"), "KGM").amount == 1500
    drum = (Conversion(unit="DRM", to="KGM", factor=Decimal(25)),)
    assert to_unit(Quantity(amount=Decimal(4), unit="DRM"), "KGM", drum).amount == 100
    with pytest.raises(NotComparable, match="declare a conversion"):
        to_unit(Quantity(amount=Decimal(1), unit="LTR"), "KGM")


def test_a_unit_is_a_known_code_a_package_or_what_a_pack_or_a_site_declares() -> None:
    with pytest.raises(UnknownUnit, match="'FASS' is not known"):
        unit_code("FASS")
    assert unit_code("FASS", {"FASS": "DRM"}) == "DRM"
    assert unit_code("FASS", declared=("FASS",)) == "FASS"
    assert unit_code("kg", declared=("FASS",)) == "KGM"
    assert [unit_code(code) for code in ("DRM", "BX", "PAL", "BG", "CT")] == ["DRM", "BX", "PAL", "BG", "CT"]
    assert str(Quantity(amount=Decimal(4), unit="DRM")) == "4 drums"


def test_a_naive_time_needs_a_zone_and_keeps_its_text() -> None:
    with pytest.raises(BadTime, match="zone"):
        parse_moment("2026-11-23T10:02:11")
    read = parse_moment("2026-11-23T10:02:11", "Europe/Berlin")
    assert (read.utc.isoformat(), read.text) == ("2026-11-23T09:02:11+00:00", "2026-11-23T10:02:11")
    assert parse_moment(1_795_415_336_203).utc.year == 2026


@given(
    st.text(min_size=1, max_size=200).filter(
        lambda t: t.strip() and all(ord(c) >= 32 and not 0xD800 <= ord(c) < 0xE000 for c in t)
    )
)
def test_an_id_is_kept_byte_for_byte(text: str) -> None:
    assert opaque(text) == text


@pytest.mark.parametrize("text", ["", "   ", "a\0b", "x" * 201, "line\nbreak"])
def test_an_id_that_cannot_be_kept_is_refused(text: str) -> None:
    with pytest.raises(BadIdentifier):
        opaque(text)


def test_ids_that_look_alike_are_found_but_never_the_same() -> None:
    assert look("L-2411-07") == look("l241107")
    assert look("000471") == look("471")
    assert look("000") == "000"


def test_new_ids_are_ordered_by_time_and_derived_ones_repeat() -> None:
    assert new_id(1000, 7) < new_id(2000, 3)
    assert new_id(1000, 2**80 - 1)[14] == "7"
    assert derived("a", "b") == derived("a", "b") != derived("ab")
