"""Approving a milder inspection over the API: who may, about which lot, and what the refusal says."""

from typing import Any

import pytest

from tests.api.conftest import Served
from tests.scenarios.plant import SITE
from tracemill.model.policy import InspectionPolicy, Policy
from tracemill.model.record import replaced

BODY = {"what": "reduced", "reason": "steady since May"}


@pytest.fixture
def hub_plans(served: Served) -> Served:
    assert served.plant.hub
    policies: dict[str, Policy] = served.plant.hub.runtime.policies  # type: ignore[assignment]
    policies[SITE] = replaced(policies[SITE], inspection=InspectionPolicy(plan_owner="hub", switching=True))
    return served


async def approved(served: Served, body: dict[str, Any], lot: str = "L-1", **more: Any) -> tuple[int, Any]:
    status, answer, _ = await served.ask("POST", f"/v1/lots/{lot}/approvals", json=body, **more)
    return status, answer


async def test_an_approval_stands_on_the_lots_timeline_with_who_and_why(hub_plans: Served) -> None:
    await hub_plans.plant.receive_lot()
    assert (await approved(hub_plans, {**BODY, "until": "2027-05-31T00:00:00+02:00"}))[0] == 200
    told = [entry["text"] for entry in await hub_plans.get("/v1/lots/L-1/timeline")]
    until = "31 May 2027 00:00 UTC+02:00"
    said = f"reduced inspection of ACME 4711 (incoming) approved until {until} by local administrator: steady since May"
    assert said in told
    assert (await approved(hub_plans, {**BODY, "revoked": True}))[0] == 200
    entries = await hub_plans.get(f"/v1/audit?site={SITE}")
    assert [a["reason"] for a in entries if a["action"] == "inspection.approved.v1"] == ["steady since May"] * 2


async def test_only_who_may_decide_as_quality_approves(hub_plans: Served) -> None:
    await hub_plans.plant.receive_lot()
    narrow = await hub_plans.account("lots:read", "lots:hold")
    status, answer = await approved(hub_plans, BODY, token=narrow)
    assert (status, answer["scope"]) == (403, "lots:dispose")


@pytest.mark.parametrize(
    ("body", "status", "says"),
    [
        ({"what": "reduced"}, 422, "reason"),
        ({"what": "milder", "reason": "x"}, 422, "reduced"),
        ({**BODY, "until": "2027-05-31T00:00:00"}, 422, "until"),
        ({**BODY, "what": "resumption"}, 409, "is not discontinued"),
        ({**BODY, "what": "skip_lot"}, 409, "does not use skip-lot"),
    ],
)
async def test_an_approval_that_cannot_count_is_refused_and_says_why(
    hub_plans: Served, body: dict[str, Any], status: int, says: str
) -> None:
    await hub_plans.plant.receive_lot()
    found, answer = await approved(hub_plans, body)
    assert (found, says in str(answer)) == (status, True), answer


async def test_where_the_qms_plans_there_is_nothing_to_approve(served: Served) -> None:
    await served.plant.receive_lot()
    status, answer = await approved(served, BODY)
    assert (status, "planned no inspection" in answer["detail"]) == (409, True)


async def test_an_event_of_the_owner_of_quality_approves_like_a_person(hub_plans: Served) -> None:
    await hub_plans.plant.receive_lot()
    data = {"lot": {"id": "L-1", "aliases": [{"system": "erp", "id": "L-1"}]}, "supplier": "ACME", "item": "4711",
            "plan": "incoming", "what": "reduced", "reason": "audit"}  # fmt: skip
    event = {"specversion": "1.0", "id": "a1", "source": "/qms", "type": "inspection.approved.v1", "data": data}
    kind = {"Content-Type": "application/cloudevents+json"}
    for system, state in (("qms", "processed"), ("wms", "parked")):
        _, answer, _ = await hub_plans.ask("POST", f"/v1/events?system={system}", json=event, headers=kind)
        fate = await hub_plans.get(f"/v1/events/{answer['messages'][0]['id']}?wait=10")
        assert fate["state"] == state, fate
