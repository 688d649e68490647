"""One hub on a database: a second one is refused, and a hub that lost its database to another one stops."""

import asyncio
from collections.abc import Callable

import psycopg
import pytest
from sqlalchemy import text
from sqlalchemy.exc import OperationalError

from tests.scenarios.plant import Plant
from tracemill.store.engine import AlreadyRunning
from tracemill.store.store import Store


def cut(url: str) -> None:
    """End every other connection to a database, as a failover does."""
    with psycopg.connect(url.replace("postgresql+psycopg", "postgresql"), autocommit=True) as admin:
        others = "datname = current_database() AND pid <> pg_backend_pid()"
        admin.execute(f"SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE {others}")


@pytest.fixture
def url(postgres_database: Callable[[], str]) -> str:
    return postgres_database()


async def write(store: Store) -> int:
    return int(await store.write(lambda tx: tx.execute(text("SELECT 1")).scalar_one()))


def test_a_second_hub_is_refused(database_url: str) -> None:
    first = Store(database_url)
    with pytest.raises(AlreadyRunning):
        Store(database_url)
    first.close()
    Store(database_url).close()


async def test_a_hub_whose_connection_was_cut_takes_its_database_again(url: str) -> None:
    store = Store(url)
    cut(url)
    with pytest.raises(OperationalError):
        await write(store)
    assert await write(store) == 1
    with pytest.raises(AlreadyRunning):
        Store(url)
    store.close()


async def test_a_hub_that_lost_its_database_to_another_one_writes_nothing_and_stops(url: str) -> None:
    plant = Plant(url)
    hub = plant.start()
    await hub.start()
    cut(url)
    second = Store(url)
    await asyncio.wait_for(hub.runtime.stopping.wait(), 10)
    assert isinstance(hub.runtime.failure, AlreadyRunning)
    await hub.stop()
    plant.stop()
    second.close()
