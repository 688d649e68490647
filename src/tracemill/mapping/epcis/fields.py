"""The fields of EPCIS events and what each may hold (EPCIS 2.0, section 7; JSON Schema 2.0.1)."""

from tracemill.mapping.epcis import checks
from tracemill.mapping.epcis import vocabulary as cbv
from tracemill.mapping.epcis.checks import (
    Check,
    Place,
    any_value,
    list_of,
    number,
    one_of,
    pattern,
    record,
    text,
    time,
    uri,
    word,
)
from tracemill.mapping.epcis.fault import EpcisFault

_CBV_LONG = r"urn:epcglobal:cbv|https?://ns\.gs1\.org/cbv/"
_GS1_LONG = r"https?://(?:www\.)?gs1\.org/voc/"

UOM = pattern(r"[A-Z0-9]{2,3}", "a unit code of UN/ECE Recommendation 20, such as KGM")
OFFSET = pattern(r"[+-](?:(?:0\d|1[0-3]):[0-5]\d|14:00)", "an offset between -14:00 and +14:00, such as +01:00")
DISPOSITION = word(cbv.DISPOSITION, _CBV_LONG)

_URIS = list_of(uri)
_UNIQUE_URIS = list_of(uri, unique=True)
QUANTITY = record({"epcClass": uri, "quantity": number, "uom": UOM}, ("epcClass",), others="none")
_QUANTITIES = list_of(QUANTITY)
_PLACE = record({"id": uri}, ("id",), others="any")


def _typed(own: str, kinds: Check, required: tuple[str, ...]) -> Check:
    return record({"type": kinds, own: uri}, required, others="none")


_TRANSACTION = _typed("bizTransaction", word(cbv.TRANSACTION_TYPE, _CBV_LONG), ("bizTransaction",))
_PARTY = word(cbv.PARTY_TYPE, _CBV_LONG)
_SOURCES = list_of(_typed("source", _PARTY, ("type", "source")))
_DESTINATIONS = list_of(_typed("destination", _PARTY, ("type", "destination")))

_DEVICE = dict.fromkeys(("deviceID", "deviceMetadata", "rawData", "dataProcessingMethod", "bizRules"), uri)
_METADATA = record({**_DEVICE, "time": time, "startTime": time, "endTime": time})
_REPORT = record(
    {
        **_DEVICE,
        **dict.fromkeys(("microorganism", "chemicalSubstance", "coordinateReferenceSystem", "uriValue"), uri),
        **dict.fromkeys(("value", "minValue", "maxValue", "meanValue", "sDev", "percRank", "percValue"), number),
        "type": word(cbv.MEASUREMENT, _GS1_LONG),
        "exception": word(cbv.ALERT, _GS1_LONG),
        "component": word(cbv.COMPONENT, _CBV_LONG),
        "time": time,
        "stringValue": text,
        "booleanValue": checks.boolean,
        "hexBinaryValue": pattern(r"[A-Fa-f0-9]+", "hexadecimal digits"),
        "uom": text,
    },
    ("type",),
)
_SENSOR = record({"sensorMetadata": _METADATA, "sensorReport": list_of(_REPORT, least=1)}, ("sensorReport",))
_DISPOSITIONS = list_of(DISPOSITION, least=1, unique=True)
_PERSISTENT = record({"set": _DISPOSITIONS, "unset": _DISPOSITIONS}, others="none")
_ERROR = record(
    {"declarationTime": time, "reason": word(cbv.ERROR_REASON, _CBV_LONG), "correctiveEventIDs": _URIS}, ("declarationTime",)
)


def _persistent(value: object, place: Place, out: list[EpcisFault]) -> None:
    _PERSISTENT(value, place, out)
    if value == {}:
        checks.say(out, place, value, "it neither sets nor unsets anything", "name a disposition under set or unset")


CONTEXT = checks.either(
    (str, uri),
    (dict, any_value),
    (list, list_of(checks.either((str, uri), (dict, any_value), cause="it is not a context"), unique=True)),
    cause="it is not a JSON-LD context",
)

EVENT: dict[str, Check] = {
    "@context": CONTEXT,
    "eventTime": time,
    "recordTime": time,
    "eventTimeZoneOffset": OFFSET,
    "eventID": uri,
    "certificationInfo": checks.either((str, uri), (list, _URIS), cause="it is neither a URI nor a list of URIs"),
    "errorDeclaration": _ERROR,
}
_WHERE: dict[str, Check] = {
    "bizStep": word(cbv.BIZ_STEP, _CBV_LONG),
    "disposition": DISPOSITION,
    "persistentDisposition": _persistent,
    "readPoint": _PLACE,
    "bizLocation": _PLACE,
    "bizTransactionList": list_of(_TRANSACTION),
    "sourceList": _SOURCES,
    "destinationList": _DESTINATIONS,
    "sensorElementList": list_of(_SENSOR),
}
_ACTION = {"action": one_of("OBSERVE", "ADD", "DELETE")}
_CHILDREN = {"parentID": uri, "childEPCs": _URIS, "childQuantityList": _QUANTITIES}
ILMD = record({})

FIELDS: dict[str, dict[str, Check]] = {
    "ObjectEvent": {**EVENT, **_WHERE, **_ACTION, "epcList": _UNIQUE_URIS, "quantityList": _QUANTITIES, "ilmd": ILMD},
    "AggregationEvent": {**EVENT, **_WHERE, **_ACTION, **_CHILDREN},
    "AssociationEvent": {**EVENT, **_WHERE, **_ACTION, **_CHILDREN},
    "TransactionEvent": {
        **EVENT, **_WHERE, **_ACTION, "parentID": uri, "epcList": _URIS, "quantityList": _QUANTITIES,
        "bizTransactionList": list_of(_TRANSACTION, least=1),
    },
    "TransformationEvent": {
        **EVENT, **_WHERE, **dict.fromkeys(("inputEPCList", "outputEPCList"), _UNIQUE_URIS),
        **dict.fromkeys(("inputQuantityList", "outputQuantityList"), _QUANTITIES), "transformationID": uri, "ilmd": ILMD,
    },
}  # fmt: skip
