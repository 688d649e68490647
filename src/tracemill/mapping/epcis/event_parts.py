"""The parts that every event given out is made of: when, what, where, and the documents it belongs to."""

from collections.abc import Mapping
from decimal import Decimal
from typing import Any

from tracemill.mapping.epcis.document import Event
from tracemill.mapping.epcis.facts import Fact
from tracemill.mapping.epcis.own_names import Names
from tracemill.mapping.epcis.things import thing
from tracemill.model.moment import Moment


def begin(kind: str, at: Moment) -> Event:
    zone = at.zone if len(at.zone) == 6 and at.zone[0] in "+-" else "+00:00"
    return {"type": kind, "eventTime": at.utc.isoformat(timespec="milliseconds"), "eventTimeZoneOffset": zone}


def observed(fact: Fact, names: Names, parts: list[tuple[Any, Any]], step: str) -> Event:
    event = begin("ObjectEvent", fact.occurred) | {"action": "OBSERVE"}
    event |= lists(names, parts, "epcList", "quantityList") or {"epcList": []}
    return event | {"bizStep": step} | place_of(names, fact.data)


def lists(names: Names, parts: list[tuple[Any, Any]], epcs: str, quantities: str) -> dict[str, Any]:
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


def place_of(names: Names, data: Mapping[str, Any]) -> dict[str, Any]:
    return {"readPoint": {"id": names.where(data["place"])}} if data.get("place") else {}


def documents(names: Names, **numbers: str | None) -> dict[str, Any]:
    found = [{"type": kind, "bizTransaction": names.number(number)} for kind, number in numbers.items() if number]
    return {"bizTransactionList": found} if found else {}
