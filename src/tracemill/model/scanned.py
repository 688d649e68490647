"""What a typed or scanned text may mean: every form of GS1 identification, and the keys to search by."""

import re
from functools import lru_cache

from tracemill.model.check_digit import is_checked
from tracemill.model.digital_link import digital_link, is_link, parse_link
from tracemill.model.element_string import is_raw, parse_elements
from tracemill.model.epc import epc_urn, is_epc, parse_epc
from tracemill.model.gs1 import BadGs1, Gs1, gtin14
from tracemill.model.gs1_ais import AIS
from tracemill.model.record import Record

_BRACKET = re.compile(r"\s*\(\d{2,4}\)")
_GTIN_LENGTHS = (8, 12, 13, 14)
# Which properties of a reading are keys that people search by, the finest first.
_KEYS = (
    ("sscc", "00"), ("serial", "21"), ("serial", "235"), ("lot", "10"), ("gtin", "01"), ("gtin", "02"), ("gln", "414"),
    ("gln", "417"), ("gln", "410"), ("asset", "8004"), ("asset", "8003"), ("document", "253"), ("coupon", "255"),
    ("part", "8010"), ("shipment", "402"), ("consignment", "401"), ("service", "8018"), ("service", "8017"),
    ("order", "400"), ("customer_part", "241"), ("additional_item", "240"),
)  # fmt: skip


class SearchKey(Record, frozen=True):
    """One key that a text may mean: what kind of number it is, and the number."""

    kind: str
    value: str


class Scan(Record, frozen=True):
    """What a text may mean: keys to search by, finest first; what was read; and why it could not be, where it looks like GS1."""

    text: str
    keys: tuple[SearchKey, ...]
    gs1: Gs1 | None = None
    fault: str = ""


def parse_gs1(text: str, checked: bool = True) -> Gs1:
    """Read GS1 identification in any of its forms; raise BadGs1 where the text is none, or where a value is wrong."""
    text = text.strip(" \t\r\n")
    if is_epc(text):
        return parse_epc(text, checked)
    if is_link(text):
        return parse_link(text, checked)
    return parse_elements(text, checked)


def looks_like_gs1(text: str) -> bool:
    """Say whether a text can only be meant as GS1 identification (a web address can always be something else)."""
    text = text.strip(" \t\r\n")
    return is_epc(text) or _BRACKET.match(text) is not None or is_raw(text)


def scan(text: str) -> Scan:
    """Say what a typed or scanned text may mean. Never raises: the text itself always is one of its keys."""
    typed = text.strip(" \t\r\n")
    gs1, fault = None, ""
    try:
        gs1 = parse_gs1(typed)
    except BadGs1 as error:
        fault = str(error) if looks_like_gs1(typed) else ""
    keys = [SearchKey(kind="text", value=typed)] if typed else []
    if gs1 is not None and (_is_short_number(typed) or not (_has_checked_key(gs1) or looks_like_gs1(typed))):
        gs1 = None
    if gs1 is not None:
        keys = [*_links(gs1), *keys, *_parts(gs1)]
    keys += _numbers(typed)
    return Scan(text=text, keys=tuple(dict.fromkeys(keys)), gs1=gs1, fault=fault)


def search_keys(text: str) -> tuple[SearchKey, ...]:
    """Return the keys that a text may mean, finest first: lot number, serial, SSCC, GTIN and lot as every URI names them."""
    return scan(text).keys


def _has_checked_key(gs1: Gs1) -> bool:
    """A number that begins like an AI ("10044") is believed only with a check digit in it that is right."""
    return any("csum" in part.checks for ai, _ in gs1.elements for part in AIS[ai].components)


def _is_short_number(text: str) -> bool:
    """A bare number that happens to begin like an AI is first of all a number."""
    return text.isascii() and text.isdigit() and len(text) <= 14


def _links(gs1: Gs1) -> list[SearchKey]:
    """Name the thing by its URIs: canonical Digital Link, and the EPC URN of each length a company prefix can have."""
    levels = [gs1]
    if gs1.serial and gs1.lot:
        levels.append(Gs1(elements=tuple(e for e in gs1.elements if e[0] not in ("21", "235"))))
    return [SearchKey(kind="uri", value=uri) for level in levels for uri in uris(level)]


def uris(gs1: Gs1) -> tuple[str, ...]:
    """Return the URIs of exactly this thing: its canonical Digital Link, and its EPC URN by every length of a company prefix."""
    found = []
    try:
        found.append(digital_link(gs1))
        found += [epc_urn(gs1, n) for n in range(6, 13)]
    except BadGs1:
        pass
    return tuple(dict.fromkeys(found))


def _parts(gs1: Gs1) -> list[SearchKey]:
    return [SearchKey(kind=kind, value=value) for kind, ai in _KEYS if (value := gs1.get(ai))]


def _numbers(text: str) -> list[SearchKey]:
    """Read a bare number by its length and check digit: SSCC of 18, GTIN of 8 to 14, GLN of 13."""
    if not is_checked(text):
        return []
    found = []
    if len(text) == 18:
        found.append(SearchKey(kind="sscc", value=text))
    if len(text) in _GTIN_LENGTHS:
        found.append(SearchKey(kind="gtin", value=gtin14(text)))
    if len(text) == 13:
        found.append(SearchKey(kind="gln", value=text))
    return found


@lru_cache(maxsize=65536)
def named(uri: str) -> Gs1 | None:
    """Return what a URI says as an EPC or Digital Link, none for a URI of somebody else's making.

    Check digits are not looked at: the two sides of an exchange must agree on a name even where the label is wrong.
    """
    try:
        if is_epc(uri):
            return parse_epc(uri, False)
        return parse_link(uri, False) if is_link(uri) else None
    except BadGs1:
        return None


@lru_cache(maxsize=65536)
def canonical_link(uri: str) -> str:
    """Return the canonical Digital Link of an EPC URI or Digital Link at its finest key; any other text as it is."""
    gs1 = named(uri)
    return uri if gs1 is None else digital_link(gs1)
