"""Messages: secrets are never shown, failures are counted whole."""

import pytest

from tests.scenarios.plant import Plant
from tracemill.answers import body, messages, search
from tracemill.answers.status import board


@pytest.mark.parametrize(
    "raw",
    [
        b'{"password": "hunter2"}',
        b'{"db": {"Api-Key": "a\\"hunter2"}}',
        b'{"token": 4711004711}',
        b'{"auth": {"client_secret": {"value": "hunter2"}}}',
        b'{"token": "hunter2 cut in the mid',
        b'{"x": 1, "access_token":"hunter2"',
        b"user=a&password=hunter2&x=1",
        b"Authorization: Bearer hunter2",
        b"<login><password>hunter2</password></login>",
    ],
)
def test_a_secret_is_never_shown(raw: bytes) -> None:
    shown, _ = body.readable(raw)
    assert "hunter2" not in shown
    assert "4711004711" not in shown


def test_what_is_no_secret_is_shown_byte_for_byte() -> None:
    assert '"lot": "007 ä"' in body.readable('{"lot":"007 ä","qty":480.50}'.encode())[0]
    assert "480.50" in body.readable(b'{"qty":480.50}')[0]


async def test_failures_with_one_cause_are_one_group_that_counts_all_of_them(database_url: str) -> None:
    plant = Plant(database_url)
    hub = plant.start()
    await plant.receive_lot()
    for n in range(12):
        await plant.tell("qms", "decisions", f"SG-{n}", b'{"id": "SG-%d", "batch": "L-1", "parts": [{"code": "Q%d"}]}' % (n, n))
    (group,) = await hub.runtime.store.read(lambda c: messages.groups(c, None, most=5))
    assert (group.count, group.impact.lots) == (12, ("L-1",))
    assert group.impact.consequence == "unsafe"  # ERP still shows it free
    plant.stop()


async def test_a_key_finds_deliveries_and_cases_too(database_url: str) -> None:
    from tracemill.model.status import Mode

    plant = Plant(database_url, mode=Mode.OBSERVE)
    hub = plant.start()
    await plant.receive_lot()
    await plant.decide("L-1", ("PEND", None))
    await plant.observe("erp", "L-1")
    found = await hub.runtime.store.read(lambda c: search.search(c, "L-1", None))
    assert found.deliveries
    assert found.cases
    delivery = found.deliveries[0]
    assert (await hub.runtime.store.read(lambda c: search.search(c, delivery.id, None))).deliveries[0].id == delivery.id
    by_order = await hub.runtime.store.read(lambda c: search.search(c, "4500012345", None))
    assert [lot.number for lot in by_order.lots] == ["L-1"]
    plant.stop()


async def test_the_board_counts_every_lot_and_every_case_with_its_disagreement(database_url: str) -> None:
    from tracemill.model.status import Mode

    plant = Plant(database_url, mode=Mode.OBSERVE)
    hub = plant.start()
    for n in range(7):
        await plant.receive_lot(f"L-{n}")
        await plant.decide(f"L-{n}", ("PEND", None), inspection=f"SG-{n}")
        await plant.observe("erp", f"L-{n}")
    now = plant.clock()
    seen = await hub.runtime.store.read(lambda c: board(c, hub.runtime.policies, now))
    (free,) = [d for d in seen.disagreements if d.system == "erp"]
    assert free.sentence == "7 lots free in ERP and pending in QMS"
    assert (free.cases, free.would_send) == (7, 7)
    assert (seen.unsafe, seen.unsafe_total) == ((), 0), "they are counted where the disagreement stands"
    plant.stop()
