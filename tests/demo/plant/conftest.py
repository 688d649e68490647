"""A whole plant over real HTTP, one per test file; each test uses lots of its own."""

from collections.abc import AsyncIterator, Mapping
from typing import Any

import aiohttp
import pytest
import pytest_asyncio

from tracemill.demo.plant import erp, mes, qms, wms
from tracemill.demo.plant.serve import Running, plant


class Plant:
    """Speaks to the applications as a client with good credentials would."""

    def __init__(self, running: Running, session: aiohttp.ClientSession) -> None:
        self.running = running
        self.session = session
        self.headers: dict[str, dict[str, str]] = {
            "qms": {"X-Api-Key": qms.API_KEY},
            "mes": {"Authorization": aiohttp.encode_basic_auth(mes.USER, mes.PASSWORD)},
            "wms": {"Authorization": f"Token {wms.TOKEN}"},
        }

    async def log_in(self) -> None:
        form = {"grant_type": "client_credentials", "client_id": erp.CLIENT_ID, "client_secret": erp.CLIENT_SECRET}
        async with self.session.post(self.running.urls["erp"] + "/oauth/token", data=form) as answer:
            token = (await answer.json())["access_token"]
        self.headers["erp"] = {"Authorization": f"Bearer {token}"}

    async def ask(
        self, app: str, method: str, path: str, body: object = None, headers: Mapping[str, str] | None = None, **query: str
    ) -> tuple[int, Any]:
        sent = self.headers[app] if headers is None else headers
        url = self.running.urls[app] + path
        async with self.session.request(method, url, json=body, params=query, headers=sent) as answer:
            return answer.status, await answer.json(content_type=None) if "json" in answer.content_type else await answer.text()

    async def arm(self, app: str, path: str, do: str, method: str = "POST", body: str = "", **more: float) -> None:
        fault = {"match": {"method": method, "path": path, **({"body": body} if body else {})}, "do": do, **more}
        status, _ = await self.ask(app, "POST", "/plant/faults", fault)
        assert status == 201

    async def journal(self, app: str, what: str, subject: str) -> list[Any]:
        _, body = await self.ask(app, "GET", "/plant/journal")
        return [effect for effect in body["journal"] if (effect["what"], effect["subject"]) == (what, subject)]


@pytest_asyncio.fixture(scope="module", loop_scope="module")
async def here(tmp_path_factory: pytest.TempPathFactory) -> AsyncIterator[Plant]:
    ports = dict.fromkeys(("erp", "qms", "mes", "wms"), 0)
    async with plant(ports, tmp_path_factory.mktemp("plant")) as running, aiohttp.ClientSession() as session:
        found = Plant(running, session)
        await found.log_in()
        yield found
