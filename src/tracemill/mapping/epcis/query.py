"""EPCIS queries (EPCIS 2.0, section 8.2.7.1, first group of parameters): parsed into a value, errors as the named exceptions."""

import re
from collections.abc import Mapping
from datetime import datetime
from typing import Final

from tracemill.mapping.epcis import vocabulary as cbv
from tracemill.mapping.epcis.document import EVENT_TYPES
from tracemill.mapping.epcis.fault import EpcisFault, Refusal, faulty
from tracemill.mapping.epcis.formats import utc
from tracemill.mapping.epcis.vocabulary import Vocabulary
from tracemill.model.record import Record
from tracemill.model.scanned import canonical_link

DEFAULT_PAGE: Final = 30
LARGEST_PAGE: Final = 1000
_TIMES = ("GE_eventTime", "LT_eventTime", "GE_recordTime", "LT_recordTime")
_COUNTS = ("eventCountLimit", "maxEventCount", "perPage")
_WORDS: dict[str, Vocabulary] = {
    "EQ_bizStep": cbv.BIZ_STEP,
    "EQ_disposition": cbv.DISPOSITION,
    "EQ_persistentDisposition_set": cbv.DISPOSITION,
    "EQ_persistentDisposition_unset": cbv.DISPOSITION,
}
_IDS = ("EQ_readPoint", "EQ_bizLocation", "WD_readPoint", "WD_bizLocation", "EQ_transformationID")
_MATCHES = (
    "MATCH_epc", "MATCH_parentID", "MATCH_inputEPC", "MATCH_outputEPC", "MATCH_anyEPC",
    "MATCH_epcClass", "MATCH_inputEPCClass", "MATCH_outputEPCClass", "MATCH_anyEPCClass",
)  # fmt: skip
_CHOICES = {"eventType": EVENT_TYPES, "EQ_action": ("ADD", "OBSERVE", "DELETE")}
_ORDERS = ("eventTime", "recordTime")
_SINGLE = (*_TIMES, *_COUNTS, "orderBy", "orderDirection", "EXISTS_errorDeclaration", "nextPageToken")
PARAMETERS: Final = (*_CHOICES, *_WORDS, *_IDS, *_MATCHES, "EQ_eventID", *_SINGLE)
_NUMBER = re.compile(r"\d{1,9}", re.ASCII)


class Query(Record, frozen=True):
    """A query: for each parameter the values of which one must match; bounds of time; order and size of the answer."""

    any_of: dict[str, tuple[str, ...]] = {}
    bounds: dict[str, datetime] = {}
    only_errors: bool = False
    order_by: str = ""
    descending: bool = True
    limit: int | None = None
    most: int | None = None
    per_page: int = DEFAULT_PAGE
    token: str = ""


def parse_query(parameters: Mapping[str, object]) -> Query:
    """Read parameters of a URL (lists delimited by |) or of a named query's body (lists as lists).

    Raises Refusal: QueryParameterException with every parameter that is wrong; QueryValidationException for limits that
    contradict each other.
    """
    reader = _Reader()
    for name, raw in parameters.items():
        if name.startswith("@"):
            continue
        reader.read(name, raw)
    if reader.faults:
        raise Refusal("QueryParameterException", *reader.faults)
    if "eventCountLimit" in reader.counts and "maxEventCount" in reader.counts:
        cause = "eventCountLimit cuts the answer and maxEventCount refuses it: only one can be meant"
        raise Refusal("QueryValidationException", EpcisFault(field="maxEventCount", cause=cause, advice="leave one of them out"))
    return Query(
        any_of=reader.any_of,
        bounds=reader.bounds,
        only_errors=reader.only_errors,
        order_by=reader.words.get("orderBy", ""),
        descending=reader.words.get("orderDirection", "DESC") == "DESC",
        limit=reader.counts.get("eventCountLimit"),
        most=reader.counts.get("maxEventCount"),
        per_page=min(reader.counts.get("perPage", DEFAULT_PAGE), LARGEST_PAGE),
        token=reader.words.get("nextPageToken", ""),
    )


class _Reader:
    """Collects the values of all parameters, and what is wrong with any."""

    def __init__(self) -> None:
        self.any_of: dict[str, tuple[str, ...]] = {}
        self.bounds: dict[str, datetime] = {}
        self.counts: dict[str, int] = {}
        self.words: dict[str, str] = {}
        self.only_errors = False
        self.faults: list[EpcisFault] = []

    def say(self, name: str, value: object, cause: str, advice: str) -> None:
        self.faults.append(faulty(name, value, cause, advice))

    def read(self, name: str, raw: object) -> None:
        if name not in PARAMETERS:
            self.say(name, raw, "this parameter is not known here", "leave it out; known are " + ", ".join(PARAMETERS))
        elif name in _SINGLE:
            self.single(name, raw)
        else:
            self.several(name, raw)

    def several(self, name: str, raw: object) -> None:
        values = raw if isinstance(raw, list) else str(raw).split("|")
        texts = [str(v) for v in values if str(v)]
        if not texts:
            self.say(name, raw, "it names no value", "name at least one, several delimited by |")
        for text in texts:
            if name in _CHOICES and text not in _CHOICES[name]:
                self.say(name, text, "it is not one of the values allowed here", "write " + " or ".join(_CHOICES[name]))
        self.any_of[name] = tuple(_canonical(name, text) for text in texts)

    def single(self, name: str, raw: object) -> None:
        text = str(raw).lower() if isinstance(raw, bool) else str(raw)
        if name in _TIMES:
            self.time(name, text)
        elif name in _COUNTS:
            self.count(name, text)
        elif name == "EXISTS_errorDeclaration":
            self.only_errors = text == "true"
            if text not in ("true", "false"):
                self.say(name, raw, "it is not true or false", "write true or false")
        elif name == "orderBy" and text not in _ORDERS:
            self.say(name, raw, "the answer cannot be ordered by it", "write " + " or ".join(_ORDERS))
        elif name == "orderDirection" and text not in ("ASC", "DESC"):
            self.say(name, raw, "it is no direction", "write ASC or DESC")
        else:
            self.words[name] = text

    def time(self, name: str, text: str) -> None:
        try:
            self.bounds[name] = utc(text)
        except (ValueError, OverflowError):
            hint = "; a + must be written %2B in an address" if " " in text else ""
            self.say(name, text, "it is not a time with an offset (RFC 3339)", f"write it as in 2026-11-23T10:02:11Z{hint}")

    def count(self, name: str, text: str) -> None:
        if _NUMBER.fullmatch(text) is None or int(text) == 0:
            self.say(name, text, "it is not a number of at least 1", "write a whole number")
        else:
            self.counts[name] = int(text)


def _canonical(name: str, text: str) -> str:
    """Write a value as matching compares it: bare words, things by their canonical name."""
    if name in _WORDS:
        return _WORDS[name].bare(text)
    return canonical_link(text) if name in _IDS or name in _MATCHES else text
