"""The REST binding of EPCIS 2.0: versions, formats and limits in headers, single events, refusals by the standard's names."""

from typing import Any
from urllib.parse import quote

import pytest

from tests.api.conftest import Served
from tests.api.test_epcis_capture import AS, captured, listed, lot, post
from tests.mapping.epcis.samples import EXTENSION, MADE, PRODUCTION, RAW, RAW_URN, RECEIPT, SHIPPING
from tests.vectors import vector_json
from tracemill.mapping.epcis.document import write_json
from tracemill.mapping.epcis.vocabulary import CONTEXT

ONE = {"@context": [CONTEXT, EXTENSION], **PRODUCTION}
RESOURCES = (
    "", "capture", "capture/1", "events", "events/1", "eventTypes", "eventTypes/ObjectEvent", "eventTypes/ObjectEvent/events",
    "bizSteps", "bizSteps/shipping", "bizSteps/shipping/events", "dispositions", "dispositions/in_transit/events",
)  # fmt: skip


async def send(served: Served, event: dict[str, Any], kind: str = "application/ld+json") -> tuple[int, Any, Any]:
    return await served.ask("POST", f"/epcis/events{AS}", data=write_json(event), headers={"Content-Type": kind})


def members(found: Any) -> list[dict[str, Any]]:
    events: list[dict[str, Any]] = found["epcisBody"]["queryResults"]["resultsBody"]["eventList"]
    return events


async def test_every_resource_says_its_versions_formats_and_limits(served: Served) -> None:
    for resource in RESOURCES:
        status, _, headers = await served.ask("OPTIONS", f"/epcis/{resource}")
        assert (status, headers["Allow"].split(", ")[-1]) == (204, "OPTIONS"), resource
        for name in ("GS1-EPCIS-Version", "GS1-EPCIS-Min", "GS1-EPCIS-Max", "GS1-CBV-Version", "GS1-CBV-Min", "GS1-CBV-Max"):
            assert headers[name] == "2.0", resource
        assert headers["GS1-EPC-Format"] == "Always_GS1_Digital_Link"
        assert headers["GS1-Capture-Error-Behaviour"] == "all"
        assert headers["GS1-Vendor-Version"].startswith("tracemill/")
        assert int(headers["GS1-EPCIS-Capture-Limit"]) == 1000
    assert (await served.ask("OPTIONS", "/epcis/events"))[2]["Allow"] == "GET, POST, OPTIONS"


async def test_every_answer_that_succeeds_says_its_version(served: Served) -> None:
    _, _, headers = await post(served, PRODUCTION)
    (kept,) = await listed(served)
    asked = [f"/epcis/{r}" for r in RESOURCES if "/1" not in r]
    for path in (*asked, headers["Location"], "/epcis/events/" + quote(kept["eventID"], safe="")):
        status, _, found = await served.ask("GET", path)
        assert (status, found["GS1-EPCIS-Version"], found["GS1-CBV-Version"]) == (200, "2.0", "2.0"), path


async def test_one_event_is_captured_under_its_id_and_is_genealogy(served: Served) -> None:
    status, kept, headers = await send(served, ONE)
    assert status == 201, kept
    assert headers["Location"] == "/epcis/events/" + quote(kept["eventID"], safe="")
    assert members(await served.get(headers["Location"]))[0]["eventID"] == kept["eventID"]
    await served.plant.process()
    back = await served.get(lot(MADE) + "/trace?direction=back")
    assert [node["number"] for node in back["lots"]] == [MADE, RAW]


async def test_an_event_whose_id_is_known_is_refused_and_what_is_known_stays(served: Served) -> None:
    first = {**ONE, "eventID": "urn:uuid:1"}
    assert (await send(served, first))[0] == 201
    for again in (first, {**first, "bizStep": "assembling"}):
        status, problem, _ = await send(served, again)
        assert (status, problem["type"]) == (409, "epcisException:ResourceAlreadyExistsException")
    assert [e["bizStep"] for e in await listed(served)] == ["commissioning"]
    assert (await served.get("/v1/messages/groups")) == [], "a refused event is not kept, nor parked"


@pytest.mark.parametrize(
    ("method", "path", "headers", "body", "status", "name"),
    [
        ("POST", f"/epcis/events{AS}", {"Content-Type": "application/xml"}, b"<x/>", 415, "UnsupportedMediaTypeException"),
        ("POST", f"/epcis/events{AS}", {"Content-Type": "application/json"}, b"{", 400, "ValidationException"),
        ("POST", f"/epcis/events{AS}", {"Content-Type": "application/json"}, b'{"type":"EPCISDocument"}', 400,
         "ValidationException"),
        ("POST", "/epcis/events?system=mes&site=NONE", {"Content-Type": "application/json"}, b"{}", 400, "ValidationException"),
        ("POST", f"/epcis/events{AS}", {"Content-Type": "application/json"}, b" " * (10 << 20 | 1), 413,
         "CaptureLimitExceededException"),
        ("GET", "/epcis/events", {"Accept": "application/xml"}, None, 406, "NotAcceptableException"),
        ("GET", "/epcis/events", {"GS1-EPCIS-Min": "2.1"}, None, 406, "NotAcceptableException"),
        ("GET", "/epcis/events", {"GS1-CBV-Max": "1.2.2"}, None, 406, "NotAcceptableException"),
        ("GET", "/epcis/events", {"GS1-EPCIS-Max": "two"}, None, 400, "ValidationException"),
        ("GET", "/epcis/events", {"GS1-EPC-Format": "Always_EPC_URN"}, None, 406, "NotAcceptableException"),
        ("GET", "/epcis/events", {"GS1-EPC-Format": "URN"}, None, 400, "ValidationException"),
        ("GET", "/epcis/events?EQ_eventID=" + "x" * 8000, {}, None, 414, "URITooLongException"),
        ("GET", "/epcis/events?nextPageToken=x", {}, None, 400, "QueryParameterException"),
        ("GET", "/epcis/bizSteps/shipping/events?EQ_bizStep=receiving", {}, None, 400, "QueryParameterException"),
        ("GET", "/epcis/capture/none", {}, None, 404, "NoSuchResourceException"),
        ("GET", "/epcis/capture?perPage=0", {}, None, 400, "ValidationException"),
        ("GET", "/epcis/epcs", {}, None, 404, "NoSuchResourceException"),
        ("GET", "/epcis/eventTypes/Object", {}, None, 404, "NoSuchResourceException"),
        ("GET", "/epcis/queries/a/b/c", {}, None, 404, "NoSuchResourceException"),
        ("GET", "/epcis/events", {"Authorization": "Bearer none"}, None, 401, "SecurityException"),
    ],
)  # fmt: skip
async def test_a_refusal_has_the_name_of_the_standard(
    served: Served, method: str, path: str, headers: dict[str, str], body: bytes | None, status: int, name: str
) -> None:
    token = "" if "Authorization" in headers else None
    found, problem, said = await served.ask(method, path, token=token, headers=headers, data=body)
    assert (found, problem["type"]) == (status, f"epcisException:{name}"), problem
    assert said["Content-Type"] == "application/problem+json"
    assert problem["detail"]


async def test_who_lacks_the_scope_is_refused_by_the_name_of_the_standard(served: Served) -> None:
    token = await served.account("lots:read")
    for method, path in (
        ("GET", "/epcis/events"),
        ("GET", "/epcis/"),
        ("POST", f"/epcis/capture{AS}"),
        ("GET", "/epcis/capture"),
    ):
        status, problem, _ = await served.ask(method, path, token=token, headers={"Content-Type": "application/json"})
        assert (status, problem["type"]) == (403, "epcisException:SecurityException"), path
    assert (await served.ask("OPTIONS", "/epcis/events", token=""))[0] == 401


async def test_every_name_of_a_refusal_is_one_that_the_contract_lists(served: Served) -> None:
    from tracemill.api.epcis_terms import _NAMES, STATUSES

    contract = str(vector_json("gs1-epcis/epcis-2.0-openapi.json"))
    for name in {*STATUSES, *_NAMES.values()}:
        assert f"epcisException:{name}" in contract


async def test_urns_are_given_as_digital_links_unless_they_are_wanted_as_they_came(served: Served) -> None:
    told = {**RECEIPT, "quantityList": [{"epcClass": RAW_URN, "quantity": 480, "uom": "KGM"}]}
    await captured(served, told)
    for asked, given, uri in (
        ({}, "Always_GS1_Digital_Link", RAW),
        ({"GS1-EPC-Format": "Never_Translates"}, "Never_Translates", RAW_URN),
    ):
        _, found, headers = await served.ask("GET", "/epcis/events", headers=asked)
        assert (headers["GS1-EPC-Format"], members(found)[0]["quantityList"][0]["epcClass"]) == (given, uri)
        path = "/epcis/events/" + quote(members(found)[0]["eventID"], safe="")
        _, found, headers = await served.ask("GET", path, headers=asked)
        assert (headers["GS1-EPC-Format"], members(found)[0]["quantityList"][0]["epcClass"]) == (given, uri)


async def test_events_are_found_under_their_type_step_and_disposition(served: Served) -> None:
    await captured(served, RECEIPT, PRODUCTION, SHIPPING)
    assert (await served.get("/epcis/"))["member"] == ["capture", "events", "eventTypes", "bizSteps", "dispositions"]
    assert "TransformationEvent" in (await served.get("/epcis/eventTypes"))["member"]
    assert "shipping" in (await served.get("/epcis/bizSteps"))["member"]
    assert (await served.get("/epcis/eventTypes/ObjectEvent"))["member"] == ["events"]
    for path, steps in (
        ("eventTypes/ObjectEvent", ["shipping", "receiving"]),
        ("bizSteps/commissioning", ["commissioning"]),
        ("dispositions/in_transit", ["shipping"]),
        ("bizSteps/" + quote("https://ref.gs1.org/cbv/BizStep-shipping", safe=""), ["shipping"]),
    ):
        assert [e["bizStep"] for e in members(await served.get(f"/epcis/{path}/events"))] == steps, path
    _, _, headers = await served.ask("GET", "/epcis/eventTypes/ObjectEvent/events?perPage=1")
    following = headers["Link"].partition(">")[0].removeprefix("<")
    assert following.startswith("/epcis/eventTypes/ObjectEvent/events?")
    assert [e["bizStep"] for e in members(await served.get(following))] == ["receiving"]


async def test_capture_jobs_are_listed_to_who_speaks_for_their_system(served: Served) -> None:
    jobs = [(await captured(served, one))["captureID"] for one in (RECEIPT, PRODUCTION, SHIPPING)]
    _, first, headers = await served.ask("GET", "/epcis/capture?perPage=2")
    assert [job["captureID"] for job in first] == jobs[:0:-1]
    following = headers["Link"].partition(">")[0].removeprefix("<")
    _, rest, headers = await served.ask("GET", following)
    assert [job["captureID"] for job in rest] == jobs[:1]
    assert "Link" not in headers
    other = await served.account("events:write", systems=("erp",))
    assert await served.get("/epcis/capture", token=other) == []


async def pages(served: Served, path: str) -> list[list[str]]:
    found = []
    while path:
        _, body, headers = await served.ask("GET", path)
        found.append([e["eventTime"][11:13] for e in members(body)])
        path = headers["Link"].partition(">")[0].removeprefix("<") if "Link" in headers else ""
    return found


async def test_events_are_ordered_and_counted_as_asked(served: Served) -> None:
    hours = ("07", "09", "06", "08", "10")
    told = [{**SHIPPING, "eventTime": f"2026-11-23T{hour}:00:00Z", "eventID": f"urn:uuid:{hour}"} for hour in hours]
    await captured(served, *told)
    for asked, expected in (
        ("orderBy=eventTime&perPage=2", [["10", "09"], ["08", "07"], ["06"]]),
        ("orderBy=eventTime&orderDirection=ASC&perPage=3", [["06", "07", "08"], ["09", "10"]]),
        ("orderBy=eventTime&eventCountLimit=3&perPage=2", [["10", "09"], ["08"]]),
        ("orderBy=recordTime&orderDirection=ASC&perPage=2", [["07", "09"], ["06", "08"], ["10"]]),
        ("orderBy=recordTime&eventCountLimit=3&perPage=2", [["10", "08"], ["06"]]),
        ("maxEventCount=5&perPage=3", [["10", "08", "06"], ["09", "07"]]),
    ):
        assert await pages(served, f"/epcis/events?{asked}") == expected, asked
    for asked in ("maxEventCount=4", "maxEventCount=4&orderBy=eventTime"):
        status, problem, _ = await served.ask("GET", f"/epcis/events?{asked}")
        assert (status, problem["type"]) == (413, "epcisException:QueryTooLargeException"), asked


async def test_a_page_in_order_of_time_keeps_to_what_was_there_when_it_began(served: Served) -> None:
    told = [{**SHIPPING, "eventTime": f"2026-11-23T0{n}:00:00Z", "eventID": f"urn:uuid:{n}"} for n in range(1, 5)]
    await captured(served, *told[:3])
    _, _, headers = await served.ask("GET", "/epcis/events?orderBy=eventTime&perPage=2")
    await captured(served, told[3])
    following = headers["Link"].partition(">")[0].removeprefix("<")
    assert [e["eventID"] for e in members(await served.get(following))] == ["urn:uuid:1"]
