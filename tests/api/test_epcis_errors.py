"""Error declarations over HTTP: an event that was acted on is taken back once; what is not known is put aside and holds."""

from typing import Any

from tests.api.conftest import Served
from tests.api.test_epcis_capture import captured, listed, lot
from tests.mapping.epcis.samples import MADE, PRODUCTION, RAW, RECEIPT, SHIPPING, event

WRONG = {"declarationTime": "2026-11-24T08:00:00Z", "reason": "did_not_occur"}
MADE_IT = {**PRODUCTION, "eventID": "urn:uuid:1"}


def wrong(told: dict[str, Any], **more: Any) -> dict[str, Any]:
    return {**told, "errorDeclaration": WRONG | more}


async def found_from(served: Served, uri: str, direction: str = "forward") -> list[str]:
    found = await served.get(f"{lot(uri)}/trace?direction={direction}")
    return [node["number"] for node in found["lots"]]


async def test_a_transformation_that_did_not_occur_leaves_neither_bookings_nor_genealogy(served: Served) -> None:
    await captured(served, RECEIPT, MADE_IT)
    assert await found_from(served, RAW) == [RAW, MADE]
    job = await captured(served, wrong(MADE_IT))
    assert job["success"], job
    assert await found_from(served, RAW) == [RAW]
    assert await found_from(served, MADE, "back") == [MADE]
    raw, made = await served.get(lot(RAW)), await served.get(lot(MADE))
    assert (raw["total"], made["total"]) == ("480", "0")


async def test_the_original_stays_and_the_declaration_is_found(served: Served) -> None:
    await captured(served, MADE_IT)
    await captured(served, wrong(MADE_IT))
    assert [bool(e.get("errorDeclaration")) for e in await listed(served, "?EQ_eventID=urn%3Auuid%3A1")] == [True, False]
    (found,) = await listed(served, "?EXISTS_errorDeclaration=true")
    assert found["errorDeclaration"] == WRONG


async def test_an_event_is_taken_back_once_however_often_it_is_declared_wrong(served: Served) -> None:
    await captured(served, RECEIPT, MADE_IT)
    await captured(served, wrong(MADE_IT))
    again = await captured(served, wrong(MADE_IT, declarationTime="2026-11-25T08:00:00Z"))
    assert "came before with another body" in again["errors"][0]["detail"]
    await captured(served, wrong(MADE_IT))
    assert (await served.get(lot(RAW)))["total"] == "480"


async def test_one_that_does_not_repeat_its_event_is_put_aside_and_the_right_one_still_counts(served: Served) -> None:
    await captured(served, RECEIPT, MADE_IT)
    job = await captured(served, wrong({**MADE_IT, "bizStep": "assembling"}))
    assert "does not repeat it as it was told" in job["errors"][0]["detail"]
    assert (await served.get(lot(RAW)))["total"] == "220"
    assert (await captured(served, wrong(MADE_IT)))["success"]
    assert (await served.get(lot(RAW)))["total"] == "480"


async def test_event_declaration_and_what_is_right_instead_in_one_document(served: Served) -> None:
    right = {**MADE_IT, "eventID": "urn:uuid:2", "inputQuantityList": [{"epcClass": RAW, "quantity": 250, "uom": "KGM"}]}
    job = await captured(served, RECEIPT, MADE_IT, wrong(MADE_IT, correctiveEventIDs=["urn:uuid:2"]), right)
    assert job["success"], job
    assert (await served.get(lot(RAW)))["total"] == "230"
    assert await found_from(served, RAW) == [RAW, MADE]
    assert (await served.get(lot(MADE)))["total"] == "300"


async def test_a_receipt_that_did_not_occur_leaves_nothing_to_use_and_what_was_used_is_a_case(served: Served) -> None:
    receipt = {**RECEIPT, "eventID": "urn:uuid:3"}
    await captured(served, receipt, MADE_IT)
    assert (await captured(served, wrong(receipt)))["success"]
    found = await served.get(lot(RAW))
    assert (found["total"], found["usable"]) == ("0", "0")
    assert found["cases"][-1]["title"] == f"260 kg of {RAW} has left, but mes says that 0 kg came"


async def test_a_shipment_that_did_not_occur_is_here_again(served: Served) -> None:
    sent = {**SHIPPING, "eventID": "urn:uuid:4"}
    await captured(served, PRODUCTION, sent)
    assert (await served.get(lot(MADE)))["total"] == "120"
    assert (await captured(served, wrong(sent)))["success"]
    found = await served.get(lot(MADE))
    assert (found["total"], found["shipments"][0]["state"]) == ("300", "cancelled")


async def test_what_inherited_a_hold_from_a_consumption_that_did_not_occur_is_judged_again(served: Served) -> None:
    recalled = event("ObjectEvent", action="OBSERVE", bizStep="holding", disposition="recalled", quantityList=[{"epcClass": RAW}])
    await captured(served, RECEIPT, MADE_IT, recalled)
    assert "recall" in {h["reason"] for h in (await served.get(lot(MADE)))["holds"]}
    assert (await captured(served, wrong(MADE_IT)))["success"]
    assert "recall" not in {h["reason"] for h in (await served.get(lot(MADE)))["holds"]}
    assert "recall" in {h["reason"] for h in (await served.get(lot(RAW)))["holds"]}


async def test_a_declaration_that_names_an_unknown_event_is_kept_and_holds_until_somebody_has_looked(served: Served) -> None:
    await captured(served, {**PRODUCTION, "eventID": "urn:uuid:5"})
    other = {**MADE_IT, "eventID": "urn:uuid:6"}
    job = await captured(served, wrong(other))
    assert "which this system has not told" in job["errors"][0]["detail"]
    assert {h["reason"] for h in (await served.get(lot(MADE)))["holds"]} == {"unread"}
    assert await found_from(served, RAW) == [RAW, MADE], "nothing is taken back"


async def test_a_declaration_waits_for_what_is_right_instead_and_is_replayed(served: Served) -> None:
    await captured(served, RECEIPT, MADE_IT)
    job = await captured(served, wrong(MADE_IT, correctiveEventIDs=["urn:uuid:2"]))
    detail = job["errors"][0]["detail"]
    assert "is corrected by urn:uuid:2, which was not told" in detail
    assert (await served.get(lot(RAW)))["total"] == "220"
    right = {**MADE_IT, "eventID": "urn:uuid:2", "inputQuantityList": [{"epcClass": RAW, "quantity": 250, "uom": "KGM"}]}
    await captured(served, right)
    message = detail.rpartition("message ")[2]
    status, body, _ = await served.ask("POST", f"/v1/messages/{message}/replay", json={"reason": "what is right is there"})
    assert status == 200, body
    found = await served.get(lot(RAW))
    assert (found["total"], [h for h in found["holds"] if h["reason"] == "unread"]) == ("230", [])


async def test_what_was_put_aside_did_nothing_that_could_be_taken_back(served: Served) -> None:
    storing = event("ObjectEvent", action="OBSERVE", bizStep="storing", quantityList=[{"epcClass": RAW}], eventID="urn:uuid:8")
    job = await captured(served, storing, wrong(storing))
    assert "is parked and did nothing" in job["errors"][-1]["detail"]
