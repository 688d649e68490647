"""EPCIS events as the hub's facts, and the hub's facts as EPCIS events."""

from decimal import Decimal
from typing import Any

import pytest
from tests.mapping.epcis.samples import ALL, MADE, PACKING, PALLET, PRODUCTION, RAW, RAW_URN, RECEIPT, SHIPPING, document, event
from tests.vectors import vector_path

from tracemill.mapping.epcis.document import document_of, read_document
from tracemill.mapping.epcis.event_hash import event_hash
from tracemill.mapping.epcis.facts import Fact, facts_of
from tracemill.mapping.epcis.own_names import Names
from tracemill.mapping.epcis.story import events_of
from tracemill.mapping.epcis.validate import validate
from tracemill.model.event import DispositionDecided, HoldReleased, HoldRequested, LotReceived, SampleTaken
from tracemill.model.record import convert
from tracemill.model.status import DispositionKind, HoldReason

NAMES = Names(base="https://hub.example/epcis", gln="4012345000009")


def told(source: dict[str, Any]) -> list[Fact]:
    read = document(source)
    assert not validate(read), list(map(str, validate(read)))
    return list(facts_of(read.events[0], read.namespaces).facts)


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


def test_a_lot_under_another_name_has_its_canonical_one_as_alias() -> None:
    (receipt, *_) = told({**RECEIPT, "quantityList": [{"epcClass": RAW_URN, "quantity": 1}]})
    assert receipt.data["lot"]["aliases"] == [{"system": "gs1", "id": RAW, "item": "04012345111118"}]


def test_one_transformation_joins_what_was_used_and_what_was_made() -> None:
    used, made = told(PRODUCTION)
    assert (used.type, used.subject, made.type, made.subject) == ("material.consumed.v1", RAW, "material.produced.v1", MADE)
    assert used.data["transformation"] == made.data["transformation"] == PRODUCTION["transformationID"]
    assert (used.data["order"], made.data["order"], made.data["expires"]) == ("WO-10044", "WO-10044", "2027-11-23")
    assert (used.data["quantity"], made.data["quantity"]["amount"]) == ({"amount": "260", "unit": "KGM"}, "300")


def test_without_a_transformation_id_the_event_is_the_transformation() -> None:
    anonymous = {k: v for k, v in PRODUCTION.items() if k != "transformationID"}
    read = document(anonymous)
    assert {f.data["transformation"] for f in told(anonymous)} == {event_hash(anonymous, read.namespaces)}


def test_many_serials_come_from_one_transformation() -> None:
    serials = [f"https://id.gs1.org/01/04054739999025/21/{n}" for n in range(5000)]
    facts = told({**{k: v for k, v in PRODUCTION.items() if k != "outputQuantityList"}, "outputEPCList": serials})
    assert len(facts) == 5001
    assert len({f.data["transformation"] for f in facts}) == 1


def test_an_input_that_names_only_an_item_is_doubtful() -> None:
    (used, _) = told({**PRODUCTION, "inputQuantityList": [{"epcClass": "https://id.gs1.org/01/04012345111118", "quantity": 1}]})
    assert "without lot" in used.doubt


def test_packing_names_the_unit_its_lots_and_inner_units() -> None:
    (packed,) = told({**PACKING, "childEPCs": ["urn:epc:id:sscc:4012345.0111111112"]})
    assert (packed.type, packed.subject) == ("handling_unit.packed.v1", PALLET)
    assert packed.data["units"] == ["urn:epc:id:sscc:4012345.0111111112"]
    assert packed.data["lots"] == [{"lot": {"id": MADE, "item": "04054739999025"}, "quantity": {"amount": "180", "unit": "KGM"}}]
    (emptied,) = told(event("AggregationEvent", action="DELETE", parentID=PALLET))
    assert (emptied.type, emptied.data["whole"]) == ("handling_unit.unpacked.v1", True)


def test_packing_that_names_no_unit_is_parked() -> None:
    read = document({k: v for k, v in PACKING.items() if k != "parentID"})
    found = facts_of(read.events[0], read.namespaces)
    assert (found.facts, [p.field for p in found.parked]) == ((), ["parentID"])


def test_a_part_is_installed_into_an_assembly_and_removed_again() -> None:
    build = event(
        "AssociationEvent", action="ADD", parentID="urn:epc:id:giai:4000001.111", childEPCs=["urn:epc:id:sgtin:4012345.011111.7"]
    )
    (installed,) = told(build)
    (removed,) = told({**build, "action": "DELETE"})
    assert (installed.type, removed.type) == ("component.installed.v1", "component.removed.v1")
    assert installed.data["assembly"]["id"] == "urn:epc:id:giai:4000001.111"
    assert installed.data["lot"]["aliases"][0]["id"] == "https://id.gs1.org/01/04012345111118/21/7"


def test_a_shipment_is_shipped_and_voided_under_one_number() -> None:
    (shipped,) = told({**SHIPPING, "epcList": [PALLET]})
    (voided,) = told({k: v for k, v in SHIPPING.items() if k != "disposition"} | {"bizStep": "void_shipping"})
    assert (shipped.type, voided.type) == ("shipment.shipped.v1", "shipment.voided.v1")
    assert shipped.subject == voided.subject == "DLV-80017"
    assert (shipped.data["units"], shipped.data["customer"]) == ([PALLET], "https://id.gs1.org/417/4000001987658")


def quality(step: str, **persistent: list[str]) -> dict[str, Any]:
    return event(
        "ObjectEvent", action="OBSERVE", bizStep=step, persistentDisposition=persistent, quantityList=[{"epcClass": RAW}],
        bizTransactionList=[{"type": "testres", "bizTransaction": "urn:epcglobal:cbv:bt:4012345000009:QI-3"}],
    )  # fmt: skip


def test_a_release_is_a_decision_and_lifts_only_what_it_unsets() -> None:
    inspected, decided, lifted = told(quality("inspecting", set=["conformant", "available"], unset=["unavailable"]))
    assert (inspected.type, inspected.data["verdict"]) == ("inspection.completed.v1", "conformant")
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


def test_a_sample_is_taken_and_its_measurements_stay() -> None:
    drawn = event(
        "ObjectEvent", action="DELETE", bizStep="sampling", quantityList=[{"epcClass": RAW, "quantity": 1, "uom": "KGM"}]
    )
    (sample,) = told(drawn)
    assert convert(sample.data, SampleTaken).destroyed
    report = {"type": "Temperature", "value": Decimal("4.2"), "uom": "CEL"}
    measured = {**quality("inspecting", set=["conformant"]), "sensorElementList": [{"sensorReport": [report]}]}
    assert told(measured)[0].data["measurements"] == [report]


def test_an_event_declared_wrong_does_not_happen_again() -> None:
    wrong = {"declarationTime": "2026-11-24T08:00:00Z", "reason": "incorrect_data", "correctiveEventIDs": ["urn:uuid:9"]}
    (retracted,) = told({**PRODUCTION, "errorDeclaration": wrong})
    read = document(PRODUCTION)
    assert retracted.type == "event.retracted.v1"
    assert retracted.data["event"] == event_hash(read.events[0], read.namespaces)
    assert retracted.data["corrective"] == ["urn:uuid:9"]


def test_what_has_no_quantity_is_parked_and_stops_only_itself() -> None:
    read = document({**RECEIPT, "quantityList": [{"epcClass": RAW}, {"epcClass": MADE, "quantity": 2}]})
    found = facts_of(read.events[0], read.namespaces)
    assert [p.field for p in found.parked] == ["quantity"]
    assert [f.type for f in found.facts].count("lot.received.v1") == 1
    assert [f.type for f in found.facts].count("hold.requested.v1") == 2


@pytest.mark.parametrize("amount", [Decimal("1e999999"), Decimal("-1"), Decimal("1e-400")])
def test_a_quantity_that_no_ledger_could_book_is_parked(amount: Decimal) -> None:
    read = document({**SHIPPING, "bizStep": "receiving", "quantityList": [{"epcClass": RAW, "quantity": amount}]})
    found = facts_of(read.events[0], read.namespaces)
    assert (len(found.facts), [p.field for p in found.parked]) == (0, ["quantity"])


def test_a_time_before_all_times_is_parked() -> None:
    found = facts_of({**RECEIPT, "eventTime": "0001-01-01T00:00:00+14:00"})
    assert (found.facts, found.parked[0].field) == ((), "eventTime")


def test_a_story_given_out_again_validates_and_tells_the_same() -> None:
    facts = [fact for source in ALL for fact in told(source)]
    written = events_of(facts, NAMES)
    read = document(*written)
    assert not validate(read)
    again = [fact for e in read.events for fact in facts_of(e, read.namespaces).facts]
    shape = [(f.type, f.subject, f.data.get("quantity"), f.data.get("order")) for f in facts]
    assert sorted(map(str, shape)) == sorted(
        {str((f.type, f.subject, f.data.get("quantity"), f.data.get("order"))) for f in again}
    )
    assert written[0]["eventID"] == event_hash(RECEIPT), "a receipt is the same event again"


SAMPLED = event("ObjectEvent", action="DELETE", bizStep="sampling", disposition="destroyed",
                quantityList=[{"epcClass": RAW, "quantity": 1, "uom": "KGM"}])  # fmt: skip
BUILT = event(
    "AssociationEvent", action="ADD", parentID="urn:epc:id:giai:4000001.111", childEPCs=["urn:epc:id:sgtin:4012345.011111.7"]
)
NESTED = {**PACKING, "childEPCs": ["urn:epc:id:sscc:4012345.0111111112"]}
EMPTIED = event("AggregationEvent", action="DELETE", parentID=PALLET)


@pytest.mark.parametrize("source", [*ALL, SAMPLED, BUILT, {**BUILT, "action": "DELETE"}, NESTED, EMPTIED])
def test_what_an_event_says_survives_the_way_through_the_hub(source: dict[str, Any]) -> None:
    facts = told(source)
    read = document(*events_of(facts, NAMES))
    assert not validate(read), list(map(str, validate(read)))
    again = [fact for e in read.events for fact in facts_of(e, read.namespaces).facts]
    assert {(f.type, f.subject, str(f.data)) for f in facts if "sample" not in f.type} <= {
        (f.type, f.subject, str(f.data)) for f in again
    }  # fmt: skip
    assert [f.type for f in facts if "sample" in f.type] == [f.type for f in again if "sample" in f.type]


def own(kind: str, **data: Any) -> Fact:
    (shape,) = told(PACKING)
    return Fact(
        type=kind, subject="L 1", occurred=shape.occurred, data={"lot": {"id": "L 1/é", "item": "RM-7"}, **data}, event=""
    )


@pytest.mark.parametrize(
    ("fact", "persistent"),
    [
        (own("hold.requested.v1", hold="h1", reason="recall"), {"set": ["recalled", "unavailable"]}),
        (own("hold.requested.v1", hold="h1", reason="customs"), {"set": ["unavailable"]}),
        (own("hold.released.v1", hold="h1"), None),
        (own("hold.released.v1", hold="epcis:damaged"), {"unset": ["damaged"]}),
        (own("hold.released.v1", hold="h1", usable=True), {"set": ["conformant", "available"], "unset": ["unavailable"]}),
        (own("disposition.decided.v1", inspection="QI-3", parts=[{"decision": "accept"}]), {"set": ["conformant"]}),
    ],
)
def test_only_a_lot_without_open_holds_is_given_out_as_available(fact: Fact, persistent: dict[str, Any] | None) -> None:
    (written,) = events_of([fact], NAMES)
    assert written.get("persistentDisposition") == persistent
    assert written["quantityList"] == [{"epcClass": "https://hub.example/epcis/lot/RM-7/L%201%2F%C3%A9"}]
    assert not validate(document(written))


def test_every_published_event_becomes_facts_or_is_parked_and_none_fails() -> None:
    seen = 0
    paths = [*vector_path("openepcis-test-resources").rglob("*.xml"), *vector_path("epcis-event-hash/examples").glob("*.jsonld")]
    for path in paths:
        read = read_document(path.read_bytes())
        if validate(read):
            continue
        facts = [fact for e in read.events for fact in facts_of(e, read.namespaces).facts]
        content = {**document().content, "epcisBody": {"eventList": events_of(facts, NAMES)}}
        assert not validate(document_of(content)), path.name
        seen += len(facts)
    assert seen > 100
