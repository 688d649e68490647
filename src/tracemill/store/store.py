"""The store: one writer, a few readers, and a schema that is migrated before either starts."""

import asyncio
import threading
from collections.abc import Callable
from collections.abc import Sequence as Some
from concurrent.futures import ThreadPoolExecutor
from datetime import UTC, datetime
from pathlib import Path
from time import time_ns
from typing import TypeVar

from alembic import command
from alembic.config import Config
from sqlalchemy import Connection

from tracemill.store.engine import Lock, normalise, reader_engine, writer_engine
from tracemill.store.partitions import ensure
from tracemill.store.writer import Priority, Writer

T = TypeVar("T")
Item = TypeVar("Item")


def migrate(url: str) -> None:
    """Bring the schema of a database to the newest revision."""
    config = Config()
    config.set_main_option("script_location", str(Path(__file__).parent / "migrations"))
    config.set_main_option("path_separator", "os")
    config.attributes["url"] = normalise(url)
    command.upgrade(config, "head")


class Sequence:
    """Time-ordered 63-bit ids: milliseconds, then a counter. They never go back, even if the clock does."""

    def __init__(self) -> None:
        self._last = 0
        self._lock = threading.Lock()

    def next(self) -> int:
        with self._lock:
            self._last = max(self._last + 1, (time_ns() // 1_000_000 - 1_577_836_800_000) << 20)
            return self._last


class Store:
    """Durable state. Everything that changes it goes through `write`; everything else through `read`."""

    def __init__(self, url: str) -> None:
        self.url = url
        self.ids = Sequence()
        self._lock = Lock(url)
        self._lock.acquire()
        try:
            migrate(url)
        except BaseException:
            self._lock.release()
            raise
        self._writer_engine = self._lock.engine or writer_engine(url)  # where the connection is the lock, it is never let go
        with self._writer_engine.begin() as connection:
            ensure(connection, datetime.now(UTC))
        self.writer = Writer(self._writer_engine)
        self._reader_engine = reader_engine(url)
        self._readers = ThreadPoolExecutor(max_workers=3, thread_name_prefix="tracemill-reader")

    async def write(self, run: Callable[[Connection], T], priority: Priority = Priority.RECEIVE, *, shared: bool = False) -> T:
        return await self.writer.write(run, priority, shared=shared)

    async def gather(
        self, run: Callable[[Connection, Some[Item]], Some[T]], item: Item, priority: Priority = Priority.RECEIVE
    ) -> T:
        """Write one of many alike: what waits together is one call of `run`, in one commit."""
        return await self.writer.gather(run, item, priority)

    async def read(self, run: Callable[[Connection], T]) -> T:
        """Run a query on a read-only snapshot, outside the event loop."""
        return await asyncio.get_running_loop().run_in_executor(self._readers, self._read, run)

    def _read(self, run: Callable[[Connection], T]) -> T:
        with self._reader_engine.connect() as connection:
            return run(connection)

    def close(self, *, finish: bool = True) -> None:
        """Let go of the database; without `finish` abruptly, as when the process dies."""
        self.writer.stop(finish=finish)
        self._readers.shutdown()
        self._reader_engine.dispose()
        self._writer_engine.dispose()
        self._lock.release()
