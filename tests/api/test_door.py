"""The door: what is too large, broken, twisted or negative is refused with its reason, and never becomes an internal error."""

from pathlib import Path
from typing import Any

import pytest

from tests.api.conftest import Served

KIND = {"Content-Type": "application/cloudevents+json"}
HEAD = '"specversion":"1.0","id":"1","source":"/e"'
LARGE = b'{"note": "' + b"x" * (11 * 1024 * 1024) + b'"}'


@pytest.fixture
def database_url(tmp_path: Path) -> str:
    """What is refused at the door never comes to a database: one of them is enough."""
    return f"sqlite:///{tmp_path}/hub.db"


@pytest.mark.parametrize(
    "body",
    [
        "{" + HEAD + ',"type":["lot.received.v1"],"data":{}}',
        "{" + HEAD + ',"type":{"a":1},"data":{}}',
        "{" + HEAD + ',"type":"lot.received.v1","data":' + "[" * 5000 + "]" * 5000 + "}",
        "{" + HEAD.replace("1.0", "0.3") + ',"type":"lot.received.v1","data":{}}',
        "{" + HEAD + ',"type":"lot.received.v1","data":{"lot":{"id":"A"}},"data":{"lot":{"id":"B"}}}',
        "[]",
        "null",
        '{"a":"\\ud800"}',
    ],
    ids=["type is a list", "type is an object", "deep", "old version", "a name twice", "array", "null", "half a character"],
)
async def test_a_twisted_event_is_refused_with_a_reason(served: Served, body: str) -> None:
    status, problem, _ = await served.ask("POST", "/v1/events?system=erp", data=body.encode(), headers=KIND)
    assert status in (400, 422), problem
    assert problem["detail"]


async def test_a_binary_event_says_nothing_outside_its_data(served: Served) -> None:
    head = {
        "ce-specversion": "1.0",
        "ce-id": "b",
        "ce-source": "/erp",
        "ce-type": "lot.received.v1",
        "Content-Type": "application/json",
    }
    body = b'{"lot":{"id":"A"}},"id":"another"'
    assert (await served.ask("POST", "/v1/events?system=erp", data=body, headers=head))[0] == 400
    broken = {**head, "ce-id": "%C0%A0"}
    assert (await served.ask("POST", "/v1/events?system=erp", data=b"{}", headers=broken))[0] == 400


@pytest.mark.parametrize("path", ["/v1/lots/L-1/holds", "/v1/accounts", "/oauth/token"])
async def test_a_body_that_is_too_large_is_refused_on_every_route(served: Served, path: str) -> None:
    await served.plant.receive_lot()
    status, problem, headers = await served.ask("POST", path, data=LARGE, headers={"Content-Type": "application/json"})
    assert (status, headers["Content-Type"]) == (413, "application/problem+json")
    assert "limit" in problem["detail"]


async def test_a_body_that_never_says_how_large_it_is_is_refused_while_it_arrives(served: Served) -> None:
    async def pieces() -> Any:
        for _ in range(20):
            yield b"x" * 1024 * 1024

    assert (await served.ask("POST", "/v1/events?system=erp", data=pieces(), headers=KIND))[0] == 413


@pytest.mark.parametrize("amount", ["-5", "0", "1,5", "NaN", "1e400", ""])
async def test_a_hold_of_nothing_or_less_is_no_hold(served: Served, amount: str) -> None:
    await served.plant.receive_lot()
    body = {"reason": "damage", "note": "x", "quantity": {"amount": amount, "unit": "KGM"}}
    status, problem, _ = await served.ask("POST", "/v1/lots/L-1/holds", json=body)
    assert status == 422
    assert "amount" in problem["errors"][0]["field"]
    part = {"parts": [{"decision": "accept", "quantity": {"amount": amount, "unit": "KGM"}}], "meaning": "release"}
    assert (await served.ask("POST", "/v1/lots/L-1/dispositions", json=part))[0] == 422


async def test_a_unit_that_nobody_knows_is_named(served: Served) -> None:
    await served.plant.receive_lot()
    body = {"reason": "damage", "note": "x", "quantity": {"amount": "5", "unit": "sack"}}
    status, problem, _ = await served.ask("POST", "/v1/lots/L-1/holds", json=body)
    assert status == 422
    assert "sack" in problem["errors"][0]["problem"]


@pytest.mark.parametrize("path", ["/v1/lots/a%00b", "/v1/search?q=a%00b", "/v1/lots/%F0%9F%92%A5", "/v1/lots/" + "x" * 5000])
async def test_a_strange_name_is_not_found_and_nothing_more(served: Served, path: str) -> None:
    status, _, _ = await served.ask("GET", path)
    assert status in (200, 404)


async def test_a_time_without_an_offset_is_refused_everywhere(served: Served) -> None:
    await served.plant.receive_lot()
    for path in ("/v1/lots/L-1", "/v1/lots/L-1/timeline"):
        status, problem, _ = await served.ask("GET", f"{path}?as_of=2026-11-23T09:00:00")
        assert (status, "offset" in problem["detail"]) == (422, True)


async def test_an_internal_error_names_its_correlation_and_nothing_else(served: Served, monkeypatch: pytest.MonkeyPatch) -> None:
    from tracemill.answers import search

    def broken(*_: Any) -> Any:
        raise RuntimeError("password=hunter2")

    monkeypatch.setattr(search, "search", broken)
    status, problem, headers = await served.ask("GET", "/v1/search?q=x")
    assert status == 500
    assert headers["X-Correlation-Id"] == problem["correlation"]
    assert "hunter2" not in str(problem)


async def test_a_sender_learns_what_became_of_its_event_and_of_no_other(served: Served) -> None:
    token = await served.account("events:write", systems=("erp",))
    data = {"lot": {"id": "L-9"}, "quantity": {"amount": "480", "unit": "sack"}}
    event = {"specversion": "1.0", "id": "1", "source": "/erp", "type": "lot.received.v1", "data": data}
    _, body, _ = await served.ask("POST", "/v1/events", token=token, json=event, headers=KIND)
    message = body["messages"][0]["id"]
    fate = await served.get(f"/v1/events/{message}?wait=5", token=token)
    assert (fate["state"], fate["code"]) == ("parked", "T311")
    assert "sack" in fate["cause"]
    other = await served.account("events:write", systems=("wms",))
    assert (await served.ask("GET", f"/v1/events/{message}", token=other))[0] == 404


async def test_a_decision_that_does_not_count_says_why(served: Served) -> None:
    await served.plant.receive_lot()
    body = {"parts": [{"decision": "accept"}], "meaning": "release"}
    status, problem, _ = await served.ask("POST", "/v1/lots/L-1/dispositions", json=body)
    assert status == 409
    assert "quality of it is owned by qms" in problem["detail"]
