"""Small SQL that every noun needs: chunked IN lists, inserts, upserts and updates on both databases.

They are written once per table and columns and then go to the driver as they are: for many rows of many tables,
SQLAlchemy's own way costs more than the database (bench/README.md).
"""

from collections.abc import Callable, Iterable, Iterator, Sequence
from typing import Any, TypeVar

from sqlalchemy import Connection, Dialect, Table, bindparam
from sqlalchemy import update as sqlalchemy_update
from sqlalchemy.dialects import postgresql, sqlite

T = TypeVar("T")
CHUNK = 500
Row = dict[str, Any]


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
    if rows:
        _write(tx, table, rows, tuple(keys), tuple(update))


def update(tx: Connection, table: Table, rows: Sequence[Row], keys: Sequence[str]) -> None:
    """Change rows that all have the same columns, each found by its keys."""
    if rows:
        _write(tx, table, rows, tuple(keys), None)


Columns = tuple[str, ...]
Written = tuple[str, Callable[[Row], Any]]  # a statement, and how it takes a row
_written: dict[tuple[Any, ...], Written] = {}


def _write(tx: Connection, table: Table, rows: Sequence[Row], keys: Columns | None, update: Columns | None) -> None:
    what = tx.dialect.name, table.name, tuple(rows[0]), keys, update
    if what not in _written:
        statement = _insert(tx.dialect, table, keys, update) if update is not None else _update(table, tuple(rows[0]), keys or ())
        _written[what] = _compiled(tx.dialect, table, statement, tuple(rows[0]))
    sql, take = _written[what]
    tx.exec_driver_sql(sql, [take(row) for row in rows])


def _insert(dialect: Dialect, table: Table, keys: Columns | None, update: Columns) -> Any:
    statement: Any = postgresql.insert(table) if dialect.name == "postgresql" else sqlite.insert(table)
    if update:
        return statement.on_conflict_do_update(index_elements=keys, set_={c: statement.excluded[c] for c in update})
    return statement if keys is None else statement.on_conflict_do_nothing(index_elements=keys)


def _update(table: Table, columns: Columns, keys: Columns) -> Any:
    values = {c: bindparam(c, type_=table.c[c].type) for c in columns if c not in keys}
    found = [table.c[k] == bindparam(f"where_{k}", type_=table.c[k].type) for k in keys]
    return sqlalchemy_update(table).where(*found).values(values)


def _compiled(dialect: Dialect, table: Table, statement: Any, columns: Columns) -> Written:
    compiled = statement.compile(dialect=dialect, column_keys=list(columns))
    names = compiled.positiontup if compiled.positional else list(compiled.params)
    takes = []
    for name in names:
        column = name.removeprefix("where_")
        takes.append((name, column, table.c[column].type.dialect_impl(dialect).bind_processor(dialect)))
    if compiled.positional:
        return str(compiled), lambda row: tuple([row[c] if p is None else p(row[c]) for _, c, p in takes])
    return str(compiled), lambda row: {n: row[c] if p is None else p(row[c]) for n, c, p in takes}
