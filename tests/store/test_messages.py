"""Messages in the store: what is new, what was known, and how they are found again."""

import pytest
from sqlalchemy import func, select

from tests.store.conftest import NOW, incoming, later
from tracemill.model.identifier import look
from tracemill.model.status import FeedKind, MessageState
from tracemill.store import messages
from tracemill.store.messages import Incoming
from tracemill.store.store import Store
from tracemill.store.tables import body, business_key, message

SNAPSHOT = FeedKind.SNAPSHOTS


async def outcomes(store: Store, *items: Incoming) -> list[str]:
    receipts = await store.write(lambda tx: messages.receive(tx, store.ids, items))
    return [r.outcome for r in receipts]


async def test_a_fact_is_new_once_known_ever_after_and_told_differently_a_conflict(store: Store) -> None:
    assert await outcomes(store, incoming("A", b"1")) == ["stored"]
    assert await outcomes(store, incoming("A", b"1"), incoming("A", b"2"), incoming("B", b"1")) == [
        "duplicate",
        "conflict",
        "stored",
    ]
    rows = await store.read(lambda c: c.execute(select(message.c.key, message.c.conflicting).order_by(message.c.id)).all())
    assert [tuple(r) for r in rows] == [("A", False), ("A", True), ("B", False)]


async def test_what_came_twice_in_one_batch_is_stored_once(store: Store) -> None:
    assert await outcomes(store, incoming("A"), incoming("A")) == ["stored", "duplicate"]


async def test_what_has_no_key_is_never_a_duplicate(store: Store) -> None:
    assert await outcomes(store, incoming("", b"1"), incoming("", b"1")) == ["stored", "stored"]


async def test_a_snapshot_is_new_where_it_differs_and_a_late_reading_is_stale(store: Store) -> None:
    def read(at: float, content: bytes) -> Incoming:
        return incoming("A", content, read=later(at), kind=SNAPSHOT)

    assert await outcomes(store, read(0, b"1")) == ["stored"]
    assert await outcomes(store, read(5, b"1")) == ["unchanged"]
    assert await outcomes(store, read(3, b"2")) == ["stale"], "an unchanged reading moves on how fresh we are"
    assert await outcomes(store, read(6, b"2"), read(7, b"1")) == ["stored", "stored"], "there and back is two changes"
    assert await outcomes(store, read(7, b"3")) == ["stored"], "of two readings at the same moment none is stale"


async def test_feeds_do_not_share_their_keys(store: Store) -> None:
    assert await outcomes(store, incoming("A", feed="x"), incoming("A", feed="y")) == ["stored", "stored"]


async def test_a_body_that_comes_often_is_kept_once(store: Store) -> None:
    await outcomes(store, *[incoming(str(n), b"the same") for n in range(5)])
    assert await store.read(lambda c: c.execute(select(func.count()).select_from(body)).scalar()) == 1
    found = await store.read(lambda c: messages.unprocessed(c, 10))
    assert [(m.key, m.body) for m in found] == [(str(n), b"the same") for n in range(5)]


@pytest.mark.parametrize("key", ["k" * 401, "k" * 5000, "a\0b", "🧪" * 400])
async def test_a_key_of_any_length_is_known_again(store: Store, key: str) -> None:
    first = (await store.write(lambda tx: messages.receive(tx, store.ids, [incoming(key, b"1")])))[0].uuid
    assert await outcomes(store, incoming(key, b"1"), incoming(key + "x", b"1")) == ["duplicate", "stored"]
    assert await store.read(lambda c: messages.told_before(c, "erp", "f", key)) == first


async def test_a_message_is_settled_once_parked_with_its_cause_and_closed_by_one_person(store: Store) -> None:
    await outcomes(store, *[incoming(k) for k in "ABC"])
    one, two, three = await store.read(lambda c: messages.unprocessed(c, 10))
    await store.write(lambda tx: messages.settle(tx, [one.id], MessageState.PROCESSED, NOW))
    await store.write(lambda tx: messages.park(tx, two.id, "T310", "x" * 5000, "hint", NOW))
    assert [m.key for m in await store.read(lambda c: messages.unprocessed(c, 10))] == ["C"]
    waiting = (MessageState.RECEIVED, MessageState.PARKED)
    assert await store.read(lambda c: messages.still(c, [one.id, two.id, three.id], waiting)) == {two.id, three.id}
    closed = [
        await store.write(lambda tx, by=by: messages.close_parked(tx, two.uuid, MessageState.DISCARDED, by, "read"))
        for by in ("lena", "otto")
    ]
    assert closed == [1, 0]
    fate = await store.read(lambda c: messages.fate(c, two.uuid))
    assert fate is not None
    assert (fate.state, fate.code, len(fate.cause)) == ("discarded", "T310", 2000)
    assert await store.read(messages.counts) == {"processed": 1, "discarded": 1, "received": 1}


async def test_a_business_key_is_kept_whole_and_found_by_how_it_looks(store: Store) -> None:
    keys = [(1, "lot", " 007-A "), (1, "lot", " 007-A "), (2, "lot", "7a"), (3, "lot", "ß" * 200)]
    for _ in range(2):
        await store.write(lambda tx: messages.index(tx, keys))
    query = select(business_key.c.value).where(business_key.c.look == look("7-a")).order_by(business_key.c.message_id)
    assert await store.read(lambda c: c.execute(query).scalars().all()) == [" 007-A ", "7a"]
    query = select(business_key.c.message_id).where(business_key.c.look == look("ß" * 200))
    assert await store.read(lambda c: c.execute(query).scalars().all()) == [3]
