"""The base of every record inside the hub, and its one codec.

Records are frozen msgspec structs: the shape of a frozen dataclass with a typed JSON codec and a JSON Schema
for free (ADR 3). Decimals travel as strings, times as RFC 3339.
"""

from typing import Any, TypeVar

import msgspec


class Record(msgspec.Struct, frozen=True, omit_defaults=True):
    """A frozen value."""


T = TypeVar("T")

_encoder = msgspec.json.Encoder(order="deterministic")
_decoders: dict[Any, msgspec.json.Decoder[Any]] = {}


def encode(value: object) -> bytes:
    """Return the canonical JSON of a record: same value, same bytes (mappings are sorted)."""
    return _encoder.encode(value)


def decode(body: bytes | str, kind: type[T]) -> T:
    """Read a record back from its JSON; raises msgspec.ValidationError that names the path."""
    decoder = _decoders.get(kind)
    if decoder is None:
        decoder = _decoders[kind] = msgspec.json.Decoder(kind)
    result: T = decoder.decode(body)
    return result


def convert(value: object, kind: type[T]) -> T:
    """Turn plain dicts and lists into a record; raises msgspec.ValidationError that names the path."""
    return msgspec.convert(value, kind)


def plain(value: object) -> Any:
    """Turn a record into plain dicts, lists and strings."""
    return msgspec.to_builtins(value)


def replaced(value: T, **changes: object) -> T:
    """Return a record with some fields changed."""
    result: T = msgspec.structs.replace(value, **changes)  # type: ignore[type-var]
    return result
