"""The demo: starts a plant and a hub on loopback, plays the story, and leaves both running for a look around."""

import asyncio
import json
import shutil
import sys
import tempfile
from collections.abc import AsyncIterator, Callable
from contextlib import AbstractAsyncContextManager, AsyncExitStack, asynccontextmanager
from pathlib import Path

import aiohttp
from rich.console import Console

from tracemill.demo.claims import Scene
from tracemill.demo.hub import HubProcess
from tracemill.demo.mailbox import Mailbox
from tracemill.demo.observe import DRIFTED, acted, watched
from tracemill.demo.people import Plant
from tracemill.demo.processes import DidNotStart, Process, free_port
from tracemill.demo.project import SYSTEMS, write_project
from tracemill.demo.story import Story

LOTS = 58
Show = Callable[[Scene], None]


class Running:
    """A demo plant and its hub."""

    def __init__(self, hub: HubProcess, plant: Plant, mailbox: Mailbox, folder: Path) -> None:
        self.hub, self.plant, self.mailbox, self.folder = hub, plant, mailbox, folder

    async def quarantined(self) -> int:
        """Count in ERP's own journal the lots that were taken from free to inspection."""
        async with aiohttp.ClientSession() as session, session.get(self.plant.urls["erp"] + "/plant/journal") as answer:
            journal = (await answer.json())["journal"]
        return len({e["subject"] for e in journal if e["detail"] == "F>Q"})


Opened = AbstractAsyncContextManager[Running]
Scenes = Callable[[Running], AsyncIterator[Scene]]


@asynccontextmanager
async def running(folder: Path, port: int) -> AsyncIterator[Running]:
    """Start plant, mailbox and hub; stop them at the end."""
    async with AsyncExitStack() as stack:
        session = await stack.enter_async_context(aiohttp.ClientSession())
        mailbox = stack.enter_context(Mailbox(free_port()))
        state = folder / "plant"
        state.mkdir(parents=True, exist_ok=True)
        arguments = ["tracemill.demo.plant", "--folder", str(state), "--lots", str(LOTS), "--drifted", str(DRIFTED)]
        process = Process("the plant", arguments, folder / "plant.log").start()
        stack.callback(process.stop)
        urls = {name: found["url"] for name, found in (await process.first_json()).items()}
        project = folder / "project"
        write_project(project, urls, hub_port=port, mail_port=mailbox.port, modes=dict.fromkeys((*SYSTEMS, "mail"), "observe"))
        hub = HubProcess(project, session, port)
        stack.callback(hub.stop)
        await hub.start()
        yield Running(hub, Plant(session, urls), mailbox, project)


async def play(demo: Running) -> AsyncIterator[Scene]:
    """Play the whole story, from watching to the crash."""
    yield await watched(demo.hub)
    demo.hub.stop()
    write_project(demo.folder, demo.plant.urls, hub_port=port_of(demo.hub), mail_port=demo.mailbox.port)
    await demo.hub.start()
    yield await acted(demo.hub, demo.quarantined)
    async for scene in Story(demo.plant, demo.hub, demo.mailbox, demo.hub.start).scenes():
        yield scene


def port_of(hub: HubProcess) -> int:
    return int(hub.url.rsplit(":", 1)[1])


def demo(*, check: bool, as_json: bool = False, folder: Path | None = None, port: int = 8420) -> int:
    """Run the demo; return the exit code: 0 only if every claim was read back as expected."""
    show = show_json if check or as_json else Teller().show
    base = folder or Path(tempfile.mkdtemp(prefix="tracemill-demo-"))
    try:
        return asyncio.run(_tell(running(base, free_port() if check else port), play, show, check=check))
    except DidNotStart as error:
        print(f"error: {error}\nnext: look at {base}", file=sys.stderr)
        return 1
    except KeyboardInterrupt:
        return 0
    finally:
        if folder is None:
            shutil.rmtree(base, ignore_errors=True)


async def _tell(opened: Opened, scenes: Scenes, show: Show, *, check: bool) -> int:
    failed = 0
    async with opened as demo:
        async for scene in scenes(demo):
            show(scene)
            failed += not scene.holds
        if not check:
            await _look_around(demo)
    return 1 if failed else 0


async def _look_around(demo: Running) -> None:
    """Print where to look, and wait until the reader has seen enough."""
    link = await demo.hub.console_link()
    out = Console()
    out.print(f"\n[bold]Pages[/]     {link}   (opens once)")
    out.print(f"[bold]API docs[/]  {demo.hub.url}/docs")
    out.print(f"[bold]CLI[/]       tracemill --project {demo.folder} lot L-2411-07")
    out.print("\nCtrl-C stops the plant and the hub.")
    await asyncio.Event().wait()


def show_json(scene: Scene) -> None:
    """Print a scene as one JSON object on one line."""
    print(json.dumps(scene.plain(), ensure_ascii=False, default=str), flush=True)


class Teller:
    """Tells the story to a person at a terminal."""

    def __init__(self) -> None:
        self._out = Console(highlight=False)
        self._n = 0

    def show(self, scene: Scene) -> None:
        self._n += 1
        self._out.print(f"\n[bold]{self._n}. {scene.title}[/]")
        for claim in scene.claims:
            mark = "[green]✓[/]" if claim.holds else "[red]✕[/]"
            owner = f" [dim]owns {claim.owner}[/]" if claim.owner else ""
            self._out.print(f"   {mark} {claim.system:<4} {claim.says}{owner} [dim]read after {claim.seconds:.1f} s[/]")
            if not claim.holds:
                self._out.print(f"        expected {claim.expected}\n        read     {claim.got}")
