"""GS1-EPC-Format (EPCIS 2.0, section 12): events as they were captured, or with every EPC URN as a Digital Link."""

from collections.abc import Mapping
from typing import Any, Final

from tracemill.mapping.epcis.document import Event
from tracemill.mapping.epcis.fault import EpcisFault, Refusal
from tracemill.model.scanned import canonical_link

FORMATS: Final = ("No_Preference", "Always_GS1_Digital_Link", "Always_EPC_URN", "Never_Translates")
LINKED: Final = "Always_GS1_Digital_Link"
AS_CAPTURED: Final = "Never_Translates"
_LISTS = ("epcList", "childEPCs", "inputEPCList", "outputEPCList")
_QUANTITIES = ("quantityList", "childQuantityList", "inputQuantityList", "outputQuantityList")
_PLACES = ("readPoint", "bizLocation")
_URN = "urn:epc:"


def epc_format(asked: str) -> str:
    """Return the format of an answer, the standard's default where none is asked for; raise Refusal where it cannot be given."""
    if asked and asked not in FORMATS:
        fault = EpcisFault(field="GS1-EPC-Format", cause=f"{asked} is no format", advice="write one of " + ", ".join(FORMATS))
        raise Refusal("ValidationException", fault)
    if asked == "Always_EPC_URN":
        cause = "a Digital Link does not say how long the company prefix is, which an EPC URN must"
        advice = f"ask for {LINKED}, or for {AS_CAPTURED}"
        raise Refusal("NotAcceptableException", EpcisFault(field="GS1-EPC-Format", cause=cause, advice=advice))
    return AS_CAPTURED if asked in (AS_CAPTURED, "No_Preference") else LINKED


def linked(event: Event) -> Event:
    """Write every EPC URN of an event as a Digital Link; any other URI stays as it is, byte for byte."""
    found = {key: _link(value) if key == "parentID" else value for key, value in event.items()}
    for field in _LISTS:
        if field in event:
            found[field] = list(dict.fromkeys(_link(uri) for uri in event[field]))  # two names of one thing are one thing
    for field in _QUANTITIES:
        if field in event:
            found[field] = [{**element, "epcClass": _link(element["epcClass"])} for element in event[field]]
    for field in _PLACES:
        if field in event:
            found[field] = _named(event[field], "id")
    for side in ("source", "destination"):
        if f"{side}List" in event:
            found[f"{side}List"] = [_named(one, side) for one in event[f"{side}List"]]
    return found


def _named(value: Mapping[str, Any], key: str) -> dict[str, Any]:
    return {**value, key: _link(value[key])}


def _link(uri: str) -> str:
    return canonical_link(uri) if uri.startswith(_URN) else uri
