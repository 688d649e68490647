"""A small target of its own words: batches, and transfers that are drafted, then posted. Faults are armed per request."""

from __future__ import annotations

import asyncio
import json
from collections.abc import Callable
from types import TracebackType
from typing import Any, Self

from aiohttp import web

Reply = tuple[int, Any] | tuple[int, Any, dict[str, str]]
Handler = Callable[["Seen"], Reply]


class Seen:
    """A request as it arrived."""

    def __init__(self, request: web.Request, raw: bytes, at: float) -> None:
        self.method, self.path, self.query = request.method, request.path, dict(request.query)
        self.raw_path = request.raw_path
        self.headers = {name.lower(): value for name, value in request.headers.items()}
        self.raw, self.at = raw, at
        try:
            self.body: Any = json.loads(raw) if raw else None
        except ValueError:
            self.body = raw.decode()

    @property
    def name(self) -> str:
        return f"{self.method} {self.path}"


class Desk:
    """A server on a free loopback port. `answers` maps "GET /path" (or its beginning with a *) to a handler."""

    def __init__(self) -> None:
        self.seen: list[Seen] = []
        self.drafts: list[dict[str, Any]] = []
        self.batches: dict[str, dict[str, Any]] = {}
        self.answers: dict[str, Handler] = {}
        self.faults: list[tuple[str, str | Reply]] = []
        self.authenticated = True
        self.busy = self.busiest = 0
        self.delay = 0.0

    async def __aenter__(self) -> Self:
        app = web.Application(client_max_size=1 << 24)
        app.router.add_route("*", "/{path:.*}", self._serve)
        self._runner = web.AppRunner(app, access_log=None, shutdown_timeout=0.1)
        await self._runner.setup()
        await web.TCPSite(self._runner, "127.0.0.1", 0).start()
        self.port = self._runner.addresses[0][1]
        self.url = f"http://127.0.0.1:{self.port}"
        return self

    async def __aexit__(self, kind: type[BaseException] | None, error: BaseException | None, tb: TracebackType | None) -> None:
        await self._runner.cleanup()

    def fault(self, name: str, what: str | Reply, times: int = 1) -> None:
        """Arm a fault: a reply, or lose (work done, no answer), drop (nothing done), hang, half, html."""
        self.faults += [(name, what)] * times

    def count(self, name: str) -> int:
        return sum(_fits(name, seen.name) for seen in self.seen)

    def posted(self) -> list[dict[str, Any]]:
        return [draft for draft in self.drafts if draft["state"] == "posted"]

    async def _serve(self, request: web.Request) -> web.StreamResponse:
        seen = Seen(request, await request.read(), asyncio.get_running_loop().time())
        self.seen.append(seen)
        self.busy += 1
        self.busiest = max(self.busiest, self.busy)
        try:
            if self.delay:
                await asyncio.sleep(self.delay)
            return await self._treat(request, seen)
        finally:
            self.busy -= 1

    async def _treat(self, request: web.Request, seen: Seen) -> web.StreamResponse:
        fault = next((each for each in self.faults if _fits(each[0], seen.name)), None)
        if fault is not None:
            self.faults.remove(fault)
            return await self._spoil(request, seen, fault[1])
        return _response(self._work(seen))

    async def _spoil(self, request: web.Request, seen: Seen, what: str | Reply) -> web.StreamResponse:
        assert request.transport is not None
        if not isinstance(what, str):
            return _response(what)
        if what == "hang":
            await asyncio.sleep(30)
        if what == "html":
            self._work(seen)
            return web.Response(text="<html><head><title>x</title></head><b>Please log in</b></html>", content_type="text/html")
        if what == "half":
            self._work(seen)
            response = web.StreamResponse(headers={"Content-Length": "100", "Content-Type": "application/json"})
            await response.prepare(request)
            await response.write(b'{"id": ')
            request.transport.close()
            return response
        if what == "lose":
            self._work(seen)
        request.transport.close()
        return web.Response()

    def _work(self, seen: Seen) -> Reply:
        for name, handler in self.answers.items():
            if _fits(name, seen.name):
                return handler(seen)
        return self._own(seen)

    def _own(self, seen: Seen) -> Reply:
        parts = seen.path.strip("/").split("/")
        match (seen.method, *parts):
            case ("GET", "whoami"):
                return 200, {"authenticated": self.authenticated}
            case ("POST", "drafts"):
                draft = {**seen.body, "id": f"D{len(self.drafts) + 1}", "state": "draft"}
                self.drafts.append(draft)
                return 201, draft
            case ("GET", "drafts"):
                shown = [d for d in self.drafts if d["reference"] == seen.query.get("reference")] if self.authenticated else []
                return 200, {"drafts": shown}
            case ("GET", "drafts", number):
                return next(((200, d) for d in self.drafts if d["id"] == number), (404, {"error": "no draft"}))
            case ("POST", "drafts", number, "post"):
                for draft in self.drafts:
                    if draft["id"] == number:
                        draft["state"] = "posted"
                        draft["times"] = draft.get("times", 0) + 1
                return 200, {"result": None}
            case ("PUT", "batches", batch):
                return self._put(seen, batch)
            case ("GET", "batches", batch) if batch in self.batches:
                return 200, self.batches[batch], {"ETag": f'"{self.batches[batch]["version"]}"'}
            case ("GET", "batches"):
                wanted = seen.query.get("ids", "").split(",")
                return 200, {"batches": [self.batches[b] for b in wanted if b in self.batches] if self.authenticated else []}
        return 404, {"error": "no such path"}

    def _put(self, seen: Seen, batch: str) -> Reply:
        now = self.batches.get(batch, {"version": 0})
        if "if-match" in seen.headers and seen.headers["if-match"] != f'"{now["version"]}"':
            return 412, {"error": "stale"}
        self.batches[batch] = {**seen.body, "batch": batch, "version": now["version"] + 1}
        return 200, self.batches[batch]


def _fits(pattern: str, name: str) -> bool:
    return name.startswith(pattern[:-1]) if pattern.endswith("*") else name == pattern


def _response(reply: Reply) -> web.Response:
    status, body, headers = reply if len(reply) == 3 else (*reply, {})
    if isinstance(body, str):
        return web.Response(status=status, text=body, headers=headers)
    if isinstance(body, bytes):
        return web.Response(status=status, body=body, content_type="application/json", headers=headers)
    return web.json_response(body, status=status, headers=headers)
