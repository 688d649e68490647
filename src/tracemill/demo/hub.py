"""The hub of the demo, seen from outside: its process, and its API with the local administrator's token."""

import asyncio
import json
from dataclasses import replace
from pathlib import Path
from typing import Any
from urllib.parse import quote

import aiohttp
from yarl import URL

from tracemill.demo.claims import Claim
from tracemill.demo.processes import Process


class HubProcess:
    """A hub in a process of its own, that may be killed and started again."""

    def __init__(self, folder: Path, session: aiohttp.ClientSession, port: int) -> None:
        self.folder, self._session, self.url = folder, session, f"http://127.0.0.1:{port}"
        arguments = ["tracemill.cli.main", "run", "--project", str(folder)]
        self.process = Process("the hub", arguments, folder / "hub.log")
        self._token = ""

    async def start(self) -> None:
        run_file = self.folder / "data" / "run.json"
        run_file.unlink(missing_ok=True)
        self.process.start()
        await self.process.answers(f"{self.url}/ready")
        while not run_file.exists():  # noqa: ASYNC110  another process writes it
            await asyncio.sleep(0.05)
        self._token = json.loads(run_file.read_text())["token"]

    def kill(self) -> None:
        self.process.kill()

    def stop(self) -> None:
        self.process.stop()

    async def console_link(self) -> str:
        """Return a fresh one-time link to the pages."""
        found = await self.post("/v1/console/links", {})
        return f"{self.url}/open?token={found['token']}"

    async def get(self, path: str) -> Any:
        return await self._ask("GET", path, None)

    async def post(self, path: str, body: Any) -> Any:
        return await self._ask("POST", path, body)

    async def download(self, path: str) -> bytes:
        """Ask for a file."""
        headers = {"Authorization": f"Bearer {self._token}"}
        async with self._session.post(URL(self.url + path, encoded=True), headers=headers) as answer:
            answer.raise_for_status()
            return await answer.read()

    async def _ask(self, method: str, path: str, body: Any) -> Any:
        kind = "application/cloudevents+json" if path.startswith("/v1/events") else "application/json"
        headers = {"Authorization": f"Bearer {self._token}", "Content-Type": kind}
        data = None if body is None else json.dumps(body)
        async with self._session.request(method, URL(self.url + path, encoded=True), data=data, headers=headers) as answer:
            text = await answer.text()
            if answer.status >= 400:
                raise KeyError(f"{method} {path}: {answer.status} {text[:300]}")
            return json.loads(text)

    async def lot(self, number: str) -> dict[str, Any]:
        found: dict[str, Any] = await self.get(f"/v1/lots/{quote(number, safe='')}")
        return found

    async def system(self, number: str, system: str) -> dict[str, Any]:
        """Return what the hub knows about a lot in one system: words, owner, age, wanted state; KeyError where nothing."""
        systems: list[dict[str, Any]] = (await self.lot(number))["systems"]
        return {s["system"]: s for s in systems}[system]

    async def trace(self, number: str, direction: str) -> dict[str, Any]:
        found: dict[str, Any] = await self.get(f"/v1/lots/{quote(number, safe='')}/trace?direction={direction}")
        return found

    async def vouched(self, claim: Claim, number: str, system: str) -> Claim:
        """Add to a claim what its system owns of the lot, and how old the hub's own reading is."""
        try:
            view = await self.system(number, system)
        except KeyError:  # the hub has not heard of the lot there
            return claim
        age = "" if view["age"] == "never read" else view["age"]
        return replace(claim, owner=", ".join(view["owns"]), age=age)

    async def act(self, number: str, verb: str) -> dict[str, Any]:
        """Return the last act of a kind for a lot."""
        acts: list[dict[str, Any]] = (await self.lot(number))["acts"]
        return [a for a in acts if a["verb"] == verb][-1]

    async def deliveries(self, number: str, system: str) -> list[dict[str, Any]]:
        """Return the status commands of a lot for one system, the newest first."""
        page = await self.get(f"/v1/lots/{quote(number, safe='')}/deliveries?limit=100")
        rows: list[dict[str, Any]] = page["items"]
        return [d for d in rows if d["system"] == system and d["verb"] == "set_status"]
