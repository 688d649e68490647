"""Handling units over HTTP, at the terminal and on the page of a lot."""

from urllib.parse import quote

import pytest

from tests.api.conftest import Served
from tests.api.test_recalls import Output, run
from tests.scenarios.test_handling_unit import PALLET, SSCC, URN, pack


async def test_a_unit_is_found_however_its_number_is_written_with_its_lots_and_its_place(served: Served) -> None:
    await served.plant.receive_lot()
    await served.plant.receive_lot("L-2")
    await pack(served.plant, "L-1", "100", place="R-01-02", parent=PALLET)
    await pack(served.plant, "L-2", "20")
    for written in (SSCC, f"(00){SSCC}", f"00{SSCC}", f"https://id.gs1.org/00/{SSCC}", URN):
        found = await served.get(f"/v1/units/{quote(written, safe='')}")
        assert (found["unit"], found["disputed"]) == (SSCC, False)
        assert [(x["number"], x["quantity"], x["verdict"]) for x in found["lots"]] == [
            ("L-1", "100", "quarantine"),
            ("L-2", "20", "quarantine"),
        ]
        assert found["sentence"] == f"it stands at R-01-02, in handling unit {PALLET} (PLANT-DE)"
        lots = (await served.get(f"/v1/search?q={quote(written, safe='')}"))["lots"]
        assert [(x["number"], x["matched"]) for x in lots] == [(n, f"in handling unit {SSCC}") for n in ("L-1", "L-2")]
    assert (await served.ask("GET", f"/v1/units/{SSCC[:-1]}0"))[0] == 404


async def test_a_pallet_shows_what_is_in_the_units_that_stand_on_it(served: Served) -> None:
    await served.plant.receive_lot()
    await pack(served.plant, "L-1", "100", place="DOCK-4", parent=PALLET)
    found = await served.get(f"/v1/units/{PALLET}")
    assert (found["units"], found["sentence"]) == ([SSCC], "it stands at DOCK-4 (PLANT-DE)")
    assert [(x["number"], x["within"]) for x in found["lots"]] == [("L-1", SSCC)]
    await pack(served.plant, "L-1", "5", unit=PALLET)
    found = await served.get(f"/v1/units/{PALLET}")
    assert (found["sentence"], len(found["lots"])) == ("it stands at DOCK-4 (PLANT-DE)", 2)
    await pack(served.plant, "L-1", "10", unit=PALLET, parent=SSCC)  # told in a circle
    assert len((await served.get(f"/v1/units/{PALLET}"))["lots"]) == 2


async def test_the_lot_lists_its_units_and_the_terminal_says_what_is_disputed(
    served: Served, monkeypatch: pytest.MonkeyPatch, capsys: Output
) -> None:
    await served.plant.receive_lot()
    await pack(served.plant, "L-1", "100", place="R-01-02")
    listed = (await served.get("/v1/lots/L-1"))["units"]
    assert [(x["unit"], x["quantity"], x["place"], x["system"]) for x in listed] == [(SSCC, "100", "R-01-02", "wms")]
    assert await run(served, monkeypatch, "lot", "L-1") == 0
    assert f"handling unit {SSCC} 100 kg R-01-02 wms" in " ".join(capsys.readouterr().out.split())
    assert await run(served, monkeypatch, "unit", SSCC) == 0
    assert "it stands at R-01-02 (PLANT-DE)" in capsys.readouterr().out
    await pack(served.plant, "L-1", "100", system="mes", place="LINE-3")
    assert await run(served, monkeypatch, "unit", SSCC) == 2
    assert "is in different places at once" in " ".join(capsys.readouterr().out.split())


async def test_as_it_was_before_a_unit_was_filled_the_lot_has_none(served: Served) -> None:
    await served.plant.receive_lot()
    before = served.plant.clock().isoformat()
    await pack(served.plant, "L-1", "100")
    assert (await served.get(f"/v1/lots/L-1?as_of={quote(before)}"))["units"] == []
