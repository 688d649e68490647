"""A recall over the API and the command line, to the checked package, on both databases."""

import asyncio
from pathlib import Path
from typing import Any

import pytest

from tests.api.conftest import Served
from tests.scenarios.test_recall import made_and_shipped
from tracemill.cli.main import outcome

START = {"supplier_batch": "ACM/7731", "reason": "glass found"}
Output = pytest.CaptureFixture[str]


async def run(served: Served, monkeypatch: pytest.MonkeyPatch, *arguments: str) -> int:
    """Run a command line against the served hub, as a shell would."""
    monkeypatch.setenv("TRACEMILL_URL", served.url)
    monkeypatch.setenv("TRACEMILL_TOKEN", served.token)
    return await asyncio.to_thread(outcome, list(arguments))


async def test_start_hold_and_status_over_the_api(served: Served) -> None:
    await made_and_shipped(served.plant)
    status, made, _ = await served.ask("POST", "/v1/recalls", json=START)
    assert status == 201
    assert made["recall"]["id"] == "RC-1"
    assert {x["number"] for x in made["lots"]} == {"RAW-1", "RAW-2", "FG-1", "FG-2"}
    status, _, _ = await served.ask("POST", "/v1/recalls/RC-1/hold", json={"reason": "contain it"})
    assert status == 200
    await served.plant.settle()
    view = await served.get("/v1/recalls/RC-1")
    assert view["contained"]
    assert view["totals"]["KGM"]["escaped"] == "0"
    assert [r["id"] for r in await served.get("/v1/recalls")] == ["RC-1"]
    status, _, _ = await served.ask("POST", "/v1/recalls/RC-1/close", json={"reason": "all back"})
    assert status == 200
    status, problem, _ = await served.ask("POST", "/v1/recalls/RC-1/hold", json={"reason": "again"})
    assert (status, "RC-1 is closed" in problem["detail"]) == (409, True)


@pytest.mark.parametrize(
    ("body", "status"),
    [
        ({"reason": "x"}, 422),
        ({**START, "lot": "RAW-1"}, 422),
        ({"machine": "F3", "reason": "x"}, 422),
        ({"supplier_batch": "ACM/7731", "reason": ""}, 422),
        ({"supplier_batch": "NOBODY/1", "reason": "x"}, 404),
        ({"lot": "NOBODY-1", "reason": "x"}, 404),
    ],
    ids=["no origin", "two origins", "machine without time", "no reason", "unknown batch", "unknown lot"],
)
async def test_what_names_nothing_is_refused(served: Served, body: dict[str, Any], status: int) -> None:
    assert (await served.ask("POST", "/v1/recalls", json=body))[0] == status


async def test_a_recall_needs_its_scopes_and_all_of_its_sites(served: Served) -> None:
    await made_and_shipped(served.plant)
    await served.ask("POST", "/v1/recalls", json=START)
    reads, elsewhere = await served.account("recalls:read"), await served.account("recalls:read", sites=("PLANT-PL",))
    assert (await served.ask("GET", "/v1/recalls/RC-1", token=reads))[0] == 200
    assert (await served.ask("POST", "/v1/recalls/RC-1/hold", token=reads, json={"reason": "x"}))[0] == 403
    assert (await served.ask("GET", "/v1/recalls/RC-1", token=elsewhere))[0] == 403
    assert (await served.get("/v1/recalls", token=elsewhere)) == []


async def test_from_start_to_a_checked_package_on_the_command_line(
    served: Served, monkeypatch: pytest.MonkeyPatch, tmp_path: Path, capsys: Output
) -> None:
    await made_and_shipped(served.plant)

    async def cli(*arguments: str) -> tuple[int, str]:
        code = await run(served, monkeypatch, *arguments)
        return code, capsys.readouterr().out

    code, said = await cli("recall", "start", "--supplier-batch", "ACM/7731", "--reason", "glass found")
    assert (code, "RC-1: supplier batch ACM/7731 reaches 4 lots, nothing held yet" in said) == (0, True), said
    assert (await cli("recall", "hold", "RC-1", "--reason", "contain it"))[0] == 2
    await served.plant.settle()
    code, said = await cli("recall", "status", "RC-1")
    assert "860 held + 260 consumed + 100 shipped + 0 escaped = 1220 requested kg" in said
    assert "shipped 100 kg to Northfood: DLV-1" in said
    code, said = await cli("recall", "scope", "RC-1")
    assert "FG-2" in said
    file = tmp_path / "RC-1.zip"
    assert (await cli("recall", "package", "RC-1", "--to", str(file)))[0] == 0
    monkeypatch.delenv("TRACEMILL_URL")
    monkeypatch.chdir(tmp_path)
    assert _verified(file, capsys) == (0, True)
    whole = file.read_bytes()
    place = whole.index(b"lots.csv") + 60
    file.write_bytes(whole[:place] + bytes([whole[place] ^ 1]) + whole[place + 1 :])
    code, named = _verified(file, capsys, "lots.csv")
    assert (code, named) == (1, True)
    actions = [e["action"] for e in await served.get("/v1/audit?site=PLANT-DE&limit=1000")]
    assert [a for a in actions if a.startswith("recall.")] == [
        "recall.opened", "recall.hold_asked", "recall.held", "recall.verified", "recall.packaged",
    ]  # fmt: skip


async def test_a_drill_recalls_drawn_lots_as_a_mock_and_fails_where_one_is_late_or_incomplete(
    served: Served, monkeypatch: pytest.MonkeyPatch, capsys: Output
) -> None:
    await made_and_shipped(served.plant)
    assert await run(served, monkeypatch, "drill", "--lots", "9", "--seed", "7") == 0
    assert "drill passed: 4 of 4 lots, seed 7" in capsys.readouterr().out
    assert await run(served, monkeypatch, "drill", "--lots", "1", "--target", "0.001") == 2
    assert "late" in capsys.readouterr().out
    await served.plant.tell_made("produced", "WO-99", "ODD-1", "10")
    assert await run(served, monkeypatch, "drill", "--lots", "9", "--seed", "7") == 2
    assert "nobody told what went in" in capsys.readouterr().out
    recalls = await served.get("/v1/recalls")
    assert all(r["mock"] and r.get("closed_at") for r in recalls)
    assert [e for e in served.plant.erp.effects if "RC-" in str(e)] == []


def _verified(file: Path, capsys: Output, said: str = "intact") -> tuple[int, bool]:
    code = outcome(["verify", str(file)])
    return code, said in capsys.readouterr().out


async def test_an_exclusion_without_a_reason_is_refused(served: Served, monkeypatch: pytest.MonkeyPatch, capsys: Output) -> None:
    assert await run(served, monkeypatch, "recall", "scope", "RC-1", "--exclude", "RAW-2") == 1
    assert "needs a reason" in capsys.readouterr().err


async def test_serials_and_a_value_start_a_recall_on_the_command_line(
    served: Served, monkeypatch: pytest.MonkeyPatch, capsys: Output
) -> None:
    await made_and_shipped(served.plant)
    assert await run(served, monkeypatch, "recall", "start", "--serials", "RAW-1", "--to", "RAW-3", "--reason", "x") == 2
    said = capsys.readouterr().out
    assert "RC-1: serials RAW-1 to RAW-3 reaches 4 lots" in said
    assert "1 serial of the range of which nothing is known  RAW-3" in said
    assert await run(served, monkeypatch, "recall", "start", "--serials", "RAW-9", "--to", "RAW-10", "--reason", "x") == 1
    assert "number of digits" in capsys.readouterr().err
    window = ("--since", "2026-11-23T08:00:00+00:00", "--until", "2026-11-23T20:00:00+00:00")
    value = ("recall", "start", "--machine", "NONE", *window, "--above", "850", "--reason", "too hot")
    assert await run(served, monkeypatch, *value) == 1
    assert "nothing is known of machine NONE" in capsys.readouterr().err
