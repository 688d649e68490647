"""Error declarations (EPCIS 2.0, section 7.4.1.2): what an event said is taken back, always on the safe side.

Bookings, receipts and shipments are reversed. A release that is taken back holds again. What the event restricted stays
restricted: whoever placed it lifts it.
"""

from collections.abc import Iterator, Mapping
from typing import Any

from tracemill.mapping.epcis import vocabulary as cbv
from tracemill.mapping.epcis.event_hash import event_hash
from tracemill.mapping.epcis.facts import Fact, Unkept, facts_of
from tracemill.mapping.epcis.namespaces import STANDARD_ONLY
from tracemill.mapping.epcis.restrictions import REASONS, hold_id, word_of
from tracemill.model.status import DispositionKind, HoldReason, ShipmentState

_BY_HAND = "look at what that event said, correct it where it came from, then discard this message"


def corrective_ids(event: Mapping[str, Any]) -> list[str]:
    """Return the events that an error declaration says are right instead."""
    return [str(one) for one in event["errorDeclaration"].get("correctiveEventIDs") or ()]


def facts_taken_back(declaration: Mapping[str, Any], told: Mapping[str, Any]) -> list[Fact]:
    """Return what follows when an event, as it was told, is declared wrong; raises Unkept."""
    if _hash(declaration) != _hash(told):
        cause = f"it takes back the event {told['eventID']}, but does not repeat it as it was told"
        raise Unkept(cause, "repeat the faulty event unchanged, with the error declaration added; discard this message")
    reason = cbv.ERROR_REASON.bare(declaration["errorDeclaration"].get("reason", "")) or "no reason told"
    found = [back for fact in facts_of(told) for back in _taken_back(fact, reason)]
    if not found:
        cause = f"it takes back the event {told['eventID']}, which only restricted: that stays until its placer lifts it"
        raise Unkept(cause, _BY_HAND)
    return found


def _hash(event: Mapping[str, Any]) -> str:
    return event_hash(dict(event), STANDARD_ONLY.within(event.get("@context")))


def _taken_back(fact: Fact, reason: str) -> Iterator[Fact]:
    match fact.type:
        case "material.consumed.v1" | "material.produced.v1":
            much = fact.data["quantity"]
            yield _instead(fact, fact.type, fact.data | {"quantity": much | {"amount": f"-{much['amount']}"}})
        case "lot.received.v1":
            kept = {name: fact.data[name] for name in ("lot", "quantity", "receipt")}
            yield _instead(fact, "receipt.reversed.v1", kept | {"note": reason})
        case "shipment.shipped.v1":
            shipped = fact.data["state"] == ShipmentState.SHIPPED
            state = ShipmentState.CANCELLED if shipped else ShipmentState.SHIPPED
            yield _instead(fact, fact.type, fact.data | {"state": state.value})
        case "hold.released.v1":
            word = word_of(fact.data["hold"])
            yield _held(fact, word, REASONS[word], reason)
        case "disposition.decided.v1" if fact.data["parts"][0]["decision"] == DispositionKind.ACCEPT:
            yield _held(fact, "unavailable", HoldReason.QUALITY, reason)
        case "sample.taken.v1":
            raise Unkept("it takes back a sample, which the hub does not do by itself", _BY_HAND)


def _held(fact: Fact, word: str, why: HoldReason, reason: str) -> Fact:
    note = f"EPCIS release taken back: {reason}"
    return _instead(
        fact, "hold.requested.v1", {"lot": fact.data["lot"], "hold": hold_id(word), "reason": why.value, "note": note}
    )


def _instead(fact: Fact, kind: str, data: dict[str, Any]) -> Fact:
    return Fact(type=kind, subject=fact.subject, occurred=fact.occurred, data=data)
