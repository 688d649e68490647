"""EPCs as Digital Links (EPCIS 2.0, section 12: GS1-EPC-Format): the form in which an answer names things."""

from typing import Any

from tracemill.mapping.epcis.document import Event
from tracemill.model.scanned import canonical_link

_ONE = ("parentID", "transformationID")
_LISTS = ("epcList", "childEPCs", "inputEPCList", "outputEPCList")
_QUANTITIES = ("quantityList", "childQuantityList", "inputQuantityList", "outputQuantityList")
_PLACES = ("readPoint", "bizLocation")
_TYPED = {"sourceList": "source", "destinationList": "destination", "bizTransactionList": "bizTransaction"}


def as_links(event: Event) -> Event:
    """Return an event with every GS1 key written as canonical Digital Link (Always_GS1_Digital_Link).

    The way back is not offered: a key does not say how long its company prefix is, which an EPC URN must.
    """
    return {field: _linked(field, value) for field, value in event.items()}


def _linked(field: str, value: Any) -> Any:
    if field in _ONE:
        return canonical_link(value)
    if field in _LISTS:
        return [canonical_link(uri) for uri in value]
    if field in _QUANTITIES:
        return [{**element, "epcClass": canonical_link(element["epcClass"])} for element in value]
    if field in _PLACES:
        return {**value, "id": canonical_link(value["id"])}
    if own := _TYPED.get(field):
        return [{**one, own: canonical_link(one[own])} for one in value]
    return value
