"""Engines: SQLite by the rules that keep its WAL safe, PostgreSQL as it is.

Before SQLite 3.51.3 a WAL can be corrupted when two connections write or checkpoint at once: exactly one connection
writes and checkpoints, readers are read-only, and a lock file keeps a second hub away.
"""

import fcntl
from pathlib import Path
from typing import Any

from sqlalchemy import Engine, create_engine, event
from sqlalchemy.engine import make_url
from sqlalchemy.pool import QueuePool, StaticPool

PG_LOCK = 0x7472_6163  # "trac": the advisory lock of the one hub on a database


class AlreadyRunning(RuntimeError):
    """Another hub holds this database."""


def is_sqlite(url: str) -> bool:
    return make_url(url).get_backend_name() == "sqlite"


def normalise(url: str) -> str:
    """Name the driver that is shipped, for URLs that leave it open."""
    return url.replace("postgresql://", "postgresql+psycopg://", 1) if url.startswith("postgresql://") else url


def writer_engine(url: str) -> Engine:
    """Return the engine of the one writing connection."""
    url = normalise(url)
    if not is_sqlite(url):
        server = create_engine(url, poolclass=StaticPool, pool_reset_on_return=None)
        event.listen(server, "connect", lambda connection, _: hold(connection))
        return server
    engine = create_engine(url, poolclass=StaticPool, connect_args={"check_same_thread": False, "timeout": 30})
    _on_connect(
        engine, ("journal_mode=WAL", "synchronous=FULL", "foreign_keys=ON", "wal_autocheckpoint=2000", "cache_size=-65536")
    )
    event.listen(engine, "begin", lambda c: c.exec_driver_sql("BEGIN IMMEDIATE"))
    return engine


def reader_engine(url: str) -> Engine:
    """Return the engine of the readers: they can neither write nor checkpoint."""
    url = normalise(url)
    if not is_sqlite(url):
        return create_engine(url, poolclass=QueuePool, pool_size=4)
    engine = create_engine(url, poolclass=QueuePool, pool_size=4, connect_args={"check_same_thread": False, "timeout": 30})
    _on_connect(engine, ("query_only=ON", "wal_autocheckpoint=0", "cache_size=-32768"))
    event.listen(engine, "begin", lambda c: c.exec_driver_sql("BEGIN"))
    return engine


def _on_connect(engine: Engine, pragmas: tuple[str, ...]) -> None:
    def prepare(connection: Any, _: Any) -> None:
        connection.isolation_level = None  # SQLAlchemy's begin event opens transactions, not the driver
        for pragma in pragmas:
            connection.execute(f"PRAGMA {pragma}")

    event.listen(engine, "connect", prepare)


def hold(connection: Any) -> None:
    """Take the database for this hub, for as long as this very connection lives; raise AlreadyRunning where another has it.

    The writing connection holds it: whoever lost the connection lost the right to write, and may find another hub there.
    """
    with connection.cursor() as cursor:
        cursor.execute(f"SELECT pg_try_advisory_lock({PG_LOCK})")
        (held,) = cursor.fetchone()
    connection.commit()
    if not held:
        raise AlreadyRunning("another hub holds this database; stop it, or use it through its API")


class Lock:
    """Keeps a second hub away from a database; ends with the process. On a server the writing connection is the lock."""

    def __init__(self, url: str) -> None:
        self._url = normalise(url)
        self._file: Any = None
        self.engine: Engine | None = None

    def acquire(self) -> None:
        if not is_sqlite(self._url):
            self.engine = writer_engine(self._url)
            self.engine.connect().close()
            return
        path = Path(f"{make_url(self._url).database}.lock")
        self._file = path.open("w")
        try:
            fcntl.flock(self._file, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except OSError:
            self._file.close()
            raise AlreadyRunning(f"another hub holds {path}; stop it, or use it through its API") from None

    def release(self) -> None:
        if self._file is not None:
            self._file.close()
        if self.engine is not None:
            self.engine.dispose()
