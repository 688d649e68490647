"""Reads the fields of a request; what is missing or wrong is refused by name."""

import re
from collections.abc import Mapping
from decimal import Decimal, InvalidOperation

_THOUSANDTH = Decimal("0.001")


class Refused(Exception):
    """The application says no; nothing was changed."""

    def __init__(self, status: int, code: str, text: str, field: str = "") -> None:
        super().__init__(text)
        self.status = status
        self.code = code
        self.text = text
        self.field = field


def text(body: Mapping[str, object], field: str, default: str | None = None, pattern: str = "") -> str:
    """Read a text; without a default it is required, with a pattern it must match as a whole."""
    value = body.get(field, default)
    if value is None or (value == "" and default is None):
        raise Refused(400, "INVALID", f"{field} is required", field)
    if not isinstance(value, str):
        raise Refused(400, "INVALID", f"{field} must be a text", field)
    if pattern and not re.fullmatch(pattern, value):
        raise Refused(400, "INVALID", f"{field} must match {pattern}", field)
    return value


def amount(body: Mapping[str, object], field: str, default: Decimal | None = None, least: Decimal = _THOUSANDTH) -> Decimal:
    """Read a quantity, sent as text or number with at most three places."""
    value = body.get(field, default)
    if value is None or isinstance(value, bool) or not isinstance(value, str | int | Decimal):
        raise Refused(400, "INVALID", f"{field} must be a quantity", field)
    try:
        read = Decimal(value)
        exact = read.is_finite() and read == read.quantize(_THOUSANDTH)
    except InvalidOperation:
        exact = False
    if not exact:
        raise Refused(400, "INVALID", f"{field} must be a quantity with at most three places", field)
    if read < least:
        raise Refused(400, "INVALID", f"{field} must be at least {least}", field)
    return read


def part(body: Mapping[str, object], field: str) -> Mapping[str, object]:
    """Read a nested object; empty when it was not sent."""
    value = body.get(field) or {}
    if not isinstance(value, dict):
        raise Refused(400, "INVALID", f"{field} must be an object", field)
    return value


def count(query: Mapping[str, str], field: str, default: int, least: int = 0, most: int = 2**53) -> int:
    """Read a whole number from the query; larger than allowed is cut, as vendors do."""
    value = query.get(field, "")
    if not value:
        return default
    if not re.fullmatch(r"\d{1,15}", value) or int(value) < least:
        raise Refused(400, "INVALID", f"{field} must be a whole number from {least}", field)
    return min(int(value), most)


def names(query: Mapping[str, str], field: str) -> list[str]:
    """Read a comma-separated list of ids."""
    return [name for name in query.get(field, "").split(",") if name]


def three(value: Decimal) -> str:
    """Show a quantity with three places."""
    return str(value.quantize(_THOUSANDTH))


def plain(value: Decimal) -> str:
    """Show a quantity without trailing zeros."""
    shown = three(value).rstrip("0")
    return shown.removesuffix(".")
