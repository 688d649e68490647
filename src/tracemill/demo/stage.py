"""The stage: a plant and its hub, running on loopback, with the story that is played on them."""

import asyncio
from collections.abc import AsyncIterator, Callable
from contextlib import AsyncExitStack, asynccontextmanager
from dataclasses import dataclass
from pathlib import Path

import aiohttp

from tracemill.demo.claims import Scene
from tracemill.demo.elsewhere import Elsewhere
from tracemill.demo.hub import HubProcess
from tracemill.demo.mailbox import Mailbox
from tracemill.demo.observe import DRIFTED, acted, watched
from tracemill.demo.people import Plant
from tracemill.demo.processes import Process, free_port
from tracemill.demo.production import Production
from tracemill.demo.project import (
    AUTHORITY,
    DEMO_PLANT,
    DEMO_SITES,
    SECOND_AUTHORITY,
    SECOND_PLANT,
    Project,
    System,
    second_wms_pack,
)
from tracemill.demo.recall import Recalling
from tracemill.demo.story import BATCH, Story

LOTS = 58
Progress = Callable[[str], None]


@dataclass(frozen=True)
class Stage:
    """What is running, what is played on it, and the lot to look at afterwards."""

    hub: HubProcess
    scenes: AsyncIterator[Scene]
    lot: str


async def apps(stack: AsyncExitStack, folder: Path, *arguments: str) -> dict[str, str]:
    """Start applications of the demo plant; return their addresses by name."""
    state = folder / "plant"
    state.mkdir(parents=True, exist_ok=True)
    command = ["tracemill.demo.plant", "--folder", str(state), *arguments]
    process = Process("the plant", command, folder / "plant.log").start()
    stack.callback(process.stop)
    return {name: found["url"] for name, found in (await process.first_json()).items()}


@asynccontextmanager
async def demo_plant(folder: Path, port: int, progress: Progress) -> AsyncIterator[Stage]:
    """Four small applications with two weeks of history."""
    async with AsyncExitStack() as stack:
        session = await stack.enter_async_context(aiohttp.ClientSession())
        mailbox = stack.enter_context(Mailbox(free_port()))
        progress("starting ERP, QMS, MES and WMS with two weeks of history")
        urls, second = await asyncio.gather(
            apps(stack, folder, "--lots", str(LOTS), "--drifted", str(DRIFTED)),
            apps(stack, folder / "second", "--lots", "0", "--ports", "erp=0,wms=0"),
        )
        systems = {name: System(**written, url=urls[name]) for name, written in DEMO_PLANT.items()}
        systems |= {name: System(**written, url=second[name.removesuffix("-fr")]) for name, written in SECOND_PLANT.items()}
        packs = {"demo-wms-fr": second_wms_pack()}
        authority = AUTHORITY + SECOND_AUTHORITY
        project = Project(folder / "project", port, mailbox.port, systems, authority, sites=DEMO_SITES, packs=packs)
        hub = HubProcess(project.folder, session, port)
        stack.callback(hub.stop)
        plants = Plant(session, urls), Plant(session, second)
        yield Stage(hub, _play(project, hub, *plants, mailbox, progress), BATCH)


async def _play(
    project: Project, hub: HubProcess, plant: Plant, second: Plant, mailbox: Mailbox, progress: Progress
) -> AsyncIterator[Scene]:
    """Play the whole story, from watching to the recall of what was made and sold."""
    project.write(mode="observe")
    progress("starting the hub")
    await hub.start()
    yield await watched(hub)
    await asyncio.to_thread(hub.stop)
    project.write(mode="act")
    await hub.start()
    yield await acted(hub, plant.quarantined)
    story = Story(plant, hub, mailbox)
    async for scene in story.scenes():
        yield scene
    async for scene in Production(story, Elsewhere(hub, second)).scenes():
        yield scene
    async for scene in Recalling(hub).scenes():
        yield scene
