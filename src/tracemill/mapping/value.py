"""What a value must look like to be a text, a quantity, a time; each refusal names the value."""

import re
from collections.abc import Callable
from datetime import datetime
from decimal import Decimal
from typing import Final, Literal

import msgspec

from tracemill.mapping.fault import shown
from tracemill.mapping.plain import exact_digits, whole_digits

ValueType = Literal["text", "quantity", "integer", "boolean", "time", "list", "object"]
Fit = Callable[[object], object]

_QUANTITY: Final = re.compile(r"[+-]?(?:\d+(?:\.\d*)?|\.\d+)(?:[eE][+-]?\d{1,4})?", re.ASCII)
_INTEGER: Final = re.compile(r"[+-]?\d+", re.ASCII)
_OFFSET: Final = re.compile(r"[T ].*(?:[Zz]|[+-]\d\d(?::?\d\d)?)$")
_CLOCK: Final = re.compile(r"\d[T ]\d", re.ASCII)
_DIGITS_BEFORE_POINT: Final = 18
_DIGITS_AFTER_POINT: Final = 30


class Unfit(Exception):
    """A value is not what its field says; the message is the cause."""


def fit_text(value: object) -> object:
    """Keep a text byte for byte; write an integer digit by digit; take nothing else for an id."""
    if isinstance(value, str):
        if not value.isascii():
            _check_characters(value)
        if "\0" in value:
            raise Unfit(f"{shown(value)} contains a NUL character, which no database can keep")
        return value
    if isinstance(value, int) and not isinstance(value, bool):
        return whole_digits(value)
    if isinstance(value, float | Decimal):
        raise Unfit(
            f"{shown(value)} is a decimal number, and an id must be text;"
            " hint: have it sent as text, or write $string(…) if its digits are the id"
        )
    raise Unfit(f"{shown(value)} is a {_noun(value)}, not a text")


def _check_characters(value: str) -> None:
    try:
        value.encode()
    except UnicodeEncodeError:
        raise Unfit(f"{shown(value)} holds half a character (a lone surrogate)") from None


def fit_quantity(value: object) -> object:
    """Give an exact decimal with the digits it came with."""
    if isinstance(value, bool):
        raise Unfit(f"{shown(value)} is a boolean, not a quantity")
    if isinstance(value, str):
        number = _decimal(value)
    elif isinstance(value, int):
        number = Decimal(value) if value.bit_length() < 128 else Decimal("Infinity")
    elif isinstance(value, float):
        number = Decimal(repr(value))
    elif isinstance(value, Decimal):
        number = value
    else:
        raise Unfit(f"{shown(value)} is a {_noun(value)}, not a quantity")
    if number.is_nan() or (number.is_infinite() and isinstance(value, float | Decimal)):
        raise Unfit(f"{shown(value)} is not a quantity")
    if not number.is_finite() or (number and number.adjusted() >= _DIGITS_BEFORE_POINT):
        raise Unfit(f"{shown(value)} has more than {_DIGITS_BEFORE_POINT} digits before the point")
    exponent = number.as_tuple().exponent
    if isinstance(exponent, int) and not -_DIGITS_AFTER_POINT <= exponent < _DIGITS_BEFORE_POINT:
        raise Unfit(f"{shown(value)} has more than {_DIGITS_AFTER_POINT} digits after the point")
    return number


def _decimal(text: str) -> Decimal:
    if not text:
        raise Unfit('"" is empty, not a quantity')
    if not _QUANTITY.fullmatch(text):
        raise Unfit(f"{shown(text)} is not a decimal number{_number_hint(text)}")
    return Decimal(text)


def _number_hint(text: str) -> str:
    if "," in text:
        return "; hint: take its separators out with $replace in the cell"
    if text != text.strip():
        return "; hint: set trim: true"
    if text.endswith("-"):
        return "; hint: move the sign to the front in the cell"
    return ""


def fit_integer(value: object) -> object:
    """Give a whole number."""
    if isinstance(value, int) and not isinstance(value, bool):
        number = value
    elif isinstance(value, str) and _INTEGER.fullmatch(value) and len(value) <= 40:
        number = int(value)
    elif isinstance(value, Decimal) and value.is_finite() and value.adjusted() < 40:
        number = int(value)
        if number != value:
            raise Unfit(f"{shown(value)} is not a whole number")
    else:
        raise Unfit(f"{shown(value)} is not a whole number")
    if abs(number) >= 10**_DIGITS_BEFORE_POINT:
        raise Unfit(f"{shown(value)} has more than {_DIGITS_BEFORE_POINT} digits")
    return number


def fit_boolean(value: object) -> object:
    """Give true or false; other words for them need a code list."""
    if isinstance(value, bool):
        return value
    if value == "true" or value == "false":
        return value == "true"
    raise Unfit(f'{shown(value)} is not true or false; hint: give a code list, as X: "true"')


def fit_time(zone: str | None) -> Fit:
    """Give the time as sent, with the declared zone where it carries no offset of its own."""

    def fit(value: object) -> object:
        if not isinstance(value, str):
            hint = "; hint: $fromMillis(…) reads milliseconds" if isinstance(value, int) else ""
            raise Unfit(f"{shown(value)} is a {_noun(value)}, not a time{hint}")
        try:
            datetime.fromisoformat(value)
        except ValueError:
            raise Unfit(f"{shown(value)} is not an ISO 8601 time; hint: build one") from None
        if _CLOCK.search(value) and _OFFSET.search(value):
            return {"text": value, "zone": None}
        if zone is None:
            raise Unfit(f"naive time {shown(value)}; declare zone: Europe/Berlin")
        return {"text": value, "zone": zone}

    return fit


def fit_list(value: object) -> object:
    """Give a list; one value is a list of one, as JSONata writes it."""
    items = value if isinstance(value, list) else [value]
    return _encodable(items)


def fit_object(value: object) -> object:
    """Give an object as it is."""
    if not isinstance(value, dict):
        raise Unfit(f"{shown(value)} is a {_noun(value)}, not an object")
    return _encodable(value)


def _encodable(value: object) -> object:
    try:
        msgspec.json.encode(value)
    except (ValueError, TypeError, RecursionError) as error:
        raise Unfit(f"{shown(value)} cannot be kept: {error}") from None
    return value


def fit_code(value: object) -> str:
    """Write a code as the text by which its list knows it."""
    if isinstance(value, str):
        return value
    if isinstance(value, bool):
        return "true" if value else "false"
    if isinstance(value, int):
        return whole_digits(value)
    if isinstance(value, Decimal):
        return exact_digits(value)
    raise Unfit(f"{shown(value)} is a {_noun(value)}, not a code")


def fit_for(kind: ValueType, zone: str | None) -> Fit:
    """Choose what a field's type demands."""
    return fit_time(zone) if kind == "time" else _FITS[kind]


_FITS: Final[dict[ValueType, Fit]] = {
    "text": fit_text,
    "quantity": fit_quantity,
    "integer": fit_integer,
    "boolean": fit_boolean,
    "list": fit_list,
    "object": fit_object,
}


def _noun(value: object) -> str:
    if isinstance(value, bool):
        return "boolean"
    nouns: dict[type, str] = {dict: "object", list: "list", str: "text", int: "whole number"}
    return nouns.get(type(value), "decimal number")
