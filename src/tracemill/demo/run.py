"""The demo: starts a plant and a hub on loopback, plays the story, and leaves both running for a look around."""

import asyncio
import json
import shutil
import signal
import sys
import tempfile
from collections.abc import Callable, Mapping
from contextlib import AbstractAsyncContextManager
from pathlib import Path

from rich.console import Console
from rich.table import Table

from tracemill.demo.claims import Claim, Scene
from tracemill.demo.processes import DidNotStart, free_port
from tracemill.demo.stage import Progress, Stage, demo_plant
from tracemill.demo.tryton import NotInstallable, NotStarted
from tracemill.demo.tryton.stage import tryton_plant

Show = Callable[[Scene], None]
PLANTS: Mapping[str, Callable[[Path, int, Progress], AbstractAsyncContextManager[Stage]]] = {
    "demo": demo_plant,
    "tryton": tryton_plant,
}


class NotPlayed(RuntimeError):
    """A story that cannot be played, and what to do."""

    def __init__(self, text: str, next_command: str) -> None:
        super().__init__(text)
        self.next_command = next_command


def demo(*, check: bool, as_json: bool = False, folder: Path | None = None, port: int = 8420, erp: str = "demo") -> int:
    """Run the demo; return the exit code: 0 only if every claim was read back as expected. Raises NotPlayed."""
    if folder is not None and folder.exists() and any(folder.iterdir()):
        raise NotPlayed(f"{folder} is not empty, and a story is played once", "tracemill demo --folder NEW_FOLDER")
    show = show_json if check or as_json else Teller().show
    base = folder or Path(tempfile.mkdtemp(prefix="tracemill-demo-"))
    try:
        opened = PLANTS[erp](base, free_port() if check else port, _progress)
        return asyncio.run(_tell(opened, show, check=check))
    except (DidNotStart, NotInstallable, NotStarted) as error:
        raise NotPlayed(str(error), f"look at {base}" if folder else "tracemill demo --folder NEW_FOLDER") from None
    except (KeyboardInterrupt, asyncio.CancelledError):
        return 1 if check else 0  # what was not read back is not proven
    finally:
        if folder is None:
            shutil.rmtree(base, ignore_errors=True)


def _progress(text: str) -> None:
    print(f"… {text}", file=sys.stderr, flush=True)


async def _tell(opened: AbstractAsyncContextManager[Stage], show: Show, *, check: bool) -> int:
    failed, playing = 0, asyncio.current_task()
    if playing is not None:  # the plant and the hub end with us, also where a shell in the background has us ignore Ctrl-C
        for stop in (signal.SIGTERM, signal.SIGINT):
            asyncio.get_running_loop().add_signal_handler(stop, playing.cancel)
    async with opened as stage:
        async for scene in stage.scenes:
            show(scene)
            failed += not scene.holds
        if not check:
            await _look_around(stage)
    return 1 if failed else 0


async def _look_around(stage: Stage) -> None:
    """Print where to look, and wait until the reader has seen enough."""
    link = await stage.hub.console_link()
    out = Console()
    out.print(f"\n[bold]Pages[/]     {link}   (opens once)", soft_wrap=True)
    out.print(f"[bold]API docs[/]  {stage.hub.url}/docs")
    out.print(f"[bold]CLI[/]       {Path(sys.argv[0])} lot {stage.lot} --project {stage.hub.folder}", soft_wrap=True)
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
        rows = Table.grid(padding=(0, 1))
        for claim in scene.claims:
            rows.add_row(
                "  ", "[green]✓[/]" if claim.holds else "[red]✕[/]", claim.system, claim.says, f"[dim]{_known(claim)}[/]"
            )
            if not claim.holds:
                rows.add_row("", "", "", f"expected {claim.expected}\nread     {claim.got}")
        self._out.print(rows)


def _known(claim: Claim) -> str:
    """Say who owns a fact, how old the hub's reading of it is, and after how long it was so."""
    owner = f"owns {claim.owner}; " if claim.owner else ""
    age = f"hub: {claim.age}; " if claim.age else ""
    return f"{owner}{age}so after {claim.seconds:.1f} s"
