"""Values of the project folder: what a text must be to be a zone, a time, an amount, a unit, an address, a store."""

import re
from datetime import datetime
from decimal import Decimal
from typing import Annotated, Literal
from zoneinfo import ZoneInfo

from pydantic import AfterValidator, BeforeValidator

from tracemill.model.quantity import amount, unit_code

STORES = ("sqlite", "postgresql", "postgresql+psycopg")
_ADDRESS = re.compile(r"(?P<host>\[[0-9A-Fa-f:.]+\]|[^\s:/\[\]]+):(?P<port>\d{1,5})", re.ASCII)


def _zone(text: str) -> str:
    try:
        ZoneInfo(text)
    except (LookupError, ValueError, OSError):  # OSError: the name of a folder of zones, such as Europe
        raise ValueError(f"{text!r} is no IANA time zone; hint: write one such as Europe/Berlin or UTC") from None
    return text


def _moment(value: object) -> datetime:
    hint = "write it with its offset, such as 2026-01-01T00:00:00+01:00"
    try:
        read = datetime.fromisoformat(str(value))
    except ValueError:
        raise ValueError(f"{value!r} is not an ISO 8601 time; hint: {hint}") from None
    if read.tzinfo is None:
        raise ValueError(f"{value!r} has no offset, so nobody knows which moment is meant; hint: {hint}")
    return read


def _amount(value: object) -> Decimal:
    found = amount(value)
    if found <= 0:
        raise ValueError(f"{value!r} is not more than nothing; hint: write a positive amount")
    return found


def _declared(text: str) -> str:
    """Return the code of a unit that is known, and any other text as it is: the conversion makes it a unit."""
    try:
        return unit_code(text)
    except ValueError:
        if not text.strip():
            raise ValueError("a unit has a name; hint: write what the systems call it, such as DRM") from None
        return text


def _address(text: str) -> str:
    found = _ADDRESS.fullmatch(text)
    if found is None or int(found["port"]) > 65535:
        raise ValueError(f"{text!r} is not host:port; hint: write one such as 127.0.0.1:8420")
    return text


def _store(text: str) -> str:
    scheme, colon, rest = text.partition("://")
    if scheme not in STORES or not colon or not rest.strip("/"):
        shown = scheme if colon else text
        hint = "write sqlite:///data/tracemill.db or postgresql://user@host/database"
        raise ValueError(f"{shown!r} is no database that the hub can use; hint: {hint}")
    return text


Zone = Annotated[str, AfterValidator(_zone)]
Moment = Annotated[datetime, BeforeValidator(_moment)]
Amount = Annotated[Decimal, BeforeValidator(_amount)]
DeclaredUnit = Annotated[str, AfterValidator(_declared)]
Address = Annotated[str, AfterValidator(_address)]
StoreUrl = Annotated[str, AfterValidator(_store)]
Role = Literal["erp", "mes", "qms", "wms", "lims", "supplier"]


def endpoint(address: str) -> tuple[str, int]:
    """Return host and port of an address."""
    host, _, port = address.rpartition(":")
    return host.strip("[]"), int(port)
