"""The schema that migrations make is the schema that the code works with, on both databases."""

from collections.abc import Callable, Iterator

import pytest
from alembic.autogenerate import compare_metadata
from alembic.migration import MigrationContext
from sqlalchemy import Connection, create_engine, inspect, text
from sqlalchemy.pool import NullPool

from tracemill.store.engine import normalise
from tracemill.store.partitions import PARTITIONED
from tracemill.store.schema import metadata
from tracemill.store.store import Store, migrate


@pytest.fixture
def migrated(database_url: str) -> Iterator[Connection]:
    migrate(database_url)
    engine = create_engine(normalise(database_url), poolclass=NullPool)
    with engine.connect() as connection:
        yield connection
    engine.dispose()


def test_migrated_and_declared_are_the_same(migrated: Connection) -> None:
    context = MigrationContext.configure(migrated, opts={"compare_type": True, "include_name": _ours})
    assert compare_metadata(context, metadata) == []


def _ours(name: str | None, kind: str, _parents: object) -> bool:
    """Partitions are made by the month, alembic's own table by alembic."""
    return kind != "table" or name in metadata.tables


def test_primary_keys_are_the_same(migrated: Connection) -> None:
    found = inspect(migrated)
    keys = {name: set(found.get_pk_constraint(name)["constrained_columns"]) for name in metadata.tables}
    assert keys == {name: {c.name for c in table.primary_key.columns} for name, table in metadata.tables.items()}


def test_a_second_migration_changes_nothing(database_url: str) -> None:
    migrate(database_url)
    migrate(database_url)


async def test_months_are_partitions_on_postgresql(postgres_database: Callable[[], str]) -> None:
    store = Store(postgres_database())
    query = text("SELECT inhparent::regclass::text FROM pg_inherits")
    try:
        parents = [row[0] for row in await store.read(lambda c: c.execute(query).all())]
    finally:
        store.close()
    assert {name: parents.count(name) for name in PARTITIONED} == dict.fromkeys(PARTITIONED, 3)  # this month, the next, the rest
