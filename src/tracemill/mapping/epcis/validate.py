"""Validation of EPCIS documents (EPCIS 2.0, sections 7 and 10): every fault, located, with what to do about it.

The verdict is that of JSON Schema 2.0.1 with formats checked, except that persistentDisposition is checked in every event type.
"""

from collections.abc import Iterator
from typing import Any

from tracemill.mapping.epcis import checks
from tracemill.mapping.epcis.checks import Check, any_value, list_of, missing, number, pattern, record, text, time, uri
from tracemill.mapping.epcis.document import EVENT_TYPES, Document
from tracemill.mapping.epcis.fault import EpcisFault
from tracemill.mapping.epcis.fields import CONTEXT, EVENT, FIELDS

_ACTING = ("ObjectEvent", "AggregationEvent", "AssociationEvent", "TransactionEvent")
_TIMES = ("type", "eventTime", "eventTimeZoneOffset")
_EVENTS: dict[str, Check] = {
    kind: record({**fields, "type": any_value}, (*_TIMES, *(("action",) if kind in _ACTING else ())))
    for kind, fields in FIELDS.items()
}
_OTHER = record({**EVENT, "type": uri}, _TIMES, others="any")

_ATTRIBUTE = record(
    {
        "id": uri,
        "attribute": checks.either(
            (str, any_value), (dict, any_value), (object, number), cause="it is neither text, number nor object"
        ),
    },
    ("id",), others="any",
)  # fmt: skip
_ELEMENT = record({"id": uri, "attributes": list_of(_ATTRIBUTE), "children": list_of(uri)}, ("id",), others="any")
_VOCABULARIES = list_of(record({"type": uri, "vocabularyElementList": list_of(_ELEMENT)}, ("type",), others="any"))
_HEADER = record({"epcisMasterData": record({"vocabularyList": _VOCABULARIES}, others="any")})
_ENVELOPE: dict[str, Check] = {
    "@context": CONTEXT,
    "id": uri,
    "type": any_value,
    "schemaVersion": pattern(r"\d+(?:\.\d+)*", "a version, such as 2.0"),
    "creationDate": time,
}


def _list(value: Any, place: checks.Place, out: list[EpcisFault]) -> None:
    """The events themselves are judged one by one, so that one that is wrong does not hide its neighbours."""
    list_of(_an_object)(value, place, out)


def _an_object(value: Any, place: checks.Place, out: list[EpcisFault]) -> None:
    if not isinstance(value, dict):
        checks.say(out, place, value, "it is not an event", "write it in braces, with its fields")


_RESULTS = record({"eventList": _list, "vocabularyList": _VOCABULARIES}, ("eventList",))
_DOCUMENTS: dict[str, Check] = {
    "EPCISDocument": record(
        {
            **_ENVELOPE,
            **dict.fromkeys(("instanceIdentifier", "sender", "receiver"), text),
            "epcisHeader": _HEADER,
            "epcisBody": record({"eventList": _list}, ("eventList",), others="any"),
        },
        ("@context", "type", "schemaVersion", "creationDate", "epcisBody"),
    ),
    "EPCISQueryDocument": record(
        {
            **_ENVELOPE,
            "epcisBody": record(
                {"queryResults": record(
                    {"queryName": text, "subscriptionID": text, "resultsBody": _RESULTS}, ("queryName", "resultsBody"),
                )},
                ("queryResults",),
            ),
        },
        ("@context", "type", "epcisBody"),
    ),
}  # fmt: skip


def validate(document: Document) -> tuple[EpcisFault, ...]:
    """Find everything that is wrong with a document and each of its events."""
    out: list[EpcisFault] = []
    envelope = _DOCUMENTS.get(document.type)
    if envelope is not None:
        envelope(document.content, (), out)
    elif "@context" not in document.content:
        missing(out, ((), "@context"))
    for number_, event in enumerate(document.events):
        if event or envelope is None:
            out += (_at(fault, number_) for fault in validate_event(event))
        elif _stands_empty(document, number_):
            out += (_at(fault, number_) for fault in validate_event({}))
    return tuple(out)


def _stands_empty(document: Document, index: int) -> bool:
    """An event that is no object has been named already; one that is an empty object has not."""
    body = document.content["epcisBody"]
    results = body if "eventList" in body else body["queryResults"]["resultsBody"]
    return bool(results["eventList"][index] == {})


def _at(fault: EpcisFault, event: int) -> EpcisFault:
    return EpcisFault(field=fault.field, cause=fault.cause, advice=fault.advice, value=fault.value, event=event)


def validate_event(event: dict[str, Any]) -> tuple[EpcisFault, ...]:
    """Find everything that is wrong with one event in JSON-LD form."""
    out: list[EpcisFault] = []
    kind = event.get("type")
    _EVENTS.get(kind if isinstance(kind, str) else "", _OTHER)(event, (), out)
    if kind in EVENT_TYPES:
        out += _together(kind, event)
    return tuple(out)


def _together(kind: str, event: dict[str, Any]) -> Iterator[EpcisFault]:
    """Judge what fields need of each other (section 7.4)."""
    needs, advice = _NEEDS[kind]
    if not needs(event):
        yield EpcisFault(field="", cause=f"{kind} does not say what it is about", advice=advice)
    if kind == "AssociationEvent" and "parentID" not in event:
        yield EpcisFault(field="parentID", cause="it is missing", advice="name what the parts are built into")
    if kind == "TransactionEvent" and "bizTransactionList" not in event:
        yield EpcisFault(field="bizTransactionList", cause="it is missing", advice="name at least one business transaction")
    if kind == "ObjectEvent" and "ilmd" in event and event.get("action", "ADD") != "ADD":
        advice = "use action ADD for the event that creates the lot, or leave ilmd out"
        yield EpcisFault(field="ilmd", cause="master data of a lot is given only where it begins", advice=advice)


def _some(event: dict[str, Any], *names: str) -> bool:
    return any(event.get(name) for name in names)


def _object(event: dict[str, Any]) -> bool:
    sensed = bool(event.get("sensorElementList")) and "readPoint" in event
    return "epcList" in event or _some(event, "quantityList") or sensed


def _grouping(event: dict[str, Any]) -> bool:
    return _some(event, "childEPCs", "childQuantityList") or event.get("action", "DELETE") == "DELETE"


def _transaction(event: dict[str, Any]) -> bool:
    return "epcList" in event or _some(event, "quantityList") or event.get("action", "DELETE") == "DELETE"


def _transformation(event: dict[str, Any]) -> bool:
    inputs = _some(event, "inputEPCList", "inputQuantityList")
    outputs = _some(event, "outputEPCList", "outputQuantityList")
    return (inputs and outputs) or ("transformationID" in event and (inputs or outputs))


_NEEDS = {
    "ObjectEvent": (_object, "give epcList or quantityList, or sensorElementList with a readPoint"),
    "AggregationEvent": (_grouping, "give childEPCs or childQuantityList, or use action DELETE for all children"),
    "AssociationEvent": (_grouping, "give childEPCs or childQuantityList, or use action DELETE for all parts"),
    "TransactionEvent": (_transaction, "give epcList or quantityList, or use action DELETE"),
    "TransformationEvent": (_transformation, "give inputs and outputs, or one side and the transformationID that joins them"),
}
