"""How a site names its lots, places, parties and documents to others: URIs, as EPCIS wants them everywhere."""

from collections.abc import Mapping
from typing import Any

from tracemill.mapping.epcis.formats import is_uri
from tracemill.model.check_digit import CSET82, is_checked
from tracemill.model.gs1 import gtin14
from tracemill.model.percent import encoded
from tracemill.model.record import Record

_PLAIN = frozenset(CSET82)
# An id such as ACM:7731 has the shape of a URI and is none.
_SCHEMES = ("urn:", "http://", "https://", "ni://")


class Names(Record, frozen=True):
    """How this site names itself to others: the address its own ids stand under, and the GLN its documents are numbered by."""

    base: str
    gln: str = ""

    def lot(self, ref: Mapping[str, Any]) -> str:
        """Name a lot: a URI as it is, GTIN and lot as a Digital Link, anything else under the own address."""
        lot, item = str(ref["id"]), gtin14(str(ref.get("item", "")))
        if is_name(lot):
            return lot
        if len(item) == 14 and is_checked(item) and len(lot) <= 20 and set(lot) <= _PLAIN:
            return f"https://id.gs1.org/01/{item}/10/{encoded(lot)}"
        return self.own("lot", *(part for part in (str(ref.get("item", "")), lot) if part))

    def number(self, text: str) -> str:
        """Name a document by CBV's URN of the site's GLN, else under the own address."""
        if is_name(text):
            return text
        return f"urn:epcglobal:cbv:bt:{self.gln}:{encoded(text)}" if self.gln else self.own("document", text)

    def where(self, text: str) -> str:
        """Name a place: a URI as it is, a GLN as a Digital Link, anything else under the own address."""
        return self._gln(text, "414", "place")

    def who(self, text: str) -> str:
        """Name a party likewise."""
        return self._gln(text, "417", "party")

    def _gln(self, text: str, ai: str, kind: str) -> str:
        if is_name(text):
            return text
        return f"https://id.gs1.org/{ai}/{text}" if len(text) == 13 and is_checked(text) else self.own(kind, text)

    def own(self, *parts: str) -> str:
        return "/".join([self.base.rstrip("/"), *(encoded(part) for part in parts)])


def is_name(text: str) -> bool:
    return text.startswith(_SCHEMES) and is_uri(text)
