"""A hub on a plant in memory, served over real HTTP on a free loopback port."""

import asyncio
import json
from collections.abc import AsyncIterator
from pathlib import Path
from typing import Any

import aiohttp
import pytest_asyncio
import uvicorn

from tests.scenarios.plant import Plant
from tracemill.api.application import create_app
from tracemill.api.security import Security
from tracemill.console import pages
from tracemill.hub.accounts import Accounts


class Served:
    """The plant, its hub's security, and a client."""

    def __init__(self, plant: Plant, security: Security, session: aiohttp.ClientSession, url: str, token: str) -> None:
        self.plant, self.security, self.session, self.url, self.token = plant, security, session, url, token

    async def ask(self, method: str, path: str, *, token: str | None = None, **more: Any) -> tuple[int, Any, Any]:
        """Return status, answer and headers. `token` "" sends none."""
        headers = dict(more.pop("headers", {}))
        bearer = self.token if token is None else token
        if bearer:
            headers["Authorization"] = f"Bearer {bearer}"
        async with self.session.request(method, self.url + path, headers=headers, allow_redirects=False, **more) as answer:
            text = await answer.text()
            return answer.status, json.loads(text) if "json" in answer.content_type else text, answer.headers

    async def get(self, path: str, **more: Any) -> Any:
        status, body, _ = await self.ask("GET", path, **more)
        assert status == 200, body
        return body

    async def account(self, *scopes: str, systems: tuple[str, ...] = (), sites: tuple[str, ...] = ("*",)) -> str:
        """Open an account and return a token of it."""
        body = {
            "name": f"a{len(self.security.accounts.listed())}",
            "scopes": list(scopes),
            "systems": list(systems),
            "sites": list(sites),
        }
        _, made, _ = await self.ask("POST", "/v1/accounts", json=body)
        form = {"grant_type": "client_credentials", "client_id": made["client_id"], "client_secret": made["secret"]}
        _, token, _ = await self.ask("POST", "/oauth/token", token="", data=form)
        return str(token["access_token"])


@pytest_asyncio.fixture
async def served(database_url: str, tmp_path: Path) -> AsyncIterator[Served]:
    plant = Plant(database_url)
    hub = plant.start()
    accounts = Accounts(hub.runtime)
    await accounts.load()
    security = Security(tmp_path, accounts, plant.clock)
    app = create_app(hub, security)
    pages.install(app, hub, security, "Europe/Berlin")
    server = uvicorn.Server(uvicorn.Config(app, host="127.0.0.1", port=0, log_level="warning"))
    socket = server.config.bind_socket()
    task = asyncio.create_task(server.serve([socket]))
    processing = asyncio.create_task(_process(plant))
    while not server.started:
        await asyncio.sleep(0.01)
    url = f"http://127.0.0.1:{socket.getsockname()[1]}"
    security.announce(url)
    token = json.loads((tmp_path / "run.json").read_text())["token"]
    async with aiohttp.ClientSession() as session:
        yield Served(plant, security, session, url, token)
    server.should_exit = True
    processing.cancel()
    await task
    plant.stop()


async def _process(plant: Plant) -> None:
    """Decide what comes in, as a running hub does."""
    while plant.hub:
        await plant.hub.processor.run_once()
        await asyncio.sleep(0.005)
