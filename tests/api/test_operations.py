"""What people and systems do through the API every day: webhooks, messages, deliveries, cases, systems, metrics, tokens."""

from typing import Any

import aiohttp
import pytest

from tests.api.conftest import Served
from tests.scenarios.plant import DECISION, DECISIONS
from tracemill.model.status import Mode

SIGNED = {"X-Signature": "right", "Content-Type": "application/json"}
WHY = {"reason": "looked at it"}


async def parked(served: Served) -> str:
    await served.plant.receive_lot()
    await served.plant.decide("L-1", ("QX", None))
    (group,) = await served.get("/v1/messages/groups")
    return str(group["messages"][0]["id"])


async def delivery(served: Served, system: str, verb: str) -> dict[str, Any]:
    page = await served.get(f"/v1/deliveries?system={system}")
    found: dict[str, Any] = next(d for d in page["items"] if d["verb"] == verb)
    return found


async def test_a_hint_wakes_the_poller_of_its_feed(served: Served) -> None:
    assert served.plant.hub
    hint = served.plant.hub.runtime.links["wms"].hints["stock"]
    assert not hint.is_set()
    status, body, _ = await served.ask("POST", "/v1/webhooks/wms/changed", token="", data=b'{"lot": "L-1"}', headers=SIGNED)
    assert (status, body, hint.is_set()) == (202, {"outcome": "hint"}, True)
    assert (await served.get("/v1/messages"))["items"] == []


async def test_content_goes_through_the_door_and_counts_once(served: Served) -> None:
    await served.plant.receive_lot()
    said = b'{"id": "SG-1", "batch": "L-1", "rev": "1", "parts": [{"code": "REJ"}], "at": "2026-11-23T09:30:00Z"}'
    trace = {"X-Correlation-Id": "hook-1", **SIGNED}
    outcomes = [await served.ask("POST", "/v1/webhooks/qms/decided", token="", data=said, headers=trace) for _ in range(2)]
    assert [(status, body["outcome"]) for status, body, _ in outcomes] == [(202, "stored"), (202, "unchanged")]
    await served.plant.process()
    assert (await served.get("/v1/lots/L-1"))["verdict"] == "rejected"
    assert {d["correlation"] for d in (await served.get("/v1/deliveries?system=erp"))["items"]} >= {"hook-1"}


@pytest.mark.parametrize(
    ("path", "headers", "status"),
    [
        ("qms/decided", {}, 403),
        ("qms/decided", {"X-Signature": "wrong"}, 403),
        ("wms/changed", {"X-Signature": "wrong"}, 403),
        ("qms/none", {"X-Signature": "right"}, 404),
        ("none/decided", {"X-Signature": "right"}, 404),
    ],
)
async def test_a_webhook_without_a_right_signature_or_a_name_is_refused(
    served: Served, path: str, headers: dict[str, str], status: int
) -> None:
    got, problem, _ = await served.ask("POST", f"/v1/webhooks/{path}", token="", data=b"{}", headers=headers)
    assert got == status
    assert problem["detail"]
    assert (await served.get("/v1/messages"))["items"] == []


async def test_a_message_that_can_be_read_by_now_is_replayed(served: Served) -> None:
    message = await parked(served)
    path = f"/v1/messages/{message}/replay"
    status, problem, _ = await served.ask("POST", path, json=WHY)
    assert (status, "QX" in problem["detail"]) == (409, True)
    served.plant.teach("qms", "decision", DECISION, {"decision": {**DECISIONS, "QX": "accept"}})
    status, body, _ = await served.ask("POST", path, json=WHY)
    assert (status, body) == (200, {"id": message, "outcome": "replayed: 1 events"})
    assert (await served.get("/v1/lots/L-1"))["verdict"] == "released"
    assert (await served.get(f"/v1/messages/{message}"))["line"]["state"] == "replayed"
    assert (await served.ask("POST", path, json=WHY))[0] == 409


async def test_a_message_is_discarded_once_and_an_unknown_one_never(served: Served) -> None:
    path = f"/v1/messages/{await parked(served)}/discard"
    assert [(await served.ask("POST", path, json=WHY))[0] for _ in range(2)] == [200, 409]
    assert (await served.ask("POST", "/v1/messages/none/discard", json=WHY))[0] == 404


async def test_a_proposed_command_goes_out_once_it_is_approved(served: Served) -> None:
    assert served.plant.hub
    served.plant.hub.runtime.links["erp"].mode = Mode.PROPOSE
    await served.plant.receive_lot()
    await served.plant.settle(rounds=3)
    proposed = await delivery(served, "erp", "set_status")
    assert (proposed["state"], served.plant.erp.effects) == ("pending", [])
    path = f"/v1/deliveries/{proposed['id']}/approve"
    assert [(await served.ask("POST", path, json=WHY))[0] for _ in range(2)] == [200, 409]
    await served.plant.settle()
    shown = await served.get(f"/v1/deliveries/{proposed['id']}")
    assert (shown["state"], shown["approved_by"]) == ("verified", "local administrator")
    assert served.plant.erp.stock["L-1"]["quarantine"] == 480


async def test_a_dead_act_is_sent_again(served: Served) -> None:
    served.plant.qms.faults = ["rejected"]
    await served.plant.receive_lot()
    await served.plant.settle()
    dead = await delivery(served, "qms", "open_inspection")
    assert dead["state"] == "dead"
    assert (await served.ask("POST", f"/v1/deliveries/{dead['id']}/resend", json=WHY))[1]["outcome"] == "resent"
    await served.plant.settle()
    shown = await served.get(f"/v1/deliveries/{dead['id']}")
    assert (shown["state"], [t["outcome"] for t in shown["tries"]]) == ("verified", ["dead", "delivered"])
    assert (await served.ask("POST", f"/v1/deliveries/{dead['id']}/resend", json=WHY))[0] == 409


async def test_an_act_that_nobody_wants_any_more_is_cancelled_and_never_sent(served: Served) -> None:
    await served.plant.receive_lot()
    act = await delivery(served, "qms", "open_inspection")
    assert (await served.ask("POST", f"/v1/deliveries/{act['id']}/cancel", json=WHY))[1]["outcome"] == "cancelled"
    await served.plant.settle(rounds=3)
    assert served.plant.qms.effects == []
    assert (await served.get(f"/v1/deliveries/{act['id']}"))["state"] == "cancelled"
    assert (await served.ask("POST", "/v1/deliveries/none/cancel", json=WHY))[0] == 404


async def test_a_case_is_shown_and_resolved_with_a_reason(served: Served) -> None:
    served.plant.qms.faults = ["rejected"]
    await served.plant.receive_lot()
    await served.plant.settle()
    (case,) = [c for c in (await served.get("/v1/cases"))["items"] if "open inspection" in c["title"]]
    assert await served.get(f"/v1/cases/{case['id']}") == await served.get(f"/v1/cases/{case['key']}") == case
    path = f"/v1/cases/{case['id']}/resolve"
    assert (await served.ask("POST", path, json={}))[0] == 422
    assert [(await served.ask("POST", path, json=WHY))[0] for _ in range(2)] == [200, 409]
    shown = await served.get(f"/v1/cases/{case['id']}")
    assert (shown["closed_by"], shown["note"]) == ("local administrator", WHY["reason"])
    assert case["key"] not in [c["key"] for c in (await served.get("/v1/cases"))["items"]]
    assert case["key"] in [c["key"] for c in (await served.get("/v1/cases?state=all"))["items"]]
    assert (await served.plant.lot()).cases == {}
    assert (await served.ask("GET", "/v1/cases/none"))[0] == 404


async def test_a_system_is_probed_paused_and_resumed(served: Served) -> None:
    assert (await served.get("/v1/systems/erp/probe"))["ok"] is True
    assert (await served.ask("GET", "/v1/systems/none/probe"))[0] == 404
    assert (await served.ask("POST", "/v1/systems/erp/pause", json=WHY))[1]["outcome"] == "paused"
    await served.plant.receive_lot()
    await served.plant.settle(rounds=3)
    assert served.plant.erp.effects == []
    assert (await served.ask("POST", "/v1/systems/erp/resume", json=WHY))[1]["outcome"] == "resumed"
    await served.plant.settle()
    assert served.plant.erp.stock["L-1"]["quarantine"] == 480
    assert [e["action"] for e in await served.get("/v1/audit?limit=1000")][-1:] != ["system.paused"]


async def test_metrics_are_for_who_has_their_scope(served: Served) -> None:
    await served.ask("POST", "/v1/webhooks/qms/decided", token="", data=b"{}", headers=SIGNED)
    scraper = await served.account("metrics:read")
    status, text, headers = await served.ask("GET", "/metrics", token=scraper)
    assert (status, headers["Content-Type"].partition(";")[0]) == (200, "text/plain")
    assert 'tracemill_messages_received_total{outcome="stored",system="qms"}' in text
    assert (await served.ask("GET", "/metrics", token=await served.account("lots:read")))[0] == 403


async def test_a_token_is_given_for_http_basic_too(served: Served) -> None:
    _, made, _ = await served.ask("POST", "/v1/accounts", json={"name": "basic", "scopes": ["lots:read", "audit:read"]})
    form = {"grant_type": "client_credentials", "scope": "lots:read"}
    basic = {"Authorization": aiohttp.encode_basic_auth(made["client_id"], made["secret"])}
    status, body, headers = await served.ask("POST", "/oauth/token", token="", data=form, headers=basic)
    assert (status, body["scope"], headers["Cache-Control"]) == (200, "lots:read", "no-store")
    assert (await served.ask("GET", "/v1/lots", token=body["access_token"]))[0] == 200
    assert (await served.ask("GET", "/v1/audit", token=body["access_token"]))[0] == 403
    wrong = {"Authorization": aiohttp.encode_basic_auth(made["client_id"], "guess")}
    assert (await served.ask("POST", "/oauth/token", token="", data=form, headers=wrong))[0] == 401
    broken = {"Authorization": "Basic ?"}
    assert (await served.ask("POST", "/oauth/token", token="", data=form, headers=broken))[0] == 401
