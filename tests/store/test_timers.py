"""Timers, cases and months: what comes due, what is open, and where rows of next month go."""

import asyncio
from collections.abc import Callable
from datetime import UTC, datetime

import pytest
from msgspec.structs import replace
from sqlalchemy import select, text

from tests.store.conftest import NOW, Line, incoming, later
from tracemill.model.decision import Case, Timer
from tracemill.model.status import CaseKind
from tracemill.store import cases, messages, partitions
from tracemill.store.store import Store
from tracemill.store.tables import case


async def test_timers_come_due_in_order_and_a_key_has_one_time(line: Line) -> None:
    await line.lot(1)
    timers = [(Timer(key=k, lot="lot-1", due=later(at)), 1) for k, at in (("b", 20), ("a", 10), ("b", 5))]
    for timer in timers:
        await line.store.write(lambda tx, timer=timer: cases.set_timers(tx, "S", [timer]))
    due = await line.store.read(lambda c: cases.due_timers(c, later(10), 10))
    assert [(r.key, r.due, r.uuid) for r in due] == [("b", later(5), "lot-1"), ("a", later(10), "lot-1")]
    await line.store.write(lambda tx: cases.drop_timers(tx, ["b"]))
    assert [r.key for r in await line.store.read(lambda c: cases.due_timers(c, later(60), 10))] == ["a"]


async def test_a_case_is_opened_once_refreshed_closed_and_opened_again(line: Line) -> None:
    await line.lot(1)
    found = Case(key="k", kind=CaseKind.DRIFT, lot="lot-1", title="one")

    async def say(item: Case, at: datetime) -> None:
        await line.store.write(lambda tx: cases.apply(tx, "S", [(item, 1)], at))

    async def row() -> tuple[object, ...]:
        columns = select(case.c.title, case.c.opened_at, case.c.closed_by)
        return tuple(await line.store.read(lambda c: c.execute(columns).one()))

    await say(found, NOW)
    await say(replace(found, title="two"), later(5))
    assert await row() == ("two", NOW, None)
    assert await line.store.write(lambda tx: cases.close(tx, "k", "lena", "seen", later(6))) == 1
    assert await line.store.write(lambda tx: cases.close(tx, "k", "otto", "seen", later(7))) == 0
    assert (await row())[2] == "lena"
    await say(found, later(9))
    assert await row() == ("one", later(9), None)


async def test_the_next_months_are_made_ahead_and_only_once(store: Store) -> None:
    for _ in range(2):
        await store.write(lambda tx: partitions.ensure(tx, datetime(2031, 12, 31, 23, 59, tzinfo=UTC)))
    late = replace(incoming("A"), received_at=datetime(2032, 1, 31, 23, 59, 59, 999999, tzinfo=UTC))
    await store.write(lambda tx: messages.receive(tx, store.ids, [late, replace(incoming("B"), received_at=later(0))]))
    assert [m.key for m in await store.read(lambda c: messages.unprocessed(c, 10))] == ["A", "B"]


async def test_a_row_goes_to_the_month_it_came_in(postgres_database: Callable[[], str]) -> None:
    store = Store(postgres_database())
    try:
        await store.write(lambda tx: partitions.ensure(tx, datetime(2031, 12, 1, tzinfo=UTC)))
        ends = {"2031_12": datetime(2031, 12, 31, 23, 59, 59, 999999, tzinfo=UTC), "2032_01": datetime(2032, 1, 1, tzinfo=UTC)}
        for month, at in ends.items():
            item = replace(incoming(month), received_at=at)
            await store.write(lambda tx, item=item: messages.receive(tx, store.ids, [item]))
        where = text("SELECT key, tableoid::regclass::text FROM message")
        found = dict(await store.read(lambda c: c.execute(where).all()))
    finally:
        store.close()
    assert found == {month: f"message_{month}" for month in ends}


async def test_a_piece_of_work_that_fails_fails_alone(store: Store) -> None:
    async def work(n: int) -> int:
        def run(tx: object) -> int:
            if n == 3:
                raise ValueError("three")
            return n

        return await store.write(run, shared=True)

    found = await asyncio.gather(*(work(n) for n in range(6)), return_exceptions=True)
    assert [n for n in found if isinstance(n, int)] == [0, 1, 2, 4, 5]
    with pytest.raises(ValueError, match="three"):
        await work(3)
