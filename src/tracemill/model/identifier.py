"""Identifiers: opaque ids of other systems kept byte for byte, UUIDv7 for what is ours, uuid5 for what is derived."""

from hashlib import sha1
from typing import Final
from uuid import UUID

MAX_LENGTH = 200
NAMESPACE: Final = UUID("6f0c3c52-7c0a-5d2f-9a4e-6d1b8f3c2a10")
_NAMESPACE: Final = NAMESPACE.bytes


class BadIdentifier(ValueError):
    """An id that cannot be kept: empty, longer than 200 characters, or with a control character."""


def opaque(text: str) -> str:
    """Return the id unchanged, byte for byte, or raise BadIdentifier with the reason.

    Spaces, leading zeros, emoji and letter case are part of an id. NUL and other control characters are refused,
    because no database and no target would carry them unchanged.
    """
    if not isinstance(text, str):
        raise BadIdentifier(f"id {text!r} is a {type(text).__name__}, not text: quote it at its source")
    if not text or not text.strip():
        raise BadIdentifier("id is empty")
    if len(text) > MAX_LENGTH:
        raise BadIdentifier(f"id of {len(text)} characters starting {text[:20]!r} is longer than {MAX_LENGTH}")
    if any(ord(c) < 32 or 0xD800 <= ord(c) <= 0xDFFF for c in text):
        raise BadIdentifier(f"id {text!r} contains a control character")
    return text


def look(text: str) -> str:
    """Return what an id looks like to a person: case, separators and leading zeros aside (for search, never for identity)."""
    letters = "".join(c for c in text.casefold() if c.isalnum())
    return (letters.lstrip("0") or letters)[:MAX_LENGTH]  # "ß" grows to "ss": kept and looked up at the same length


def new_id(unix_ms: int, random_bits: int) -> str:
    """Make a UUIDv7 (RFC 9562 section 5.7) of the Unix time in milliseconds and 80 random bits, both given by the caller."""
    value = (unix_ms & (1 << 48) - 1) << 80 | random_bits & (1 << 80) - 1
    value = value & ~(0xF << 76) | 7 << 76
    value = value & ~(0x3 << 62) | 0x2 << 62
    return _written(f"{value:032x}")


def derived(*parts: object) -> str:
    """Make the uuid5 of its parts: the same parts give the same id on every run."""
    digest = sha1(_NAMESPACE + "\x1f".join(map(str, parts)).encode(), usedforsecurity=False).hexdigest()
    return _written(f"{digest[:12]}5{digest[13:16]}{'89ab'[int(digest[16], 16) & 3]}{digest[17:32]}")


def _written(digits: str) -> str:
    """Write a UUID; the class of the standard library takes several times as long as what it is made of."""
    return f"{digits[:8]}-{digits[8:12]}-{digits[12:16]}-{digits[16:20]}-{digits[20:]}"
