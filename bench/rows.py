"""What the floor writes with: one connection, a thread that commits what waits together, and batches of what comes."""

import asyncio
import os
import sqlite3
import sys
import threading
from collections.abc import Callable, Sequence
from typing import Any

from tracemill.store.schema import metadata
from tracemill.store.store import migrate

Rows = list[tuple[Any, ...]]


class Database:
    """One writing connection of either kind, and a thread that commits what waits, together."""

    def __init__(self, url: str) -> None:
        migrate(url)
        self._sqlite = url.startswith("sqlite")
        self._url = url
        self._queue: list[tuple[Callable[[Database], None], asyncio.Future[None]]] = []
        self._ready = threading.Condition()
        self.commits = 0
        self._loop = asyncio.get_running_loop()
        threading.Thread(target=self._run, daemon=True).start()

    def _open(self) -> Any:
        if self._sqlite:
            connection = sqlite3.connect(self._url.removeprefix("sqlite:///"), isolation_level=None, cached_statements=256)
            for pragma in ("journal_mode=WAL", "synchronous=FULL", "wal_autocheckpoint=2000", "cache_size=-65536"):
                connection.execute(f"PRAGMA {pragma}")
            return connection
        import psycopg

        return psycopg.connect(self._url.replace("postgresql+psycopg", "postgresql"), autocommit=True)

    def many(self, sql: str, rows: Sequence[tuple[Any, ...]]) -> None:
        if rows:
            self._cursor.executemany(sql if self._sqlite else sql.replace("?", "%s"), rows)

    def insert(self, table: str, rows: Rows) -> None:
        """Insert rows into the first columns of a table; keys that exist are left as they are."""
        if rows:
            columns = [f'"{c.name}"' for c in metadata.tables[table].columns][: len(rows[0])]
            marks = ",".join("?" * len(columns))
            self.many(f'INSERT INTO "{table}" ({",".join(columns)}) VALUES ({marks}) ON CONFLICT DO NOTHING', rows)

    async def write(self, run: "Callable[[Database], None]") -> None:
        """Return when the commit is durable."""
        done: asyncio.Future[None] = self._loop.create_future()
        with self._ready:
            self._queue.append((run, done))
            self._ready.notify()
        await done

    def _run(self) -> None:
        connection = self._open()
        self._cursor = connection.cursor()
        while True:
            with self._ready:
                while not self._queue:
                    self._ready.wait()
                some, self._queue = self._queue, []
            self._cursor.execute("BEGIN")
            for run, _ in some:
                run(self)
            self._cursor.execute("COMMIT")
            self.commits += 1
            self._loop.call_soon_threadsafe(_answer, [done for _, done in some])


def _answer(futures: "list[asyncio.Future[None]]") -> None:
    for future in futures:
        future.set_result(None)


class Batches:
    """Collects items and hands them on in batches, one batch under way at a time."""

    def __init__(self, most: int, run: Callable[[list[Any]], Any]) -> None:
        self._most, self._run, self._items = most, run, list[Any]()
        self._going = False

    def add(self, item: Any) -> None:
        self._items.append(item)
        if not self._going:
            self._going = True
            asyncio.create_task(self._drain()).add_done_callback(loud)

    async def _drain(self) -> None:
        while self._items:
            some, self._items = self._items[: self._most], self._items[self._most :]
            await self._run(some)
        self._going = False


def loud(task: "asyncio.Task[None]") -> None:
    if error := task.exception():
        sys.excepthook(type(error), error, error.__traceback__)
        os._exit(1)
