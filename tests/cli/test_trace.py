"""What a trace looks like at the terminal: made of what the API really answers, whatever was left out of it."""

import json
from collections.abc import Iterator

import pytest

from tests.scenarios.plant import Plant
from tracemill.answers.trace import trace
from tracemill.cli.trace import _tell
from tracemill.model.record import encode


@pytest.fixture
def plant(tmp_path: object) -> Iterator[Plant]:
    made = Plant(f"sqlite:///{tmp_path}/hub.db")
    made.start()
    yield made
    made.stop()


@pytest.mark.parametrize("shares", [False, True])
async def test_a_trace_is_told_with_the_way_the_shares_and_the_conditions(
    plant: Plant, shares: bool, capsys: pytest.CaptureFixture[str]
) -> None:
    await plant.receive_lot("RAW-1")
    await plant.tell_made("consumed", "WO-1", "RAW-1", "260")
    await plant.tell_made("produced", "WO-1", "FG-1", "260")
    summary = {"parameter": "temperature", "unit": "CEL", "high": "850", "mean": "861.5"}
    told = {"lot": {"id": "FG-1"}, "work": {"order": "WO-1"}, "summaries": [summary]}
    await plant.push("mes", "process.recorded.v1", told)
    state, goal = await plant.lot("RAW-1"), await plant.lot("FG-1")
    assert plant.hub
    runtime = plant.hub.runtime
    view = await runtime.store.read(lambda c: trace(c, runtime.adjacency, state, "forward", to=goal, shares=shares))
    _tell(json.loads(encode(view)), "FG-1")
    said = capsys.readouterr().out
    assert "RAW-1 ─ WO-1 ─ FG-1" in said
    assert "temperature 861.5 CEL  861.5 above 850" in said
    assert ("≤ 260" in said.replace("\n", "")) is shares
