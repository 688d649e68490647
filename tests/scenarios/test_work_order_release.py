"""A released order: inspected in process, and stopped while a lot that it is to use may not be used."""

from typing import Any

from sqlalchemy import select

from tests.scenarios.plant import Plant
from tracemill.answers import work_order
from tracemill.answers.work_order import OrderView
from tracemill.store.tables import case, delivery

BLOCKED = {("WO-1", "L-1")}


async def orders(plant: Plant, lot: str, qty: str = "100", side: str = "input", kind: str = "released", **more: Any) -> None:
    ref = {"id": lot, "aliases": [{"system": "erp", "id": lot}]}
    planned = {"side": side, "quantity": {"amount": qty, "unit": "KGM"}} if kind == "released" else {}
    await plant.push("mes", f"work_order.{kind}.v1", {"lot": ref, "order": "WO-1", **planned, **more})
    await plant.settle()


async def accepted(plant: Plant, *parts: tuple[str, str | None]) -> None:
    await plant.receive_lot()
    await plant.decide("L-1", *(parts or (("ACC", None),)))
    await plant.settle()


async def titles(plant: Plant) -> list[str]:
    rows = await plant.rows(select(case.c.title).where(case.c.closed_at.is_(None), case.c.key.like("order:%")))
    return [row.title for row in rows]


async def view(plant: Plant) -> OrderView:
    assert plant.hub
    found = await plant.hub.runtime.store.read(lambda c: work_order.view(c, "WO-1", None))
    assert found
    return found


async def test_an_order_whose_lots_may_be_used_runs(plant: Plant) -> None:
    await accepted(plant)
    await orders(plant, "L-1")
    assert plant.mes.effects == []
    assert await titles(plant) == []
    assert not (await view(plant)).blocked


async def test_an_order_is_blocked_while_its_lot_waits_for_quality_and_runs_when_it_is_released(plant: Plant) -> None:
    await plant.receive_lot()
    await plant.settle()
    await orders(plant, "L-1")
    assert plant.mes.barred == BLOCKED
    assert await titles(plant) == ["WO-1 is to use L-1, MES blocked: awaiting inspection"]
    found = await view(plant)
    assert (found.blocked, found.sentence) == (True, "it may not run; L-1: awaiting inspection")
    assert [(x.number, x.block) for x in found.lots] == [("L-1", "verified")]
    await plant.decide("L-1", ("ACC", None))
    await plant.settle()
    assert plant.mes.barred == set()
    assert await titles(plant) == []


async def test_a_lot_that_nobody_knows_and_one_that_is_rejected_later_block_it(plant: Plant) -> None:
    await orders(plant, "STRAY")
    assert plant.mes.barred == {("WO-1", "STRAY")}
    await orders(plant, "STRAY", kind="closed")
    assert plant.mes.barred == set()
    await accepted(plant)
    await orders(plant, "L-1")
    await plant.decide("L-1", ("REJ", None), rev="2")
    await plant.settle()
    assert plant.mes.barred == BLOCKED


async def test_less_than_is_planned_blocks_and_what_the_order_took_no_longer_counts(plant: Plant) -> None:
    await accepted(plant, ("ACC", "60"), ("REJ", "420"))
    await orders(plant, "L-1", "100")
    assert plant.mes.barred == BLOCKED
    assert (await view(plant)).lots[0].why == "only 60 kg of the 100 kg that are planned may be used"
    await orders(plant, "L-1", "60")
    assert plant.mes.barred == set()
    await plant.make("consumed", "WO-1", "L-1", "60")
    assert plant.mes.barred == set()
    (line,) = (await view(plant)).lots
    assert (line.planned, line.done, line.usable, line.why) == ("60", "60", "0", "")


async def test_a_block_that_does_not_arrive_is_unsafe_until_it_does(plant: Plant) -> None:
    await plant.receive_lot()
    plant.mes.faults = ["locked"] * 60
    await plant.settle(rounds=2, seconds=1)
    ref = {"id": "L-1", "aliases": [{"system": "erp", "id": "L-1"}]}
    quantity = {"amount": "100", "unit": "KGM"}
    await plant.push("mes", "work_order.released.v1", {"lot": ref, "order": "WO-1", "side": "input", "quantity": quantity})
    await plant.settle(rounds=3, seconds=1)
    assert await titles(plant) == ["WO-1 is to use L-1, MES not blocked yet: awaiting inspection"]
    assert (await plant.lot()).unsafe
    plant.mes.faults = []
    await plant.settle(rounds=200)
    assert plant.mes.barred == BLOCKED
    assert not (await plant.lot()).unsafe


async def test_in_process_inspections_of_the_routing_are_asked_for_once_and_shown_with_their_results(plant: Plant) -> None:
    routing = [{"operation": "10", "machine": "T-12"}, {"operation": "20", "machine": "OVEN-1", "plan": "moisture"}]
    for _ in range(2):
        await orders(plant, "FG-1", side="output", item="FG", operations=routing)
    asked = await plant.rows(select(delivery.c.value).where(delivery.c.verb == "open_inspection"))
    assert ['"plan":"moisture"' in row.value and '"operation":"20"' in row.value for row in asked] == [True]
    found = await view(plant)
    assert found.operations == ("10 T-12", "20 OVEN-1, inspected by moisture")
    (lot,) = found.lots
    assert [(i.id, i.result) for i in lot.inspections] == [("open_inspection-FG-1", "")]
    ref = {"id": "open_inspection-FG-1"}
    await plant.push("qms", "inspection.completed.v1", {
        "lot": ref, "inspection": "open_inspection-FG-1", "plan": "moisture", "passed": True,
    })  # fmt: skip
    assert [(i.plan, i.result) for i in (await view(plant)).lots[0].inspections] == [("moisture", "passed")]


async def test_an_order_of_which_only_bookings_were_told_is_shown_as_such(plant: Plant) -> None:
    await accepted(plant)
    await plant.make("consumed", "WO-1", "L-1", "100")
    await plant.make("produced", "WO-1", "FG-1", "90")
    found = await view(plant)
    assert found.released_at is None
    assert [(x.side, x.number, x.planned, x.done) for x in found.lots] == [
        ("input", "L-1", "", "100"), ("output", "FG-1", "", "90"),
    ]  # fmt: skip
