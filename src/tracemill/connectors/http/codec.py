"""JSON that keeps every number as it was written: nothing is bent by a double, not even in its form."""

import json
from decimal import Decimal
from typing import Any, Final, NoReturn, Self

import msgspec

from tracemill.mapping.fault import CellError
from tracemill.mapping.value import Unfit, fit_code


class Exact(Decimal):
    """A decimal that remembers its digits as written: 1.50, 0.0000001, 1e3."""

    __slots__ = ("text",)
    text: str

    def __new__(cls, text: str) -> Self:
        self = super().__new__(cls, text)
        self.text = text
        return self


class NoText(ValueError):
    """A value that is no single word: null, a list, an object."""


class NotJson(ValueError):
    """A body that is not JSON."""


def _raw(value: object) -> msgspec.Raw:
    if isinstance(value, Exact):
        return msgspec.Raw(value.text.encode())
    raise TypeError(f"{type(value).__name__} is not a JSON value")


def _refuse(constant: str) -> NoReturn:
    raise NotJson(f"{constant} is not JSON")


_decoder: Final = msgspec.json.Decoder(float_hook=Exact)
_encoder: Final = msgspec.json.Encoder(enc_hook=_raw, decimal_format="number")


def as_text(value: object) -> str:
    """Write a single value as text, digit for digit; raise NoText."""
    if isinstance(value, str):
        return value
    try:
        return repr(value) if isinstance(value, float) else fit_code(value)
    except (Unfit, CellError) as error:
        raise NoText(str(error)) from None


def decode(body: bytes, charset: str = "utf-8") -> Any:
    """Read JSON; raise NotJson."""
    try:
        if charset not in ("utf-8", "utf8", ""):
            body = body.decode(charset).encode()
        return _decoder.decode(body.removeprefix(b"\xef\xbb\xbf"))
    except msgspec.DecodeError:
        return _decode_patiently(body)
    except (ValueError, LookupError, RecursionError) as error:
        raise NotJson(str(error)) from None


def _decode_patiently(body: bytes) -> Any:
    """Read what only msgspec refuses: half a character (\\ud800) in one record must not stop its neighbours."""
    if b"\\u" not in body:
        raise NotJson("the body is not JSON")
    try:
        return json.loads(body, parse_float=Exact, parse_constant=_refuse)
    except (ValueError, RecursionError) as error:
        raise NotJson(str(error)) from None


def encode(value: object) -> bytes:
    """Write JSON: same order of keys, same digits; raise NotJson for what is no JSON value."""
    try:
        return _encoder.encode(value)
    except UnicodeEncodeError:
        return _written(value).encode()
    except (ValueError, TypeError, OverflowError, RecursionError) as error:
        raise NotJson(str(error)) from None


def _written(value: object) -> str:
    if isinstance(value, dict):
        return "{" + ",".join(f"{json.dumps(key)}:{_written(item)}" for key, item in value.items()) + "}"
    if isinstance(value, list):
        return "[" + ",".join(map(_written, value)) + "]"
    if isinstance(value, Exact):
        return value.text
    return json.dumps(value)
