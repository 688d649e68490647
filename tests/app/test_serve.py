"""A hub as a process: SIGTERM lets what is under way finish, and nothing is in doubt afterwards."""

import asyncio
import os
import signal
import sqlite3
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path

import aiohttp

from tracemill.demo.hub import HubProcess
from tracemill.demo.plant.serve import plant
from tracemill.demo.processes import free_port
from tracemill.demo.project import DEMO_PLANT, Project, System


@asynccontextmanager
async def hub_on(folder: Path, urls: dict[str, str]) -> AsyncIterator[HubProcess]:
    """A hub in its own process, connected to applications of the demo plant."""
    systems = {name: System(**DEMO_PLANT[name], url=url) for name, url in urls.items()}
    port = free_port()
    project = Project(folder, port, 25, systems)
    project.write(mode="act")
    async with aiohttp.ClientSession() as session:
        hub = HubProcess(folder, session, port)
        await hub.start()
        try:
            yield hub
        finally:
            hub.stop()


async def ui(url: str, path: str, body: object) -> None:
    async with aiohttp.ClientSession() as session, session.post(url + path, json=body) as answer:
        assert answer.status < 300, await answer.text()


async def journal(url: str, what: str) -> int:
    async with aiohttp.ClientSession() as session, session.get(url + "/plant/journal") as answer:
        return sum(entry["what"] == what for entry in (await answer.json())["journal"])


async def test_sigterm_waits_for_the_call_that_is_under_way(tmp_path: Path) -> None:
    async with plant(dict.fromkeys(("erp", "qms", "mes", "wms"), 0), tmp_path / "plant") as running:
        urls = dict(running.urls)
        async with hub_on(tmp_path / "project", urls) as hub:
            await ui(urls["wms"], "/ui/receipts", {
                "lot": "L241107", "erp_batch": "L-2411-07", "item": "4711", "qty": "480", "unit": "KGM", "status": "AVL",
            })  # fmt: skip
            slow = {"match": {"method": "POST", "path": "/wms/status-changes"}, "do": "delay", "seconds": 1.5}
            await ui(urls["wms"], "/plant/faults", slow)
            receipt = {"po": "4500012345", "batch": "L-2411-07", "qty": "480", "supplier_batch": "ACM/7731"}
            await ui(urls["erp"], "/ui/goods-receipts", receipt)
            for _ in range(200):
                if any(d["state"] == "sending" for d in await _deliveries(hub)):
                    break
                await asyncio.sleep(0.05)
            else:
                raise AssertionError("nothing was ever under way")
            os.kill(hub.process.pid, signal.SIGTERM)
            code = await asyncio.to_thread(hub.process.ended)
        assert code == 0
        assert await journal(urls["wms"], "status_change") == 1
    with sqlite3.connect(tmp_path / "project" / "data" / "tracemill.db") as database:
        states = dict(database.execute("select state, count(*) from delivery where system = 'wms' group by state").fetchall())
    assert set(states) <= {"delivered", "verified"}, states


async def _deliveries(hub: HubProcess) -> list[dict[str, str]]:
    try:
        return await hub.deliveries("L-2411-07", "wms")
    except KeyError:
        return []
