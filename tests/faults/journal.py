"""A target that writes down every effect in the order it happened: "nothing twice, nothing lost, in order" is read here.

`PUT /lots/{id}` states a status, `GET /lots?ids=a,b` and `GET /lots/{id}` read it; `POST /transfers` is an act that
happens as often as it is posted, `GET /transfers?reference=` finds it, and one with lot, from, to and qty moves stock.
`GET /records/{name}` lists what a test put there. Any other write is journalled as it comes.
"""

from __future__ import annotations

import asyncio
import json
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from decimal import Decimal
from types import TracebackType
from typing import Any, Literal, Self

from aiohttp import web

from tests.faults.answer import Answer

KEPT_HEADERS = ("Authorization", "Content-Type", "Idempotency-Key", "If-Match", "If-None-Match", "traceparent")
READS = ("GET", "HEAD")


@dataclass(frozen=True, slots=True)
class Entry:
    """A request that arrived, or an effect that happened; `t` is seconds since the target started."""

    n: int
    t: float
    method: str
    path: str
    headers: Mapping[str, str]
    body: Any
    query: Mapping[str, str] = field(default_factory=dict)


@dataclass(slots=True)
class _Script:
    answer: Answer
    method: str | None
    path: str | None
    times: int

    def fits(self, entry: Entry) -> bool:
        return self.times > 0 and self.method in (None, entry.method) and (self.path is None or entry.path.startswith(self.path))


class JournalTarget:
    """An HTTP server on a free loopback port; every switch may be changed while it runs.

    `idempotent`: a repeated Idempotency-Key repeats the first answer without a second effect. `conditional`: answers
    carry an ETag and If-Match is honoured, when the effect happens, with 412. `effect_delay`: seconds between request
    and effect, the answer coming `late` (after the effect), `early` (202 at once) or `never`. `token`: without it as
    bearer, lists are empty with 200, single reads 404 and writes 401.
    """

    def __init__(
        self,
        *,
        idempotent: bool = False,
        conditional: bool = False,
        effect_delay: float = 0.0,
        answer: Literal["late", "early", "never"] = "late",
        token: str | None = None,
    ) -> None:
        self.idempotent, self.conditional, self.token = idempotent, conditional, token
        self.effect_delay, self.answer = effect_delay, answer
        self.requests: list[Entry] = []
        self.effects: list[Entry] = []
        self.lots: dict[str, dict[str, Any]] = {}
        self.transfers: list[dict[str, Any]] = []
        self.records: dict[str, list[dict[str, Any]]] = {}
        self.url = ""
        self._versions: dict[str, int] = {}
        self._scripts: list[_Script] = []
        self._keys: dict[str, asyncio.Task[Answer]] = {}
        self._pending: set[asyncio.Task[Answer]] = set()

    async def __aenter__(self) -> Self:
        app = web.Application()
        app.router.add_route("*", "/{path:.*}", self._serve)
        self._loop = asyncio.get_running_loop()
        self._started = self._loop.time()
        self._closing = asyncio.Event()
        self._runner = web.AppRunner(app, shutdown_timeout=0.1, access_log=None)
        await self._runner.setup()
        await web.TCPSite(self._runner, "127.0.0.1", 0).start()
        self.url = f"http://127.0.0.1:{self._runner.addresses[0][1]}"
        return self

    async def __aexit__(self, kind: type[BaseException] | None, error: BaseException | None, tb: TracebackType | None) -> None:
        self._closing.set()
        for task in self._pending:
            task.cancel()
        await self._runner.cleanup()

    def script(self, answer: Answer, *, method: str | None = None, path: str | None = None, times: int = 1) -> None:
        """Give `answer` to the next `times` requests of that method whose path begins with `path`."""
        self._scripts.append(_Script(answer, method, path, times))

    def seed(self, lot: str, **state: Any) -> None:
        """Set a lot's state as somebody at the target would, without an entry in the journal of effects."""
        self.lots[lot] = state
        self._versions[lot] = self._versions.get(lot, 0) + 1

    def effects_on(self, path: str) -> list[Any]:
        """Return the bodies of the effects on one path, in order."""
        return [effect.body for effect in self.effects if effect.path == path]

    async def settled(self) -> None:
        """Wait until every late effect has happened."""
        while self._pending:
            await asyncio.wait(self._pending)

    async def _serve(self, request: web.Request) -> web.StreamResponse:
        entry = await self._record(request)
        if self.token is not None and entry.headers.get("Authorization") != f"Bearer {self.token}":
            return await self._give(request, self._stranger(entry))
        script = next((script for script in self._scripts if script.fits(entry)), None)
        if script is None:
            return await self._give(request, await self._honest(entry))
        script.times -= 1
        told = script.answer
        if told.apply:
            done = await asyncio.shield(self._begin(entry))
            told = Answer(done.status, done.body, done.headers, shape=told.shape) if told.body is None else told
        return await self._give(request, told)

    async def _record(self, request: web.Request) -> Entry:
        raw = await request.read()
        try:
            body = json.loads(raw) if raw else None
        except ValueError:
            body = raw.decode("utf-8", "replace")
        headers = {name: request.headers[name] for name in KEPT_HEADERS if name in request.headers}
        entry = Entry(len(self.requests) + 1, self._now(), request.method, request.path, headers, body, dict(request.query))
        self.requests.append(entry)
        return entry

    def _now(self) -> float:
        return self._loop.time() - self._started

    def _stranger(self, entry: Entry) -> Answer:
        if entry.method not in READS:
            return Answer(401, {"error": "unauthorized"})
        return Answer(200, {"items": []}) if entry.path in ("/lots", "/transfers") else Answer(404, {"error": "not found"})

    async def _honest(self, entry: Entry) -> Answer:
        if entry.method in READS:
            return self._read(entry)
        task = self._begin(entry)
        if self.effect_delay and self.answer == "early":
            return Answer(202)
        if self.effect_delay and self.answer == "never":
            return Answer(shape="hang")
        return await asyncio.shield(task)

    def _begin(self, entry: Entry) -> asyncio.Task[Answer]:
        """Start the effect of a write; it happens whether or not anybody waits for it."""
        key = entry.headers.get("Idempotency-Key") if self.idempotent else None
        if key is not None and key in self._keys:
            return self._keys[key]
        task = asyncio.create_task(self._later(self.effect_delay, lambda: self._write(entry)))
        self._pending.add(task)
        task.add_done_callback(self._pending.discard)
        if key is not None:
            self._keys[key] = task
        return task

    async def _later(self, seconds: float, effect: Callable[[], Answer]) -> Answer:
        if seconds:
            await asyncio.sleep(seconds)
        return effect()

    def _read(self, entry: Entry) -> Answer:
        if entry.path == "/lots":
            wanted = entry.query["ids"].split(",") if "ids" in entry.query else list(self.lots)
            return Answer(200, {"items": [self._lot(lot) for lot in wanted if lot in self.lots]})
        if entry.path == "/transfers":
            reference = entry.query.get("reference")
            return Answer(200, {"items": [t for t in self.transfers if reference in (None, t.get("reference"))]})
        if entry.path.startswith("/records/"):
            return Answer(200, {"items": self.records.get(entry.path.removeprefix("/records/"), [])})
        lot = entry.path.removeprefix("/lots/")
        if lot in self.lots:
            return Answer(200, self._lot(lot), self._etag(lot))
        return Answer(404, {"error": "not found"})

    def _write(self, entry: Entry) -> Answer:
        if entry.method == "PUT" and entry.path.startswith("/lots/"):
            return self._put_lot(entry, entry.path.removeprefix("/lots/"))
        self._happened(entry)
        if entry.method == "POST" and entry.path == "/transfers":
            made = {**(entry.body if isinstance(entry.body, dict) else {}), "id": f"T{len(self.transfers) + 1}"}
            self.transfers.append(made)
            self._move(made)
            return Answer(201, made)
        return Answer(200, {})

    def _move(self, made: dict[str, Any]) -> None:
        """Move a quantity between the statuses of a lot; a transfer that happens twice shows in the sums."""
        lot = made.get("lot")
        if lot in self.lots:
            sums = dict(self.lots[lot])
            sums[made["from"]] = str(Decimal(sums[made["from"]]) - Decimal(made["qty"]))
            sums[made["to"]] = str(Decimal(sums[made["to"]]) + Decimal(made["qty"]))
            self.seed(lot, **sums)

    def _put_lot(self, entry: Entry, lot: str) -> Answer:
        if not isinstance(entry.body, dict):
            return Answer(400, {"error": "a lot is a JSON object"})
        condition = entry.headers.get("If-Match")
        if self.conditional and condition is not None and condition != self._etag(lot).get("ETag"):
            return Answer(412, {"error": "precondition failed"}, self._etag(lot))
        self._happened(entry)
        self.seed(lot, **entry.body)
        return Answer(200, self._lot(lot), self._etag(lot))

    def _happened(self, entry: Entry) -> None:
        n = len(self.effects) + 1
        self.effects.append(Entry(n, self._now(), entry.method, entry.path, entry.headers, entry.body, entry.query))

    def _lot(self, lot: str) -> dict[str, Any]:
        return {**self.lots[lot], "id": lot}

    def _etag(self, lot: str) -> dict[str, str]:
        return {"ETag": f'"{self._versions[lot]}"'} if self.conditional and lot in self._versions else {}

    async def _give(self, request: web.Request, answer: Answer) -> web.StreamResponse:
        content, kind = answer.content()
        if answer.shape == "full":
            return web.Response(status=answer.status, body=content, content_type=kind, headers=answer.headers)
        if answer.shape == "hang":
            await self._closing.wait()
        response = web.StreamResponse(status=answer.status, headers={**answer.headers, "Content-Length": str(len(content))})
        if answer.shape == "half":
            await response.prepare(request)
            await response.write(content[: len(content) // 2])
        if request.transport is not None:
            request.transport.close()
        return response
