"""EPCIS events as the hub's canonical facts: receipt, production, packing, assembly, shipment, samples, holds, decisions."""

from collections.abc import Iterator, Mapping
from typing import Any

from tracemill.mapping.epcis import vocabulary as cbv
from tracemill.mapping.epcis.event_hash import event_hash
from tracemill.mapping.epcis.fault import EpcisFault, faulty
from tracemill.mapping.epcis.formats import utc
from tracemill.mapping.epcis.namespaces import STANDARD_ONLY, Namespaces
from tracemill.mapping.epcis.restrictions import restrictions
from tracemill.mapping.epcis.things import Thing, document_number, expiry, master_data, party, place, thing, things
from tracemill.model.moment import Moment
from tracemill.model.record import Record

Said = tuple[str, Thing | str, dict[str, Any]]
_GROUPED = {"ADD": "packed", "DELETE": "unpacked", "OBSERVE": "observed"}
_BUILT = {"ADD": "installed", "DELETE": "removed", "OBSERVE": "observed"}


class Fact(Record, frozen=True):
    """One canonical fact as plain values: its type, what it is about, when, and what it says."""

    type: str
    subject: str
    occurred: Moment
    data: dict[str, Any]
    event: str
    doubt: str = ""


class Facts(Record, frozen=True):
    """What one event comes to: facts, and what it says that cannot become one and must be looked at."""

    facts: tuple[Fact, ...]
    parked: tuple[EpcisFault, ...] = ()


def facts_of(event: Mapping[str, Any], names: Namespaces = STANDARD_ONLY) -> Facts:
    """Translate one valid event. Its id is its own eventID, else its event hash."""
    names = names.within(event.get("@context"))
    event_id = str(event.get("eventID") or event_hash(event, names))
    try:
        occurred = Moment(utc=utc(event["eventTime"]), text=event["eventTime"], zone=event["eventTimeZoneOffset"])
    except ValueError as error:
        return Facts(facts=(), parked=(faulty("eventTime", event["eventTime"], str(error), "correct the time"),))
    facts: list[Fact] = []
    parked: list[EpcisFault] = []
    if event["type"] == "AggregationEvent" and "parentID" not in event:
        cause = "what is packed or unpacked names no handling unit"
        parked.append(EpcisFault(field="parentID", cause=cause, advice="name the pallet or box, by its SSCC where it has one"))
    said = [_retracted(event, event_id)] if event.get("errorDeclaration") else _said(event, names, event_id)
    for kind, about, data in said:
        subject = about if isinstance(about, str) else about.id
        if "quantity" in data and data["quantity"] is None:
            cause = f"{kind} of {subject} says no quantity that can be booked"
            advice = "give a quantity of at least 0, with at most 18 digits on either side of the point"
            parked.append(EpcisFault(field="quantity", cause=cause, advice=advice))
            continue
        vague = isinstance(about, Thing) and about.is_class
        doubt = "names a trade item without lot or serial" if vague else ""
        facts.append(Fact(type=kind, subject=subject, occurred=occurred, data=_filled(data), event=event_id, doubt=doubt))
    return Facts(facts=tuple(facts), parked=tuple(parked))


def _filled(data: dict[str, Any]) -> dict[str, Any]:
    return {name: value for name, value in data.items() if value not in ("", None, [])}


def _retracted(event: Mapping[str, Any], event_id: str) -> Said:
    """An error declaration repeats the event it takes back, so nothing in it happens again (EPCIS 2.0, section 7.4.1)."""
    declared = event["errorDeclaration"]
    reason = cbv.ERROR_REASON.bare(declared.get("reason", ""))
    corrective = declared.get("correctiveEventIDs", [])
    data = {"event": event_id, "reason": reason, "declared": declared["declarationTime"], "corrective": corrective}
    return "event.retracted.v1", event_id, data


def _said(event: Mapping[str, Any], names: Namespaces, event_id: str) -> Iterator[Said]:
    kind = event["type"]
    if kind == "TransformationEvent":
        yield from _transformed(event, names, event_id)
        about = list(things(event, "outputEPCList", "outputQuantityList"))
    elif kind in ("AggregationEvent", "AssociationEvent"):
        about = list(things(event, "childEPCs", "childQuantityList"))
        yield from _packed(event, about) if kind == "AggregationEvent" else _assembled(event, about)
        about += [thing(event["parentID"], "1")] if "parentID" in event else []
    else:
        about = list(things(event, "epcList", "quantityList"))
        yield from _observed(event, about, names, event_id) if kind == "ObjectEvent" else ()
    yield from restrictions(event, about, event_id)


def _observed(event: Mapping[str, Any], about: list[Thing], names: Namespaces, event_id: str) -> Iterator[Said]:
    step = cbv.BIZ_STEP.bare(event.get("bizStep", ""))
    lots = [one for one in about if not one.unit]
    if step == "receiving":
        yield from (("lot.received.v1", one, _receipt(event, one, event_id)) for one in lots)
        if units := [one.id for one in about if one.unit]:
            yield "handling_unit.received.v1", units[0], {"units": units, "place": place(event)}
    elif step in ("shipping", "void_shipping"):
        data = _shipment(event, about, event_id)
        yield f"shipment.{'shipped' if step == 'shipping' else 'voided'}.v1", data["shipment"], data
    elif step == "sampling":
        yield from (("sample.taken.v1", one, _sample(event, one, event_id)) for one in lots)
    elif step == "inspecting":
        yield from (("inspection.completed.v1", one, _inspection(event, one, event_id)) for one in lots)
    elif event.get("action") == "ADD" and step in ("commissioning", "creating_class_instance"):
        yield from (("material.produced.v1", one, _made(event, one, names, event_id)) for one in lots)


def _receipt(event: Mapping[str, Any], one: Thing, event_id: str) -> dict[str, Any]:
    supplier = party(event, "source")
    return {
        "lot": one.ref,
        "quantity": one.quantity,
        "supplier": {"id": supplier} if supplier else None,
        "supplier_batch": one.lot,
        "purchase_order": document_number(event, "po"),
        "certificate": document_number(event, "cert"),
        "receipt": document_number(event, "recadv", "desadv") or event_id,
        "place": place(event),
    }


def _shipment(event: Mapping[str, Any], about: list[Thing], event_id: str) -> dict[str, Any]:
    return {
        "shipment": document_number(event, "desadv", "bol", "inv") or event_id,
        "order": document_number(event, "po", "poc"),
        "customer": party(event, "destination"),
        "lots": [_filled({"lot": one.ref, "quantity": one.quantity}) for one in about if not one.unit],
        "units": [one.id for one in about if one.unit],
        "place": place(event),
    }


def _sample(event: Mapping[str, Any], one: Thing, event_id: str) -> dict[str, Any]:
    gone = event.get("action") == "DELETE" or cbv.DISPOSITION.bare(event.get("disposition", "")) in ("destroyed", "disposed")
    sample = document_number(event, "testres", "testprd") or event_id
    return {"lot": one.ref, "sample": sample, "quantity": one.quantity, "destroyed": gone}


def _inspection(event: Mapping[str, Any], one: Thing, event_id: str) -> dict[str, Any]:
    placed = [cbv.DISPOSITION.bare(word) for word in (event.get("persistentDisposition") or {}).get("set", ())]
    verdict = next((word for word in ("non_conformant", "conformant") if word in placed), "")
    reports = [report for element in event.get("sensorElementList") or () for report in element.get("sensorReport", ())]
    inspection = document_number(event, "testres", "cert") or event_id
    return {"lot": one.ref, "inspection": inspection, "verdict": verdict, "measurements": reports, "place": place(event)}


def _transformed(event: Mapping[str, Any], names: Namespaces, event_id: str) -> Iterator[Said]:
    for one in things(event, "inputEPCList", "inputQuantityList"):
        yield "material.consumed.v1", one, _work(event, one, event_id)
    for one in things(event, "outputEPCList", "outputQuantityList"):
        yield "material.produced.v1", one, _made(event, one, names, event_id)


def _work(event: Mapping[str, Any], one: Thing, event_id: str) -> dict[str, Any]:
    return {
        "lot": one.ref,
        "quantity": one.quantity,
        "transformation": str(event.get("transformationID") or event_id),
        "order": document_number(event, "prodorder"),
        "evidence": "scanned",
        "place": place(event),
    }


def _made(event: Mapping[str, Any], one: Thing, names: Namespaces, event_id: str) -> dict[str, Any]:
    master = master_data(event, names)
    produced = master.get("productionDate") or master.get("lotProductionDate") or ""
    return _work(event, one, event_id) | {"expires": expiry(master), "produced": produced}


def _packed(event: Mapping[str, Any], children: list[Thing]) -> Iterator[Said]:
    if "parentID" not in event:
        return
    unit = event["parentID"]
    data = {
        "unit": unit,
        "lots": [_filled({"lot": one.ref, "quantity": one.quantity}) for one in children if not one.unit],
        "units": [one.id for one in children if one.unit],
        "whole": not children,
        "place": place(event),
    }
    yield f"handling_unit.{_GROUPED[event['action']]}.v1", unit, data


def _assembled(event: Mapping[str, Any], children: list[Thing]) -> Iterator[Said]:
    assembly = thing(event["parentID"])
    kind = f"component.{_BUILT[event['action']]}.v1"
    if not children:
        yield kind, assembly, {"assembly": assembly.ref, "whole": True, "place": place(event)}
    for one in children:
        yield kind, one, {"assembly": assembly.ref, "lot": one.ref, "quantity": one.quantity, "place": place(event)}
