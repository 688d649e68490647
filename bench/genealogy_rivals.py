"""The same genealogy in others: recursive queries of SQLite and PostgreSQL, and a rustworkx graph."""

from __future__ import annotations

import sqlite3
from collections.abc import Sequence
from pathlib import Path
from typing import Any, Protocol

import numpy as np

from tracemill.core.genealogy.rows import Rows

TABLES = """
CREATE TABLE consumed (lot bigint, transformation bigint, evidence smallint, quantity double precision,
                       occurred_at bigint, position bigint, PRIMARY KEY (lot, transformation)) {options};
CREATE TABLE produced (lot bigint, transformation bigint, evidence smallint, quantity double precision,
                       occurred_at bigint, position bigint, PRIMARY KEY (lot, transformation)) {options};
"""
INDEXES = """
CREATE INDEX consumed_back ON consumed (transformation, lot);
CREATE INDEX produced_on ON produced (transformation, lot);
"""
REACHED = """
WITH RECURSIVE reached (lot) AS (
  SELECT lot FROM start
  UNION
  SELECT b.lot FROM reached r {join} {first} a ON a.lot = r.lot {join} {second} b ON b.transformation = a.transformation
)
"""
REACH = REACHED + "SELECT count(*) FROM reached"
WEAK = (
    REACHED
    + """, used (transformation) AS (SELECT DISTINCT a.transformation FROM reached r JOIN {first} a ON a.lot = r.lot)
SELECT (SELECT count(*) FROM reached r JOIN {first} a ON a.lot = r.lot WHERE a.evidence >= 2)
     + (SELECT count(*) FROM used u JOIN {second} b ON b.transformation = u.transformation WHERE b.evidence >= 2)
"""
)
COLUMNS = ("lot", "transformation", "evidence", "quantity", "occurred_at", "position")


def query(text: str, forward: bool, join: str) -> str:
    first, second = ("consumed", "produced") if forward else ("produced", "consumed")
    return text.format(first=first, second=second, join=join)


def tables(rows: Rows) -> list[tuple[str, list[list[Any]]]]:
    """Both tables, column by column."""
    sides = (("consumed", ~rows.output), ("produced", rows.output))
    return [(name, [getattr(rows, column)[where].tolist() for column in COLUMNS]) for name, where in sides]


class Rival(Protocol):
    """Another engine. `reach` is timed, `lots` counts the lots in its answer, `weak` the edges that were not observed."""

    name: str

    def begin(self, starts: Sequence[int], forward: bool) -> None: ...
    def reach(self, forward: bool) -> Any: ...
    def lots(self, found: Any) -> int: ...
    def weak(self, forward: bool) -> int | None: ...
    def size(self) -> int | None: ...


class Sqlite:
    name = "SQLite"

    def __init__(self, rows: Rows, folder: Path) -> None:
        self._path = folder / "genealogy.db"
        self._db = sqlite3.connect(self._path, isolation_level=None)
        self._db.executescript("PRAGMA journal_mode=WAL; PRAGMA synchronous=FULL; PRAGMA cache_size=-262144;")
        self._db.executescript(TABLES.format(options="WITHOUT ROWID"))
        self._db.execute("BEGIN")
        for name, columns in tables(rows):
            self._db.executemany(f"INSERT INTO {name} VALUES (?, ?, ?, ?, ?, ?)", zip(*columns, strict=True))
        self._db.execute("COMMIT")
        self._db.executescript(f"{INDEXES} ANALYZE; CREATE TEMP TABLE start (lot integer PRIMARY KEY);")

    def begin(self, starts: Sequence[int], forward: bool) -> None:
        self._db.execute("DELETE FROM temp.start")
        self._db.executemany("INSERT INTO temp.start VALUES (?)", [(lot,) for lot in starts])

    def reach(self, forward: bool) -> int:
        # CROSS JOIN keeps SQLite to the order that is written, the only sensible one here
        return int(self._db.execute(query(REACH, forward, "CROSS JOIN")).fetchone()[0])

    def lots(self, found: int) -> int:
        return found

    def weak(self, forward: bool) -> int:
        return int(self._db.execute(query(WEAK, forward, "CROSS JOIN")).fetchone()[0])

    def size(self) -> int:
        self._db.execute("PRAGMA wal_checkpoint(TRUNCATE)")
        return self._path.stat().st_size


class Postgres:
    name = "PostgreSQL"

    def __init__(self, rows: Rows, url: str) -> None:
        import psycopg

        self._db = psycopg.connect(url, autocommit=True)
        self._db.execute(TABLES.format(options="").encode())
        with self._db.cursor() as cursor:
            for name, columns in tables(rows):
                with cursor.copy(f"COPY {name} FROM STDIN".encode()) as copy:
                    for row in zip(*columns, strict=True):
                        copy.write_row(row)
        self._db.execute(INDEXES.encode())
        self._db.execute("ANALYZE")
        self._db.execute("CREATE TEMP TABLE start (lot bigint PRIMARY KEY)")

    def begin(self, starts: Sequence[int], forward: bool) -> None:
        self._db.execute("TRUNCATE start")
        self._db.execute("INSERT INTO start SELECT unnest(%s::bigint[])", (list(starts),))
        self._db.execute("ANALYZE start")

    def reach(self, forward: bool) -> int:
        return self._one(query(REACH, forward, "JOIN"))

    def lots(self, found: int) -> int:
        return found

    def weak(self, forward: bool) -> int:
        return self._one(query(WEAK, forward, "JOIN"))

    def size(self) -> int:
        return self._one("SELECT pg_total_relation_size('consumed') + pg_total_relation_size('produced')")

    def _one(self, text: str) -> int:
        found = self._db.execute(text.encode()).fetchone()
        assert found
        return int(found[0])


class Rustworkx:
    """Ties only: it keeps no evidence, quantities or times."""

    name = "rustworkx"

    def __init__(self, rows: Rows, lots: int) -> None:
        import rustworkx

        self._find = {True: rustworkx.descendants, False: rustworkx.ancestors}
        self._lots = lots
        self._graph = rustworkx.PyDiGraph()
        self._graph.add_nodes_from([None] * (lots + int(rows.transformation.max()) + 2))
        lot, transformation = rows.lot, rows.transformation + lots
        source, target = np.where(rows.output, transformation, lot), np.where(rows.output, lot, transformation)
        self._graph.add_edges_from_no_data(list(zip(source.tolist(), target.tolist(), strict=True)))
        self._start = 0

    def begin(self, starts: Sequence[int], forward: bool) -> None:
        """One node that stands for all starts."""
        self._start = self._graph.add_node(None)
        edges = [(self._start, lot) if forward else (lot, self._start) for lot in starts]
        self._graph.add_edges_from_no_data(edges)

    def reach(self, forward: bool) -> set[int]:
        return self._find[forward](self._graph, self._start)

    def lots(self, found: set[int]) -> int:
        return sum(1 for node in found if node <= self._lots)

    def weak(self, forward: bool) -> None:
        return None

    def size(self) -> None:
        return None
