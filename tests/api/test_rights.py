"""Rights: a caller of another site sees nothing here and moves nothing here; a name that only looks alike is never acted on."""

from typing import Any

import pytest

from tests.api.conftest import Served

EVERYTHING = (
    "lots:read", "lots:hold", "lots:release", "lots:dispose", "messages:read", "messages:replay", "deliveries:read",
    "deliveries:approve", "cases:read", "cases:write", "audit:read", "events:write", "systems:read", "systems:pause",
    "accounts:admin",
)  # fmt: skip
KIND = {"Content-Type": "application/cloudevents+json"}


async def stranger(served: Served) -> str:
    """An account with every scope, for a site that is not this one."""
    return await served.account(*EVERYTHING, sites=("PLANT-PL",), systems=("erp",))


async def parked(served: Served) -> str:
    await served.plant.receive_lot()
    await served.plant.decide("L-1", ("QX", None))
    (group,) = await served.get("/v1/messages/groups")
    return str(group["messages"][0]["id"])


async def test_another_site_sees_neither_lots_nor_messages_nor_cases(served: Served) -> None:
    message, token = await parked(served), await stranger(served)
    assert (await served.get("/v1/lots", token=token))["total"] == 0
    assert (await served.ask("GET", "/v1/lots/L-1", token=token))[0] == 404
    assert (await served.ask("GET", "/v1/lots/L-1?site=PLANT-DE", token=token))[0] == 403
    assert (await served.ask("GET", f"/v1/messages/{message}", token=token))[0] == 404
    assert await served.get("/v1/messages/groups", token=token) == []
    found = await served.get("/v1/search?q=L-2", token=token)
    assert (found["lots"], found["messages"], found["nearest"]) == ([], [], [])
    assert (await served.ask("GET", "/v1/audit?site=PLANT-DE", token=token))[0] == 403
    assert await served.get("/v1/audit/verify", token=token) == []


async def test_another_site_sees_no_board_of_this_one(served: Served) -> None:
    await parked(served)
    board = await served.get("/v1/status", token=await stranger(served))
    assert (board["systems"], board["disagreements"], board["unsafe"]) == ([], [], [])
    assert (board["lots"], board["messages"], board["cases"], board["last_message"]) == ({}, {}, 0, None)


@pytest.mark.parametrize("act", ["replay", "discard"])
async def test_another_site_does_not_settle_our_messages(served: Served, act: str) -> None:
    message, token = await parked(served), await stranger(served)
    assert (await served.ask("POST", f"/v1/messages/{message}/{act}", token=token, json={"reason": "x"}))[0] == 404
    assert (await served.get(f"/v1/messages/{message}"))["line"]["state"] == "parked"


@pytest.mark.parametrize("act", ["approve", "resend", "cancel"])
async def test_another_site_does_not_touch_our_deliveries(served: Served, act: str) -> None:
    await served.plant.receive_lot()
    page = await served.get("/v1/lots/L-1/deliveries")
    delivery, token = page["items"][0]["id"], await stranger(served)
    assert (await served.ask("POST", f"/v1/deliveries/{delivery}/{act}", token=token, json={"reason": "x"}))[0] == 404
    assert (await served.get(f"/v1/deliveries/{delivery}"))["state"] == page["items"][0]["state"]


async def test_another_site_does_not_pause_our_systems_or_make_accounts_for_us(served: Served) -> None:
    token = await stranger(served)
    assert (await served.ask("POST", "/v1/systems/erp/pause", token=token, json={"reason": "x"}))[0] in (403, 404)
    body = {"name": "mole", "scopes": ["lots:read"], "sites": ["*"]}
    assert (await served.ask("POST", "/v1/accounts", token=token, json=body))[0] == 403


async def test_an_event_does_not_name_a_site_that_its_account_may_not_write_to(served: Served) -> None:
    token = await served.account("events:write", sites=("PLANT-DE",), systems=("erp",))
    said: dict[str, Any] = {
        "specversion": "1.0", "id": "s1", "source": "/erp", "type": "lot.received.v1",
        "data": {"lot": {"id": "L-9"}, "quantity": {"amount": "1", "unit": "kg"}, "site": "PLANT-PL"},
    }  # fmt: skip
    assert (await served.ask("POST", "/v1/events", token=token, json=said, headers=KIND))[0] == 403


async def test_acts_need_the_exact_name_of_a_lot(served: Served) -> None:
    await served.plant.receive_lot("L-1")
    assert (await served.get("/v1/lots/l1"))["number"] == "L-1"
    body = {"parts": [{"decision": "accept"}], "meaning": "release"}
    status, problem, _ = await served.ask("POST", "/v1/lots/l1/dispositions", json=body)
    assert status == 404
    assert problem["lots"][0]["number"] == "L-1"


async def test_two_callers_with_the_same_key_make_two_holds(served: Served) -> None:
    await served.plant.receive_lot()
    key = {"Idempotency-Key": "k1"}
    for name, reason in (("a", "customs"), ("b", "recall")):
        token = await served.account("lots:hold", "lots:read")
        body = {"reason": reason, "note": name}
        assert (await served.ask("POST", "/v1/lots/L-1/holds", token=token, json=body, headers=key))[0] == 200
    reasons = {h["reason"] for h in (await served.get("/v1/lots/L-1"))["holds"]}
    assert {"customs", "recall"} <= reasons


async def test_an_act_that_was_done_before_the_hub_died_is_not_done_again(served: Served) -> None:
    """The claim of a key that outlived its hub runs again: the same act is found, not refused and not repeated."""
    await served.plant.receive_lot()
    body, key = {"reason": "customs", "note": "papers"}, {"Idempotency-Key": "k1"}
    first = await served.ask("POST", "/v1/lots/L-1/holds", json=body, headers=key)
    from sqlalchemy import delete

    from tracemill.store.tables import idempotency

    assert served.plant.hub
    await served.plant.hub.runtime.store.write(lambda tx: tx.execute(delete(idempotency)))
    again = await served.ask("POST", "/v1/lots/L-1/holds", json=body, headers=key)
    assert (first[0], again[0]) == (200, 200)
    assert [h["id"] for h in first[1]["holds"]] == [h["id"] for h in again[1]["holds"]]
    other = await served.ask("POST", "/v1/lots/L-1/holds", json={**body, "reason": "recall"}, headers={"Idempotency-Key": "k2"})
    assert other[0] == 200
