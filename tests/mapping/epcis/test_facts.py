"""EPCIS events as the hub's facts, and the hub's facts as EPCIS events."""

from decimal import Decimal
from typing import Any

import pytest
from tests.mapping.epcis.samples import MADE, PACKING, PALLET, PRODUCTION, RAW, RAW_URN, RECEIPT, SHIPPING, document, event
from tests.vectors import vector_path

from tracemill.mapping.epcis.document import Document, Event, read_document, self_contained
from tracemill.mapping.epcis.event_hash import event_hash
from tracemill.mapping.epcis.facts import Fact, Unkept, facts_of
from tracemill.mapping.epcis.own_names import Names
from tracemill.mapping.epcis.story import events_of
from tracemill.mapping.epcis.validate import validate
from tracemill.model.event import (
    DispositionDecided,
    HoldReleased,
    HoldRequested,
    LotReceived,
    MaterialConsumed,
    MaterialProduced,
    SampleTaken,
    ShipmentShipped,
)
from tracemill.model.record import convert
from tracemill.model.status import DispositionKind, HoldReason

NAMES = Names(base="https://hub.example/epcis", gln="4012345000009")


def told(source: dict[str, Any]) -> list[Fact]:
    read = document(source)
    assert not validate(read), list(map(str, validate(read)))
    return kept(read, read.events[0])


def kept(read: Document, event: Event) -> list[Fact]:
    """Translate an event as it is kept when it was captured: with an id and prefixes of its own."""
    named = {"eventID": event_hash(event, read.namespaces), **event}
    return facts_of(self_contained(named, read.namespaces))


def types(source: dict[str, Any]) -> list[str]:
    return [fact.type for fact in told(source)]


def test_a_receipt_is_a_lot_received_and_held_until_it_is_inspected() -> None:
    receipt, hold = told(RECEIPT)
    data = convert(receipt.data, LotReceived)
    assert (data.lot.id, data.lot.item, str(data.quantity), data.purchase_order, data.receipt) == (
        RAW, "04012345111118", "480 kg", "PO-7", "GR-1",
    )  # fmt: skip
    assert data.supplier is not None
    assert (data.supplier.id, data.supplier_batch) == ("https://id.gs1.org/417/4000001000128", "B-0901")
    assert convert(hold.data, HoldRequested).reason == HoldReason.AWAITING_INSPECTION
    assert (receipt.occurred.text, receipt.occurred.zone) == ("2026-11-23T10:02:11.000+01:00", "+01:00")


@pytest.mark.parametrize("lot", [RAW, RAW_URN, "https://lots.example.com/L%2f01", "urn:uuid:7", "ACM:7731"])
def test_a_lot_keeps_its_name_byte_for_byte(lot: str) -> None:
    (receipt, *_) = told({**RECEIPT, "quantityList": [{"epcClass": lot, "quantity": Decimal("0.10"), "uom": "KGM"}]})
    assert receipt.data["lot"]["id"] == lot == receipt.subject
    assert receipt.data["quantity"] == {"amount": "0.1", "unit": "KGM"}


@pytest.mark.parametrize("name", [RAW, RAW_URN])
def test_a_lot_has_the_canonical_name_that_all_its_names_share_as_alias(name: str) -> None:
    (receipt, *_) = told({**RECEIPT, "quantityList": [{"epcClass": name, "quantity": 1}]})
    assert receipt.data["lot"]["aliases"] == [{"system": "gs1", "id": RAW, "item": "04012345111118"}]


def test_one_transformation_joins_what_was_used_and_what_was_made() -> None:
    used, made = told(PRODUCTION)
    assert (used.type, used.subject, made.type, made.subject) == ("material.consumed.v1", RAW, "material.produced.v1", MADE)
    assert used.data["work"]["transformation"] == made.data["work"]["transformation"] == PRODUCTION["transformationID"]
    assert convert(used.data, MaterialConsumed).work == convert(made.data, MaterialProduced).work
    assert (used.data["work"]["order"], made.data["work"]["order"], made.data["expires"]) == (
        "WO-10044",
        "WO-10044",
        "2027-11-23",
    )
    assert (used.data["quantity"], made.data["quantity"]["amount"]) == ({"amount": "260", "unit": "KGM"}, "300")


def test_without_a_transformation_id_the_event_is_the_transformation() -> None:
    anonymous = {k: v for k, v in PRODUCTION.items() if k != "transformationID"}
    read = document(anonymous)
    assert {f.data["work"]["transformation"] for f in told(anonymous)} == {event_hash(anonymous, read.namespaces)}


def test_many_serials_come_from_one_transformation() -> None:
    serials = [f"https://id.gs1.org/01/04054739999025/21/{n}" for n in range(4999)]
    facts = told({**{k: v for k, v in PRODUCTION.items() if k != "outputQuantityList"}, "outputEPCList": serials})
    assert len(facts) == 5000
    assert len({f.data["work"]["transformation"] for f in facts}) == 1
    with pytest.raises(Unkept, match="more than the 5000"):
        told({**PRODUCTION, "outputEPCList": serials})


@pytest.mark.parametrize(
    ("source", "said"),
    [
        (
            {**PRODUCTION, "inputQuantityList": [{"epcClass": "https://id.gs1.org/01/04012345111118", "quantity": 1}]},
            "without lot",
        ),
        (PACKING, "says nothing that the hub keeps"),
        (event("ObjectEvent", action="OBSERVE", bizStep="storing", quantityList=[{"epcClass": RAW}]), "bizStep storing"),
        ({**SHIPPING, "epcList": [PALLET]}, "handling unit"),
        ({**RECEIPT, "quantityList": [{"epcClass": RAW}, {"epcClass": MADE, "quantity": 2}]}, "no quantity"),
    ],
)
def test_an_event_of_which_any_part_cannot_be_kept_is_not_kept_at_all(source: dict[str, Any], said: str) -> None:
    with pytest.raises(Unkept, match=said):
        told(source)


def test_a_shipment_is_shipped_and_voided_lot_by_lot_under_one_number() -> None:
    both = [{"epcClass": MADE, "quantity": 180, "uom": "KGM"}, {"epcClass": RAW, "quantity": 5, "uom": "KGM"}]
    shipped = [convert(f.data, ShipmentShipped) for f in told({**SHIPPING, "quantityList": both})]
    assert [(s.lot.id, s.shipment, s.state) for s in shipped] == [(MADE, "DLV-80017", "shipped"), (RAW, "DLV-80017", "shipped")]
    assert shipped[0].customer is not None
    assert shipped[0].customer.id == "https://id.gs1.org/417/4000001987658"
    (voided,) = told({k: v for k, v in SHIPPING.items() if k != "disposition"} | {"bizStep": "void_shipping"})
    assert (voided.data["state"], voided.data["shipment"]) == ("cancelled", "DLV-80017")


def quality(step: str, **persistent: list[str]) -> dict[str, Any]:
    return event(
        "ObjectEvent", action="OBSERVE", bizStep=step, persistentDisposition=persistent, quantityList=[{"epcClass": RAW}],
        bizTransactionList=[{"type": "testres", "bizTransaction": "urn:epcglobal:cbv:bt:4012345000009:QI-3"}],
    )  # fmt: skip


def test_a_release_is_a_decision_and_lifts_only_what_it_unsets() -> None:
    decided, lifted = told(quality("inspecting", set=["conformant", "available"], unset=["unavailable"]))
    decision = convert(decided.data, DispositionDecided)
    assert (decision.inspection, decision.parts[0].decision) == ("QI-3", DispositionKind.ACCEPT)
    assert convert(lifted.data, HoldReleased).hold == "epcis:unavailable"


def test_a_rejection_is_a_decision_and_holds_under_each_of_its_words() -> None:
    decided, *holds = told(quality("holding", set=["non_conformant", "unavailable"], unset=["available"]))
    assert convert(decided.data, DispositionDecided).parts[0].decision == DispositionKind.REJECT
    assert {(h.data["hold"], h.data["reason"]) for h in holds} == {
        ("epcis:non_conformant", "rejected"), ("epcis:unavailable", "quality"),
    }  # fmt: skip


@pytest.mark.parametrize("word", ["recalled", "damaged", "expired", "non_sellable_other"])
def test_a_restricting_disposition_holds_whatever_else_the_event_says(word: str) -> None:
    for kind in ({"disposition": word}, {"persistentDisposition": {"set": [word]}}):
        facts = told({**{k: v for k, v in SHIPPING.items() if k != "disposition"}, **kind})
        assert facts[-1].data["hold"] == f"epcis:{word}"


def test_a_sample_is_taken() -> None:
    drawn = event(
        "ObjectEvent", action="DELETE", bizStep="sampling", quantityList=[{"epcClass": RAW, "quantity": 1, "uom": "KGM"}]
    )
    (sample,) = told(drawn)
    assert convert(sample.data, SampleTaken).destroyed


@pytest.mark.parametrize("amount", [Decimal("1e999999"), Decimal("-1"), Decimal("1e-400")])
def test_a_quantity_that_no_ledger_could_book_is_parked(amount: Decimal) -> None:
    with pytest.raises(Unkept, match="no quantity"):
        told({**SHIPPING, "bizStep": "receiving", "quantityList": [{"epcClass": RAW, "quantity": amount}]})


def test_a_time_before_all_times_is_parked() -> None:
    with pytest.raises(Unkept, match="eventTime"):
        facts_of({**RECEIPT, "eventID": "urn:uuid:1", "eventTime": "0001-01-01T00:00:00+14:00"})


GIVEN = (RECEIPT, PRODUCTION, {k: v for k, v in SHIPPING.items() if k != "ilmd"})


@pytest.mark.parametrize("source", GIVEN)
def test_what_an_event_says_survives_the_way_through_the_hub(source: dict[str, Any]) -> None:
    facts = [fact for fact in told(source) if not fact.type.startswith("hold.")]
    read = document(*events_of(facts, NAMES))
    assert not validate(read), list(map(str, validate(read)))
    again = [fact for e in read.events for fact in kept(read, e) if not fact.type.startswith("hold.")]
    assert [(f.type, f.subject, f.data) for f in facts] == [(f.type, f.subject, f.data) for f in again]


def test_every_published_event_becomes_facts_or_is_parked_and_none_fails() -> None:
    facts, parked = 0, 0
    paths = [*vector_path("openepcis-test-resources").rglob("*.xml"), *vector_path("epcis-event-hash/examples").glob("*.jsonld")]
    for path in paths:
        read = read_document(path.read_bytes())
        for e in [] if validate(read) else read.events:
            try:
                facts += len(kept(read, e))
            except Unkept:
                parked += 1
    assert facts > 20
    assert parked > 20
