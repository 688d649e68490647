"""What is not sent: everything is listed, with what it would change; what waits behind something else says so."""

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path

import pytest
from sqlalchemy import select

from tests.scenarios.plant import Plant
from tracemill.answers import cases, waiting
from tracemill.answers.page import Page
from tracemill.answers.status import Board, board
from tracemill.answers.waiting import Move, Waiting
from tracemill.hub import approval
from tracemill.hub.commands import By
from tracemill.hub.replay import NotPossible
from tracemill.model.status import Mode
from tracemill.store.tables import delivery

LENA = By(name="lena")


@asynccontextmanager
async def plant_in(folder: Path, mode: Mode) -> AsyncIterator[Plant]:
    plant = Plant(f"sqlite:///{folder}/hub.db", mode=mode)
    plant.start()
    yield plant
    plant.stop()


async def listed(plant: Plant, cursor: str = "", limit: int = 50) -> Page[Waiting]:
    assert plant.hub
    runtime = plant.hub.runtime
    return await runtime.store.read(lambda c: waiting.listed(c, runtime.policies, None, cursor, limit))


async def seen(plant: Plant) -> Board:
    assert plant.hub
    runtime, now = plant.hub.runtime, plant.clock()
    return await runtime.store.read(lambda c: board(c, runtime.policies, now))


async def test_everything_that_would_be_sent_is_listed_with_what_it_would_change(tmp_path: Path) -> None:
    async with plant_in(tmp_path, Mode.OBSERVE) as plant:
        await plant.receive_lot()
        await plant.settle(rounds=2)
        found = {(w.system, w.verb): w for w in (await listed(plant)).items}
        assert set(found) == {("erp", "set_status"), ("qms", "open_inspection")}
        free = found["erp", "set_status"]
        assert free.moves == (Move(source="available", to="quarantine", quantity="480"),)
        assert (free.text, free.shows, free.unit) == ("480 kg available → quarantine", "F 480 kg", "kg")
        assert free.read_at is not None
        assert found["qms", "open_inspection"].text == "open inspection, 480 kg"
        assert (await seen(plant)).waiting == {"observe": 2}


async def test_a_part_moves_by_its_parts_and_the_list_has_pages(tmp_path: Path) -> None:
    async with plant_in(tmp_path, Mode.OBSERVE) as plant:
        for n in range(3):
            await plant.receive_lot(f"L-{n}")
        plant.erp.put("L-0", quarantine="480")
        await plant.observe("erp", "L-0")
        await plant.decide("L-0", ("ACC", "383"), ("REJ", "97"))
        everything = (await listed(plant)).items
        last = [w for w in everything if (w.system, w.lot_number) == ("erp", "L-0")][-1]
        assert last.text == "97 kg quarantine → blocked, 383 kg quarantine → available"
        first = await listed(plant, limit=2)
        assert first.next
        assert first.total == len(everything)
        rest = await listed(plant, first.next, limit=50)
        assert (*first.items, *rest.items) == everything


async def test_what_would_change_nothing_or_has_no_quantity_says_so(tmp_path: Path) -> None:
    async with plant_in(tmp_path, Mode.OBSERVE) as plant:
        await plant.receive_lot()
        plant.erp.put("L-1", quarantine="480")
        await plant.observe("erp", "L-1")
        texts = {w.system: w.text for w in (await listed(plant)).items}
        assert texts["erp"] == "nothing to change: it shows so already"
        await plant.decide("L-NEW", ("REJ", None), inspection="SG-9")
        texts = {w.verb: w.text for w in (await listed(plant)).items}
        assert texts["open_nonconformance"] == "open nonconformance, quantity not known"


async def test_an_approved_command_says_what_it_waits_behind(tmp_path: Path) -> None:
    async with plant_in(tmp_path, Mode.PROPOSE) as plant:
        await plant.receive_lot()
        await plant.decide("L-1", ("REJ", None))
        assert plant.hub
        inspection, nonconformance = [w for w in (await listed(plant)).items if w.system == "qms"]
        said = await approval.approve(plant.hub.runtime, nonconformance.id, LENA, "open it")
        assert said == f"approved; it waits behind open inspection ({inspection.id}), which nobody has approved"
        await plant.settle(rounds=3)
        assert plant.qms.effects == []
        waits = next(w for w in (await listed(plant)).items if w.id == nonconformance.id)
        assert waits.behind == f"waits behind open inspection ({inspection.id}), which nobody has approved"
        assert waits.approved_by == "lena"
        assert await approval.approve(plant.hub.runtime, inspection.id, LENA, "first this") == "approved"
        await plant.settle(rounds=6)
        assert [e[1] for e in plant.qms.effects] == ["open_inspection", "open_nonconformance"]


@pytest.mark.parametrize(
    ("mode", "said"), [(Mode.OBSERVE, "only observed.*mode: propose into systems/erp.yaml"), (Mode.ACT, "acts by itself")]
)
async def test_approval_is_refused_where_it_would_send_nothing(tmp_path: Path, mode: Mode, said: str) -> None:
    async with plant_in(tmp_path, Mode.OBSERVE) as plant:
        await plant.receive_lot()
        proposed = next(w for w in (await listed(plant)).items if w.system == "erp")
        assert plant.hub
        plant.hub.runtime.links["erp"].mode = mode
        with pytest.raises(NotPossible, match=said):
            await approval.approve(plant.hub.runtime, proposed.id, LENA, "go")
        with pytest.raises(NotPossible, match="there is no delivery"):
            await approval.approve(plant.hub.runtime, "nothing", LENA, "go")
        assert await plant.rows(select(delivery.c.id).where(delivery.c.approved_by.is_not(None))) == []


async def test_what_cannot_be_read_back_is_not_on_its_way_for_ever(tmp_path: Path) -> None:
    async with plant_in(tmp_path, Mode.ACT) as plant:
        from tracemill.mapping.pack import OperationSpec
        from tracemill.model.status import Once

        assert plant.hub
        blind = {"open_inspection": OperationSpec(once=Once.KEYED), "open_nonconformance": OperationSpec(once=Once.KEYED)}
        plant.hub.runtime.links["qms"].operations = blind
        await plant.receive_lot()
        await plant.settle()
        qms = next(s for s in (await seen(plant)).systems if s.system == "qms")
        assert (qms.deliveries, qms.moving) == ({"delivered": 1}, {})
        erp = next(s for s in (await seen(plant)).systems if s.system == "erp")
        assert erp.moving == {}


async def test_cases_have_pages_and_none_is_left_out(tmp_path: Path) -> None:
    async with plant_in(tmp_path, Mode.OBSERVE) as plant:
        for n in range(5):
            await plant.receive_lot(f"L-{n}")
            await plant.observe("erp", f"L-{n}")
        assert plant.hub
        store, cursor, found = plant.hub.runtime.store, "", []
        while True:
            page = await store.read(lambda c, cursor=cursor: cases.listed(c, None, cursor, 2))
            found += page.items
            assert page.total == 5
            if not page.next:
                break
            cursor = page.next
        assert len({k.id for k in found}) == len(found) == 5
        assert [k.opened_at for k in found] == sorted(k.opened_at for k in found)
