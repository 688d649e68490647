"""The hub's facts as EPCIS 2.0 events: a trace given to a partner as one document that validates."""

from collections.abc import Iterable

from tracemill.mapping.epcis.document import Event
from tracemill.mapping.epcis.event_hash import event_hash
from tracemill.mapping.epcis.event_parts import begin, documents, lists, observed, place_of
from tracemill.mapping.epcis.facts import Fact
from tracemill.mapping.epcis.own_names import Names, is_name


def events_of(facts: Iterable[Fact], names: Names) -> list[Event]:
    """Write facts as events in order of time, each with its hash id; what one transformation used and made is one event."""
    together: dict[str, list[Fact]] = {}
    for number, fact in enumerate(facts):
        is_work = fact.type in ("material.consumed.v1", "material.produced.v1")
        key = f"{fact.data['work']['transformation']}\n{fact.occurred.text}" if is_work else f"\n{number}"
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
    transformation = first.data["work"]["transformation"]
    event["transformationID"] = transformation if is_name(transformation) else names.own("transformation", transformation)
    event |= {"bizStep": "commissioning"} | place_of(names, first.data)
    event |= documents(names, prodorder=next((f.data["work"]["order"] for f in facts if f.data["work"].get("order")), ""))
    dates = {f.data.get("expires") for f in facts if f.type == "material.produced.v1"} - {None, ""}
    if len(dates) == 1:
        event["ilmd"] = {"cbvmda:itemExpirationDate": dates.pop()}
    return event


def shipment_event(fact: Fact, names: Names) -> Event:
    data = fact.data
    event = observed(fact, names, [(data["lot"], data["quantity"])], "shipping") | {"disposition": "in_transit"}
    event |= documents(names, desadv=data["shipment"])
    if customer := data.get("customer"):
        event["destinationList"] = [{"type": "possessing_party", "destination": names.who(customer["id"])}]
    return event


_WRITERS = {"lot.received.v1": receipt_event, "shipment.shipped.v1": shipment_event}
