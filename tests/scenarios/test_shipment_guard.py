"""What may not leave is stopped at the dock: blocked, read back, let go again; what has gone is told to people."""

from collections.abc import Iterator
from datetime import timedelta
from typing import Any

import pytest
from sqlalchemy import select

from tests.scenarios.plant import Plant
from tracemill.model.policy import ShelfLife
from tracemill.store.tables import case, delivery

RULES: dict[str, Any] = {
    "alerts": {"system": "qms", "to": "oncall@plant.example"},
    "zone": "Europe/Berlin",
    "dispatch": "dispatch, +49 30 1234",
    "shelf_life": {"NORTH": ShelfLife(days=30), "SOUTH": ShelfLife(days=10)},
}
FAST = timedelta(hours=16)


@pytest.fixture
def plant(database_url: str) -> Iterator[Plant]:
    made = Plant(database_url, **RULES)
    made.start()
    yield made
    made.stop()


async def released(plant: Plant, batch: str = "L-1", **dates: str) -> None:
    await plant.receive_lot(batch)
    if dates:
        await push(plant, "lot.received.v1", batch, quantity={"amount": "0", "unit": "KGM"}, **dates)
    await plant.decide(batch, ("ACC", None), inspection=f"SG-{batch}")
    await plant.settle()


async def push(plant: Plant, kind: str, batch: str, system: str = "erp", **data: Any) -> None:
    await plant.push(system, kind, {"lot": {"id": batch}, **data})
    await plant.settle()


async def ships(plant: Plant, state: str, batch: str = "L-1", qty: str = "120", customer: str = "NORTH", at: str = "") -> None:
    loading = {"loading": at} if at else {}
    await push(
        plant, "shipment.shipped.v1", batch, "wms", quantity={"amount": qty, "unit": "KGM"}, shipment="DLV-80018", state=state,
        place="dock 4", customer={"id": customer, "name": f"{customer.title()}food"}, **loading,
    )  # fmt: skip


async def titles(plant: Plant) -> list[str]:
    rows = await plant.rows(select(case.c.title).where(case.c.closed_at.is_(None), case.c.key.like("shipment:%")))
    return [row.title for row in rows]


async def pages(plant: Plant) -> list[str]:
    rows = await plant.rows(select(delivery.c.value).where(delivery.c.verb == "notify").order_by(delivery.c.id))
    return [row.value for row in rows]


async def test_a_good_lot_leaves_unhindered(plant: Plant) -> None:
    await released(plant, expires="2027-06-30")
    await ships(plant, "staged")
    await ships(plant, "shipped")
    assert not plant.wms.barred
    assert await titles(plant) == []
    assert "block" not in [e[1] for e in plant.wms.effects]


async def test_a_rejected_lot_blocks_its_staged_shipment_and_an_acceptance_lets_it_go(plant: Plant) -> None:
    await released(plant, expires="2027-06-30")
    await ships(plant, "staged")
    await plant.decide("L-1", ("REJ", None), rev="2", inspection="SG-L-1")
    await plant.settle()
    assert plant.wms.barred == {("DLV-80018", "L-1")}
    assert (await plant.lot()).shipment_blocks["DLV-80018"].verified
    assert await titles(plant) == []
    await plant.decide("L-1", ("ACC", None), rev="3", inspection="SG-L-1")
    await plant.settle()
    assert plant.wms.barred == set()


async def test_a_lot_nobody_decided_about_does_not_leave(plant: Plant) -> None:
    await plant.receive_lot()
    await plant.settle()
    await ships(plant, "staged")
    assert plant.wms.barred == {("DLV-80018", "L-1")}


async def test_more_on_shipments_than_may_be_used_blocks_them(plant: Plant) -> None:
    await released(plant, expires="2027-06-30")
    await plant.decide("L-1", ("ACC", "100"), ("REJ", "380"), rev="2", inspection="SG-L-1")
    await plant.settle()
    await ships(plant, "staged", qty="120")
    assert plant.wms.barred == {("DLV-80018", "L-1")}
    await ships(plant, "staged", qty="100")
    assert plant.wms.barred == set()


async def test_each_lot_blocks_for_itself_and_one_that_is_released_does_not_free_the_others(plant: Plant) -> None:
    for batch in ("L-1", "L-2"):
        await released(plant, batch, expires="2027-06-30")
        await ships(plant, "staged", batch)
        await plant.decide(batch, ("HOLD", None), rev="2", inspection=f"SG-{batch}")
    await plant.settle()
    await plant.decide("L-1", ("ACC", None), rev="3", inspection="SG-L-1")
    await plant.settle()
    assert plant.wms.barred == {("DLV-80018", "L-2")}


async def test_a_shipment_that_cannot_be_blocked_pages_at_once_with_all_that_people_need(plant: Plant) -> None:
    await released(plant, expires="2027-06-30")
    await ships(plant, "loading", at="2026-11-23T02:40:00+01:00")
    plant.wms.faults = ["locked"] * 60
    await plant.decide("L-1", ("REJ", None), rev="2", inspection="SG-L-1")
    await plant.settle(rounds=3, seconds=1)
    assert await titles(plant) == ["L-1, 120 kg, WMS not blocked, dock 4, loading 02:40"]
    (page,) = [p for p in await pages(plant) if "not blocked" in p]
    for fact in ("120 kg", "dock 4, DLV-80018 for Northfood, loading 02:40", "dispatch, +49 30 1234"):
        assert fact in page
    plant.wms.faults = []
    await plant.settle(rounds=200)
    assert plant.wms.barred == {("DLV-80018", "L-1")}
    assert await titles(plant) == []


async def test_the_block_runs_while_the_warehouse_does_not_take_the_status(plant: Plant) -> None:
    await released(plant, expires="2027-06-30")
    await ships(plant, "staged")
    plant.wms.faults = ["locked"]
    await plant.decide("L-1", ("REJ", None), rev="2", inspection="SG-L-1")
    assert plant.hub
    for _ in range(4):  # the status was refused and waits for its next try; the block does not wait with it
        await plant.hub.senders["wms"].run_once()
        await plant.hub.senders["wms"].drain()
        await plant.hub.verifiers["wms"].run_once()
    lot = await plant.lot()
    assert plant.wms.barred == {("DLV-80018", "L-1")}
    assert lot.shipment_blocks["DLV-80018"].verified
    assert lot.wanted["wms"].state != "verified"


async def test_where_the_warehouse_never_takes_the_status_people_are_paged_and_told_that_the_shipment_is_blocked(
    plant: Plant,
) -> None:
    await released(plant, expires="2027-06-30")
    await ships(plant, "staged", at="2026-11-26T02:40:00+01:00")
    plant.wms.faults = ["no_status"]
    await plant.decide("L-1", ("REJ", None), rev="2", inspection="SG-L-1")
    await plant.settle(rounds=30, seconds=20)
    assert plant.wms.barred == {("DLV-80018", "L-1")}
    (page, *_) = [p for p in await pages(plant) if "WMS not blocked" in p]
    for fact in ("L-1, 480 kg, WMS not blocked, dock 4, loading 02:40",
                 "dock 4, loading 02:40, 120 kg of it on DLV-80018 for Northfood",
                 "DLV-80018 is blocked, read back in WMS", "dispatch, +49 30 1234"):  # fmt: skip
        assert fact in page
    plant.wms.faults = []
    await plant.settle(rounds=200)
    assert not (await plant.lot()).unsafe


@pytest.mark.parametrize("answer", [[], ["lose_answer"] * 4], ids=["answered", "in doubt itself"])
async def test_a_block_overtakes_a_release_in_doubt_and_outlives_its_late_effect(plant: Plant, answer: list[str]) -> None:
    await plant.receive_lot()
    await plant.settle()
    await ships(plant, "staged", customer="SOUTH")
    await push(plant, "lot.received.v1", "L-1", quantity={"amount": "0", "unit": "KGM"}, expires="2027-06-30")
    await plant.decide("L-1", ("ACC", None), inspection="SG-L-1")
    assert plant.hub
    plant.wms.faults = []
    for _ in range(3):
        await plant.hub.senders["wms"].run_once()
        await plant.hub.senders["wms"].drain()
        await plant.hub.verifiers["wms"].run_once()
        plant.wms.faults = ["late"]
        plant.clock.forward(1)
    assert plant.wms.late, "the unblocking timed out"
    await plant.decide("L-1", ("REJ", None), rev="2", inspection="SG-L-1")
    plant.wms.faults = answer
    await plant.settle(rounds=6, seconds=1)
    assert plant.wms.barred == {("DLV-80018", "L-1")}
    plant.wms.happen()
    assert plant.wms.barred == set()
    await plant.settle(rounds=60)
    assert plant.wms.barred == {("DLV-80018", "L-1")}
    assert (await plant.lot()).shipment_blocks["DLV-80018"].verified


async def test_too_little_shelf_life_for_one_customer_is_enough_for_another(plant: Plant) -> None:
    await released(plant, expires="2026-12-13")  # 20 days from now
    await ships(plant, "staged", customer="NORTH")
    assert plant.wms.barred == {("DLV-80018", "L-1")}
    assert "20 days of shelf life left, the customer demands 30" in (await plant.lot()).shipment_blocks["DLV-80018"].why
    await ships(plant, "staged", customer="SOUTH")
    assert plant.wms.barred == set()


async def test_a_shipment_that_stands_too_long_is_blocked_when_its_day_is_over(plant: Plant) -> None:
    await released(plant, expires="2026-12-23")
    await ships(plant, "staged", customer="NORTH")
    assert plant.wms.barred == set()
    plant.clock.forward(FAST.total_seconds())
    await plant.settle()
    assert plant.wms.barred == {("DLV-80018", "L-1")}


async def test_an_expiry_date_that_nobody_told_is_too_little_for_who_demands_shelf_life(plant: Plant) -> None:
    await released(plant)
    await ships(plant, "staged", customer="NORTH")
    assert plant.wms.barred == {("DLV-80018", "L-1")}
    await ships(plant, "staged", customer="EAST")
    assert plant.wms.barred == set()


async def test_what_has_gone_and_is_then_rejected_is_unsafe_and_names_who_has_it(plant: Plant) -> None:
    await released(plant, expires="2027-06-30")
    await ships(plant, "shipped", qty="180")
    assert await titles(plant) == []
    await plant.decide("L-1", ("REJ", None), rev="2", inspection="SG-L-1")
    await plant.settle()
    (title,) = await titles(plant)
    assert title.startswith("L-1, 180 kg, gone to Northfood on DLV-80018: ")
    assert (await plant.lot()).unsafe
    assert any("gone to Northfood" in p for p in await pages(plant))


async def test_a_block_that_came_too_late_is_not_tried_for_ever_and_the_case_says_what_left(plant: Plant) -> None:
    await plant.receive_lot()
    await plant.settle()
    plant.wms.faults = ["locked"] * 200
    await ships(plant, "staged", customer="EAST")
    await ships(plant, "shipped", customer="EAST")
    plant.wms.faults = []
    await plant.settle(rounds=200)
    assert plant.wms.barred == set()
    assert "block" not in [e[1] for e in plant.wms.effects]
    (title,) = await titles(plant)
    assert title.startswith("L-1, 120 kg, gone to Eastfood on DLV-80018: awaiting inspection")


async def test_a_cancelled_shipment_is_nobodys_concern(plant: Plant) -> None:
    await released(plant)
    await plant.decide("L-1", ("REJ", None), rev="2", inspection="SG-L-1")
    await plant.settle()
    plant.wms.faults = ["locked"] * 200
    await ships(plant, "staged")
    assert await titles(plant)
    plant.wms.faults = []
    await plant.settle(rounds=200)
    assert plant.wms.barred == {("DLV-80018", "L-1")}
    await ships(plant, "cancelled")
    assert await titles(plant) == []
    assert plant.wms.barred == set()
