"""Small SQL that every noun needs: chunked IN lists and upserts on both databases."""

from collections.abc import Iterable, Iterator, Sequence
from typing import Any, TypeVar

from sqlalchemy import Connection, Table
from sqlalchemy.dialects import postgresql, sqlite

T = TypeVar("T")
CHUNK = 500
Row = dict[str, Any]


def chunks(values: Iterable[T]) -> Iterator[list[T]]:
    """Cut a list so that no statement carries more parameters than SQLite takes."""
    pending = list(values)
    for start in range(0, len(pending), CHUNK):
        yield pending[start : start + CHUNK]


def upsert(tx: Connection, table: Table, rows: Sequence[Row], keys: Sequence[str], update: Sequence[str]) -> None:
    """Insert rows; where a key exists, update the named columns (none: leave the row as it is)."""
    if not rows:
        return
    insert = postgresql.insert(table) if tx.dialect.name == "postgresql" else sqlite.insert(table)
    if update:
        statement = insert.on_conflict_do_update(index_elements=list(keys), set_={c: insert.excluded[c] for c in update})
    else:
        statement = insert.on_conflict_do_nothing(index_elements=list(keys))
    tx.execute(statement, list(rows))
