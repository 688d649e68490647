"""GS1 Digital Links (GS1 Digital Link Standard: URI Syntax, sections 4 and 5): read from any domain, written canonically."""

import re
from collections.abc import Iterator
from itertools import accumulate

from tracemill.model.gs1 import BadGs1, Gs1, gtin14, identified
from tracemill.model.gs1_ais import AIS, fault_of
from tracemill.model.percent import decoded, encoded

CANONICAL = "https://id.gs1.org"
_URI = re.compile(r"https?://[^/?#\s]+(/[^?#\s]*)(?:\?([^#\s]*))?(?:#\S*)?", re.IGNORECASE)
# Convenience names of Digital Link 1.1, withdrawn since: still printed on packages, so still read.
_NAMES = {
    "gtin": "01", "itip": "8006", "cpid": "8010", "gln": "414", "party": "417", "gsrnp": "8017", "gsrn": "8018",
    "gcn": "255", "sscc": "00", "gdti": "253", "ginc": "401", "gsin": "402", "grai": "8003", "giai": "8004",
    "cpv": "22", "lot": "10", "ser": "21", "glnx": "254", "tpx": "235", "cpsn": "8011", "srin": "8019", "refno": "8020",
    "exp": "17", "expdt": "7003", "hw": "7001",
}  # fmt: skip
# A variant or an assembly is no finer identity of the thing.
_NO_IDENTITY = ("22", "7040")


def is_link(text: str) -> bool:
    """Say whether a text is a web address at all."""
    return text[:8].lower().startswith(("http://", "https://"))


def parse_link(uri: str, checked: bool = True) -> Gs1:
    """Read a Digital Link of any domain: key and qualifiers from the path, attributes from the query.

    Raises BadGs1 where the address is no Digital Link, or where a value is wrong. Without `checked` only the shape counts.
    """
    found = _URI.fullmatch(uri.strip())
    if found is None:
        raise BadGs1(f"{uri[:60]!r} is not a web address with a path")
    elements, positions = _path(found[1], found.start(1))
    for code, value, at in _query(found[2] or "", found.start(2)):
        elements.append((code, value))
        positions.append(at)
    return identified(elements, positions, checked)


def _path(path: str, offset: int) -> tuple[list[tuple[str, str]], list[int]]:
    """Find the primary key: the first whose value has the shape of one, with pairs of its qualifiers behind it."""
    segments = path.rstrip("/").split("/")
    places = list(accumulate((len(s) + 1 for s in segments), initial=offset))
    refused = BadGs1("the path carries no GS1 primary key", offset)
    for i in range(len(segments) - 2, 0, -2):
        code = _NAMES.get(segments[i], segments[i])
        key = AIS.get(code)
        if key is None or key.qualifiers is None:
            continue
        try:
            pairs = [(_NAMES.get(a, a), decoded(b)) for a, b in zip(segments[i::2], segments[i + 1 :: 2], strict=True)]
        except ValueError as error:
            raise BadGs1(str(error), places[i], code) from None
        pairs[0] = (code, gtin14(pairs[0][1]) if code == "01" else pairs[0][1])
        if fault := fault_of(key, pairs[0][1], checked=False):
            refused = BadGs1(f"{pairs[0][1]!r} {fault.cause}", places[i + 1] + fault.position, code)
        elif _in_order([a for a, _ in pairs[1:]], key.qualifiers):
            return pairs, places[i + 1 : -1 : 2]
        else:
            refused = BadGs1(f"{'/'.join(a for a, _ in pairs[1:])} cannot qualify it in this order", places[i], code)
    raise refused


def _in_order(given: list[str], ways: tuple[tuple[str, ...], ...]) -> bool:
    """Say whether qualifiers are some of one declared sequence, in its order."""
    return not given or any([a for a in way if a in given] == given for way in ways)


def _query(query: str, offset: int) -> Iterator[tuple[str, str, int]]:
    """Yield what is GS1 in a query; other parameters belong to the web site."""
    at = offset
    for part in query.replace(";", "&").split("&"):
        name, _, value = part.partition("=")
        ai = AIS.get(_NAMES.get(name, name))
        if ai is not None and ai.attribute and value:
            try:
                yield ai.code, decoded(value), at + len(name) + 1
            except ValueError as error:
                raise BadGs1(str(error), at, ai.code) from None
        at += len(part) + 1


def digital_link(gs1: Gs1, domain: str = CANONICAL, whole: bool = False) -> str:
    """Write a Digital Link: the finest key alone, or with `whole` every qualifier and attribute; raise BadGs1 without a key."""
    key = next((ai for ai, _ in gs1.elements if AIS[ai].qualifiers is not None), None)
    if key is None:
        raise BadGs1("no GS1 primary key among " + ", ".join(ai for ai, _ in gs1.elements))
    ways = AIS[key].qualifiers or ()
    present = next((given for way in ways if (given := [q for q in way if gs1.get(q)])), [])
    finest = [q for q in present if q not in _NO_IDENTITY][-1:]
    path = [key, *(present if whole else finest)]
    link = domain.rstrip("/") + "".join(f"/{ai}/{encoded(gs1.get(ai))}" for ai in path)
    rest = [f"{ai}={encoded(value)}" for ai, value in gs1.elements if whole and ai not in path and AIS[ai].attribute]
    return link + ("?" + "&".join(rest) if rest else "")
