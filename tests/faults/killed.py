"""A hub in a process of its own that kills itself with SIGKILL at the n-th time it reaches a step."""

from __future__ import annotations

import asyncio
import os
import signal
import sys
import time
from pathlib import Path

from tracemill.app.build import build_hub
from tracemill.app.config import load_project
from tracemill.hub import recall
from tracemill.hub.commands import By
from tracemill.hub.hub import Hub
from tracemill.hub.steps import Step
from tracemill.model.recall import Origin
from tracemill.model.status import OriginKind
from tracemill.store import recalls
from tracemill.store.engine import AlreadyRunning


class Killer:
    """kill -9 from inside: no goodbye, no flush, no finally."""

    def __init__(self, step: Step, nth: int) -> None:
        self._step, self._left = step, nth

    def __call__(self, step: Step) -> None:
        if step is self._step:
            self._left -= 1
            if self._left == 0:
                os.kill(os.getpid(), signal.SIGKILL)


def run(folder: Path, step: Step, nth: int) -> None:
    """Run the hub of a project until it kills itself or is killed; 0 never dies by itself."""
    sys.stderr = sys.stdout = (folder / "hub.log").open("a", buffering=1)
    asyncio.run(_run(folder, Killer(step, nth)))


async def _run(folder: Path, killer: Killer) -> None:
    project, reader = load_project(folder)
    assert project is not None, reader.findings
    hub = None
    for _ in range(100):
        try:
            hub = build_hub(project, reader, reach=killer)
            break
        except AlreadyRunning:  # the server has not noticed yet that the last one died
            time.sleep(0.05)
    assert isinstance(hub, Hub)
    await hub.start()
    asked = asyncio.ensure_future(_recalled(hub, folder / "recall"))
    await hub.runtime.stopping.wait()
    asked.cancel()
    raise SystemExit(repr(hub.runtime.failure))


async def _recalled(hub: Hub, wish: Path) -> None:
    """Recall the lot that the test names in a file; a person who was cut off by a kill asks again."""
    while not wish.exists():
        await asyncio.sleep(0.02)
    origin, ann = Origin(kind=OriginKind.LOT, lot=wish.read_text()), By(name="Ann")
    if not await hub.runtime.store.read(recalls.every):
        await recall.start(hub.runtime, origin, "glass found", ann)
    await recall.hold(hub.runtime, "RC-1", "contain it", ann)
