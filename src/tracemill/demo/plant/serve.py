"""Runs applications of the plant on loopback ports, all in one process.

In a test, or a demo driver:

    async with plant({"erp": 0, "qms": 0}, tmp_path, Seed()) as running:
        running.urls["erp"]          # "http://127.0.0.1:41234"
        running.erp.ledger           # the state, for those who may look behind the interface

Port 0 takes a free one. The folder keeps each application's state file; started again on it, the plant knows what it
knew. On its own: `python -m tracemill.demo.plant --ports erp=0,qms=0 --folder plant-state --lots 58 --drifted 43`
prints one line {"erp": {"url": ..., "port": ...}, ...} and serves until SIGINT or SIGTERM; `--lots 0` begins empty.
"""

import argparse
import asyncio
import json
import signal
import socket
import tempfile
from collections.abc import AsyncIterator, Iterable, Iterator, Mapping
from contextlib import asynccontextmanager, contextmanager, suppress
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path
from typing import cast

import uvicorn
from starlette.types import Scope
from uvicorn.protocols.http.httptools_impl import HttpToolsProtocol

from .base import PlantApp
from .erp import Erp
from .mes import Mes
from .qms import Qms
from .seed import Seed, sow
from .wms import Wms

APPS: Mapping[str, type[Erp] | type[Qms] | type[Mes] | type[Wms]] = {"erp": Erp, "qms": Qms, "mes": Mes, "wms": Wms}


@dataclass(frozen=True, slots=True)
class Running:
    """The applications that run, by name, and where."""

    apps: Mapping[str, PlantApp]
    urls: Mapping[str, str]

    @property
    def erp(self) -> Erp:
        return cast(Erp, self.apps["erp"])

    @property
    def qms(self) -> Qms:
        return cast(Qms, self.apps["qms"])

    @property
    def mes(self) -> Mes:
        return cast(Mes, self.apps["mes"])

    @property
    def wms(self) -> Wms:
        return cast(Wms, self.apps["wms"])


class _Server(uvicorn.Server):
    """A server that leaves signals to its owner, and can cut a connection."""

    def __init__(self, config: uvicorn.Config) -> None:
        super().__init__(config)
        self.up = asyncio.Event()
        self._leave = asyncio.Event()

    async def startup(self, sockets: list[socket.socket] | None = None) -> None:
        await super().startup(sockets)
        self.up.set()

    async def main_loop(self) -> None:
        """Tick as uvicorn does, but leave at once when told; a test suite stops a plant often."""
        ticks = 0
        while not await self.on_tick(ticks):
            ticks += 1
            with suppress(TimeoutError):
                await asyncio.wait_for(self._leave.wait(), 0.1)

    def leave(self) -> None:
        """Stop as a power switch would: open connections are cut."""
        self.should_exit = True
        self._leave.set()
        for connection in self._connections():
            connection.transport.abort()

    @contextmanager
    def capture_signals(self) -> Iterator[None]:
        yield

    def drop(self, scope: Scope) -> None:
        """Close the connection a request came on, without another byte."""
        for connection in self._connections():
            if connection.client == tuple(scope["client"]):
                connection.transport.abort()

    def _connections(self) -> list[HttpToolsProtocol]:
        return [one for one in self.server_state.connections if isinstance(one, HttpToolsProtocol)]


@asynccontextmanager
async def plant(ports: Mapping[str, int], folder: Path, seed: Seed | None = None) -> AsyncIterator[Running]:
    """Run the named applications on these loopback ports."""
    # Ports first: a taken one must not leave half a plant behind.
    sockets = _bound(ports)
    apps = _opened(ports, folder)
    if seed is not None:
        sow(seed, apps.values())
    servers = {name: _server(app) for name, app in apps.items()}
    tasks = [asyncio.create_task(server.serve([sockets[name]])) for name, server in servers.items()]
    try:
        await asyncio.gather(*(server.up.wait() for server in servers.values()))
        yield Running(apps, {name: f"http://127.0.0.1:{bound.getsockname()[1]}" for name, bound in sockets.items()})
    finally:
        for server in servers.values():
            server.leave()
        await asyncio.gather(*tasks)
        for app in apps.values():
            await app.stop()


def _bound(ports: Mapping[str, int]) -> dict[str, socket.socket]:
    found: dict[str, socket.socket] = {}
    try:
        for name, port in ports.items():
            # Named as TCP, or asyncio leaves Nagle on and each answer takes 40 ms.
            found[name] = socket.socket(socket.AF_INET, socket.SOCK_STREAM, socket.IPPROTO_TCP)
            found[name].setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
            found[name].bind(("127.0.0.1", port))
    except OSError:
        for bound in found.values():
            bound.close()
        raise
    return found


def _opened(names: Iterable[str], folder: Path) -> dict[str, PlantApp]:
    folder.mkdir(parents=True, exist_ok=True)
    return {name: APPS[name](folder) for name in names}


def _server(app: PlantApp) -> _Server:
    config = uvicorn.Config(
        app.gate, http=HttpToolsProtocol, ws="none", lifespan="off", log_config=None, access_log=False, proxy_headers=False,
        timeout_graceful_shutdown=1, timeout_keep_alive=75,
    )  # fmt: skip
    server = _Server(config)
    app.gate.drop = server.drop
    return server


def ports_from(text: str) -> dict[str, int]:
    """Read `erp=0,qms=8102`."""
    ports = {}
    for one in text.split(","):
        name, _, port = one.partition("=")
        if name not in APPS or not port.isdigit():
            raise argparse.ArgumentTypeError(f"{one!r} is not one of {', '.join(APPS)} and a port, like erp=0")
        ports[name] = int(port)
    return ports


async def _serve(ports: Mapping[str, int], folder: Path, seed: Seed | None) -> None:
    stop = asyncio.Event()
    for number in (signal.SIGINT, signal.SIGTERM):
        asyncio.get_running_loop().add_signal_handler(number, stop.set)
    async with plant(ports, folder, seed) as running:
        shown = {name: {"url": url, "port": int(url.rpartition(":")[2])} for name, url in running.urls.items()}
        print(json.dumps(shown), flush=True)
        await stop.wait()


def main(arguments: list[str] | None = None) -> None:
    """Serve from the command line."""
    parser = argparse.ArgumentParser(prog="python -m tracemill.demo.plant", description="Run the demo plant.")
    parser.add_argument("--ports", type=ports_from, default=dict.fromkeys(APPS, 0), help="erp=0,qms=0,mes=0,wms=0")
    parser.add_argument("--folder", type=Path, help="where the state files are kept; a temporary one unless given")
    parser.add_argument("--lots", type=int, default=Seed().lots, help="seeded lots; 0 begins empty")
    parser.add_argument("--drifted", type=int, default=Seed().drifted, help="how many of them are free too early in the ERP")
    parser.add_argument("--seed", type=int, default=Seed().number, help="the number that decides the history")
    parser.add_argument("--until", type=datetime.fromisoformat, help="the history's end, with offset; now unless given")
    given = parser.parse_args(arguments)
    seed = Seed(given.lots, min(given.drifted, given.lots), given.seed, given.until) if given.lots else None
    with suppress(KeyboardInterrupt):
        if given.folder:
            asyncio.run(_serve(given.ports, given.folder, seed))
        else:
            with tempfile.TemporaryDirectory(prefix="plant-") as folder:
                asyncio.run(_serve(given.ports, Path(folder), seed))
