"""Thousands of serials told at once stay one transformation; each is found, traced and restricted as a lot of its own."""

from typing import Any

import pytest
from sqlalchemy import func, select

from tests.scenarios.plant import Plant
from tests.scenarios.test_crash import Killed, Killer
from tracemill.answers import reference
from tracemill.answers.trace import trace
from tracemill.hub.process import TOGETHER
from tracemill.hub.steps import Step
from tracemill.store.genealogy_tables import edge, transformation
from tracemill.store.tables import event, message

MANY = 330


async def produce(plant: Plant, *, order: str = "WO-1", process: bool = True, **more: Any) -> None:
    plant.told += 1
    data = {"work": {"order": order}, "item": "8100", "known_to": ["erp"], **more}
    told = {"specversion": "1.0", "id": f"S{plant.told}", "source": "/mes", "type": "serials.produced.v1", "data": data}
    await plant.tell("mes", "events", f"S{plant.told}", {**told, "time": "2026-11-23T09:00:00Z"}, process=process)


async def held(plant: Plant, serial: str) -> list[str]:
    return [h.origin_number for h in (await plant.lot(serial)).holds.values() if h.root]


async def counts(plant: Plant) -> tuple[int, int]:
    (works,), (outputs,) = await plant.rows(
        select(func.count()).select_from(transformation).union_all(select(func.count()).select_from(edge).where(edge.c.side == 1))
    )
    return int(works), int(outputs)


async def test_many_serials_are_one_transformation_and_each_keeps_its_id_byte_for_byte(plant: Plant) -> None:
    await plant.receive_lot("RAW-1")
    await plant.tell_made("consumed", "WO-1", "RAW-1", "100")
    await produce(plant, series=[{"first": "SN 0098", "last": "SN 0427"}], serials=["00-ü7", "x/1"])
    assert await counts(plant) == (1, MANY + 2)
    assert plant.hub
    runtime = plant.hub.runtime
    for serial in ("SN 0098", "SN 0427", "00-ü7", "x/1"):
        found = await runtime.store.read(lambda c, s=serial: reference.find(c, s))
        assert [(f.number, f.exact) for f in found] == [(serial, True)]
        state = await plant.lot(serial)
        back = await runtime.store.read(lambda c, s=state: trace(c, runtime.adjacency, s, "back"))
        assert [n.number for n in back.lots] == [serial, "RAW-1"]
        assert await held(plant, serial) == ["RAW-1"], "what restricts the input restricts each serial in its own commit"


@pytest.mark.parametrize("nth", [1, 2, 13, 14])
async def test_killed_in_between_it_goes_on_and_tells_each_serial_once(database_url: str, nth: int) -> None:
    plant = Plant(database_url)
    plant.start()
    plant.reach = Killer(Step.PROCESS_COMMITTED, nth)
    with pytest.raises(Killed):
        await produce(plant, series=[{"first": "SN0001", "last": "SN0330"}])
    plant.stop()
    plant.reach = Killer()
    plant.start()
    assert (await plant.rows(select(func.count()).select_from(event)))[0][0] == min(nth * TOGETHER, MANY)
    await plant.process()
    assert await counts(plant) == (1, MANY)
    assert (await plant.rows(select(func.count()).select_from(event)))[0][0] == MANY
    assert {r.state for r in await plant.rows(select(message.c.state))} == {"processed"}
    assert (await plant.lot("SN0330")).moved == {"produced": 1}
    plant.stop()


async def test_what_comes_after_it_is_decided_after_it(plant: Plant) -> None:
    await plant.receive_lot("RAW-1")
    kilo = {"amount": "1", "unit": "KGM"}
    await produce(plant, series=[{"first": "SN0001", "last": "SN0330"}], each=kilo, process=False)
    await plant.tell_made("consumed", "WO-2", "SN0330", "1", settle=False)
    await plant.process()
    types = [r.type for r in await plant.rows(select(event.c.type).order_by(event.c.position.desc()).limit(1))]
    assert types == ["material.consumed.v1"]


async def test_a_serial_that_is_made_again_while_it_is_still_there_is_a_case(plant: Plant) -> None:
    await produce(plant, serials=["SN1", "SN2"])
    await produce(plant, order="WO-2", serials=["SN1"])
    (case,) = (await plant.lot("SN1")).cases.values()
    assert case.title == "serial SN1 was made once more, in WO-2, while it is still there"
    assert (await plant.lot("SN2")).cases == {}


@pytest.mark.parametrize(
    ("told", "cause"),
    [
        ({"serials": ["A", "B", "A"]}, "'A' is told twice"),
        ({"series": [{"first": "A1", "last": "B9"}]}, "differ in more than one number"),
        ({"series": [{"first": "A9", "last": "A1"}]}, "comes after"),
        ({"series": [{"first": "A000001", "last": "A999999"}]}, "more than 100000"),
        ({"serials": ["A\u0001"]}, "control character"),
        ({}, "lot.id"),
    ],
)
async def test_serials_that_cannot_be_told_apart_are_parked_whole(plant: Plant, told: Any, cause: str) -> None:
    await produce(plant, **told)
    (row,) = await plant.rows(select(message.c.state, message.c.cause))
    assert (row.state, cause in row.cause) == ("parked", True), row.cause
    assert (await plant.rows(select(func.count()).select_from(event)))[0][0] == 0


async def test_a_split_into_many_pieces_is_decided_at_once_or_not_at_all(plant: Plant) -> None:
    await plant.receive_lot("L-1")
    await plant.push(
        "erp", "lot.received.v1", {"lot": {"id": "S-39"}, "quantity": {"amount": "1", "unit": "C62"}, "receipt": "R"}
    )
    into = [{"lot": {"id": f"S-{n}"}, "quantity": {"amount": "10", "unit": "KGM"}} for n in range(40)]
    await plant.push("erp", "lot.split.v1", {"lot": {"id": "L-1"}, "into": into})
    await plant.settle()
    assert not (await plant.lot("L-1")).moved  # the last piece is counted in pieces: nobody can say what 10 kg of it are
    assert await plant.lot("S-0") is None
