"""One writer: a thread that owns the writing connection and commits in groups, the most urgent first.

Pieces of the same kind that wait together run as one call, so that their rows become one statement.
"""

import asyncio
import heapq
import itertools
import queue
import threading
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from enum import IntEnum
from time import perf_counter
from typing import Any, TypeVar

from sqlalchemy import Connection, Engine

T = TypeVar("T")
Item = TypeVar("Item")
GROUP = 128


class Priority(IntEnum):
    """Who is written first: a restriction never waits behind a poll."""

    RESTRICT = 0
    DELIVER = 1
    RECEIVE = 2
    POLL = 3
    SWEEP = 4


@dataclass(order=True)
class _Work:
    priority: int
    order: int
    run: Callable[[Connection, Sequence[Any]], Sequence[Any]] = field(compare=False)
    item: Any = field(compare=False)
    loop: asyncio.AbstractEventLoop = field(compare=False)
    future: "asyncio.Future[Any]" = field(compare=False)
    shared: bool = field(compare=False)
    result: Any = field(compare=False, default=None)


class Writer:
    """Runs pieces of work on the one writing connection. Small pieces share a commit; one that fails fails alone."""

    def __init__(self, engine: Engine) -> None:
        self._engine = engine
        self._handed: queue.SimpleQueue[_Work | None] = queue.SimpleQueue()
        self._waiting: list[_Work] = []  # the writing thread's own: what was handed over, the most urgent first
        self._order = itertools.count()
        self._stopping = False
        self._dropping = False
        self._thread = threading.Thread(target=self._run, name="tracemill-writer", daemon=True)
        self.commits = 0
        self.busy_seconds = 0.0
        self._thread.start()

    async def write(self, run: Callable[[Connection], T], priority: Priority, *, shared: bool = False) -> T:
        """Run `run` in a transaction and return after its commit is durable. `shared` lets it share a commit."""
        result: T = await self._queued(lambda tx, _: (run(tx),), None, priority, shared)
        return result

    async def gather(self, run: Callable[[Connection, Sequence[Item]], Sequence[T]], item: Item, priority: Priority) -> T:
        """Run `run` on this item and all others that wait for the same `run`; return this item's result once it is durable.

        If the call fails, each item is run on its own: one that fails fails alone.
        """
        result: T = await self._queued(run, item, priority, True)
        return result

    async def _queued(self, run: Any, item: Any, priority: Priority, shared: bool) -> Any:
        loop = asyncio.get_running_loop()
        work = _Work(priority, next(self._order), run, item, loop, loop.create_future(), shared)
        if self._stopping:
            raise RuntimeError("the writer is stopped")
        self._handed.put(work)
        return await work.future

    @property
    def waiting(self) -> int:
        return self._handed.qsize() + len(self._waiting)

    def stop(self, *, finish: bool = True) -> None:
        """Finish what is queued, then stop. Without `finish` what is queued is dropped, as when the process dies."""
        self._dropping = not finish
        self._stopping = True
        self._handed.put(None)
        self._thread.join(timeout=30)

    def _next(self) -> list[_Work]:
        self._fetch()
        waiting = [] if self._dropping else self._waiting
        group = [heapq.heappop(waiting)] if waiting else []
        while group and group[0].shared and waiting and waiting[0].shared and len(group) < GROUP:
            group.append(heapq.heappop(waiting))
        return group

    def _fetch(self) -> None:
        """Take all that was handed over; wait for it where there is nothing to do."""
        while not self._handed.empty() or not (self._waiting or self._stopping):
            work = self._handed.get()
            if work is not None:
                heapq.heappush(self._waiting, work)

    def _run(self) -> None:
        with self._engine.connect() as connection:
            while group := self._next():
                started = perf_counter()
                self._commit(connection, group)
                self.busy_seconds += perf_counter() - started

    def _commit(self, connection: Connection, group: list[_Work]) -> None:
        try:
            with connection.begin():
                for alike in _alike(group):
                    results = alike[0].run(connection, [work.item for work in alike])
                    for work, result in zip(alike, results, strict=True):
                        work.result = result
            self.commits += 1
        except BaseException as error:
            if len(group) > 1:
                for work in group:
                    self._commit(connection, [work])
            else:
                _answer(group, error)
            return
        for loop in {work.loop for work in group}:
            _answer([work for work in group if work.loop is loop], None)


def _alike(group: list[_Work]) -> list[list[_Work]]:
    """Put pieces of the same kind together, each kind where its first piece stood."""
    kinds: dict[Any, list[_Work]] = {}
    for work in group:
        kinds.setdefault(work.run, []).append(work)
    return list(kinds.values())


def _answer(group: list[_Work], error: BaseException | None) -> None:
    """Wake those who wait, all at once: each call into a loop costs a system call."""

    def settle() -> None:
        for work in group:
            if work.future.cancelled():
                continue
            if error is None:
                work.future.set_result(work.result)
            else:
                work.future.set_exception(error)

    loop = group[0].loop
    if not loop.is_closed():
        loop.call_soon_threadsafe(settle)
