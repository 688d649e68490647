"""The hub's facts as EPCIS 2.0 events: a trace given to a partner as one document that validates."""

from collections.abc import Iterable, Mapping
from decimal import Decimal
from typing import Any

from tracemill.mapping.epcis.document import Event
from tracemill.mapping.epcis.event_hash import event_hash
from tracemill.mapping.epcis.facts import Fact
from tracemill.mapping.epcis.formats import is_uri
from tracemill.mapping.epcis.restrictions import word_of
from tracemill.mapping.epcis.things import PIECE, thing
from tracemill.model.check_digit import CSET82, is_checked
from tracemill.model.gs1 import gtin14
from tracemill.model.moment import Moment
from tracemill.model.percent import encoded
from tracemill.model.record import Record
from tracemill.model.status import RELEASING, DispositionKind

_PLAIN = frozenset(CSET82)
# An id such as ACM:7731 has the shape of a URI and is none.
_SCHEMES = ("urn:", "http://", "https://", "ni://")


class Names(Record, frozen=True):
    """How this site names itself to others: the address its own ids stand under, and the GLN its documents are numbered by."""

    base: str
    gln: str = ""

    def lot(self, ref: Mapping[str, Any]) -> str:
        """Name a lot: a URI as it is, GTIN and lot as a Digital Link, anything else under the own address."""
        lot, item = str(ref["id"]), gtin14(str(ref.get("item", "")))
        if is_name(lot):
            return lot
        if len(item) == 14 and is_checked(item) and len(lot) <= 20 and set(lot) <= _PLAIN:
            return f"https://id.gs1.org/01/{item}/10/{encoded(lot)}"
        return self.own("lot", *(part for part in (str(ref.get("item", "")), lot) if part))

    def number(self, text: str) -> str:
        """Name a document by CBV's URN of the site's GLN, else under the own address."""
        if is_name(text):
            return text
        return f"urn:epcglobal:cbv:bt:{self.gln}:{encoded(text)}" if self.gln else self.own("document", text)

    def where(self, text: str) -> str:
        """Name a place: a URI as it is, a GLN as a Digital Link, anything else under the own address."""
        return self._gln(text, "414", "place")

    def who(self, text: str) -> str:
        """Name a party likewise."""
        return self._gln(text, "417", "party")

    def _gln(self, text: str, ai: str, kind: str) -> str:
        if is_name(text):
            return text
        return f"https://id.gs1.org/{ai}/{text}" if len(text) == 13 and is_checked(text) else self.own(kind, text)

    def own(self, *parts: str) -> str:
        return "/".join([self.base.rstrip("/"), *(encoded(part) for part in parts)])


def is_name(text: str) -> bool:
    return text.startswith(_SCHEMES) and is_uri(text)


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
    event = _observed(fact, names, [(data["lot"], data["quantity"])], "receiving")
    event |= {"disposition": "in_progress", "persistentDisposition": {"set": ["unavailable"]}}
    event |= _documents(names, po=data.get("purchase_order"), recadv=data.get("receipt"), cert=data.get("certificate"))
    if supplier := data.get("supplier"):
        event["sourceList"] = [{"type": "owning_party", "source": names.who(supplier["id"])}]
    return event


def production_event(facts: list[Fact], names: Names) -> Event:
    """Consumption and production of one transformation; an expiry stands in ilmd where all that was made shares it."""
    first = facts[0]
    event = _begin("TransformationEvent", first.occurred)
    for side, kind in (("input", "material.consumed.v1"), ("output", "material.produced.v1")):
        parts = [(f.data["lot"], f.data.get("quantity")) for f in facts if f.type == kind]
        event |= _lists(names, parts, f"{side}EPCList", f"{side}QuantityList")
    transformation = first.data["transformation"]
    event["transformationID"] = transformation if is_name(transformation) else names.own("transformation", transformation)
    event |= {"bizStep": "commissioning"} | _place(names, first.data)
    event |= _documents(names, prodorder=next((f.data["order"] for f in facts if f.data.get("order")), ""))
    dates = {f.data.get("expires") for f in facts if f.type == "material.produced.v1"} - {None, ""}
    if len(dates) == 1:
        event["ilmd"] = {"cbvmda:itemExpirationDate": dates.pop()}
    return event


def shipment_event(fact: Fact, names: Names) -> Event:
    data = fact.data
    parts = [(one["lot"], one.get("quantity")) for one in data.get("lots", ())]
    parts += [({"id": unit}, {"amount": "1", "unit": PIECE}) for unit in data.get("units", ())]
    event = _observed(fact, names, parts, "void_shipping" if fact.type == "shipment.voided.v1" else "shipping")
    if fact.type == "shipment.shipped.v1":
        event["disposition"] = "in_transit"
    event |= _documents(names, desadv=data["shipment"], po=data.get("order"))
    if customer := data.get("customer"):
        event["destinationList"] = [{"type": "possessing_party", "destination": names.who(customer)}]
    return event


def hold_event(fact: Fact, names: Names) -> Event:
    """A hold: unavailable, and the word for its reason."""
    event = _observed(fact, names, [(fact.data["lot"], fact.data.get("quantity"))], "holding")
    return event | {"persistentDisposition": {"set": list(dict.fromkeys([word_of(fact.data), "unavailable"]))}}


def release_event(fact: Fact, names: Names) -> Event:
    """The end of one hold; only where the fact says `usable` is the lot available again, for other holds may be open."""
    event = _observed(fact, names, [(fact.data["lot"], fact.data.get("quantity"))], "inspecting")
    word = word_of(fact.data)
    if not fact.data.get("usable"):
        return event | ({"persistentDisposition": {"unset": [word]}} if word != "unavailable" else {})
    unset = list(dict.fromkeys([word, "unavailable"]))
    return event | {"persistentDisposition": {"set": ["conformant", "available"], "unset": unset}}


def decision_event(fact: Fact, names: Names) -> Event:
    """Quality's decision about a lot or a part of it, with the number of its inspection."""
    (part, *_), data = fact.data["parts"], fact.data
    event = _observed(fact, names, [(data["lot"], part.get("quantity"))], "inspecting")
    if part["decision"] in RELEASING:
        event["persistentDisposition"] = {"set": ["conformant"]}
    elif part["decision"] == DispositionKind.REJECT:
        event["persistentDisposition"] = {"set": ["non_conformant", "unavailable"], "unset": ["available"]}
    return event | _documents(names, testres=data.get("inspection"))


def _begin(kind: str, at: Moment) -> Event:
    zone = at.zone if len(at.zone) == 6 and at.zone[0] in "+-" else "+00:00"
    return {"type": kind, "eventTime": at.utc.isoformat(timespec="milliseconds"), "eventTimeZoneOffset": zone}


def _observed(fact: Fact, names: Names, parts: list[tuple[Any, Any]], step: str) -> Event:
    event = _begin("ObjectEvent", fact.occurred) | {"action": "OBSERVE"}
    event |= _lists(names, parts, "epcList", "quantityList") or {"epcList": []}
    return event | {"bizStep": step} | _place(names, fact.data)


def _lists(names: Names, parts: list[tuple[Any, Any]], epcs: str, quantities: str) -> dict[str, Any]:
    """Part things with an identity of their own (serials, handling units) from quantities of a lot."""
    single: list[str] = []
    counted: list[dict[str, Any]] = []
    for ref, quantity in parts:
        uri = names.lot(ref)
        about = thing(uri)
        if about.serial or about.unit:
            single.append(uri)
            continue
        element: dict[str, Any] = {"epcClass": uri}
        if quantity:
            element |= {"quantity": _number(quantity["amount"]), "uom": quantity["unit"]}
        counted.append(element)
    return ({epcs: list(dict.fromkeys(single))} if single else {}) | ({quantities: counted} if counted else {})


def _number(text: str) -> int | Decimal:
    amount = Decimal(text)
    return int(amount) if amount == amount.to_integral_value() else amount


def _place(names: Names, data: Mapping[str, Any]) -> dict[str, Any]:
    return {"readPoint": {"id": names.where(data["place"])}} if data.get("place") else {}


def _documents(names: Names, **numbers: str | None) -> dict[str, Any]:
    found = [{"type": kind, "bizTransaction": names.number(number)} for kind, number in numbers.items() if number]
    return {"bizTransactionList": found} if found else {}


_WRITERS = {
    "lot.received.v1": receipt_event,
    "shipment.shipped.v1": shipment_event,
    "shipment.voided.v1": shipment_event,
    "disposition.decided.v1": decision_event,
    "hold.requested.v1": hold_event,
    "hold.released.v1": release_event,
}
