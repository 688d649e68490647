"""The state file of one application: one SQLite connection, its clock, and the journal of effects."""

import sqlite3
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from datetime import UTC, datetime
from pathlib import Path
from threading import RLock

_SCHEMA = """
create table if not exists journal (
  n integer primary key, at text not null, what text not null, subject text not null,
  reference text not null, qty text not null, detail text not null);
create table if not exists counters (name text primary key, value integer not null);
"""


def _now() -> datetime:
    return datetime.now(UTC)


class Ledger:
    """Keeps one application's state across restarts; every request is one transaction."""

    def __init__(self, path: Path, schema: str) -> None:
        self.clock: Callable[[], datetime] = _now
        self._lock = RLock()
        self._db = sqlite3.connect(path, check_same_thread=False, isolation_level=None)
        self._db.row_factory = sqlite3.Row
        # Survives a killed process, which is all the demo asks; power loss is the hub's test, not the plant's.
        self._db.execute("pragma synchronous=off")
        self._db.executescript(_SCHEMA + schema)

    @contextmanager
    def work(self) -> Iterator[None]:
        """Do everything inside or nothing; committed when the block ends."""
        with self._lock:
            self._db.execute("begin immediate")
            try:
                yield
            except BaseException:
                self._db.execute("rollback")
                raise
            self._db.execute("commit")

    @contextmanager
    def at(self, moment: datetime) -> Iterator[None]:
        """Let the clock show another moment, so that history can be written."""
        before, self.clock = self.clock, lambda: moment
        try:
            yield
        finally:
            self.clock = before

    def rows(self, sql: str, *values: object) -> list[sqlite3.Row]:
        with self._lock:
            return list(self._db.execute(sql, values))

    def named(self, sql: str, values: Mapping[str, object]) -> list[sqlite3.Row]:
        with self._lock:
            return list(self._db.execute(sql, values))

    def row(self, sql: str, *values: object) -> sqlite3.Row | None:
        found = self.rows(sql, *values)
        return found[0] if found else None

    def run(self, sql: str, *values: object) -> int:
        """Run one statement and say how many rows it touched."""
        with self._lock:
            return self._db.execute(sql, values).rowcount

    def insert(self, table: str, **columns: object) -> None:
        names = ", ".join(f'"{name}"' for name in columns)
        marks = ", ".join("?" for _ in columns)
        # The names are the applications' own, never a caller's.
        self.run(f"insert into {table} ({names}) values ({marks})", *columns.values())  # noqa: S608

    def number(self, name: str, first: int = 1) -> int:
        """Draw the next number of a series."""
        self.run("insert or ignore into counters values (?, ?)", name, first - 1)
        self.run("update counters set value = value + 1 where name = ?", name)
        found = self.row("select value from counters where name = ?", name)
        assert found is not None
        return int(found["value"])

    def note(self, what: str, subject: str, reference: str = "", qty: str = "", detail: str = "") -> None:
        """Write one effect into the journal."""
        at = self.clock().isoformat(timespec="milliseconds")
        self.insert("journal", at=at, what=what, subject=subject, reference=reference, qty=qty, detail=detail)

    def journal(self, after: int = 0) -> list[Mapping[str, object]]:
        return [dict(row) for row in self.rows("select * from journal where n > ? order by n", after)]

    def forget_journal(self) -> None:
        """Begin the journal anew: seeded history is not an effect anybody caused."""
        self.run("delete from journal")

    def close(self) -> None:
        with self._lock:
            self._db.close()
