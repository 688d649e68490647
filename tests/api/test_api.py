"""The API: who may ask, what is answered, and how it says no."""

import asyncio
from datetime import timedelta
from typing import Any

import pytest

from tests.api.conftest import Served
from tracemill.model.event import json_schemas

KIND = {"Content-Type": "application/cloudevents+json"}


def event(**more: Any) -> dict[str, Any]:
    data = {"lot": {"id": "L-9"}, "quantity": {"amount": "480", "unit": "kg"}, "supplier_batch": "ACM/7731"}
    return {
        "specversion": "1.0",
        "id": "e1",
        "source": "/erp",
        "type": "lot.received.v1",
        "time": "2026-11-23T09:00:00Z",
        "data": data,
        **more,
    }


async def settled(served: Served, path: str) -> Any:
    for _ in range(200):
        status, body, _ = await served.ask("GET", path)
        if status == 200:
            return body
        await asyncio.sleep(0.02)
    raise AssertionError(body)


@pytest.mark.parametrize(
    "path", ["/v1/lots", "/v1/messages", "/v1/status", "/v1/audit", "/metrics", "/v1/schemas", "/v1/accounts"]
)
async def test_nothing_is_answered_without_a_token(served: Served, path: str) -> None:
    status, body, headers = await served.ask("GET", path, token="")
    assert status == 401
    assert headers["WWW-Authenticate"].startswith("Bearer")
    assert headers["Content-Type"] == "application/problem+json"
    assert "token" in body["detail"]


async def test_health_is_open_and_says_nothing_else(served: Served) -> None:
    assert (await served.ask("GET", "/health", token=""))[:2] == (200, {"status": "ok"})
    assert (await served.ask("GET", "/ready", token=""))[0] == 200


async def test_a_token_that_is_wrong_expired_or_too_narrow_is_told_why(served: Served) -> None:
    assert (await served.ask("GET", "/v1/lots", token="nonsense"))[0] == 401
    narrow = await served.account("events:write", systems=("erp",))
    status, body, headers = await served.ask("GET", "/v1/lots", token=narrow)
    assert (status, body["scope"]) == (403, "lots:read")
    assert "insufficient_scope" in headers["WWW-Authenticate"]
    served.plant.clock.now += timedelta(hours=2)
    status, body, _ = await served.ask("GET", "/v1/lots", token=narrow)
    assert (status, body["detail"]) == (401, "the token has expired; ask for a new one")


async def test_a_wrong_secret_gets_no_token_and_a_disabled_account_is_refused_at_once(served: Served) -> None:
    form = {"grant_type": "client_credentials", "client_id": "tm_x", "client_secret": "guess"}
    assert (await served.ask("POST", "/oauth/token", token="", data=form))[:2] == (401, {"error": "invalid_client"})
    token = await served.account("lots:read")
    await served.get("/v1/lots", token=token)
    client = served.security.accounts.listed()[0].client_id
    await served.ask("POST", f"/v1/accounts/{client}/disable", json={"reason": "left"})
    assert (await served.ask("GET", "/v1/lots", token=token))[0] == 401


async def test_an_account_speaks_only_for_its_systems(served: Served) -> None:
    token = await served.account("events:write", systems=("erp",))
    assert (await served.ask("POST", "/v1/events", token=token, json=event(), headers=KIND))[0] == 202
    status, body, _ = await served.ask("POST", "/v1/events?system=qms", token=token, json=event(), headers=KIND)
    assert status == 403
    assert "qms" in body["detail"]


async def test_an_event_that_is_acknowledged_is_a_lot_soon_and_told_twice_it_is_one(served: Served) -> None:
    first = await served.ask("POST", "/v1/events?system=erp", json=event(), headers=KIND)
    again = await served.ask("POST", "/v1/events?system=erp", json=event(), headers=KIND)
    assert first[1]["messages"][0]["outcome"] == "stored"
    assert again[1]["messages"][0]["outcome"] == "duplicate"
    assert again[1]["messages"][0]["id"] == first[1]["messages"][0]["id"]
    lot = await settled(served, "/v1/lots/L-9")
    assert (lot["received"], lot["verdict"], lot["supplier_batch"]) == ("480", "quarantine", "ACM/7731")
    found = await served.get("/v1/search?q=l-9")
    assert found["lots"][0]["number"] == "L-9"


@pytest.mark.parametrize(
    ("body", "status", "said"),
    [
        (b'{"specversion": "1.0", "id": "x"', 400, "not a JSON object"),
        (b"{}", 422, "missing"),
        (b'{"specversion":"1.0","id":"1","source":"/e","type":"no.such.v1"}', 422, "no.such.v1"),
        (b'{"specversion":"1.0","id":"1","source":"/e","type":"timer.due.v1","data":{}}', 422, "timer.due.v1"),
        (b"x" * (20 * 1024 * 1024), 413, "limit"),
    ],
    ids=["truncated", "empty", "unknown type", "internal type", "20 MB"],
)
async def test_a_bad_event_is_refused_at_the_door_with_its_reason(served: Served, body: bytes, status: int, said: str) -> None:
    got, problem, _ = await served.ask("POST", "/v1/events?system=erp", data=body, headers=KIND)
    assert got == status
    assert said in problem["detail"]
    assert problem["correlation"]


async def test_batches_and_binary_mode_are_cloudevents_too(served: Served) -> None:
    batch = {"Content-Type": "application/cloudevents-batch+json"}
    status, body, _ = await served.ask("POST", "/v1/events?system=erp", json=[event(id="b1"), event(id="b2")], headers=batch)
    assert (status, len(body["messages"])) == (202, 2)
    binary = {
        "ce-specversion": "1.0",
        "ce-id": "b3",
        "ce-source": "/erp",
        "ce-type": "lot.received.v1",
        "Content-Type": "application/json",
    }
    status, body, _ = await served.ask("POST", "/v1/events?system=erp", json=event()["data"], headers=binary)
    assert status == 202
    status, body, _ = await served.ask("POST", "/v1/events?system=erp", data="hello", headers={"Content-Type": "text/plain"})
    assert status == 415


async def test_people_hold_and_lift_and_the_same_key_is_the_same_act(served: Served) -> None:
    await served.plant.receive_lot()
    body, key = {"reason": "customs", "note": "papers missing"}, {"Idempotency-Key": '"k1"'}
    first = await served.ask("POST", "/v1/lots/L-1/holds", json=body, headers=key)
    again = await served.ask("POST", "/v1/lots/L-1/holds", json=body, headers=key)
    assert first[0] == again[0] == 200
    assert again[2]["Idempotent-Replayed"] == "true"
    holds = [h for h in again[1]["holds"] if h["reason"] == "customs"]
    assert len(holds) == 1
    other = await served.ask("POST", "/v1/lots/L-1/holds", json={**body, "note": "else"}, headers=key)
    assert other[0] == 422
    status, lot, _ = await served.ask("POST", f"/v1/lots/L-1/holds/{holds[0]['id']}/lift", json={"reason": "papers came"})
    assert status == 200
    assert "customs" not in [h["reason"] for h in lot["holds"]]


async def test_what_a_warehouse_blocked_is_not_lifted_here(served: Served) -> None:
    await served.plant.receive_lot()
    served.plant.wms.stock["L-1"].update(available=served.plant.wms.stock["L-1"]["quarantine"])
    served.plant.wms.block("L-1", "20")
    await served.plant.observe("wms", "L-1")
    lot = await served.get("/v1/lots/L-1")
    hold = next(h for h in lot["holds"] if h["reason"] == "damage")
    status, problem, _ = await served.ask("POST", f"/v1/lots/L-1/holds/{hold['id']}/lift", json={"reason": "please"})
    assert status == 403
    assert "can be lifted by wms" in problem["detail"]


async def test_a_lot_can_be_seen_as_of_a_time(served: Served) -> None:
    await served.plant.receive_lot()
    before = served.plant.clock()
    served.plant.clock.forward(60)
    await served.plant.decide("L-1", ("ACC", None))
    assert (await served.get("/v1/lots/L-1"))["verdict"] == "released"
    then = await served.get("/v1/lots/L-1", params={"as_of": before.isoformat()})
    assert then["verdict"] == "quarantine"
    status, problem, _ = await served.ask("GET", "/v1/lots/L-1?as_of=2026-11-23T09:00:00")
    assert (status, "offset" in problem["detail"]) == (422, True)


async def test_what_the_hub_knew_at_a_time_is_told_apart_from_what_was_true_then(served: Served) -> None:
    plant = served.plant
    await plant.receive_lot()
    decided = plant.clock()
    for _ in range(3):
        plant.clock.forward(60)
        await plant.receive_lot("L-2")
    between = plant.clock() - timedelta(seconds=30)
    plant.clock.forward(60)
    await plant.decide("L-1", ("ACC", None), at=decided + timedelta(seconds=10))
    was_true = await served.get("/v1/lots/L-1", params={"as_of": between.isoformat()})
    was_known = await served.get("/v1/lots/L-1", params={"known_at": between.isoformat()})
    assert (was_true["verdict"], was_known["verdict"]) == ("released", "quarantine")
    by_position = await served.get("/v1/lots/L-1", params={"known_at": str(was_known["known_at"])})
    assert by_position["verdict"] == "quarantine"
    both = await served.get("/v1/lots/L-1", params={"as_of": between.isoformat(), "known_at": plant.clock().isoformat()})
    assert both["verdict"] == "released"
    told = await served.get("/v1/lots/L-1/timeline", params={"known_at": between.isoformat()})
    assert told
    assert all("quality" not in entry["text"] or "accepted" not in entry["text"] for entry in told)
    assert (await served.ask("GET", "/v1/lots/L-1?known_at=2020-01-01T00:00:00Z"))[0] == 404
    assert (await served.ask("GET", "/v1/lots/L-1?known_at=yesterday"))[0] == 422


async def test_lists_are_paged_and_say_how_many_there_are(served: Served) -> None:
    for n in range(5):
        await served.plant.receive_lot(f"L-{n}")
    first = await served.get("/v1/lots?limit=2")
    assert first["showing"] == "showing 2 of 5"
    seen, cursor = [lot["number"] for lot in first["items"]], first["next"]
    while cursor:
        page = await served.get("/v1/lots", params={"limit": 2, "cursor": cursor})
        seen, cursor = seen + [lot["number"] for lot in page["items"]], page["next"]
    assert sorted(seen) == [f"L-{n}" for n in range(5)]
    assert (await served.ask("GET", "/v1/lots?cursor=bogus"))[0] == 400


async def test_an_unknown_lot_says_where_to_look(served: Served) -> None:
    status, problem, _ = await served.ask("GET", "/v1/lots/NOPE")
    assert status == 404
    assert "/v1/search" in problem["next"]


async def test_a_parked_message_shows_its_cause_and_is_discarded_with_a_reason(served: Served) -> None:
    await served.plant.receive_lot()
    await served.plant.decide("L-1", ("QX", None))
    (group,) = await served.get("/v1/messages/groups")
    assert group["impact"]["lots"] == ["L-1"]
    message = group["messages"][0]["id"]
    shown = await served.get(f"/v1/messages/{message}")
    assert "QX" in shown["line"]["cause"]
    assert (await served.ask("POST", f"/v1/messages/{message}/discard", json={"reason": ""}))[0] == 422
    assert (await served.ask("POST", f"/v1/messages/{message}/discard", json={"reason": "read it"}))[0] == 200
    assert await served.get("/v1/messages/groups") == []


async def test_correlation_follows_from_the_request_to_the_delivery(served: Served) -> None:
    trace = {"traceparent": "00-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-01", **KIND}
    _, _, headers = await served.ask("POST", "/v1/events?system=erp", json=event(), headers=trace)
    assert headers["X-Correlation-Id"] == "4bf92f3577b34da6a3ce929d0e0e4736"
    await settled(served, "/v1/lots/L-9")
    page = await served.get("/v1/lots/L-9/deliveries")
    assert {d["correlation"] for d in page["items"]} == {"4bf92f3577b34da6a3ce929d0e0e4736"}


async def test_the_api_documents_itself(served: Served) -> None:
    assert (await served.ask("GET", "/docs", token=""))[0] == 401
    document = await served.get("/openapi.json")
    assert document["openapi"].startswith("3.1")
    assert {"/v1/lots/{ref}", "/v1/events", "/oauth/token"} <= set(document["paths"])
    assert "LotView" in document["components"]["schemas"]
    page = await served.get("/docs")
    assert "https://" not in page
    assert "<script" not in page
    assert set(await served.get("/v1/schemas")) == set(json_schemas())


async def test_a_paused_system_says_who_paused_it(served: Served) -> None:
    await served.ask("POST", "/v1/systems/erp/pause", json={"reason": "month end"})
    state = next(s for s in (await served.get("/v1/systems")) if s["system"] == "erp")
    assert (state["paused"], state["reason"]) == (True, "month end")
    assert (await served.ask("POST", "/v1/systems/none/pause", json={"reason": "x"}))[0] == 404
    assert [e["action"] for e in await served.get("/v1/audit")][-1] == "system.paused"
