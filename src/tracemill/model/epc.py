"""EPC URIs (GS1 EPC Tag Data Standard 2.1, sections 6 and 7): pure identities, classes and patterns, read and written."""

import re
from collections.abc import Callable

from tracemill.model.check_digit import with_check_digit
from tracemill.model.gs1 import BadGs1, Gs1, identified
from tracemill.model.percent import decoded

PREFIXES = ("urn:epc:id:", "urn:epc:class:", "urn:epc:idpat:")
_URN = re.compile(r"urn:epc:(id|class|idpat):([a-z]+):(.*)", re.DOTALL)
_ESCAPED = re.compile(r"[\"%&/<>?#]")
Elements = list[tuple[str, str]]


def is_epc(text: str) -> bool:
    return text.startswith(PREFIXES)


def parse_epc(urn: str, checked: bool = True) -> Gs1:
    """Read an EPC URI; raise BadGs1 where it is none, or of a scheme without a GS1 key (gid, usdod, adi, bic, imovn)."""
    found = _URN.fullmatch(urn)
    scheme = _SCHEMES.get(found[2]) if found else None
    if found is None or scheme is None or (found[1] == "class") != (found[2] == "lgtin"):
        raise BadGs1(f"{urn[:60]!r} is not an EPC URI with a GS1 key")
    offset, fields = found.start(3), found[3].split(".", scheme.fields - 1)
    if len(fields) != scheme.fields:
        raise BadGs1(f"{found[2]} has {scheme.fields} fields, this one {len(fields)}", offset)
    _fixed_part(found[2], scheme.digits, fields, offset)
    pattern = found[1] == "idpat"
    if pattern and (fields[-1] != "*" or not scheme.patterned):
        raise BadGs1(f"a pattern of {found[2]} that names one class ends with .*", offset)
    try:
        rest = ["" if pattern and f == "*" else decoded(f) for f in fields]
    except ValueError as error:
        raise BadGs1(str(error), offset) from None
    elements = [(ai, value) for ai, value in scheme.read(rest) if value]
    return identified(elements, [offset] * len(elements), checked)


def _fixed_part(name: str, digits: int, fields: list[str], offset: int) -> None:
    """Check the company prefix of 6 to 12 digits and, where the scheme fixes it, the length of the reference behind it."""
    prefix, reference = fields[0], fields[1]
    if not (6 <= len(prefix) <= 12 and prefix.isascii() and prefix.isdigit()):
        raise BadGs1(f"company prefix {prefix!r} is not 6 to 12 digits", offset)
    if digits and not (len(prefix + reference) == digits and ((reference.isascii() and reference.isdigit()) or not reference)):
        raise BadGs1(f"{name} {prefix}.{reference} has not {digits} digits", offset + len(prefix) + 1)


class _Scheme:
    """How many fields an EPC has, how many digits its first two have together (0: open), and what they mean."""

    def __init__(self, fields: int, digits: int, read: Callable[[list[str]], Elements], patterned: bool = False) -> None:
        self.fields, self.digits, self.read, self.patterned = fields, digits, read, patterned


def _gtin(f: list[str]) -> str:
    return with_check_digit(f[1][:1] + f[0] + f[1][1:])


def _numbered(f: list[str]) -> str:
    return with_check_digit(f[0] + f[1])


_SCHEMES = {
    "sgtin": _Scheme(3, 13, lambda f: [("01", _gtin(f)), ("21", f[2])], True),
    "lgtin": _Scheme(3, 13, lambda f: [("01", _gtin(f)), ("10", f[2])]),
    "upui": _Scheme(3, 13, lambda f: [("01", _gtin(f)), ("235", f[2])], True),
    "itip": _Scheme(5, 13, lambda f: [("8006", _gtin(f) + f[2] + f[3]), ("21", f[4])], True),
    "sscc": _Scheme(2, 17, lambda f: [("00", _gtin(f))]),
    "sgln": _Scheme(3, 12, lambda f: [("414", _numbered(f)), ("254", "" if f[2] == "0" else f[2])]),
    "pgln": _Scheme(2, 12, lambda f: [("417", _numbered(f))]),
    "grai": _Scheme(3, 12, lambda f: [("8003", "0" + _numbered(f) + f[2])], True),
    "giai": _Scheme(2, 0, lambda f: [("8004", f[0] + f[1])]),
    "gdti": _Scheme(3, 12, lambda f: [("253", _numbered(f) + f[2])], True),
    "sgcn": _Scheme(3, 12, lambda f: [("255", _numbered(f) + f[2])], True),
    "cpi": _Scheme(3, 0, lambda f: [("8010", f[0] + f[1]), ("8011", f[2])], True),
    "gsrn": _Scheme(2, 17, lambda f: [("8018", _numbered(f))]),
    "gsrnp": _Scheme(2, 17, lambda f: [("8017", _numbered(f))]),
    "ginc": _Scheme(2, 0, lambda f: [("401", f[0] + f[1])]),
    "gsin": _Scheme(2, 16, lambda f: [("402", _numbered(f))]),
}


def epc_urn(gs1: Gs1, company: int) -> str:
    """Write the EPC URI of the finest key; a key does not say how long its company prefix is, so the caller does.

    Raises BadGs1 where there is no key, or the prefix is not 6 to 12 digits long.
    """
    if not 6 <= company <= 12:
        raise BadGs1(f"a company prefix has 6 to 12 digits, not {company}")
    for ai, write in _WRITTEN:
        if value := gs1.get(ai):
            return "urn:epc:" + write(gs1, value, company)
    raise BadGs1("no key that has an EPC among " + ", ".join(code for code, _ in gs1.elements))


def _item(gtin: str, n: int) -> str:
    return f"{gtin[1 : 1 + n]}.{gtin[0]}{gtin[1 + n : 13]}"


def _trade_item(gs1: Gs1, gtin: str, n: int) -> str:
    for ai, scheme in (("21", "id:sgtin"), ("235", "id:upui"), ("10", "class:lgtin")):
        if value := gs1.get(ai):
            return f"{scheme}:{_item(gtin, n)}.{_escaped(value)}"
    return f"idpat:sgtin:{_item(gtin, n)}.*"


def _piece(gs1: Gs1, itip: str, n: int) -> str:
    kind, serial = ("id", _escaped(gs1.get("21"))) if gs1.get("21") else ("idpat", "*")
    return f"{kind}:itip:{_item(itip, n)}.{itip[14:16]}.{itip[16:18]}.{serial}"


def _part(gs1: Gs1, cpid: str, n: int) -> str:
    kind, serial = ("id", gs1.get("8011")) if gs1.get("8011") else ("idpat", "*")
    return f"{kind}:cpi:{cpid[:n]}.{_escaped(cpid[n:])}.{serial}"


def _with_serial(scheme: str, lead: int) -> Callable[[Gs1, str, int], str]:
    def write(_: Gs1, key: str, n: int) -> str:
        kind, serial = ("id", _escaped(key[lead + 13 :])) if key[lead + 13 :] else ("idpat", "*")
        return f"{kind}:{scheme}:{key[lead : lead + n]}.{key[lead + n : lead + 12]}.{serial}"

    return write


def _numeric(scheme: str) -> Callable[[Gs1, str, int], str]:
    return lambda _, key, n: f"id:{scheme}:{key[:n]}.{key[n:-1]}"


def _open(scheme: str) -> Callable[[Gs1, str, int], str]:
    return lambda _, key, n: f"id:{scheme}:{key[:n]}.{_escaped(key[n:])}"


def _escaped(text: str) -> str:
    return _ESCAPED.sub(lambda found: f"%{ord(found[0]):02X}", text)


_WRITTEN: tuple[tuple[str, Callable[[Gs1, str, int], str]], ...] = (
    ("00", lambda _, key, n: f"id:sscc:{key[1 : 1 + n]}.{key[0]}{key[1 + n : 17]}"),
    ("8006", _piece),
    ("01", _trade_item),
    ("414", lambda gs1, key, n: f"id:sgln:{key[:n]}.{key[n:12]}.{_escaped(gs1.get('254')) or '0'}"),
    ("417", _numeric("pgln")),
    ("8003", _with_serial("grai", 1)),
    ("8004", _open("giai")),
    ("253", _with_serial("gdti", 0)),
    ("255", _with_serial("sgcn", 0)),
    ("8010", _part),
    ("8018", _numeric("gsrn")),
    ("8017", _numeric("gsrnp")),
    ("401", _open("ginc")),
    ("402", _numeric("gsin")),
)
