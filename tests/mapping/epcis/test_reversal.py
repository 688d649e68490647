"""Error declarations: what an event said is taken back on the safe side, and only what it really said."""

from typing import Any

import pytest
from tests.mapping.epcis.samples import PRODUCTION, RAW, RECEIPT, SHIPPING, document, event

from tracemill.mapping.epcis.document import self_contained
from tracemill.mapping.epcis.event_hash import event_hash
from tracemill.mapping.epcis.facts import Unkept, facts_of
from tracemill.mapping.epcis.reversal import facts_taken_back

WRONG = {"declarationTime": "2026-11-24T08:00:00Z", "reason": "incorrect_data"}


def kept(source: dict[str, Any]) -> dict[str, Any]:
    read = document(source)
    named = {"eventID": event_hash(read.events[0], read.namespaces), **read.events[0]}
    return self_contained(named, read.namespaces)


def back(source: dict[str, Any]) -> list[tuple[str, str]]:
    told = kept(source)
    found = facts_taken_back({**told, "errorDeclaration": WRONG}, told)
    assert {f.occurred for f in found} == {facts_of(told)[0].occurred}, "it did not happen when it was said to"
    return [(f.type, f.data.get("state") or f.data.get("hold") or f.data["quantity"]["amount"]) for f in found]


def test_bookings_receipts_and_shipments_are_reversed() -> None:
    assert back(PRODUCTION) == [("material.consumed.v1", "-260"), ("material.produced.v1", "-300")]
    assert back(SHIPPING) == [("shipment.shipped.v1", "cancelled")]
    assert back({**SHIPPING, "bizStep": "void_shipping"}) == [("shipment.shipped.v1", "shipped")]


def test_a_receipt_is_reversed_and_what_it_restricted_stays_restricted() -> None:
    assert back(RECEIPT) == [("receipt.reversed.v1", "480")]


def test_two_equal_bookings_of_one_event_are_both_taken_back() -> None:
    twice = [{"epcClass": RAW, "quantity": 5, "uom": "KGM"}] * 2
    assert back({**PRODUCTION, "inputQuantityList": twice})[:2] == [("material.consumed.v1", "-5")] * 2


def test_a_release_that_is_taken_back_holds_again() -> None:
    released = event(
        "ObjectEvent", action="OBSERVE", bizStep="inspecting", quantityList=[{"epcClass": RAW}],
        persistentDisposition={"set": ["conformant"], "unset": ["recalled"]},
    )  # fmt: skip
    assert back(released) == [("hold.requested.v1", "epcis:unavailable"), ("hold.requested.v1", "epcis:recalled")]


@pytest.mark.parametrize(
    ("source", "cause"),
    [
        ({"action": "OBSERVE", "bizStep": "holding", "disposition": "recalled"}, "only restricted"),
        ({"action": "DELETE", "bizStep": "sampling"}, "takes back a sample"),
    ],
)
def test_what_is_not_taken_back_is_put_aside_with_its_cause(source: dict[str, Any], cause: str) -> None:
    with pytest.raises(Unkept, match=cause):
        back(event("ObjectEvent", quantityList=[{"epcClass": RAW, "quantity": 1, "uom": "KGM"}], **source))


def test_a_declaration_that_does_not_repeat_its_event_takes_nothing_back() -> None:
    told = kept({**PRODUCTION, "eventID": "urn:uuid:7"})
    other = {**told, "bizStep": "assembling", "errorDeclaration": WRONG}
    with pytest.raises(Unkept, match="does not repeat it"):
        facts_taken_back(other, told)
