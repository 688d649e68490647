"""A cell that loops or explodes parks its message, says which field it was, and holds up nobody."""

import time

import pytest
from sqlalchemy import select

from tests.scenarios.plant import RECEIPT, Plant
from tracemill.store.tables import message

CELLS = {
    "a nested loop": "$map([1..9999],function($x){$map([1..9999],function($y){$x*$y})})",
    "too much output": "[1..9999].('0123456789')",
    "a huge range": "$sum([1..1e7])",
    "a pattern that explodes": "$match(batch, /^(a|a?)+$/).match & $error('done')",
}


@pytest.mark.parametrize("cell", CELLS.values(), ids=CELLS.keys())
async def test_a_message_whose_cell_explodes_is_parked_with_its_place_and_its_neighbours_go_on(plant: Plant, cell: str) -> None:
    await plant.receive_lot("L-1")
    await plant.decide("L-1", ("ACC", None))
    plant.teach("erp", "receipt", {**RECEIPT, "fields": {**RECEIPT["fields"], "place?": f'batch = "L-1" ? ({cell}) : "R1"'}})
    started = time.monotonic()
    await plant.tell("erp", "receipts", "again", {**receipt("L-1"), "doc": "R2"})
    await plant.tell("erp", "receipts", "other", receipt("L-2"))
    assert time.monotonic() - started < 5
    rows = {r.key: r for r in await plant.rows(select(message))}
    assert (rows["again"].state, rows["other"].state) == ("parked", "processed")
    assert rows["again"].cause.startswith("field place (cell ")
    assert (await plant.lot("L-2")).place == "R1"
    assert "unread" in [h.reason for h in (await plant.lot("L-1")).holds.values()]


def receipt(batch: str) -> dict[str, str]:
    return {"batch": batch, "item": "4711", "qty": "480", "uom": "KG", "doc": "R1", "at": "2026-11-23T09:00:00Z"}
