"""The hub's facts as EPCIS 2.0 events: a trace given to a partner as one document that validates."""

from collections.abc import Iterable

from tracemill.mapping.epcis.document import Event
from tracemill.mapping.epcis.event_hash import event_hash
from tracemill.mapping.epcis.event_parts import begin, documents, lists, observed, place_of
from tracemill.mapping.epcis.facts import Fact
from tracemill.mapping.epcis.own_names import Names, is_name
from tracemill.mapping.epcis.restrictions import word_of
from tracemill.mapping.epcis.things import PIECE
from tracemill.model.status import RELEASING, DispositionKind


def events_of(facts: Iterable[Fact], names: Names) -> list[Event]:
    """Write facts as events in order of time, each with its hash id; what one transformation used and made is one event."""
    together: dict[str, list[Fact]] = {}
    for number, fact in enumerate(facts):
        is_work = fact.type in ("material.consumed.v1", "material.produced.v1")
        key = f"{fact.data['transformation']}\n{fact.occurred.text}" if is_work else f"\n{number}"
        if is_work or fact.type in _WRITERS:
            together.setdefault(key, []).append(fact)
    ordered = sorted(together.values(), key=lambda group: group[0].occurred.utc)
    return [_identified(_written(group, names)) for group in ordered]


def _written(group: list[Fact], names: Names) -> Event:
    first = group[0]
    if first.type in _WRITERS:
        return _WRITERS[first.type](first, names)
    return production_event(group, names)


def _identified(event: Event) -> Event:
    kind, at, *rest = event.items()
    return dict([kind, at, ("eventID", event_hash(event)), *rest])


def receipt_event(fact: Fact, names: Names) -> Event:
    """A receipt: observed, in progress, unavailable until it is inspected."""
    data = fact.data
    event = observed(fact, names, [(data["lot"], data["quantity"])], "receiving")
    event |= {"disposition": "in_progress", "persistentDisposition": {"set": ["unavailable"]}}
    event |= documents(names, po=data.get("purchase_order"), recadv=data.get("receipt"), cert=data.get("certificate"))
    if supplier := data.get("supplier"):
        event["sourceList"] = [{"type": "owning_party", "source": names.who(supplier["id"])}]
    return event


def production_event(facts: list[Fact], names: Names) -> Event:
    """Consumption and production of one transformation; an expiry stands in ilmd where all that was made shares it."""
    first = facts[0]
    event = begin("TransformationEvent", first.occurred)
    for side, kind in (("input", "material.consumed.v1"), ("output", "material.produced.v1")):
        parts = [(f.data["lot"], f.data.get("quantity")) for f in facts if f.type == kind]
        event |= lists(names, parts, f"{side}EPCList", f"{side}QuantityList")
    transformation = first.data["transformation"]
    event["transformationID"] = transformation if is_name(transformation) else names.own("transformation", transformation)
    event |= {"bizStep": "commissioning"} | place_of(names, first.data)
    event |= documents(names, prodorder=next((f.data["order"] for f in facts if f.data.get("order")), ""))
    dates = {f.data.get("expires") for f in facts if f.type == "material.produced.v1"} - {None, ""}
    if len(dates) == 1:
        event["ilmd"] = {"cbvmda:itemExpirationDate": dates.pop()}
    return event


def shipment_event(fact: Fact, names: Names) -> Event:
    data = fact.data
    parts = [(one["lot"], one.get("quantity")) for one in data.get("lots", ())]
    parts += [({"id": unit}, {"amount": "1", "unit": PIECE}) for unit in data.get("units", ())]
    event = observed(fact, names, parts, "void_shipping" if fact.type == "shipment.voided.v1" else "shipping")
    if fact.type == "shipment.shipped.v1":
        event["disposition"] = "in_transit"
    event |= documents(names, desadv=data["shipment"], po=data.get("order"))
    if customer := data.get("customer"):
        event["destinationList"] = [{"type": "possessing_party", "destination": names.who(customer)}]
    return event


def hold_event(fact: Fact, names: Names) -> Event:
    """A hold: unavailable, and the word for its reason."""
    event = observed(fact, names, [(fact.data["lot"], fact.data.get("quantity"))], "holding")
    return event | {"persistentDisposition": {"set": list(dict.fromkeys([word_of(fact.data), "unavailable"]))}}


def release_event(fact: Fact, names: Names) -> Event:
    """The end of one hold; only where the fact says `usable` is the lot available again, for other holds may be open."""
    event = observed(fact, names, [(fact.data["lot"], fact.data.get("quantity"))], "inspecting")
    word = word_of(fact.data)
    if not fact.data.get("usable"):
        return event | ({"persistentDisposition": {"unset": [word]}} if word != "unavailable" else {})
    unset = list(dict.fromkeys([word, "unavailable"]))
    return event | {"persistentDisposition": {"set": ["conformant", "available"], "unset": unset}}


def decision_event(fact: Fact, names: Names) -> Event:
    """Quality's decision about a lot or a part of it, with the number of its inspection."""
    (part, *_), data = fact.data["parts"], fact.data
    event = observed(fact, names, [(data["lot"], part.get("quantity"))], "inspecting")
    if part["decision"] in RELEASING:
        event["persistentDisposition"] = {"set": ["conformant"]}
    elif part["decision"] == DispositionKind.REJECT:
        event["persistentDisposition"] = {"set": ["non_conformant", "unavailable"], "unset": ["available"]}
    return event | documents(names, testres=data.get("inspection"))


def sample_event(fact: Fact, names: Names) -> Event:
    data = fact.data
    event = observed(fact, names, [(data["lot"], data["quantity"])], "sampling")
    if data.get("destroyed", True):
        event |= {"action": "DELETE", "disposition": "destroyed"}
    return event | documents(names, testprd=data["sample"])


def packing_event(fact: Fact, names: Names) -> Event:
    """What goes into a handling unit or comes out of it; unpacking that names nothing empties it."""
    data = fact.data
    parts = [(one["lot"], one.get("quantity")) for one in data.get("lots", ())]
    parts += [({"id": unit}, None) for unit in data.get("units", ())]
    action, step = ("ADD", "packing") if fact.type == "handling_unit.packed.v1" else ("DELETE", "unpacking")
    event = begin("AggregationEvent", fact.occurred) | {"action": action, "parentID": names.lot({"id": data["unit"]})}
    return event | lists(names, parts, "childEPCs", "childQuantityList") | {"bizStep": step} | place_of(names, data)


def assembly_event(fact: Fact, names: Names) -> Event:
    """A part built into something that lasts, or taken out of it."""
    data = fact.data
    action, step = ("ADD", "installing") if fact.type == "component.installed.v1" else ("DELETE", "removing")
    event = begin("AssociationEvent", fact.occurred) | {"action": action, "parentID": names.lot(data["assembly"])}
    parts = [(data["lot"], data.get("quantity"))] if "lot" in data else []
    return event | lists(names, parts, "childEPCs", "childQuantityList") | {"bizStep": step} | place_of(names, data)


_WRITERS = {
    "sample.taken.v1": sample_event,
    "handling_unit.packed.v1": packing_event,
    "handling_unit.unpacked.v1": packing_event,
    "component.installed.v1": assembly_event,
    "component.removed.v1": assembly_event,
    "lot.received.v1": receipt_event,
    "shipment.shipped.v1": shipment_event,
    "shipment.voided.v1": shipment_event,
    "disposition.decided.v1": decision_event,
    "hold.requested.v1": hold_event,
    "hold.released.v1": release_event,
}
