"""GS1 element strings: bracketed as people write them, raw as scanners send them (GS1 General Specifications, section 7.8)."""

import re

from tracemill.model.gs1 import BadGs1, Gs1, identified
from tracemill.model.gs1_ais import AIS, Ai, ai_at

SEPARATOR = "\x1d"
# Symbology identifiers of ISO/IEC 15424 that announce GS1 data: GS1-128, GS1 DataBar, DataMatrix, QR, DotCode.
_SYMBOLOGIES = ("]C1", "]e0", "]d2", "]Q3", "]J1")
# How scanners, terminals and printed protocols show the separator FNC1.
_SHOWN = re.compile(r"<GS>|\{GS\}|<FNC1>|\{FNC1\}|\\x1[dD]|\\u001[dD]|␝|\^")
_BRACKETED = re.compile(r"\s*\((\d{2,4})\)")


def is_raw(text: str) -> bool:
    """Say whether a text can only be raw scanner data: it announces its symbology, or carries separators."""
    return text.startswith(_SYMBOLOGIES) or SEPARATOR in text or _SHOWN.search(text) is not None


def parse_elements(text: str, checked: bool = True) -> Gs1:
    """Read an element string of either kind; raise BadGs1 with the place of what is wrong."""
    if _BRACKETED.match(text):
        return _parse_bracketed(text, checked)
    return _parse_raw(text, checked)


def _parse_bracketed(text: str, checked: bool) -> Gs1:
    """Brackets may stand in a value too, so only a known AI in brackets begins the next one."""
    found = [m for m in _BRACKETED.finditer(text) if m[1] in AIS]
    if not found or found[0].start() != 0:
        raise BadGs1(f"{text[:20]!r} begins with no known Application Identifier")
    elements: list[tuple[str, str]] = []
    positions: list[int] = []
    for this, following in zip(found, [*found[1:], None], strict=True):
        value = text[this.end() : following.start() if following else len(text)]
        positions.append(this.end() + len(value) - len(value.lstrip()))
        elements.append((this[1], value.strip().replace("\\(", "(")))
    return identified(elements, positions, checked)


def _parse_raw(text: str, checked: bool) -> Gs1:
    start = next((len(prefix) for prefix in _SYMBOLOGIES if text.startswith(prefix)), 0)
    data = _SHOWN.sub(SEPARATOR, text[start:].rstrip("\r\n"))
    elements: list[tuple[str, str]] = []
    positions: list[int] = []
    at = len(data) - len(data.lstrip(SEPARATOR))
    while at < len(data):
        ai = ai_at(data, at)
        if ai is None:
            raise BadGs1(f"{data[at : at + 4]!r} begins no known Application Identifier", start + at)
        value = _value(data, at + len(ai.code), ai)
        elements.append((ai.code, value))
        positions.append(start + at + len(ai.code))
        at += len(ai.code) + len(value)
        at += len(data[at:]) - len(data[at:].lstrip(SEPARATOR))
    if not elements:
        raise BadGs1("the text carries no Application Identifier", start)
    return identified(elements, positions, checked)


def _value(data: str, at: int, ai: Ai) -> str:
    """Take a value: by its predefined length, or up to the next separator."""
    if ai.fixed:
        return data[at : at + ai.most]
    end = data.find(SEPARATOR, at)
    return data[at:] if end < 0 else data[at:end]


def element_string(gs1: Gs1) -> str:
    """Write the bracketed form, as printed under a bar code."""
    return "".join(f"({ai}){value}" for ai, value in gs1.elements)


def raw_string(gs1: Gs1) -> str:
    """Write the raw form with separators, predefined lengths first as the standard recommends."""
    ordered = sorted(gs1.elements, key=lambda e: not AIS[e[0]].fixed)
    parts = [ai + value + ("" if AIS[ai].fixed else SEPARATOR) for ai, value in ordered]
    return "".join(parts).removesuffix(SEPARATOR)
