"""Log lines: the correlation id that the API shows leads to every decision and every try."""

import json
from typing import Any

import pytest

from tests.api.conftest import Served

KIND = {"Content-Type": "application/cloudevents+json"}


def lines(capsys: pytest.CaptureFixture[str], event: str) -> list[dict[str, Any]]:
    found = [json.loads(line) for line in capsys.readouterr().err.splitlines() if line.startswith("{")]
    return [line for line in found if line["event"] == event]


async def test_a_correlation_id_leads_to_the_decision(served: Served, capsys: pytest.CaptureFixture[str]) -> None:
    data = {"lot": {"id": "L-9"}, "quantity": {"amount": "1", "unit": "kg"}}
    event = {"specversion": "1.0", "id": "1", "source": "/erp", "type": "lot.received.v1", "data": data}
    _, body, headers = await served.ask("POST", "/v1/events?system=erp", json=event, headers=KIND)
    message = body["messages"][0]["id"]
    await served.get(f"/v1/events/{message}?wait=5")
    (line,) = [found for found in lines(capsys, "message") if found["message"] == message]
    assert (line["level"], line["system"], line["state"]) == ("info", "erp", "processed")
    assert line["correlation"] == headers["X-Correlation-Id"]


async def test_a_correlation_id_leads_to_every_try(served: Served, capsys: pytest.CaptureFixture[str]) -> None:
    await served.plant.receive_lot()
    served.plant.erp.faults = ["locked"]
    await served.plant.settle()
    shown = next(d for d in (await served.get("/v1/deliveries?system=erp"))["items"] if d["attempts"])
    found = [line for line in lines(capsys, "delivery") if line["system"] == "erp"]
    assert [(line["attempt"], line["outcome"], line["level"]) for line in found] == [
        (1, "retrying", "warning"),
        (2, "delivered", "info"),
    ]
    assert {line["correlation"] for line in found} == {shown["correlation"]}
