"""Small SQL that every noun needs: chunked IN lists, inserts, upserts and updates on both databases.

They are written once per table and columns and then go to the driver as they are: for many rows of many tables,
SQLAlchemy's own way costs more than the database (bench/README.md).
"""

import re
from collections.abc import Callable, Iterable, Iterator, Sequence
from functools import cache
from typing import Any, TypeVar

from sqlalchemy import Connection, Dialect, Table, bindparam
from sqlalchemy import update as sqlalchemy_update
from sqlalchemy.dialects import postgresql, sqlite

T = TypeVar("T")
CHUNK = 500
Row = dict[str, Any]


def listed(name: str) -> Any:
    """Stand for a list in a statement that is made once: making it anew each time costs more than running it."""
    return bindparam(name, expanding=True)


def chunks(values: Iterable[T]) -> Iterator[list[T]]:
    """Cut a list so that no statement carries more parameters than SQLite takes."""
    pending = list(values)
    for start in range(0, len(pending), CHUNK):
        yield pending[start : start + CHUNK]


def insert(tx: Connection, table: Table, rows: Sequence[Row]) -> None:
    """Insert rows that all have the same columns."""
    if rows:
        _write(tx, table, rows, None, ())


def upsert(tx: Connection, table: Table, rows: Sequence[Row], keys: Sequence[str], update: Sequence[str]) -> None:
    """Insert rows; where a key exists, update the named columns (none: leave the row as it is)."""
    if update:  # the last word about a key counts: PostgreSQL refuses to say two in one statement
        rows = list({tuple(row[k] for k in keys): row for row in rows}.values())
    if rows:
        _write(tx, table, rows, tuple(keys), tuple(update))


def update(tx: Connection, table: Table, rows: Sequence[Row], keys: Sequence[str]) -> None:
    """Change rows that all have the same columns, each found by its keys."""
    if rows:
        _write(tx, table, rows, tuple(keys), None)


Columns = tuple[str, ...]
Take = Callable[[Row], list[Any]]
TOGETHER = (64, 16, 4, 1)  # rows of one statement: few sizes, so that drivers and databases know each statement
_written: dict[tuple[Any, ...], tuple[str, Take]] = {}


def _write(tx: Connection, table: Table, rows: Sequence[Row], keys: Columns | None, update: Columns | None) -> None:
    columns = tuple(rows[0])
    what = tx.dialect.name, table.name, columns, keys, update
    if what not in _written:
        statement = _update(table, columns, keys or ()) if update is None else _insert(tx.dialect, table, keys, update)
        _written[what] = _compiled(tx.dialect, table, statement, columns)
    sql, take = _written[what]
    if update is None:
        tx.exec_driver_sql(sql, [tuple(take(row)) for row in rows])
        return
    start = 0
    for size in TOGETHER:
        while len(rows) - start >= size:
            given = [value for row in rows[start : start + size] for value in take(row)]
            tx.exec_driver_sql(_repeated(sql, size), tuple(given))
            start += size


def _insert(dialect: Dialect, table: Table, keys: Columns | None, update: Columns) -> Any:
    statement: Any = postgresql.insert(table) if dialect.name == "postgresql" else sqlite.insert(table)
    if update:
        return statement.on_conflict_do_update(index_elements=keys, set_={c: statement.excluded[c] for c in update})
    return statement if keys is None else statement.on_conflict_do_nothing(index_elements=keys)


def _update(table: Table, columns: Columns, keys: Columns) -> Any:
    values = {c: bindparam(c, type_=table.c[c].type) for c in columns if c not in keys}
    found = [table.c[k] == bindparam(f"where_{k}", type_=table.c[k].type) for k in keys]
    return sqlalchemy_update(table).where(*found).values(values)


def _compiled(dialect: Dialect, table: Table, statement: Any, columns: Columns) -> tuple[str, Take]:
    """Return a statement as its driver takes it, by position, and how it takes a row."""
    make: Any = type(dialect)
    by_position = make(paramstyle="format" if dialect.name == "postgresql" else "qmark")
    compiled = statement.compile(dialect=by_position, column_keys=list(columns))
    takes = []
    for name in compiled.positiontup:
        column = name.removeprefix("where_")
        takes.append((column, table.c[column].type.dialect_impl(dialect).bind_processor(dialect)))
    return str(compiled), lambda row: [row[c] if p is None else p(row[c]) for c, p in takes]


@cache
def _repeated(sql: str, size: int) -> str:
    """Write an insert of one row as one of several."""
    head, values, tail = re.split(r"(?<=VALUES )(\([^()]*\))", sql, maxsplit=1)
    return head + ", ".join([values] * size) + tail
