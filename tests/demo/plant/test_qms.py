"""The laboratory: empty lists for strangers, answers kept by key, thin signed hints."""

import asyncio
import base64
import hashlib
import hmac
import json
from typing import Any

import pytest
from aiohttp import web

from .conftest import Plant

pytestmark = pytest.mark.asyncio(loop_scope="module")
SECRET = "whsec_" + base64.b64encode(bytes(range(32))).decode()


def group(reference: str) -> dict[str, Any]:
    return {
        "reference": reference, "item": "4711", "lot_label": "L-2411-07", "supplier": "ACME", "supplier_batch": "ACM/7731",
        "requirement": {"plan": "normal", "sample_size": 5}, "quantity": {"value": "480", "unit": "kg"},
    }  # fmt: skip


async def opened(here: Plant, reference: str) -> str:
    status, body = await here.ask("qms", "POST", "/v2/sample-groups", group(reference))
    assert status == 201
    return str(body["sample_group"]["id"])


async def test_a_wrong_key_gives_empty_lists_and_only_whoami_says_so(here: Plant) -> None:
    await opened(here, "quirk")
    wrong = {"X-Api-Key": "wrong"}
    empty = await here.ask("qms", "GET", "/v2/sample-groups", headers=wrong, reference="quirk")
    assert empty == (200, {"sample_groups": [], "next_cursor": None})
    assert await here.ask("qms", "GET", "/v2/whoami", headers=wrong) == (200, {"authenticated": False, "user": None})
    assert await here.ask("qms", "GET", "/v2/whoami") == (200, {"authenticated": True, "user": "hub-api"})
    assert (await here.ask("qms", "POST", "/v2/sample-groups", group("x"), headers=wrong))[0] == 403


async def test_the_same_key_and_body_make_one_group_and_another_body_is_refused(here: Plant) -> None:
    keyed = {**here.headers["qms"], "Idempotency-Key": '"6f0b"'}
    first = await here.ask("qms", "POST", "/v2/sample-groups", group("keyed"), headers=keyed)
    assert await here.ask("qms", "POST", "/v2/sample-groups", group("keyed"), headers=keyed) == first
    assert (await here.ask("qms", "POST", "/v2/sample-groups", group("other"), headers=keyed))[0] == 422
    _, found = await here.ask("qms", "GET", "/v2/sample-groups", reference="keyed")
    assert [one["id"] for one in found["sample_groups"]] == [first[1]["sample_group"]["id"]]


async def test_unknown_filters_are_ignored(here: Plant) -> None:
    await opened(here, "ignored")
    _, all_groups = await here.ask("qms", "GET", "/v2/sample-groups")
    assert await here.ask("qms", "GET", "/v2/sample-groups", lot="nobody") == (200, all_groups)


async def test_a_later_decision_replaces_the_earlier_and_the_revision_grows(here: Plant) -> None:
    name = await opened(here, "decided")
    await here.ask("qms", "POST", f"/ui/sample-groups/{name}/sample", {"qty": "0.5", "by": "LAB3", "kind": "destroyed"})
    for state, accepted, rejected in (("ACC", "480", "0"), ("PART", "400", "80")):
        decision = {"state": state, "accepted": accepted, "rejected": rejected, "by": "dr.weber", "meaning": "seen"}
        assert (await here.ask("qms", "POST", f"/ui/sample-groups/{name}/decision", decision))[0] == 200
    _, body = await here.ask("qms", "GET", f"/v2/sample-groups/{name}")
    shown = body["sample_group"]
    assert (shown["state"], shown["decision"]["rejected"], shown["sample"]["kind"]) == ("PART", "80", "destroyed")
    assert shown["rev"] == 4
    assert len(shown["updated_at"]) == len("2026-11-23 10:02")


async def test_a_nonconformance_is_opened_once_and_found_by_its_reference(here: Plant) -> None:
    keyed = {**here.headers["qms"], "Idempotency-Key": "nc-1"}
    body = {"reference": "nc", "lot_label": "L-2411-07", "defect_code": "IMPURITY", "quantity": {"value": 80, "unit": "kg"}}
    _, made = await here.ask("qms", "POST", "/v2/nonconformances", body, headers=keyed)
    await here.ask("qms", "POST", "/v2/nonconformances", body, headers=keyed)
    _, found = await here.ask("qms", "GET", "/v2/nonconformances", reference="nc")
    assert found["nonconformances"] == [made["nonconformance"]]
    assert made["nonconformance"]["id"] == "NC-24-031"


async def test_cursors_walk_through_all_groups_once(here: Plant) -> None:
    mine = {await opened(here, "paged") for _ in range(5)}
    seen, cursor = [], ""
    while cursor != "None":
        _, body = await here.ask("qms", "GET", "/v2/sample-groups", reference="paged", limit="2", cursor=cursor)
        seen += [one["id"] for one in body["sample_groups"]]
        cursor = str(body["next_cursor"])
    assert sorted(seen) == sorted(mine)


async def test_each_change_sends_a_signed_hint_and_a_refused_one_is_tried_again(here: Plant) -> None:
    heard: list[tuple[Any, bytes]] = []
    done = asyncio.Event()

    async def listen(request: web.Request) -> web.Response:
        heard.append((request.headers, await request.read()))
        if len(heard) == 2:
            done.set()
        return web.Response(status=503 if len(heard) == 1 else 204)

    app = web.Application()
    app.router.add_post("/hook", listen)
    runner = web.AppRunner(app)
    await runner.setup()
    site = web.TCPSite(runner, "127.0.0.1", 0)
    await site.start()
    url = f"http://127.0.0.1:{runner.addresses[0][1]}/hook"
    assert (await here.ask("qms", "POST", "/ui/webhook", {"url": url, "secret": SECRET}))[0] == 201
    try:
        name = await opened(here, "hinted")
        await asyncio.wait_for(done.wait(), 3)
    finally:
        await here.ask("qms", "DELETE", "/ui/webhook")
        await runner.cleanup()
    (first, _), (headers, raw) = heard
    assert json.loads(raw) == {"type": "sample_group.changed", "id": name}
    assert first["webhook-id"] == headers["webhook-id"]
    signed = f"{headers['webhook-id']}.{headers['webhook-timestamp']}.".encode() + raw
    expected = base64.b64encode(hmac.new(bytes(range(32)), signed, hashlib.sha256).digest()).decode()
    assert headers["webhook-signature"] == f"v1,{expected}"
