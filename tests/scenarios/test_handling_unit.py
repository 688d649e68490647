"""Handling units: what of a lot is in which pallet, where that stands, and systems that tell different places of it."""

import json
from typing import Any

import pytest
from sqlalchemy import select

from tests.scenarios.plant import SITE, Plant
from tracemill.core.handling_units import standings
from tracemill.model.check_digit import with_check_digit
from tracemill.store.tables import case
from tracemill.store.unit_tables import unit_content

SSCC = with_check_digit("34012345000000001")
PALLET = with_check_digit("34012345000000002")
URN = f"urn:epc:id:sscc:4012345.{SSCC[0]}{SSCC[8:17]}"


@pytest.fixture
async def plant(database_url: str) -> Any:
    made = Plant(database_url)
    made.start()
    yield made
    made.stop()


async def pack(plant: Plant, lot: str, qty: str, unit: str = SSCC, system: str = "wms", **more: Any) -> None:
    ref = {"id": lot, "aliases": [{"system": "erp", "id": lot}]}
    quantity = {"amount": qty, "unit": "KGM"}
    await plant.push(system, "unit.packed.v1", {"lot": ref, "unit": unit, "quantity": quantity, **more})


async def unpack(plant: Plant, lot: str, qty: str | None = None, unit: str = SSCC, system: str = "wms") -> None:
    ref = {"id": lot, "aliases": [{"system": "erp", "id": lot}]}
    quantity = {"quantity": {"amount": qty, "unit": "KGM"}} if qty else {}
    await plant.push(system, "unit.unpacked.v1", {"lot": ref, "unit": unit, **quantity})


async def inside(plant: Plant, lot: str = "L-1", unit: str = SSCC) -> list[tuple[str, str, str, str]]:
    return [(s.system, f"{s.quantity:f}", s.parent, s.place) for s in standings(await plant.lot(lot), unit)]


async def table(plant: Plant) -> list[tuple[str, str, str, str]]:
    query = select(unit_content).order_by(unit_content.c.unit, unit_content.c.lot_id, unit_content.c.system)
    return [(r.unit, r.system, r.quantity, r.place) for r in await plant.rows(query)]


async def conflicts(plant: Plant) -> list[Any]:
    return await plant.rows(select(case).where(case.c.kind == "conflict", case.c.closed_at.is_(None)))


async def test_what_is_packed_is_in_the_unit_until_it_is_taken_out(plant: Plant) -> None:
    await plant.receive_lot()
    await pack(plant, "L-1", "100", place="R-01-02", parent=PALLET)
    await pack(plant, "L-1", "20")
    assert await inside(plant) == [("wms", "120", PALLET, "R-01-02")]
    await unpack(plant, "L-1", "50")
    assert await inside(plant) == [("wms", "70", PALLET, "R-01-02")]
    assert await table(plant) == [(SSCC, "wms", "70", "R-01-02")]
    await unpack(plant, "L-1")
    assert await inside(plant) == [("wms", "0", "", "")]
    assert await table(plant) == []


async def test_a_unit_is_one_however_its_number_is_written(plant: Plant) -> None:
    await plant.receive_lot()
    for written in (SSCC, f"(00){SSCC}", f"00{SSCC}", f"https://id.gs1.org/00/{SSCC}", URN):
        await pack(plant, "L-1", "10", unit=written)
    assert list((await plant.lot()).units) == [SSCC]
    assert await inside(plant) == [("wms", "50", "", "")]


async def test_a_late_fact_does_not_take_the_place_of_a_newer_one(plant: Plant) -> None:
    await plant.receive_lot()
    now = plant.clock.now
    await pack(plant, "L-1", "100", place="R-09")
    plant.clock.now = now.replace(hour=1)
    await pack(plant, "L-1", "30", place="DOCK-1")
    assert await inside(plant) == [("wms", "130", "", "R-09")]


async def test_two_systems_that_tell_different_places_of_a_unit_are_a_case_until_they_agree(plant: Plant) -> None:
    await plant.receive_lot()
    await pack(plant, "L-1", "100", place="R-01")
    await pack(plant, "L-1", "0", place="R-02")  # the same system: it was moved
    await pack(plant, "L-1", "100", system="mes", place="LINE-3")
    (found,) = await conflicts(plant)
    assert found.title.startswith(f"handling unit {SSCC} is in different places at once: at LINE-3 ({SITE}) as mes told")
    assert set(json.loads(found.evidence)["told"]) == {"mes", "wms"}
    assert f"tracemill unit {SSCC}" in found.next_action
    await pack(plant, "L-1", "0", system="mes", place="R-02")
    assert await conflicts(plant) == []


async def test_a_unit_in_two_pallets_is_a_case_that_ends_when_one_system_empties_it(plant: Plant) -> None:
    await plant.receive_lot()
    await pack(plant, "L-1", "100", parent=PALLET)
    await pack(plant, "L-1", "100", system="mes", parent="CAGE-7")
    assert [c.title.split(" at once")[0] for c in await conflicts(plant)] == [f"handling unit {SSCC} is in different units"]
    await unpack(plant, "L-1", system="mes")
    assert await conflicts(plant) == []


async def test_a_unit_is_compared_across_lots_and_a_case_ends_by_what_is_told_of_another_lot(plant: Plant) -> None:
    await plant.receive_lot()
    await plant.receive_lot("L-2")
    await pack(plant, "L-1", "100", place="R-01")
    await pack(plant, "L-2", "50", system="mes", place="LINE-3")
    assert len(await conflicts(plant)) == 1
    assert [bool((await plant.lot(n)).cases) for n in ("L-1", "L-2")] == [False, True]
    await pack(plant, "L-1", "0", place="LINE-3")
    assert await conflicts(plant) == []
    assert (await plant.lot("L-2")).cases == {}
    assert [r[1:] for r in await table(plant)] == [("wms", "100", "LINE-3"), ("mes", "50", "LINE-3")]


async def test_a_hold_of_a_unit_restricts_what_of_the_lot_was_in_it(plant: Plant) -> None:
    await plant.receive_lot()
    await plant.decide("L-1", ("ACC", None))
    await pack(plant, "L-1", "100")
    ref = {"id": "L-1", "aliases": [{"system": "erp", "id": "L-1"}]}
    held = {"lot": ref, "hold": "B-7", "reason": "damage", "unit": f"(00){SSCC}"}
    await plant.push("wms", "hold.requested.v1", held)
    assert await restricted(plant) == [("100", SSCC)]
    await pack(plant, "L-1", "20")
    assert await restricted(plant) == [("120", SSCC)]
    await unpack(plant, "L-1")
    assert await restricted(plant) == [("120", SSCC)], "taking material out of a held unit frees none of it"
    await plant.settle()
    assert plant.erp.stock["L-1"]["available"] == 360
    await plant.push("wms", "hold.released.v1", {"lot": ref, "hold": "B-7"})
    await plant.settle()
    assert (await restricted(plant), plant.erp.stock["L-1"]["available"]) == ([], 480)


async def test_a_hold_of_a_unit_that_nobody_filled_restricts_all_of_the_lot_until_that_is_told(plant: Plant) -> None:
    await plant.receive_lot()
    ref = {"id": "L-1", "aliases": [{"system": "erp", "id": "L-1"}]}
    await plant.push("wms", "hold.requested.v1", {"lot": ref, "hold": "B-7", "reason": "damage", "unit": SSCC})
    assert await restricted(plant) == [(None, SSCC)]
    await pack(plant, "L-1", "100")
    assert await restricted(plant) == [("100", SSCC)]


async def restricted(plant: Plant) -> list[tuple[str | None, str]]:
    holds = [h for h in (await plant.lot()).holds.values() if h.reason == "damage"]
    return [(f"{h.quantity:f}" if h.quantity is not None else None, h.unit) for h in holds]


async def test_a_unit_without_a_name_is_put_aside_and_its_neighbours_go_on(plant: Plant) -> None:
    await plant.receive_lot()
    await pack(plant, "L-1", "100", unit="")
    await pack(plant, "L-1", "10", unit="BOX\x00")
    await pack(plant, "L-1", "20")
    assert list((await plant.lot()).units) == [SSCC]
