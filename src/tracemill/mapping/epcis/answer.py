"""What a query answers (EPCIS 2.0, section 8.2.7.1): which events match."""

from collections.abc import Callable, Iterator, Mapping
from datetime import UTC, datetime
from typing import Any

from tracemill.mapping.epcis import vocabulary as cbv
from tracemill.mapping.epcis.formats import utc
from tracemill.mapping.epcis.query import Query
from tracemill.model.digital_link import CANONICAL
from tracemill.model.scanned import canonical_link

_OLDEST = datetime.min.replace(tzinfo=UTC)


def matches(event: Mapping[str, Any], query: Query) -> bool:
    """Say whether an event fulfils every parameter."""
    if query.only_errors and not event.get("errorDeclaration"):
        return False
    if not all(_in_bound(event, name, bound) for name, bound in query.bounds.items()):
        return False
    return all(_any(event, name, asked) for name, asked in query.any_of.items())


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


def _any(event: Mapping[str, Any], name: str, asked: tuple[str, ...]) -> bool:
    if name in _SCALARS:
        value = _SCALARS[name](event)
        return value is not None and value in asked
    if name.startswith("MATCH_"):
        same = _is_of if name in _EPCS else str.__eq__
        return any(same(one, pattern) for one in _named(event, name) for pattern in asked)
    if name.startswith("EQ_persistentDisposition_"):
        held = (event.get("persistentDisposition") or {}).get(name.rsplit("_", 1)[1], ())
        return any(cbv.DISPOSITION.bare(word) in asked for word in held)
    place = (event.get(name.split("_", 1)[1]) or {}).get("id")
    return place is not None and canonical_link(place) in asked


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
