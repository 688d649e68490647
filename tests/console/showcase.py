"""A plant worth looking at: a partial release with damage, a rejection, a decision nobody can read, and a system only observed.

`python -m tests.console.showcase` serves it, opened by a link that it prints, until it is interrupted; with a folder,
it takes pictures of its pages instead (`python -m tests.console.showcase docs/images`; needs chromium).
"""

import asyncio
import sys
import tempfile
from asyncio.subprocess import DEVNULL
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path

import uvicorn

from tests.scenarios.plant import Plant
from tracemill.api.application import create_app
from tracemill.api.security import Security
from tracemill.console import pages
from tracemill.hub.accounts import Accounts
from tracemill.model.status import Mode

HOSTILE = '<script>alert("1")</script>'
FACE = "L-😀-ß"
LONG = "L" * 200
THEMES = {"light": 1, "dark": 0}
PICTURES = {"start": ("/", 1000), "lot": ("/lots/L-2411-07", 1500), "messages": ("/messages", 900)}


async def live(plant: Plant) -> None:
    """Let two days pass at the plant."""
    await plant.receive_lot("L-2411-05", "120", supplier_batch="ACM/7702", po="4500012331")
    await plant.settle()
    await plant.decide("L-2411-05", ("ACC", None), inspection="SG-24-0111")
    await plant.settle()
    plant.clock.forward(20 * 3600)
    await plant.receive_lot("L-2411-06", "300", supplier_batch="NF-88", po="4500012340")
    await plant.settle()
    await plant.decide("L-2411-06", ("REJ", None), inspection="SG-24-0115")
    await plant.settle()
    plant.clock.forward(2 * 3600)
    await plant.receive_lot("L-2411-07", "480")
    plant.clock.forward(1.9)
    await plant.settle()
    plant.clock.forward(600)
    await plant.decide("L-2411-07", ("ACC", "383"), ("REJ", "97"), inspection="SG-24-0118")
    await plant.settle()
    plant.wms.block("L-2411-07", "20")
    await plant.observe("wms", "L-2411-07")
    await plant.settle()
    await plant.receive_lot("L-2411-08", "250", supplier_batch="ACM/7740", po="4500012347")
    await plant.settle()
    await unread(plant)
    await disagree(plant)
    plant.clock.forward(90)


async def unread(plant: Plant) -> None:
    """Quality says things with a code that nobody has mapped; a receipt comes in a unit that nobody knows."""
    await plant.decide("L-2411-08", ("QX", "250"), inspection="SG-24-0119")
    plant.clock.forward(240)
    await plant.decide("L-2411-05", ("QX", "120"), rev="2", inspection="SG-24-0111")
    receipt = {"batch": "L-2411-09", "item": "4711", "qty": "1,5", "uom": "FASS", "doc": "R9", "po": "4500012350",
               "at": plant.clock().isoformat(), "supplier": "ACME"}  # fmt: skip
    await plant.tell("erp", "receipts", "L-2411-09-1", receipt)
    await plant.settle()


async def disagree(plant: Plant) -> None:
    """Warehouse people free what quality has rejected; ERP is locked while it is told."""
    plant.wms.move("L-2411-06", "blocked", "available", plant.wms.stock["L-2411-06"]["blocked"], "by hand")
    plant.wms.faults = ["locked"] * 3
    plant.clock.forward(60)
    await plant.observe("wms", "L-2411-06")
    await plant.settle(rounds=1)


async def odd_numbers(plant: Plant) -> None:
    """Lots that are called what somebody might call them to break a page."""
    for number in (HOSTILE, FACE, LONG, "A/7", "..", "a.json"):
        await plant.receive_lot(number, "10", po=HOSTILE)
    await plant.settle(rounds=5)


@asynccontextmanager
async def plant_at(folder: Path, mode: Mode = Mode.ACT) -> AsyncIterator[Plant]:
    plant = Plant(f"sqlite:///{folder / 'showcase.db'}", mode=mode)
    plant.start()
    try:
        yield plant
    finally:
        plant.stop()


@asynccontextmanager
async def shown(folder: Path, mode: Mode = Mode.ACT) -> AsyncIterator[tuple[Plant, Security, str]]:
    """Serve the pages of a plant on a free port; give the plant, who opens them, and their address."""
    async with plant_at(folder, mode) as plant:
        assert plant.hub
        accounts = Accounts(plant.hub.runtime)
        await accounts.load()
        security = Security(folder, accounts, plant.clock)
        app = create_app(plant.hub, security)
        pages.install(app, plant.hub, security, "Europe/Berlin")
        server = uvicorn.Server(uvicorn.Config(app, host="127.0.0.1", port=0, log_level="warning"))
        socket = server.config.bind_socket()
        serving = asyncio.create_task(server.serve([socket]))
        try:
            yield plant, security, f"http://127.0.0.1:{socket.getsockname()[1]}"
        finally:
            server.should_exit = True
            await serving


async def photograph(address: str, token: str, folder: Path, profile: Path) -> None:
    """Open the pages in a real browser, and take a picture of each in light and dark, wide and narrow."""
    await browse(profile, "--dump-dom", f"{address}/open?token={token}")
    for name, (path, height) in PICTURES.items():
        for theme, scheme in THEMES.items():
            picture, setting = f"--screenshot={folder / f'{name}-{theme}.png'}", f"--blink-settings=preferredColorScheme={scheme}"
            await browse(profile, picture, setting, f"--window-size=1280,{height}", address + path)
        await browse(profile, f"--screenshot={folder / f'{name}-narrow.png'}", "--window-size=600,2400", address + path)


async def browse(profile: Path, *arguments: str) -> None:
    command = ("--headless", "--no-sandbox", "--disable-gpu", "--hide-scrollbars", f"--user-data-dir={profile}", *arguments)
    process = await asyncio.create_subprocess_exec("chromium", *command, stdout=DEVNULL, stderr=DEVNULL)
    await asyncio.wait_for(process.wait(), 60)


async def main(folder: Path | None) -> None:
    with tempfile.TemporaryDirectory() as kept, tempfile.TemporaryDirectory() as profile:
        async with shown(Path(kept)) as (plant, security, address):
            await live(plant)
            token = security.new_link()
            if folder is not None:
                folder.mkdir(parents=True, exist_ok=True)
                return await photograph(address, token, folder, Path(profile))
            print(f"{address}/open?token={token}", flush=True)
            await asyncio.Event().wait()


if __name__ == "__main__":
    asyncio.run(main(Path(sys.argv[1]) if len(sys.argv) > 1 else None))
