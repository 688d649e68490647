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
_WORDS: dict[str, Vocabulary] = {
    "EQ_bizStep": cbv.BIZ_STEP,
    "EQ_disposition": cbv.DISPOSITION,
    "EQ_persistentDisposition_set": cbv.DISPOSITION,
    "EQ_persistentDisposition_unset": cbv.DISPOSITION,
}
_IDS = ("EQ_readPoint", "EQ_bizLocation", "EQ_transformationID")
_MATCHES = (
    "MATCH_epc", "MATCH_parentID", "MATCH_inputEPC", "MATCH_outputEPC", "MATCH_anyEPC",
    "MATCH_epcClass", "MATCH_inputEPCClass", "MATCH_outputEPCClass", "MATCH_anyEPCClass",
)  # fmt: skip
_CHOICES = {"eventType": EVENT_TYPES, "EQ_action": ("ADD", "OBSERVE", "DELETE")}
_ONE_OF = {
    "EXISTS_errorDeclaration": ("true", "false"), "orderBy": ("eventTime", "recordTime"), "orderDirection": ("ASC", "DESC"),
}  # fmt: skip
_COUNTS = ("perPage", "eventCountLimit", "maxEventCount")
_SINGLE = (*_TIMES, *_COUNTS, *_ONE_OF, "nextPageToken")
PARAMETERS: Final = (*_CHOICES, *_WORDS, *_IDS, *_MATCHES, "EQ_eventID", *_SINGLE)
_NUMBER = re.compile(r"\d{1,9}", re.ASCII)


class Query(Record, frozen=True):
    """A query: for each parameter the values of which one must match; bounds of time; order, size and place of the page.

    `first`: only so many of them are wanted. `most`: more than so many are not wanted at all.
    """

    any_of: dict[str, tuple[str, ...]] = {}
    bounds: dict[str, datetime] = {}
    only_errors: bool = False
    order: str = "recordTime"
    ascending: bool = False
    first: int | None = None
    most: int | None = None
    per_page: int = DEFAULT_PAGE
    token: str = ""


def parse_query(parameters: Mapping[str, str]) -> Query:
    """Read the parameters of a URL (lists delimited by |); raise Refusal with every parameter that is wrong."""
    reader = _Reader()
    for name, raw in parameters.items():
        reader.read(name, raw)
    reader.together(parameters)
    if reader.faults:
        raise Refusal("QueryParameterException", *reader.faults)
    return Query(
        any_of=reader.any_of,
        bounds=reader.bounds,
        only_errors=reader.words.get("EXISTS_errorDeclaration") == "true",
        order=reader.words.get("orderBy", "recordTime"),
        ascending=reader.words.get("orderDirection") == "ASC",
        first=reader.counts.get("eventCountLimit"),
        most=reader.counts.get("maxEventCount"),
        per_page=min(reader.counts.get("perPage", DEFAULT_PAGE), LARGEST_PAGE),
        token=reader.token,
    )


class _Reader:
    """Collects the values of all parameters, and what is wrong with any."""

    def __init__(self) -> None:
        self.any_of: dict[str, tuple[str, ...]] = {}
        self.bounds: dict[str, datetime] = {}
        self.counts: dict[str, int] = {}
        self.words: dict[str, str] = {}
        self.token = ""
        self.faults: list[EpcisFault] = []

    def say(self, name: str, value: object, cause: str, advice: str) -> None:
        self.faults.append(faulty(name, value, cause, advice))

    def read(self, name: str, raw: str) -> None:
        if name not in PARAMETERS:
            self.say(name, raw, "this parameter is not known here", "leave it out; known are " + ", ".join(PARAMETERS))
        elif name in _SINGLE:
            self.single(name, raw)
        else:
            self.several(name, raw)

    def several(self, name: str, raw: str) -> None:
        texts = [text for text in raw.split("|") if text]
        if not texts:
            self.say(name, raw, "it names no value", "name at least one, several delimited by |")
        for text in texts:
            if name in _CHOICES and text not in _CHOICES[name]:
                self.say(name, text, "it is not one of the values allowed here", "write " + " or ".join(_CHOICES[name]))
        self.any_of[name] = tuple(_canonical(name, text) for text in texts)

    def single(self, name: str, text: str) -> None:
        if name in _TIMES:
            self.time(name, text)
        elif name in _COUNTS:
            self.count(name, text)
        elif name in _ONE_OF:
            self.words[name] = text
            if text not in _ONE_OF[name]:
                allowed = " or ".join(_ONE_OF[name])
                self.say(name, text, f"it is not {allowed}", f"write {allowed}")
        else:
            self.token = text

    def together(self, asked: Mapping[str, str]) -> None:
        """Judge what parameters need of each other."""
        if "eventCountLimit" in asked and "maxEventCount" in asked:
            self.say("maxEventCount", asked["maxEventCount"], "it excludes eventCountLimit", "give one of them")
        if "eventCountLimit" in asked and "orderBy" not in asked:
            cause = "without orderBy nothing says which events are the first"
            self.say("eventCountLimit", asked["eventCountLimit"], cause, "add orderBy")

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
