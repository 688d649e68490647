"""The audit chain: an altered, removed or added event is named, not only an altered entry."""

from collections.abc import Callable, Iterator
from typing import Any

import pytest
from sqlalchemy import Connection, delete, func, insert, select, update

from tests.scenarios.plant import SITE, Plant
from tracemill.store import audit as chain
from tracemill.store.tables import audit, change, event

Forge = Callable[[Connection], Any]


@pytest.fixture
def plant(database_url: str) -> Iterator[Plant]:
    made = Plant(database_url)
    made.start()
    yield made
    made.stop()


async def forged(plant: Plant, forge: Forge) -> tuple[int, chain.Broken | None]:
    assert plant.hub
    store = plant.hub.runtime.store
    await plant.receive_lot()
    await plant.settle()
    await plant.decide("L-1", ("REJ", None))
    await plant.settle()
    count, broken = await store.read(lambda c: chain.verify(c, SITE))
    assert broken is None
    assert count > 5
    await store.write(forge)
    return await store.read(lambda c: chain.verify(c, SITE))


def _decision(tx: Connection) -> int:
    return int(tx.execute(select(func.max(event.c.position)).where(event.c.type == "disposition.decided.v1")).scalar_one())


def _accept(table: Any) -> Forge:
    def forge(tx: Connection) -> None:
        at = _decision(tx)
        for row in tx.execute(select(table).where(table.c.position == at)).all():
            text = row.data.replace('"reject"', '"accept"')
            tx.execute(update(table).where(table.c.position == at, table.c.data == row.data).values(data=text))

    return forge


@pytest.mark.parametrize("table", [event, change])
async def test_a_rejection_turned_into_an_acceptance_is_named(plant: Plant, table: Any) -> None:
    _, broken = await forged(plant, _accept(table))
    assert broken is not None
    assert "were altered of entry" in broken.why
    assert "disposition.decided.v1" in broken.why


async def test_a_removed_event_is_named(plant: Plant) -> None:
    count, broken = await forged(plant, lambda tx: tx.execute(delete(event).where(event.c.position == 3)))
    assert broken is not None
    assert (count, broken.position) == (2, 3)
    assert broken.why.startswith("the event is missing of entry 3")


async def test_a_removed_change_is_named(plant: Plant) -> None:
    where = (change.c.position == 1, change.c.ordinal == 0)
    _, broken = await forged(plant, lambda tx: tx.execute(delete(change).where(*where)))
    assert broken is not None
    assert broken.position == 1


async def test_a_removed_entry_is_named_and_so_is_a_cut_off_end(plant: Plant) -> None:
    _, broken = await forged(plant, lambda tx: tx.execute(delete(audit).where(audit.c.position == 4)))
    assert broken is not None
    assert broken.why == "entry 4 is missing"


async def test_an_event_put_behind_another_act_is_named(plant: Plant) -> None:
    def forge(tx: Connection) -> None:
        entry = chain.Entry(at=plant.clock.now, actor="lena", action="system.paused", subject="erp", payload_hash=b"0" * 32)
        at = chain.record(tx, SITE, entry)
        row = tx.execute(select(event).where(event.c.position == 1)).one()
        tx.execute(insert(event), {**row._mapping, "position": at})

    _, broken = await forged(plant, forge)
    assert broken is not None
    assert broken.why.startswith("an event was put behind entry")


async def test_a_chain_longer_than_a_block_is_walked_to_its_end(plant: Plant, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(chain, "BLOCK", 3)
    _, broken = await forged(plant, lambda tx: tx.execute(delete(audit).where(audit.c.position > 8)))
    assert broken is not None
    assert broken.why.startswith("the chain ends at 8, its head says")
