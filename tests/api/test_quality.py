"""Quality records and complaints over HTTP and at the terminal."""

import pytest

from tests.api.conftest import Served
from tests.api.test_recalls import Output, run
from tests.scenarios.test_quality_records import complains, shipped


async def test_a_complaint_is_found_by_its_id_with_what_the_lot_was_made_from(served: Served) -> None:
    await shipped(served.plant)
    await complains(served.plant, severity="critical")
    found = await served.get("/v1/complaints/C-2611")
    assert (found["record"]["number"], found["record"]["severity"]) == ("FG-1", "critical")
    assert [n["number"] for n in found["made_from"]] == ["RAW-1"]
    assert found["went_to"][0]["sent"]["customer"] == "Northfood"
    listed = await served.get("/v1/quality-records?kind=complaint&open=true")
    assert [(r["id"], r["lot"]) for r in listed["items"]] == [("C-2611", found["record"]["lot"])]
    assert (await served.ask("GET", "/v1/complaints/C-0"))[0] == 404


async def test_a_complaint_about_two_lots_asks_which(served: Served) -> None:
    await shipped(served.plant)
    await complains(served.plant)
    ref = {"id": "Q-RAW-1", "aliases": [{"system": "erp", "id": "RAW-1"}]}
    await served.plant.push("erp", "complaint.received.v1", {"lot": ref, "complaint": "C-2611"})
    status, body, _ = await served.ask("GET", "/v1/complaints/C-2611")
    assert (status, {x["number"] for x in body["lots"]}) == (409, {"FG-1", "RAW-1"})
    assert (await served.get("/v1/complaints/C-2611?lot=RAW-1"))["record"]["number"] == "RAW-1"


async def test_complaints_at_the_terminal(served: Served, monkeypatch: pytest.MonkeyPatch, capsys: Output) -> None:
    await shipped(served.plant)
    await complains(served.plant, severity="critical", text="two jars")
    assert await run(served, monkeypatch, "quality", "--open") == 0
    said = " ".join(capsys.readouterr().out.split())
    assert "complaint C-2611 FG-1 glass" in said
    assert "showing 2 of 2" in said  # with the nonconformance that the hub opened for it
    await run(served, monkeypatch, "complaint", "C-2611")
    said = " ".join(capsys.readouterr().out.split())
    assert "Northfood: glass: two jars" in said
    assert "Made from RAW-1" in said
    assert "FG-1 80 shipped on DLV-1 Northfood" in said
    assert await run(served, monkeypatch, "lot", "FG-1") == 0
    assert "complaint C-2611 erp open" in " ".join(capsys.readouterr().out.split())
