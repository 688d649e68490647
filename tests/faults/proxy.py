"""A network between hub and target that loses, delays, cuts, doubles and falls silent, where it is told to."""

from __future__ import annotations

import asyncio
import contextlib
from dataclasses import dataclass
from types import TracebackType
from typing import Literal, Self
from urllib.parse import urlsplit

from tests.faults.wire import LIMIT, Wire, read_answer, read_request

Kind = Literal[
    "pass", "lose_answer", "delay_request", "delay_answer", "cut_request", "cut_answer", "double", "half_open", "refuse"
]


@dataclass(frozen=True, slots=True)
class Fault:
    """What happens to one request; `seconds` is a delay, `forwarded` says whether the target sees the request."""

    kind: Kind = "pass"
    seconds: float = 0.0
    forwarded: bool = True


PASS = Fault()
LOSE_ANSWER = Fault("lose_answer")
CUT_REQUEST = Fault("cut_request")
CUT_ANSWER = Fault("cut_answer")
DOUBLE = Fault("double")
REFUSE = Fault("refuse", forwarded=False)


def delay(seconds: float, what: Literal["request", "answer"] = "answer") -> Fault:
    """Hold the request or the answer back for so many seconds."""
    return Fault("delay_request" if what == "request" else "delay_answer", seconds)


def half_open(*, forwarded: bool = False) -> Fault:
    """The connection stays open and nothing comes back; whether the target got the request is the caller's choice."""
    return Fault("half_open", forwarded=forwarded)


@dataclass(frozen=True, slots=True)
class Passed:
    """A request the proxy saw; numbers count from 1."""

    n: int
    connection: int
    start: str
    fault: Fault


class FaultProxy:
    """A TCP proxy for HTTP/1.1 on a free loopback port, in front of `upstream` (a base URL)."""

    def __init__(self, upstream: str) -> None:
        parts = urlsplit(upstream)
        self._host, self._port = parts.hostname or "127.0.0.1", parts.port or 80
        self.url = ""
        self.connections = 0
        self.requests: list[Passed] = []
        self._always = PASS
        self._by_request: dict[int, Fault] = {}
        self._by_connection: dict[int, Fault] = {}
        self._by_start: list[tuple[str, Fault]] = []
        self._tasks: set[asyncio.Task[None]] = set()

    async def __aenter__(self) -> Self:
        self._server = await asyncio.start_server(self._accept, "127.0.0.1", 0, limit=LIMIT)
        self.url = f"http://127.0.0.1:{self._server.sockets[0].getsockname()[1]}"
        return self

    async def __aexit__(self, kind: type[BaseException] | None, error: BaseException | None, tb: TracebackType | None) -> None:
        self._server.close()
        for task in self._tasks:
            task.cancel()
        await asyncio.gather(*self._tasks, return_exceptions=True)

    def on_request(self, n: int, fault: Fault) -> None:
        """Break the n-th request, counted from 1 over all connections; it wins over connection and `always`."""
        self._by_request[n] = fault

    def on_next(self, fault: Fault) -> None:
        """Break the next request."""
        self.on_request(len(self.requests) + 1, fault)

    def on_start(self, start: str, fault: Fault) -> None:
        """Break the next request that begins so ("POST /transfers"); such faults are used up one by one, in order."""
        self._by_start.append((start, fault))

    def on_connection(self, n: int, fault: Fault) -> None:
        """Break every request of the n-th connection, counted from 1."""
        self._by_connection[n] = fault

    def always(self, fault: Fault) -> None:
        """Break every request that nothing else is said about; `PASS` mends it."""
        self._always = fault

    def down(self) -> None:
        """Stop listening: connections are refused by the operating system, and open ones break."""
        self._address = self._server.sockets[0].getsockname()
        self._server.close()
        for task in self._tasks:
            task.cancel()

    async def up(self) -> None:
        """Listen again, at the same address."""
        self._server = await asyncio.start_server(self._accept, *self._address, limit=LIMIT)

    async def _accept(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        task = asyncio.current_task()
        assert task is not None
        self._tasks.add(task)
        self.connections += 1
        connection = _Connection(self, self.connections, reader, writer)
        try:
            with contextlib.suppress(ConnectionError, asyncio.IncompleteReadError):
                await connection.run()
        except asyncio.CancelledError:
            pass
        finally:
            self._tasks.discard(task)
            connection.abort()

    def fault_for(self, connection: int, start: str = "") -> Fault:
        """Return what happens to the request now arriving on a connection."""
        n = len(self.requests) + 1
        meant = next((i for i, (prefix, _) in enumerate(self._by_start) if start and start.startswith(prefix)), None)
        if meant is not None:
            return self._by_start.pop(meant)[1]
        return self._by_request.get(n) or self._by_connection.get(connection) or self._always

    async def dial(self) -> tuple[asyncio.StreamReader, asyncio.StreamWriter]:
        """Open a connection to the target."""
        return await asyncio.open_connection(self._host, self._port, limit=LIMIT)


class _Connection:
    """One connection of a client, with its own connection to the target."""

    def __init__(self, proxy: FaultProxy, n: int, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        self._proxy, self._n, self._reader, self._writer = proxy, n, reader, writer
        self._upstream: tuple[asyncio.StreamReader, asyncio.StreamWriter] | None = None

    async def run(self) -> None:
        if self._proxy.fault_for(self._n).kind == "refuse":
            return
        while request := await read_request(self._reader):
            fault = self._proxy.fault_for(self._n, request.start)
            self._proxy.requests.append(Passed(len(self._proxy.requests) + 1, self._n, request.start, fault))
            if fault.kind == "refuse" or not await self._treat(request, fault):
                return

    def abort(self) -> None:
        self._writer.transport.abort()
        if self._upstream:
            self._upstream[1].transport.abort()

    async def _treat(self, request: Wire, fault: Fault) -> bool:
        """Pass one request through its fault, and return whether the connection lives on."""
        if fault.kind == "cut_request":
            await self._send(request.raw[: request.middle])
            await asyncio.sleep(0.02)
            return False
        if fault.kind == "delay_request":
            await asyncio.sleep(fault.seconds)
        answer = await self._ask(request) if fault.forwarded else None
        if fault.kind == "half_open":
            await asyncio.Event().wait()
        if answer is None or fault.kind == "lose_answer":
            return False
        if fault.kind == "double":
            await self._close_upstream()
            await self._ask(request)
        if fault.kind == "delay_answer":
            await asyncio.sleep(fault.seconds)
        whole = fault.kind != "cut_answer"
        self._writer.write(answer.raw if whole else answer.raw[: answer.middle])
        await self._writer.drain()
        if not whole:
            self._writer.close()
            await self._writer.wait_closed()
        return whole

    async def _ask(self, request: Wire) -> Wire | None:
        """Send a request to the target and read its answer; never a second time by itself."""
        reader = await self._send(request.raw)
        return await read_answer(reader, request.start.split(" ")[0])

    async def _send(self, raw: bytes) -> asyncio.StreamReader:
        if self._upstream is None or self._upstream[0].at_eof():
            self._upstream = await self._proxy.dial()
        reader, writer = self._upstream
        writer.write(raw)
        await writer.drain()
        return reader

    async def _close_upstream(self) -> None:
        if self._upstream:
            self._upstream[1].close()
            self._upstream = None
