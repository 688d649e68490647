"""Percent-encoding (RFC 3986, section 2.1)."""

import re

_ESCAPE = re.compile(r"(?:%[0-9A-Fa-f]{2})+")
_PLAIN = re.compile(r"[A-Za-z0-9._~';=-]+")


def decoded(text: str) -> str:
    """Read percent-encoded text; raise ValueError where an escape is broken or is not UTF-8."""
    if "%" not in text:
        return text
    read = _ESCAPE.sub(lambda found: bytes.fromhex(found[0].replace("%", "")).decode("utf-8"), text)
    if "%" in _ESCAPE.sub("", text):
        raise ValueError(f"{text!r} has a percent sign that begins no escape")
    return read


def encoded(text: str) -> str:
    """Write text as one path segment of a Digital Link (GS1 Digital Link Standard: URI Syntax)."""
    if _PLAIN.fullmatch(text):
        return text
    return "".join(c if _PLAIN.fullmatch(c) else "".join(f"%{b:02X}" for b in c.encode()) for c in text)
