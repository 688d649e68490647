"""Traces over the API: both ways, as known before, within the caller's rights, and never a bad request taken for an empty one."""

import pytest

from tests.api.conftest import Served
from tracemill.answers import process


async def made(served: Served) -> None:
    await served.plant.receive_lot("RAW-1")
    await served.plant.tell_made("consumed", "WO-1", "RAW-1", "260")
    await served.plant.tell_made("produced", "WO-1", "FG/1", "260")


async def test_a_trace_goes_both_ways_and_says_whether_it_is_complete(served: Served) -> None:
    await made(served)
    forward = await served.get("/v1/lots/RAW-1/trace")
    assert [n["number"] for n in forward["lots"]] == ["RAW-1", "FG/1"]
    assert forward["complete"] is True
    back = await served.get("/v1/lots/FG%2F1/trace?direction=back")
    assert [n["number"] for n in back["lots"]] == ["FG/1", "RAW-1"]


async def test_what_was_known_at_a_position_is_told_apart_from_what_is_known_now(served: Served) -> None:
    await made(served)
    before = (await served.get("/v1/lots/RAW-1/trace"))["position"]
    await served.plant.tell_made("produced", "WO-1", "FG-2", "1")
    assert (await served.get("/v1/lots/RAW-1/trace"))["found_lots"] == 2
    assert (await served.get(f"/v1/lots/RAW-1/trace?known_at={before}"))["found_lots"] == 1


async def test_a_trace_tells_the_way_to_a_lot_and_the_share_in_it(served: Served) -> None:
    await made(served)
    view = await served.get("/v1/lots/RAW-1/trace?to=FG%2F1&shares=true")
    assert [x["lot"] for x in view["way"]] == ["RAW-1", "FG/1"]
    assert view["lots"][1]["share"] == {"at_most": "260", "proportion": 1.0}
    assert (await served.ask("GET", "/v1/lots/RAW-1/trace?to=NO-SUCH"))[0] == 404


async def test_wrong_questions_are_refused_with_what_to_do(served: Served) -> None:
    await made(served)
    status, problem, _ = await served.ask("GET", "/v1/lots/RAW-1/trace?as_of=2026-11-23T09:00:00")
    assert (status, "offset" in problem["detail"]) == (422, True)
    assert (await served.ask("GET", "/v1/lots/RAW-1/trace?direction=up"))[0] == 422
    assert (await served.ask("GET", "/v1/lots/NO-SUCH/trace"))[0] == 404
    stranger = await served.account("messages:read")
    assert (await served.ask("GET", "/v1/lots/RAW-1/trace", token=stranger))[0] == 403


async def test_a_search_for_conditions_is_never_cut_short(served: Served, monkeypatch: pytest.MonkeyPatch) -> None:
    await made(served)
    summaries = [{"parameter": p, "mean": "1"} for p in ("temperature", "pressure")]
    told = {"lot": {"id": "FG/1"}, "work": {"order": "WO-1"}, "summaries": summaries}
    await served.plant.push("mes", "process.recorded.v1", told)
    monkeypatch.setattr(process, "MOST", 1)
    status, problem, _ = await served.ask("GET", "/v1/process")
    assert (status, problem["next"]) == (422, "name a machine and a parameter")
    assert len(await served.get("/v1/process?parameter=pressure")) == 1


async def test_what_was_made_on_a_machine_beyond_its_limits_is_found_with_its_lot(served: Served) -> None:
    await made(served)
    work = {"order": "WO-1", "machine": "FURNACE-3"}
    summary = {"parameter": "temperature", "unit": "CEL", "high": "850", "maximum": "861.5"}
    await served.plant.push("mes", "process.recorded.v1", {"lot": {"id": "FG/1"}, "work": work, "summaries": [summary]})
    found = await served.get("/v1/process?machine=FURNACE-3&above=850&beyond=true")
    assert [(s["number"], s["beyond"]) for s in found] == [("FG/1", "861.5 above 850")]
    assert [s["parameter"] for s in await served.get("/v1/lots/FG%2F1/process")] == ["temperature"]
    assert (await served.ask("GET", "/v1/process?since=2026-11-23T09:00:00"))[0] == 422
