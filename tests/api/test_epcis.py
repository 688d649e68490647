"""A trace as EPCIS: it validates, tells whole transformations, and says in itself whether it is all."""

from typing import Any

import jsonschema

from tests.api.conftest import Served
from tests.vectors import vector_json
from tracemill.mapping.epcis.document import document_of
from tracemill.mapping.epcis.validate import validate

BASE = "https://plant.example/id"
GTIN = "04012345111118"


async def story(served: Served) -> None:
    """RAW-1 (a GTIN's lot) and RAW-2 become MIX-1; a booking of RAW-2 is taken back in part; MIX-1 is shipped."""
    plant = served.plant
    kilos = {"amount": "480", "unit": "KGM"}
    lot = {"id": "RAW-1", "item": GTIN, "aliases": [{"system": "mes", "id": "RAW-1", "item": GTIN}]}
    receipt = {"lot": lot, "quantity": kilos, "receipt": "GR-1", "purchase_order": "PO-7", "supplier": {"id": "ACM"}}
    await plant.push("erp", "lot.received.v1", receipt)
    await plant.receive_lot("RAW-2", "100")
    for kind, name, qty in (("consumed", "RAW-2", "50"), ("consumed", "RAW-2", "-10"), ("produced", "MIX-1", "40")):
        await plant.tell_made(kind, "WO-1", name, qty)
    work = {"order": "WO-1"}
    await plant.push("mes", "material.consumed.v1", {"lot": lot, "quantity": {"amount": "260.5", "unit": "KGM"}, "work": work})
    sent = {"lot": {"id": "MIX-1"}, "quantity": {"amount": "30", "unit": "KGM"}, "shipment": "DLV-1", "customer": {"id": "NF"}}
    await plant.push("mes", "shipment.shipped.v1", sent)


async def exported(served: Served, lot: str, more: str = "") -> dict[str, Any]:
    status, body, headers = await served.ask("GET", f"/v1/lots/{lot}/trace/epcis?base={BASE}{more}")
    assert status == 200, body
    assert headers["Content-Type"].startswith("application/ld+json")
    document: dict[str, Any] = body
    return document


def events(document: dict[str, Any], kind: str, step: str = "") -> list[dict[str, Any]]:
    found = document["epcisBody"]["eventList"]
    return [e for e in found if e["type"] == kind and (not step or e["bizStep"] == step)]


async def test_a_trace_validates_against_the_published_schema(served: Served) -> None:
    await story(served)
    document = await exported(served, "RAW-1", "&gln=4012345000009")
    assert not validate(document_of(document))
    kind = jsonschema.Draft7Validator
    published = vector_json("openepcis-validation/epcis-json-schema-2.0.1.json")
    assert [e.message for e in kind(published, format_checker=kind.FORMAT_CHECKER).iter_errors(document)] == []


async def test_a_transformation_is_told_whole_whichever_lot_was_asked_about(served: Served) -> None:
    await story(served)
    (work,) = events(await exported(served, "RAW-1"), "TransformationEvent")
    used = {e["epcClass"]: (e["quantity"], e["uom"]) for e in work["inputQuantityList"]}
    assert used[f"https://id.gs1.org/01/{GTIN}/10/RAW-1"] == (260.5, "KGM")
    assert [amount for name, amount in used.items() if name.endswith("/RAW-2")] == [(40, "KGM")]
    assert [e["quantity"] for e in work["outputQuantityList"]] == [40]
    assert events(await exported(served, "MIX-1", "&direction=back"), "TransformationEvent") == [work]


async def test_receipts_and_shipments_of_what_was_met_are_told(served: Served) -> None:
    await story(served)
    document = await exported(served, "RAW-1")
    (receipt,) = events(document, "ObjectEvent", "receiving")
    assert receipt["quantityList"][0]["quantity"] == 480
    (sent,) = events(document, "ObjectEvent", "shipping")
    assert sent["bizTransactionList"] == [{"type": "desadv", "bizTransaction": f"{BASE}/document/DLV-1"}]
    assert len(events(await exported(served, "MIX-1", "&direction=back"), "ObjectEvent", "receiving")) == 2


async def test_a_document_says_in_itself_that_it_is_not_all(served: Served) -> None:
    await story(served)
    assert (await exported(served, "MIX-1", "&direction=back"))["hub:complete"] is True
    await served.plant.tell_made("produced", "WO-9", "MIX-1", "5")
    found = await exported(served, "MIX-1", "&direction=back")
    assert found["hub:complete"] is False
    assert any("nobody told what went in" in gap for gap in found["hub:gaps"])


async def test_ids_need_an_address_to_stand_under(served: Served) -> None:
    await story(served)
    assert (await served.ask("GET", "/v1/lots/RAW-1/trace/epcis"))[0] == 422
    assert (await served.ask("GET", "/v1/lots/RAW-1/trace/epcis?base=plant"))[0] == 422
    assert (await served.ask("GET", f"/v1/lots/RAW-1/trace/epcis?base={BASE}&gln=4012345000008"))[0] == 422
    stranger = await served.account("messages:read")
    assert (await served.ask("GET", f"/v1/lots/RAW-1/trace/epcis?base={BASE}", token=stranger))[0] == 403
