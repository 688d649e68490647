"""A store on a fresh database, once on SQLite and once on PostgreSQL, and rows to put into it."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from sqlalchemy import insert

from tracemill.model.decision import Command
from tracemill.model.status import FeedKind, Mode
from tracemill.store import deliveries
from tracemill.store.deliveries import Delivery, Order
from tracemill.store.messages import Incoming
from tracemill.store.store import Store
from tracemill.store.tables import lot

NOW = datetime(2026, 11, 23, 9, tzinfo=UTC)
LEASE = timedelta(seconds=60)


def later(seconds: float) -> datetime:
    return NOW + timedelta(seconds=seconds)


@pytest.fixture
def store(database_url: str) -> Iterator[Store]:
    made = Store(database_url)
    yield made
    made.close()


def incoming(
    key: str, body: bytes = b"{}", *, read: datetime = NOW, kind: FeedKind = FeedKind.FACTS, feed: str = "f"
) -> Incoming:
    return Incoming(
        site="S", system="erp", feed=feed, kind=kind, key=key, body=body, content_type="application/json", received_at=NOW,
        read_started=read,
    )  # fmt: skip


class Line:
    """The deliveries of one system, in the words of a test."""

    def __init__(self, store: Store) -> None:
        self.store = store
        self.n = 0

    async def lot(self, number: int) -> None:
        row = {"id": number, "uuid": f"lot-{number}", "site": "S", "number": f"L-{number}", "look": "", "item": "",
               "supplier_batch": "", "verdict": "unknown", "unsafe": False, "state": "{}", "updated_at": NOW}  # fmt: skip
        await self.store.write(lambda tx: tx.execute(insert(lot), row))

    async def decide(
        self, number: int, *, restricts: bool = False, verb: str = "set_status", at: datetime = NOW, mode: Mode = Mode.ACT
    ) -> str:
        """Decide a command about a lot; return its id."""
        self.n += 1
        command = Command(id=f"c{self.n}", system="erp", verb=verb, lot=f"lot-{number}", value={}, restricts=restricts)
        order = Order(
            command=command, site="S", lot_id=number, mode=mode, effect_time=timedelta(seconds=30), correlation="", event_id=""
        )
        await self.store.write(lambda tx: deliveries.decide(tx, self.store.ids, [order], at))
        return command.id

    async def claim(self, *, at: datetime = NOW, limit: int = 10, mode: Mode = Mode.ACT) -> list[Delivery]:
        return await self.store.write(lambda tx: deliveries.claim(tx, "erp", mode, limit, at, LEASE))

    async def settle(self, d: Delivery, state: str, **values: Any) -> bool:
        move = deliveries.Move(d, deliveries.S(state), values)
        return (await self.store.write(lambda tx: deliveries.move(tx, [move])))[0]

    async def row(self, uuid: str) -> Any:
        from sqlalchemy import select

        from tracemill.store.tables import delivery

        return await self.store.read(lambda c: c.execute(select(delivery).where(delivery.c.uuid == uuid)).one())


@pytest.fixture
def line(store: Store) -> Line:
    return Line(store)
