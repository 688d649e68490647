"""The dossier: what a lot was made from and how, what quality decided and who signed, and what is missing."""

import pytest

from tests.api.conftest import Served
from tests.api.test_recalls import Output, run


async def made(served: Served) -> None:
    plant = served.plant
    await plant.receive_lot("RAW-1")
    await plant.tell_made("consumed", "WO-1", "RAW-1", "260", machine="T-12")
    await plant.tell_made("produced", "WO-1", "FG-1", "260", machine="T-12")
    summary = {"parameter": "temperature", "unit": "CEL", "low": "20", "high": "60", "minimum": "21", "maximum": "61.5"}
    told = {"lot": {"id": "FG-1"}, "work": {"order": "WO-1"}, "summaries": [summary]}
    await plant.push("mes", "process.recorded.v1", told)
    await plant.decide("FG-1", ("ACC", None))


async def test_a_dossier_has_orders_conditions_deviations_and_says_whether_it_is_complete(served: Served) -> None:
    await made(served)
    found = await served.get("/v1/lots/FG-1/dossier")
    assert [(w["order"], w["machine"]) for w in found["works"]] == [("WO-1", "T-12")]
    assert [n["number"] for n in found["made_from"]] == ["RAW-1"]
    assert found["deviations"][0] == "temperature 61.5 above 60 CEL in WO-1"
    assert found["complete"] is True
    assert (await served.ask("GET", "/v1/lots/NO-SUCH/dossier"))[0] == 404


async def test_a_dossier_at_the_terminal_ends_with_2_where_something_is_missing(
    served: Served, monkeypatch: pytest.MonkeyPatch, capsys: Output
) -> None:
    await made(served)
    assert await run(served, monkeypatch, "dossier", "FG-1") == 0
    said = " ".join(capsys.readouterr().out.split())
    assert "Dossier of FG-1" in said
    assert "temperature 21 … 61.5 CEL (limits 20 … 60) 61.5 above 60" in said
    assert "→ RAW-1 260 kg scanned" in said
    await served.plant.tell_made("produced", "WO-7", "FG-7", "10")
    assert await run(served, monkeypatch, "dossier", "FG-7") == 2
    assert "INCOMPLETE" in capsys.readouterr().out
