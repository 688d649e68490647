"""EPCIS events as the hub's canonical facts: receipts, transformations, shipments, samples, holds, decisions."""

from collections.abc import Iterator, Mapping
from typing import Any

from tracemill.mapping.epcis import vocabulary as cbv
from tracemill.mapping.epcis.formats import utc
from tracemill.mapping.epcis.namespaces import STANDARD_ONLY, Namespaces
from tracemill.mapping.epcis.restrictions import restrictions
from tracemill.mapping.epcis.things import Thing, document_number, expiry, master_data, party, place, things
from tracemill.model.moment import Moment
from tracemill.model.record import Record
from tracemill.model.status import ShipmentState

MOST = 5000
Said = tuple[str, Thing, dict[str, Any]]


class Unkept(ValueError):
    """An event that cannot be taken as it is: what stands in the way, and what to do."""

    def __init__(self, cause: str, advice: str) -> None:
        super().__init__(cause)
        self.advice = advice


class Fact(Record, frozen=True):
    """One canonical fact as plain values: its type, what it is about, when, and what it says."""

    type: str
    subject: str
    occurred: Moment
    data: dict[str, Any]


def facts_of(event: Mapping[str, Any]) -> list[Fact]:
    """Translate one valid event that has an eventID, whole or not at all: raises Unkept. An error declaration is no event."""
    names = STANDARD_ONLY.within(event.get("@context"))
    try:
        occurred = Moment(utc=utc(event["eventTime"]), text=event["eventTime"], zone=event["eventTimeZoneOffset"])
    except ValueError as error:
        raise Unkept(f"eventTime: {error}", "correct the time") from None
    said = list(_said(event, names, str(event["eventID"])))
    if not said:
        step = cbv.BIZ_STEP.bare(event.get("bizStep", "")) or "none"
        raise Unkept(f"{event['type']} with bizStep {step} says nothing that the hub keeps", "look at it, then discard it")
    if len(said) > MOST:
        raise Unkept(f"it says {len(said)} things, more than the {MOST} of one event", "send it in parts")
    for kind, about, data in said:
        _kept(kind, about, data)
    return [Fact(type=kind, subject=about.id, occurred=occurred, data=_filled(data)) for kind, about, data in said]


def names_in(event: Mapping[str, Any]) -> list[str]:
    """Return the names of everything that an event is about, as far as it can be read."""
    found = [event.get("parentID")]
    for field in _EPCS:
        found += event.get(field) or ()
    for field in _QUANTITIES:
        found += [element.get("epcClass") for element in event.get(field) or ()]
    return list(dict.fromkeys(name for name in found if isinstance(name, str)))


_EPCS = ("epcList", "childEPCs", "inputEPCList", "outputEPCList")
_QUANTITIES = ("quantityList", "childQuantityList", "inputQuantityList", "outputQuantityList")


def _kept(kind: str, about: Thing, data: Mapping[str, Any]) -> None:
    if about.unit:
        raise Unkept(f"{kind} names the handling unit {about.id}; the hub keeps lots", "name the lots that are in it")
    if about.is_class:
        raise Unkept(f"{kind} of {about.id} names a trade item without lot or serial", "name the lot or the serial")
    if "quantity" in data and data["quantity"] is None:
        advice = "give a quantity of at least 0, with at most 18 digits on either side of the point"
        raise Unkept(f"{kind} of {about.id} says no quantity that can be booked", advice)


def _filled(data: dict[str, Any]) -> dict[str, Any]:
    return {name: value for name, value in data.items() if value not in ("", None, [])}


def _said(event: Mapping[str, Any], names: Namespaces, event_id: str) -> Iterator[Said]:
    kind = event["type"]
    if kind == "TransformationEvent":
        yield from _transformed(event, names, event_id)
        about = list(things(event, "outputEPCList", "outputQuantityList"))
    elif kind == "ObjectEvent":
        about = list(things(event, "epcList", "quantityList"))
        yield from _observed(event, about, names, event_id)
    else:
        about = []
    yield from restrictions(event, about, event_id)


def _observed(event: Mapping[str, Any], about: list[Thing], names: Namespaces, event_id: str) -> Iterator[Said]:
    step = cbv.BIZ_STEP.bare(event.get("bizStep", ""))
    if step == "receiving":
        yield from (("lot.received.v1", one, _receipt(event, one, names, event_id)) for one in about)
    elif step in ("shipping", "void_shipping"):
        yield from (("shipment.shipped.v1", one, _shipment(event, one, step, event_id)) for one in about)
    elif step == "sampling":
        yield from (("sample.taken.v1", one, _sample(event, one, event_id)) for one in about)
    elif event.get("action") == "ADD" and step in ("commissioning", "creating_class_instance"):
        yield from (("material.produced.v1", one, _made(event, one, names, event_id)) for one in about)


def _receipt(event: Mapping[str, Any], one: Thing, names: Namespaces, event_id: str) -> dict[str, Any]:
    supplier, master = party(event, "source"), master_data(event, names)
    return {
        "lot": one.ref,
        "quantity": one.quantity,
        "supplier": {"id": supplier} if supplier else None,
        "supplier_batch": one.lot,
        "purchase_order": document_number(event, "po"),
        "certificate": document_number(event, "cert"),
        "receipt": document_number(event, "recadv", "desadv") or event_id,
        "place": place(event),
        "expires": expiry(master),
    }


def _shipment(event: Mapping[str, Any], one: Thing, step: str, event_id: str) -> dict[str, Any]:
    customer = party(event, "destination")
    return {
        "lot": one.ref,
        "quantity": one.quantity,
        "shipment": document_number(event, "desadv", "bol", "inv") or event_id,
        "customer": {"id": customer} if customer else None,
        "state": (ShipmentState.SHIPPED if step == "shipping" else ShipmentState.CANCELLED).value,
        "place": place(event),
    }


def _sample(event: Mapping[str, Any], one: Thing, event_id: str) -> dict[str, Any]:
    gone = event.get("action") == "DELETE" or cbv.DISPOSITION.bare(event.get("disposition", "")) in ("destroyed", "disposed")
    sample = document_number(event, "testres", "testprd") or event_id
    return {"lot": one.ref, "sample": sample, "quantity": one.quantity, "destroyed": gone}


def _transformed(event: Mapping[str, Any], names: Namespaces, event_id: str) -> Iterator[Said]:
    for one in things(event, "inputEPCList", "inputQuantityList"):
        yield "material.consumed.v1", one, _used(event, one, event_id)
    for one in things(event, "outputEPCList", "outputQuantityList"):
        yield "material.produced.v1", one, _made(event, one, names, event_id)


def _used(event: Mapping[str, Any], one: Thing, event_id: str) -> dict[str, Any]:
    transformation = str(event.get("transformationID") or event_id)
    work = {"transformation": transformation, "order": document_number(event, "prodorder")}
    return {"lot": one.ref, "quantity": one.quantity, "work": _filled(work)}


def _made(event: Mapping[str, Any], one: Thing, names: Namespaces, event_id: str) -> dict[str, Any]:
    master = master_data(event, names)
    made = (master.get("productionDate") or master.get("lotProductionDate") or "")[:10]
    return _used(event, one, event_id) | {"expires": expiry(master), "manufactured": made, "place": place(event)}
