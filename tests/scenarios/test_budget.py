"""The write budget: few rows per event, and statements that do not grow with a batch as its rows do."""

from collections.abc import Callable

import pytest
from sqlalchemy import event, func, select

from tests.scenarios.plant import Plant
from tests.scenarios.test_batch import incoming
from tracemill.hub.receive import receive
from tracemill.store.schema import metadata

ROWS = 20
STATEMENTS = 80  # of a batch of a hundred events, from its load to its commit


@pytest.fixture
def statements(plant: Plant) -> Callable[[], int]:
    """A function that says how many statements were written since it was last asked."""
    assert plant.hub
    seen: list[str] = []
    engine = plant.hub.runtime.store._writer_engine
    event.listen(engine, "before_cursor_execute", lambda c, cursor, sql, *_: seen.append(sql))

    def since() -> int:
        count = len(seen)
        seen.clear()
        return count

    return since


async def counted(plant: Plant) -> int:
    """All rows of all tables."""
    tables = [t for t in metadata.sorted_tables if t.name not in ("site_position", "idempotency", "account")]
    return sum([int((await plant.rows(select(func.count()).select_from(t)))[0][0]) for t in tables])


async def test_an_event_and_each_delivery_that_follows_from_it_leave_at_most_twenty_rows(plant: Plant) -> None:
    for n in range(20):
        await plant.receive_lot(f"L-{n}")
    await plant.settle()
    before, decided = await counted(plant), 20
    for n in range(decided):
        await plant.decide(f"L-{n}", ("ACC", None), inspection=f"SG-{n}")
    messages = await counted(plant) - before
    await plant.settle()
    deliveries = 2 * decided  # ERP and warehouse are told
    assert messages / decided <= ROWS
    assert (await counted(plant) - before - messages) / deliveries <= ROWS


async def test_statements_of_a_batch_do_not_grow_with_its_events(plant: Plant, statements: Callable[[], int]) -> None:
    assert plant.hub
    await receive(plant.hub.runtime, [incoming(plant, f"A{n}") for n in range(100)])
    assert statements() <= STATEMENTS / 4
    assert await plant.hub.processor.run_once() == 100
    assert statements() <= STATEMENTS
