"""EPCIS capture over HTTP: durable and told once, translated or put aside with its cause, found again by query."""

from typing import Any
from urllib.parse import quote

from tests.api.conftest import Served
from tests.mapping.epcis.samples import MADE, PACKING, PRODUCTION, RAW, RECEIPT, SHIPPING, XML, document, event
from tracemill.mapping.epcis.document import write_json

AS = "?system=mes"


async def post(served: Served, *events: dict[str, Any], **headers: str) -> tuple[int, Any, Any]:
    body = write_json(document(*events).content)
    return await send(served, body, "application/ld+json", **headers)


async def send(served: Served, body: bytes, kind: str, **headers: str) -> tuple[int, Any, Any]:
    named = {k.replace("_", "-"): v for k, v in headers.items()}
    return await served.ask("POST", f"/epcis/capture{AS}", data=body, headers={"Content-Type": kind, **named})


async def captured(served: Served, *events: dict[str, Any], **headers: str) -> Any:
    """Capture events and return the job when it is finished."""
    status, body, found = await post(served, *events, **headers)
    assert status == 202, body
    assert (found["GS1-EPCIS-Version"], found["GS1-CBV-Version"]) == ("2.0", "2.0")
    return await finished(served, found["Location"])


async def finished(served: Served, location: str) -> Any:
    await served.plant.process()
    for _ in range(200):
        job = await served.get(location)
        if not job.get("running"):
            return job
    raise AssertionError(job)


def lot(uri: str) -> str:
    return "/v1/lots/" + quote(uri, safe="")


async def listed(served: Served, more: str = "") -> list[dict[str, Any]]:
    found = await served.get(f"/epcis/events{more}")
    events: list[dict[str, Any]] = found["epcisBody"]["queryResults"]["resultsBody"]["eventList"]
    return events


async def test_a_captured_transformation_is_genealogy(served: Served) -> None:
    job = await captured(served, RECEIPT, PRODUCTION)
    assert (job["success"], job["captureErrorBehaviour"], job.get("errors", [])) == (True, "rollback", [])
    assert job["createdAt"] <= job["finishedAt"]
    forward = await served.get(lot(RAW) + "/trace")
    assert [node["number"] for node in forward["lots"]] == [RAW, MADE]
    back = await served.get(lot(MADE) + "/trace?direction=back")
    assert [node["number"] for node in back["lots"]] == [MADE, RAW]


async def test_xml_is_captured_as_its_json_is(served: Served) -> None:
    status, body, headers = await send(served, XML.encode(), "application/xml")
    assert status == 202, body
    assert (await finished(served, headers["Location"]))["success"]
    made = "https://lots.example.com/gtin/4054739999025/lot/FG-0711?x=1"
    back = await served.get(lot(made) + "/trace?direction=back")
    assert [node["number"] for node in back["lots"]] == [made, "urn:epc:class:lgtin:4012345.011111.B-0901"]


async def test_a_captured_shipping_event_is_a_shipment(served: Served) -> None:
    await captured(served, PRODUCTION, SHIPPING)
    (sent,) = (await served.get(lot(MADE)))["shipments"]
    assert (sent["shipment"], sent["quantity"], sent["state"]) == ("DLV-80017", "180", "shipped")


async def test_the_same_document_twice_changes_nothing(served: Served) -> None:
    await captured(served, PRODUCTION)
    before = (await served.get(lot(RAW) + "/trace"))["position"]
    turned = dict(reversed(PRODUCTION.items()))
    longer = {**PRODUCTION, "bizStep": "https://ref.gs1.org/cbv/BizStep-commissioning"}
    assert (await captured(served, turned, longer))["success"]
    assert (await served.get(lot(RAW) + "/trace"))["position"] == before
    assert len(await listed(served)) == 1


async def test_the_same_id_with_another_event_is_put_aside(served: Served) -> None:
    named = {**PRODUCTION, "eventID": "urn:uuid:7"}
    await captured(served, named)
    job = await captured(served, {**named, "bizStep": "assembling"})
    assert not job.get("success", False)
    assert "came before with another body" in job["errors"][0]["detail"]
    (kept,) = await listed(served)
    assert kept["bizStep"] == "commissioning"


async def test_a_hash_that_is_not_that_of_its_event_is_no_proof_that_it_was_told(served: Served) -> None:
    await captured(served, PRODUCTION)
    (kept,) = await listed(served)
    job = await captured(served, {**SHIPPING, "eventID": kept["eventID"]})
    assert "came before with another body" in job["errors"][0]["detail"]


async def test_two_events_under_one_id_in_one_document_are_not_told_as_one(served: Served) -> None:
    job = await captured(served, {**PRODUCTION, "eventID": "urn:uuid:8"}, {**RECEIPT, "eventID": "urn:uuid:8"})
    assert (job["success"], len(job["errors"])) == (False, 1)
    assert [e["type"] for e in await listed(served)] == ["TransformationEvent"]


async def test_what_says_nothing_that_the_hub_keeps_is_put_aside_with_its_cause(served: Served) -> None:
    storing = event("ObjectEvent", action="OBSERVE", bizStep="storing", quantityList=[{"epcClass": RAW}])
    job = await captured(served, storing, PACKING, PRODUCTION)
    assert not job.get("success", False)
    assert [e["detail"].count("says nothing that the hub keeps") for e in job["errors"]] == [1, 1]
    assert (await served.get(lot(RAW) + "/trace"))["found_lots"] == 1, "its neighbours are kept"


async def test_an_event_that_cannot_be_kept_but_may_say_a_status_holds_its_lots(served: Served) -> None:
    await captured(served, PRODUCTION)
    wrong = {"declarationTime": "2026-11-24T08:00:00Z", "reason": "incorrect_data"}
    job = await captured(served, {**SHIPPING, "errorDeclaration": wrong})
    assert "takes back the event" in job["errors"][0]["detail"]
    assert {h["reason"] for h in (await served.get(lot(MADE)))["holds"]} == {"unread"}


async def test_one_wrong_event_refuses_all_of_it_unless_told_to_proceed(served: Served) -> None:
    wrong = {**SHIPPING, "eventTime": "yesterday"}
    status, problem, _ = await post(served, PRODUCTION, wrong)
    assert (status, problem["type"]) == (400, "epcisException:ValidationException")
    assert "event 1, eventTime" in problem["errors"][0]
    assert await listed(served) == []
    job = await captured(served, PRODUCTION, wrong, GS1_Capture_Error_Behaviour="proceed")
    assert (job.get("success", False), job["captureErrorBehaviour"], len(job["errors"])) == (False, "proceed", 1)
    assert [e["type"] for e in await listed(served)] == ["TransformationEvent"]


async def test_what_is_no_document_is_refused_by_the_name_of_the_standard(served: Served) -> None:
    for body, kind, status, name in (
        (b"x", "text/plain", 415, "UnsupportedMediaTypeException"),
        (b'{"type":', "application/json", 400, "ValidationException"),
        (b"{}", "application/json", 400, "ValidationException"),
        (b"<!DOCTYPE x><x/>", "text/xml", 400, "ValidationException"),
        (b" " * (10 * 1024 * 1024 + 1), "application/json", 413, "CaptureLimitExceededException"),
    ):
        found, problem, _ = await send(served, body, kind)
        assert (found, problem["type"]) == (status, f"epcisException:{name}"), problem
    many = [{**PRODUCTION, "eventID": f"urn:uuid:{n}"} for n in range(1001)]
    status, problem, _ = await post(served, *many)
    assert (status, problem["type"]) == (413, "epcisException:CaptureLimitExceededException")


async def test_captured_events_are_found_by_what_they_say(served: Served) -> None:
    await captured(served, RECEIPT, PRODUCTION, SHIPPING)
    assert [e["bizStep"] for e in await listed(served)] == ["shipping", "commissioning", "receiving"]
    assert [e["bizStep"] for e in await listed(served, f"?MATCH_inputEPCClass={quote(RAW, safe='')}")] == ["commissioning"]
    assert [e["type"] for e in await listed(served, "?EQ_bizStep=shipping%7Creceiving")] == ["ObjectEvent", "ObjectEvent"]
    assert await listed(served, "?GE_recordTime=2027-01-01T00:00:00Z") == []
    status, problem, _ = await served.ask("GET", "/epcis/events?EQ_bizstep=shipping")
    assert (status, problem["type"]) == (400, "epcisException:QueryParameterException")
    assert (await served.ask("GET", "/epcis/events?nextPageToken=x"))[0] == 400


async def test_pages_follow_each_other_until_nothing_is_left(served: Served) -> None:
    await captured(served, RECEIPT, PRODUCTION, SHIPPING)
    steps, path = [], "/epcis/events?perPage=2&LT_eventTime=2027-01-01T00:00:00Z"
    while path:
        _, body, headers = await served.ask("GET", path)
        steps.append([e["bizStep"] for e in body["epcisBody"]["queryResults"]["resultsBody"]["eventList"]])
        path = headers["Link"].partition(">")[0].removeprefix("<") if "Link" in headers else ""
    assert steps == [["shipping", "commissioning"], ["receiving"]]


async def test_an_event_is_found_by_its_id_as_it_was_captured(served: Served) -> None:
    await captured(served, PRODUCTION)
    (kept,) = await listed(served)
    assert kept["eventID"].startswith("ni:///sha-256;")
    assert {k: v for k, v in kept.items() if k not in ("eventID", "recordTime", "@context")} == PRODUCTION
    assert kept["@context"] == [{"example": "https://ns.example.com/epcis/"}]
    found = await served.get("/epcis/events/" + quote(kept["eventID"], safe=""))
    assert found["epcisBody"]["queryResults"]["resultsBody"]["eventList"] == [kept]
    status, problem, _ = await served.ask("GET", "/epcis/events/urn%3Auuid%3A9")
    assert (status, problem["type"]) == (404, "epcisException:NoSuchResourceException")


async def test_only_who_speaks_for_a_system_captures_for_it_and_sees_its_jobs(served: Served) -> None:
    _, _, headers = await post(served, PRODUCTION)
    other = await served.account("events:write", systems=("erp",))
    assert (await served.ask("GET", headers["Location"], token=other))[0] == 404
    sent, kind = write_json(document(PRODUCTION).content), {"Content-Type": "application/json"}
    assert (await served.ask("POST", f"/epcis/capture{AS}", token=other, data=sent, headers=kind))[0] == 403


async def test_events_are_found_by_who_may_read_messages_at_their_site(served: Served) -> None:
    await captured(served, PRODUCTION)
    (kept,) = await listed(served)
    one = "/epcis/events/" + quote(kept["eventID"], safe="")
    elsewhere = await served.account("messages:read", sites=("PLANT-PL",))
    _, body, _ = await served.ask("GET", "/epcis/events", token=elsewhere)
    assert body["epcisBody"]["queryResults"]["resultsBody"]["eventList"] == []
    assert (await served.ask("GET", one, token=elsewhere))[0] == 404
    here = await served.account("messages:read")
    assert (await served.ask("GET", one, token=here))[0] == 200
    assert (await served.ask("GET", one, token=await served.account("lots:read")))[0] == 403
