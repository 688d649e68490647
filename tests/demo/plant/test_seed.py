"""The history before the hub: the same each time, true except for the drift; and state that survives a restart."""

import asyncio
import json
import signal
import sys
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from datetime import UTC, datetime
from decimal import Decimal
from pathlib import Path

import aiohttp
import pytest

from tracemill.demo.plant.seed import Seed, sow
from tracemill.demo.plant.serve import APPS, Running, plant

UNTIL = datetime(2026, 11, 23, 6, 0, tzinfo=UTC)


@contextmanager
def seeded(folder: Path, seed: Seed) -> Iterator[Running]:
    """The plant's state without its servers, for looking at what was written."""
    folder.mkdir(exist_ok=True)
    apps = {name: make(folder) for name, make in APPS.items()}
    sow(seed, apps.values())
    yield Running(apps, {})
    for app in apps.values():
        app.ledger.close()


def _sums(running: Running, app: str, sql: str) -> Mapping[str, Mapping[str, Decimal]]:
    found: dict[str, dict[str, Decimal]] = {}
    for row in running.apps[app].ledger.rows(sql):
        kinds = found.setdefault(row["lot"], {})
        kinds[row["kind"]] = kinds.get(row["kind"], Decimal(0)) + Decimal(row["qty"])
    return found


def _erp(running: Running) -> Mapping[str, Mapping[str, Decimal]]:
    return _sums(running, "erp", "select replace(batch, '-', '') as lot, type as kind, qty from stock")


def _groups(running: Running) -> Mapping[str, str]:
    rows = running.qms.ledger.rows("select lot_label, state from groups")
    return {row["lot_label"].replace("-", ""): row["state"] for row in rows}


@pytest.mark.parametrize("drifted", [43, 0, 7])
def test_exactly_the_asked_number_of_lots_is_free_while_pending(tmp_path: Path, drifted: int) -> None:
    with seeded(tmp_path, Seed(drifted=drifted, until=UNTIL)) as running:
        stock, states = _erp(running), _groups(running)
        pending = {lot for lot, state in states.items() if state == "PEND"}
        assert sum(1 for lot in pending if "F" in stock[lot]) == drifted
        assert len(states) == 58


def test_all_other_lots_agree_in_all_systems(tmp_path: Path) -> None:
    with seeded(tmp_path, Seed(drifted=0, until=UNTIL)) as running:
        erp, states = _erp(running), _groups(running)
        wms = _sums(running, "wms", "select lot, status as kind, qty from stock")
        words = {"F": "AVL", "Q": "QI", "S": "HLD"}
        assert {lot: {words[kind]: qty for kind, qty in kinds.items()} for lot, kinds in erp.items()} == wms
        for row in running.mes.ledger.rows("select * from lots"):
            lot = row["id"][1:]
            left = Decimal(row["usable_qty"]) - Decimal(row["consumed_qty"])
            assert left == erp[lot].get("F", 0)
            assert (row["state"] == "FREE") == (states[lot] in ("ACC", "PART"))
        assert running.erp.ledger.journal() == []


def test_the_same_seed_writes_the_same_history(tmp_path: Path) -> None:
    written = []
    for name in ("one", "two"):
        with seeded(tmp_path / name, Seed(until=UNTIL)) as running:
            tables = (("erp", "movements"), ("qms", "groups"), ("mes", "lots"), ("wms", "stock"))
            written.append([[dict(row) for row in running.apps[app].ledger.rows(f"select * from {of}")] for app, of in tables])
    assert written[0] == written[1]


async def test_a_restart_keeps_what_was_known_and_seeds_only_once(tmp_path: Path) -> None:
    async with plant({"erp": 0}, tmp_path, Seed(until=UNTIL)) as running, aiohttp.ClientSession() as session:
        body = {"po": "4500012345", "batch": "L-2411-07", "qty": "480"}
        async with session.post(running.urls["erp"] + "/ui/goods-receipts", json=body) as answer:
            assert answer.status == 201
    async with plant({"erp": 0}, tmp_path, Seed(until=UNTIL)) as running:
        rows = running.erp.ledger.rows("select batch from receipts")
        assert len(rows) == 59
        assert len(running.erp.ledger.journal()) == 1


async def test_on_its_own_it_prints_its_ports_and_stops_when_told(tmp_path: Path) -> None:
    arguments = ("-m", "tracemill.demo.plant", "--ports", "wms=0,mes=0", "--folder", str(tmp_path), "--lots", "0")
    process = await asyncio.create_subprocess_exec(sys.executable, *arguments, stdout=asyncio.subprocess.PIPE)
    assert process.stdout is not None
    shown = json.loads(await process.stdout.readline())
    async with aiohttp.ClientSession() as session, session.get(shown["wms"]["url"] + "/health") as answer:
        assert await answer.json() == {"app": "wms", "status": "up"}
    process.send_signal(signal.SIGTERM)
    assert await process.wait() == 0
