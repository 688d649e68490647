"""Contenders: the hub and the floor, each as a process that takes the same events and tells the same target."""

import json
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from bench.database import Glass
from bench.hub import SITE, write_project
from bench.processes import started


class Contender:
    """One running system: where it takes events, its process, its database and the target it tells."""

    def __init__(self, name: str, door: dict[str, Any], pid: int, glass: Glass, target: str) -> None:
        self.name, self.door, self.pid, self.glass, self.target = name, door, pid, glass, target


@contextmanager
def running(name: str, url: str, folder: Path, *more: str) -> Iterator[Contender]:
    """Start a target and a contender on an empty or filled database."""
    with started("bench.target") as (_, port):
        target = f"http://127.0.0.1:{port}"
        with (_hub if name == "hub" else _floor)(url, target, folder, *more) as (door, pid):
            glass = Glass(url)
            try:
                yield Contender(name, door, pid, glass, target)
            finally:
                glass.close()


@contextmanager
def _hub(url: str, target: str, folder: Path, *more: str) -> Iterator[tuple[dict[str, Any], int]]:
    project = folder / "project"
    write_project(project, url, target)
    with started("bench.hub", str(project), *more) as (process, address):
        token = json.loads((project / "data" / "run.json").read_text())["token"]
        path = f"/v1/events?system=qms&site={SITE}"
        yield {"url": address, "path": path, "headers": {"Authorization": f"Bearer {token}"}}, process.pid


@contextmanager
def _floor(url: str, target: str, folder: Path, *more: str) -> Iterator[tuple[dict[str, Any], int]]:
    with started("bench.floor", url, target) as (process, address):
        yield {"url": address, "path": "/v1/events"}, process.pid
