"""Serving: a hub with its API and pages in one process, until it is told to stop."""

import asyncio
import gc
import signal
from collections.abc import Callable
from contextlib import suppress
from pathlib import Path

import uvicorn
import uvloop

from tracemill.api.application import create_app
from tracemill.api.security import Security
from tracemill.app.build import build_hub, utc_now
from tracemill.app.config import ConfigError, load_project
from tracemill.app.value import endpoint
from tracemill.console import pages
from tracemill.hub.accounts import Accounts
from tracemill.hub.hub import Hub
from tracemill.observe import logs

NEW_OBJECTS = 20_000  # between two collections: at Python's 700 they take a twelfth of the time of an event, and find little
Tell = Callable[[str, str], None]  # address of the hub, token of a one-time link to the pages


def serve(folder: Path, tell: Tell) -> int:
    """Run the hub of a project folder; return the exit code. Raises ConfigError, AlreadyRunning or OSError (port in use)."""
    project, reader = load_project(folder)
    if project is None:
        raise ConfigError(reader.findings)
    logs.configure(project.hub.log_level)
    host, port = endpoint(project.hub.listen)
    zone = project.sites[project.hub.sites[0]].zone
    return uvloop.run(_serve(build_hub(project, reader), project.data, project.hub.token_minutes, zone, host, port, tell))


async def _serve(hub: Hub, data: Path, minutes: int, zone: str, host: str, port: int, tell: Tell) -> int:
    accounts = Accounts(hub.runtime)
    await accounts.load()
    security = Security(data, accounts, utc_now, minutes)
    app = create_app(hub, security)
    pages.install(app, hub, security, zone)
    config = uvicorn.Config(app, host=host, port=port, log_level="warning", http="httptools", loop="uvloop", access_log=False)
    server = _Server(config)
    socket = config.bind_socket()
    address = f"http://{host}:{socket.getsockname()[1]}"
    await hub.start()
    watch = asyncio.create_task(_watch(hub, server))
    for name in (signal.SIGTERM, signal.SIGINT):
        asyncio.get_running_loop().add_signal_handler(name, server.stop)
    serving = asyncio.create_task(server.serve([socket]))
    while not server.started and not serving.done():  # noqa: ASYNC110  the server sets a flag, no event
        await asyncio.sleep(0.02)
    gc.collect()
    gc.set_threshold(NEW_OBJECTS)
    gc.freeze()  # what is loaded by now stays: looking through it again and again would cost a tenth of the time
    security.announce(address)
    tell(address, security.new_link())
    try:
        await serving
    finally:
        security.withdraw()
        watch.cancel()
        with suppress(asyncio.CancelledError):
            await watch
        await hub.stop()
        hub.runtime.store.close()
    return 1 if hub.runtime.failure is not None else 0


class _Server(uvicorn.Server):
    """A server whose signals we handle ourselves, so that the hub drains before it ends."""

    def stop(self) -> None:
        self.should_exit = True


async def _watch(hub: Hub, server: _Server) -> None:
    """Stop serving when the hub stops: a door without a hub behind it would take messages for nobody."""
    await hub.runtime.stopping.wait()
    if hub.runtime.failure is not None:
        logs.log.critical("the hub stopped", cause=repr(hub.runtime.failure))
    server.stop()
