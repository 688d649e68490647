"""What a query answers (EPCIS 2.0, section 8.2.7.1): which events match, in which order, and how many."""

from collections.abc import Callable, Iterable, Iterator, Mapping
from datetime import UTC, datetime
from typing import Any

from tracemill.mapping.epcis import vocabulary as cbv
from tracemill.mapping.epcis.document import Event
from tracemill.mapping.epcis.fault import EpcisFault, Refusal
from tracemill.mapping.epcis.formats import utc
from tracemill.mapping.epcis.query import Query
from tracemill.model.digital_link import CANONICAL
from tracemill.model.scanned import canonical_link

Within = Callable[[str, str], bool]
_OLDEST = datetime.min.replace(tzinfo=UTC)


def same_place(place: str, asked: str) -> bool:
    return place == asked


def matches(event: Mapping[str, Any], query: Query, within: Within = same_place) -> bool:
    """Say whether an event fulfils every parameter. `within` knows which place lies in which (WD_readPoint, WD_bizLocation)."""
    if query.only_errors and not event.get("errorDeclaration"):
        return False
    if not all(_in_bound(event, name, bound) for name, bound in query.bounds.items()):
        return False
    return all(_any(event, name, asked, within) for name, asked in query.any_of.items())


def answered(events: Iterable[Event], query: Query, within: Within = same_place) -> list[Event]:
    """Return the events of an answer, ordered and limited; raise Refusal (QueryTooLargeException) over maxEventCount."""
    found = [event for event in events if matches(event, query, within)]
    if query.most is not None and len(found) > query.most:
        raise too_large(query.most)
    return ordered(found, query)[: query.limit]


def too_large(most: int) -> Refusal:
    cause = f"more than the {most} events that the query allows match it"
    return Refusal("QueryTooLargeException", EpcisFault(field="maxEventCount", cause=cause, advice="ask for less, or by pages"))


def ordered(events: Iterable[Event], query: Query) -> list[Event]:
    """Order events, as they came where the query names no field; those without the field come last either way."""
    if not query.order_by:
        return list(events)
    present: list[Event] = []
    absent: list[Event] = []
    for event in events:
        (present if query.order_by in event else absent).append(event)
    return sorted(present, key=lambda e: _time(e, query.order_by), reverse=query.descending) + absent


def pages(events: list[Event], query: Query) -> Iterator[list[Event]]:
    """Cut an answer into pages of at most perPage events; an empty answer is one empty page."""
    for start in range(0, max(len(events), 1), query.per_page):
        yield events[start : start + query.per_page]


def _time(event: Mapping[str, Any], field: str) -> datetime:
    try:
        return utc(event[field])
    except (KeyError, ValueError):
        return _OLDEST


def _in_bound(event: Mapping[str, Any], name: str, bound: datetime) -> bool:
    relation, field = name.split("_", 1)
    if field not in event:
        return False
    at = _time(event, field)
    return at >= bound if relation == "GE" else at < bound


def _any(event: Mapping[str, Any], name: str, asked: tuple[str, ...], within: Within) -> bool:
    if name in _SCALARS:
        value = _SCALARS[name](event)
        return value is not None and value in asked
    if name.startswith("MATCH_"):
        same = _is_of if name in _EPCS else same_place
        return any(same(one, pattern) for one in _named(event, name) for pattern in asked)
    if name.startswith("EQ_persistentDisposition_"):
        held = (event.get("persistentDisposition") or {}).get(name.rsplit("_", 1)[1], ())
        return any(cbv.DISPOSITION.bare(word) in asked for word in held)
    place = (event.get(name.split("_", 1)[1]) or {}).get("id")
    if place is None:
        return False
    at = canonical_link(place)
    return at in asked or (name.startswith("WD_") and any(within(at, one) for one in asked))


# Keys whose serial follows without a slash, and where it begins.
_JOINED = {f"{CANONICAL}/8003/": 14, f"{CANONICAL}/253/": 13, f"{CANONICAL}/255/": 13}


def _is_of(name: str, asked: str) -> bool:
    """Say whether a name is the one asked for, or an instance of the item asked for (an idpat pattern, a bare GTIN)."""
    if name == asked:
        return True
    if not name.startswith(asked) or not asked.startswith(CANONICAL):
        return False
    joined = any(asked.startswith(key) and len(asked) == len(key) + length for key, length in _JOINED.items())
    return joined or name.startswith(asked + "/")


def _word(field: str, words: cbv.Vocabulary) -> Callable[[Mapping[str, Any]], str | None]:
    return lambda event: words.bare(event[field]) if event.get(field) else None


_SCALARS: dict[str, Callable[[Mapping[str, Any]], str | None]] = {
    "eventType": lambda event: event.get("type"),
    "EQ_action": lambda event: event.get("action"),
    "EQ_bizStep": _word("bizStep", cbv.BIZ_STEP),
    "EQ_disposition": _word("disposition", cbv.DISPOSITION),
    "EQ_eventID": lambda event: event.get("eventID"),
    "EQ_transformationID": lambda event: canonical_link(event["transformationID"]) if event.get("transformationID") else None,
}

_EPCS = {
    "MATCH_epc": ("epcList", "childEPCs"),
    "MATCH_parentID": ("parentID",),
    "MATCH_inputEPC": ("inputEPCList",),
    "MATCH_outputEPC": ("outputEPCList",),
    "MATCH_anyEPC": ("epcList", "childEPCs", "parentID", "inputEPCList", "outputEPCList"),
}
_CLASSES = {
    "MATCH_epcClass": ("quantityList", "childQuantityList"),
    "MATCH_inputEPCClass": ("inputQuantityList",),
    "MATCH_outputEPCClass": ("outputQuantityList",),
    "MATCH_anyEPCClass": ("quantityList", "childQuantityList", "inputQuantityList", "outputQuantityList"),
}


def _named(event: Mapping[str, Any], name: str) -> Iterator[str]:
    """Yield the canonical names that a MATCH parameter looks at."""
    for field in _EPCS.get(name, ()):
        value = event.get(field) or ()
        for uri in (value,) if isinstance(value, str) else value:
            yield canonical_link(uri)
    for field in _CLASSES.get(name, ()):
        for element in event.get(field) or ():
            yield canonical_link(element["epcClass"])
