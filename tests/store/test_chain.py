"""The audit trail: a chain whose every altered, missing or added entry shows."""

from typing import Any

import pytest
from sqlalchemy import delete, insert, update

from tests.store.conftest import NOW
from tracemill.store import audit
from tracemill.store.store import Store
from tracemill.store.tables import audit as entries
from tracemill.store.tables import site_position

Broken = audit.Broken | None


def entry(n: int) -> audit.Entry:
    return audit.Entry(at=NOW, actor="lena", action="lot.hold", subject=f"L-{n}", payload_hash=bytes(32), reason="ü 🧪")


async def chain(store: Store, site: str, count: int) -> None:
    for n in range(count):
        await store.write(lambda tx, n=n: audit.record(tx, site, entry(n)))


async def broken(store: Store, site: str = "S") -> tuple[int, Broken]:
    return await store.read(lambda c: audit.verify(c, site))


async def test_every_site_has_a_chain_of_its_own_without_gaps(store: Store) -> None:
    await chain(store, "S", 3)
    await chain(store, "T", 2)
    assert await broken(store, "S") == (3, None)
    assert await broken(store, "T") == (2, None)
    assert await broken(store, "none") == (0, None)


async def test_a_transaction_that_fails_leaves_no_gap(store: Store) -> None:
    await chain(store, "S", 1)

    def fails(tx: Any) -> None:
        audit.record(tx, "S", entry(9))
        raise RuntimeError("after the entry")

    with pytest.raises(RuntimeError):
        await store.write(fails)
    await chain(store, "S", 1)
    assert await broken(store) == (2, None)


@pytest.mark.parametrize(
    ("change", "position", "why"),
    [
        (update(entries).where(entries.c.position == 2).values(actor="otto"), 2, "altered"),
        (update(entries).where(entries.c.position == 2).values(reason="another"), 2, "altered"),
        (update(entries).where(entries.c.position == 2).values(payload_hash=b"1" * 32), 2, "altered"),
        (delete(entries).where(entries.c.position == 2), 2, "missing"),
        (delete(entries).where(entries.c.position == 3), 2, "the chain ends at 2"),
        (update(site_position).values(position=9), 3, "its head says 9"),
    ],
    ids=["actor", "reason", "payload", "taken out", "cut off", "head"],
)
async def test_what_was_changed_afterwards_shows_and_where(store: Store, change: Any, position: int, why: str) -> None:
    await chain(store, "S", 3)
    await store.write(lambda tx: tx.execute(change))
    _, found = await broken(store)
    assert found is not None
    assert found.position == position
    assert why in found.why


async def test_an_entry_that_was_slipped_in_shows(store: Store) -> None:
    await chain(store, "S", 2)
    row = {"site": "S", "position": 3, "hash": bytes(32), **{f: getattr(entry(7), f) for f in audit.Entry.__struct_fields__}}
    await store.write(lambda tx: tx.execute(insert(entries), row))
    assert (await broken(store))[1] == audit.Broken(position=3, why="entry 3 was altered")
