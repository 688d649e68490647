"""The poll loop: page by page from where it stopped; a failure moves nothing but the time of the next try."""

import asyncio
from datetime import datetime
from typing import Any

import pytest
from sqlalchemy import select

from tests.scenarios.plant import FEEDS, Plant
from tracemill.hub.hub import Hub
from tracemill.hub.poll import Poller
from tracemill.model.connector import Fetched, Page, Unavailable
from tracemill.store import systems
from tracemill.store.tables import feed_cursor, message


class Source:
    """A feed in pages of one record each, that may be down."""

    def __init__(self, *batches: str) -> None:
        self.batches, self.down, self.asked = list(batches), False, list[dict[str, Any]]()

    async def poll(self, feed: str, cursor: dict[str, Any], now: datetime) -> Page:
        self.asked.append(cursor)
        at = int(cursor.get("at", 0))
        if self.down:
            raise Unavailable("no answer")
        body = b'{"batch": "%s", "stock": []}'
        found = tuple(Fetched("stock", b, body % b.encode(), now) for b in self.batches[at : at + 1])
        return Page(records=found, cursor={"at": at + len(found)}, more=at + 1 < len(self.batches))


def polled(plant: Plant, source: Source, monkeypatch: pytest.MonkeyPatch) -> Poller:
    assert plant.hub
    monkeypatch.setattr(plant.hub.runtime.links["wms"].connector, "poll", source.poll)
    return next(p for p in plant.hub.pollers if (p.link.name, p.feed) == ("wms", "stock"))


async def cursor(plant: Plant) -> dict[str, Any]:
    assert plant.hub
    return await plant.hub.runtime.store.read(lambda c: systems.cursor(c, "wms", "stock"))


async def test_one_round_reads_all_pages_and_the_next_goes_on_where_it_stopped(
    plant: Plant, monkeypatch: pytest.MonkeyPatch
) -> None:
    source = Source("A", "B", "C")
    poller = polled(plant, source, monkeypatch)
    assert await poller.run_once() == 3
    assert await poller.run_once() == 0
    assert source.asked == [{}, {"at": 1}, {"at": 2}, {"at": 3}]
    rows = await plant.rows(select(message.c.key).order_by(message.c.id))
    assert [r.key for r in rows] == ["A", "B", "C"]


async def test_a_failure_keeps_the_cursor_and_says_so(plant: Plant, monkeypatch: pytest.MonkeyPatch) -> None:
    source = Source("A", "B")
    poller = polled(plant, source, monkeypatch)
    await poller.run_once()
    source.batches.append("C")
    source.down = True
    for _ in range(3):
        assert await poller.run_once() == 0
    assert await cursor(plant) == {"at": 2}
    (row,) = await plant.rows(select(feed_cursor).where(feed_cursor.c.system == "wms"))
    assert (row.failures, row.error, poller.link.last_error) == (3, "no answer", "no answer")
    source.down = False
    assert await poller.run_once() == 1
    (row,) = await plant.rows(select(feed_cursor).where(feed_cursor.c.system == "wms"))
    assert (row.failures, row.error, poller.failures, poller.link.last_error) == (0, None, 0, "")


async def test_a_failing_feed_is_read_ever_more_slowly_and_at_its_pace_again_once_it_answers(
    plant: Plant, monkeypatch: pytest.MonkeyPatch
) -> None:
    source = Source("A")
    poller, pace = polled(plant, source, monkeypatch), FEEDS["stock"].every
    source.down = True
    waits = []
    for _ in range(8):
        await poller.run_once()
        waits.append(poller.every)
    assert waits == [min(pace * 2**n, 60) for n in (1, 2, 3, 4, 5, 6, 6, 6)]
    source.down = False
    await poller.run_once()
    assert poller.every == pace


async def test_a_paused_system_is_not_read(plant: Plant, monkeypatch: pytest.MonkeyPatch) -> None:
    source = Source("A")
    poller = polled(plant, source, monkeypatch)
    poller.link.paused = True
    assert (await poller.run_once(), source.asked) == (0, [])


async def test_a_hint_ends_the_wait_of_the_running_loop(plant: Plant, monkeypatch: pytest.MonkeyPatch) -> None:
    source = Source("A")
    polled(plant, source, monkeypatch)
    assert plant.hub
    hub = Hub(plant.hub.runtime)
    await hub.start()
    try:
        async with asyncio.timeout(4):  # the feed's own pace is 5 s
            while len(source.asked) < 1:
                await asyncio.sleep(0.01)
            source.batches.append("B")
            hub.runtime.links["wms"].hints["stock"].set()
            while await cursor(plant) != {"at": 2}:
                await asyncio.sleep(0.01)
    finally:
        await hub.stop()
