"""The stage with a real ERP: Tryton 8.2 as ERP and WMS, the demo plant's laboratory as QMS, and the hub between them."""

import asyncio
from collections.abc import AsyncIterator, Callable
from contextlib import AsyncExitStack, asynccontextmanager
from pathlib import Path

import aiohttp

from tracemill.demo import people
from tracemill.demo.claims import Scene
from tracemill.demo.detour import Detour
from tracemill.demo.hub import HubProcess
from tracemill.demo.mailbox import Mailbox
from tracemill.demo.processes import free_port
from tracemill.demo.project import DEMO_PLANT, Project, System
from tracemill.demo.stage import Stage, apps
from tracemill.demo.tryton.books import Books
from tracemill.demo.tryton.install import Progress, install
from tracemill.demo.tryton.plant import People
from tracemill.demo.tryton.seed import Plant, seed
from tracemill.demo.tryton.server import Server, start
from tracemill.demo.tryton.story import BATCH, Story

AUTHORITY = """\
# Tryton owns stock and places; the laboratory owns quality.
rules:
  - {facet: quality, owner: qms}
  - {facet: stock, owner: erp}
  - {facet: place, owner: erp}
  - {facet: movement, owner: erp}
"""
# This plant's people put goods away to STO: the hub takes them into quarantine.
RECEIPT = "receipt: hub_quarantines\n"


@asynccontextmanager
async def tryton_plant(folder: Path, port: int, progress: Progress) -> AsyncIterator[Stage]:
    """A real Tryton and the demo plant's laboratory."""
    async with AsyncExitStack() as stack:
        session = await stack.enter_async_context(aiohttp.ClientSession())
        mailbox = stack.enter_context(Mailbox(free_port()))
        server = await asyncio.to_thread(_tryton, folder, progress)
        stack.callback(server.stop)
        progress("seeding company, people, places and a purchase order")
        plant = await asyncio.to_thread(seed, server)
        detour = await stack.enter_async_context(Detour(server.base_url))
        urls = await apps(stack, folder, "--lots", "0", "--ports", "qms=0")
        systems = {"erp": _erp(plant, detour), "qms": System(**DEMO_PLANT["qms"], url=urls["qms"])}
        project = Project(folder / "project", port, mailbox.port, systems, AUTHORITY)
        project.write(mode="act")
        hub = HubProcess(project.folder, session, port)
        stack.callback(hub.stop)
        progress("starting the hub")
        await hub.start()
        story = Story(People(plant), Books(plant.hub()), people.Plant(session, urls), hub, detour)
        yield Stage(hub, _played(story.scenes), BATCH)


def _tryton(folder: Path, progress: Progress) -> Server:
    return start(install(progress=progress), (folder / "tryton").resolve(), progress=progress)


def _erp(plant: Plant, detour: Detour) -> System:
    url = f"{detour.url}/{plant.database}"
    return System("Tryton 8.2: stock, places, purchase orders", "tryton", "hub", url, {"token": plant.hub_key}, more=RECEIPT)


async def _played(scenes: Callable[[], AsyncIterator[Scene]]) -> AsyncIterator[Scene]:
    async for scene in scenes():
        yield scene
