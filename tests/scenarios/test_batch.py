"""One bad message stops only itself."""

import pytest
from sqlalchemy import select

from tests.scenarios.plant import FEEDS, SITE, Plant
from tests.scenarios.poison import refuse
from tracemill.hub.receive import receive
from tracemill.store import audit
from tracemill.store.messages import Incoming
from tracemill.store.tables import business_key, lot, message


def incoming(plant: Plant, batch: str, uom: str = "KG", qty: str = "10", key: str = "") -> Incoming:
    now = plant.clock()
    body = (f'{{"batch": "{batch}", "item": "4711", "qty": "{qty}", "uom": "{uom}", "doc": "R", "po": "PO-{batch[:20]}",'
            f' "at": "2026-11-23T09:00:00+00:00"}}')  # fmt: skip
    return Incoming(site=SITE, system="erp", feed="receipts", kind=FEEDS["receipts"].kind, key=key or batch, body=body.encode(),
                    content_type="application/json", received_at=now, read_started=now)  # fmt: skip


async def states(plant: Plant) -> dict[str, tuple[str, str]]:
    rows = await plant.rows(select(message.c.key, message.c.state, message.c.cause))
    return {row.key: (row.state, row.cause or "") for row in rows}


async def test_a_message_that_cannot_be_decided_is_parked_and_its_neighbours_go_on(plant: Plant) -> None:
    assert plant.hub
    await receive(plant.hub.runtime, [incoming(plant, "A"), incoming(plant, "B", "XX"), incoming(plant, "A", "l", key="A2"),
                                      incoming(plant, "C")])  # fmt: skip
    await plant.process()
    found = await states(plant)
    assert found["A"][0] == found["C"][0] == "processed"
    assert found["B"][0] == "parked"
    assert "'XX' is not known" in found["B"][1]
    assert found["A2"][0] == "parked"
    assert "cannot be compared" in found["A2"][1]


async def test_a_commit_that_fails_on_one_poisoned_row_parks_that_row_only(plant: Plant) -> None:
    """The database itself refuses the row, after others of the same transaction were written."""
    await refuse(plant, "INSERT ON lot", "NEW.number = 'C'")
    assert plant.hub
    await receive(plant.hub.runtime, [incoming(plant, b) for b in "ABCDE"])
    await plant.process()
    found = await states(plant)
    assert [found[b][0] for b in "ABCDE"] == ["processed", "processed", "parked", "processed", "processed"]
    assert "poisoned" in found["C"][1]
    lots_there = await plant.rows(select(lot.c.number).order_by(lot.c.id))
    assert [r.number for r in lots_there] == ["A", "B", "D", "E"]
    checked, broken = await plant.hub.runtime.store.read(lambda c: audit.verify(c, SITE))
    assert (checked, broken) == (4, None)


async def test_the_same_fact_told_twice_is_one_and_told_differently_is_parked(plant: Plant) -> None:
    assert plant.hub
    first = await receive(plant.hub.runtime, [incoming(plant, "A")])
    again = await receive(plant.hub.runtime, [incoming(plant, "A")])
    other = await receive(plant.hub.runtime, [incoming(plant, "A", qty="11")])
    assert [r[0].outcome for r in (first, again, other)] == ["stored", "duplicate", "conflict"]
    await plant.process()
    rows = await plant.rows(select(message.c.state, message.c.cause).order_by(message.c.id))
    assert [r.state for r in rows] == ["processed", "parked"]
    assert "came before with another body" in rows[1].cause


@pytest.mark.parametrize("batch", ["007", " L 1 ", "x" * 200, "Los-🧪-ä", "l-1", "L-1"])
async def test_ids_survive_byte_for_byte(plant: Plant, batch: str) -> None:
    assert plant.hub
    await receive(plant.hub.runtime, [incoming(plant, batch)])
    await plant.process()
    lot = await plant.lot(batch)
    assert lot.number == batch
    assert lot.identities["erp"] == (batch,)
    keys = await plant.rows(select(business_key.c.value).where(business_key.c.kind == "lot"))
    assert keys[0].value == batch


@pytest.mark.parametrize(
    ("body", "said"),
    [
        (b'{"batch": "L-9", "item": "47', "not JSON"),
        (b'{"item": "4711", "qty": "1", "uom": "KG", "doc": "R", "at": "2026-11-23T09:00:00Z"}', "lot.id"),
        (b'{"batch": "L-9", "qty": "1,5", "uom": "KG", "doc": "R", "at": "2026-11-23T09:00:00Z"}', "1,5"),
        (b'{"batch": "L-9", "qty": "NaN", "uom": "KG", "doc": "R", "at": "2026-11-23T09:00:00Z"}', "NaN"),
        (b'{"batch": "L-9", "qty": "1e400", "uom": "KG", "doc": "R", "at": "2026-11-23T09:00:00Z"}', "1e400"),
        (b'{"batch": "L-9", "qty": "1", "uom": "BAG", "doc": "R", "at": "2026-11-23T09:00:00Z"}', "BAG"),
        (b'{"batch": "L-9", "qty": "1", "uom": "KG", "doc": "R", "at": "2026-11-23T09:00:00"}', "naive"),
        (b'{"batch": "L\\u00009", "qty": "1", "uom": "KG", "doc": "R", "at": "2026-11-23T09:00:00Z"}', "lot.id"),
        (b'{"batch": "' + b"9" * 201 + b'", "qty": "1", "uom": "KG", "doc": "R", "at": "2026-11-23T09:00:00Z"}', "longer than"),
    ],
)
async def test_bad_input_is_parked_with_the_field_and_the_value(plant: Plant, body: bytes, said: str) -> None:
    await plant.tell("erp", "receipts", "K-1", body)
    row = (await plant.rows(select(message)))[0]
    assert row.state == "parked"
    assert said in row.cause, row.cause
