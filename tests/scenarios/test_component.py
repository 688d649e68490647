"""Components: built in they are part of their parent, taken out they no longer are, and a recall finds where they once were."""

from datetime import UTC, datetime
from typing import Any

import pytest
from sqlalchemy import select

from tests.scenarios.plant import Plant
from tests.scenarios.test_recall import ANN
from tracemill.answers.trace import trace
from tracemill.core.usable import allowance
from tracemill.hub import recall
from tracemill.model.recall import Origin
from tracemill.model.status import OriginKind
from tracemill.store.tables import message


async def tell(plant: Plant, kind: str, part: str, parent: str, minute: int, qty: str = "1", **more: Any) -> None:
    """Let the MES tell that a component went in or came out, at a minute of the shift."""
    plant.told += 1
    names = {
        field: {"id": name, "aliases": [{"system": "erp", "id": name}]} for field, name in (("lot", part), ("parent", parent))
    }
    data = {**names, "quantity": {"amount": qty, "unit": "KGM"}, **more}
    event = {"specversion": "1.0", "id": f"C{plant.told}", "source": "/mes", "type": f"component.{kind}.v1", "data": data}
    event["time"] = f"2026-11-23T09:{minute:02}:00Z"
    await plant.tell("mes", "events", f"C{plant.told}", event)
    await plant.settle()


async def reached(plant: Plant, lot: str, way: Any, minute: int | None = None) -> set[str]:
    assert plant.hub
    state, runtime = await plant.lot(lot), plant.hub.runtime
    at = None if minute is None else datetime(2026, 11, 23, 9, minute, tzinfo=UTC)
    found = await runtime.store.read(lambda c: trace(c, runtime.adjacency, state, way, as_of=at))
    return {n.number for n in found.lots if n.number != lot}


async def held(plant: Plant, lot: str) -> set[str]:
    return {f"{h.reason} of {h.origin_number or 'its own'}" for h in (await plant.lot(lot)).holds.values()}


async def released(plant: Plant, lot: str, qty: str) -> None:
    await plant.receive_lot(lot, qty, supplier_batch=f"B/{lot}")
    await plant.settle()
    await plant.decide(lot, ("ACC", None), inspection=f"SG-{lot}")
    await plant.settle()


async def test_a_trace_as_of_a_time_knows_what_was_in_and_what_is(plant: Plant) -> None:
    await tell(plant, "installed", "PUMP-1", "UNIT-7", 10, position="P3")
    await tell(plant, "removed", "PUMP-1", "UNIT-7", 20, position="P3")
    await tell(plant, "installed", "PUMP-2", "UNIT-7", 21, position="P3")
    assert await reached(plant, "UNIT-7", "back") == {"PUMP-2"}
    assert await reached(plant, "UNIT-7", "back", 15) == {"PUMP-1"}
    assert await reached(plant, "PUMP-1", "forward") == set()
    assert await reached(plant, "PUMP-1", "forward", 15) == {"UNIT-7"}
    unit = await plant.lot("UNIT-7")
    assert sorted((unit.fitted_names[part], q) for part, q in unit.parts.items()) == [("PUMP-1", 0), ("PUMP-2", 1)]


async def test_a_removal_told_before_its_installation_comes_to_the_same(plant: Plant) -> None:
    await tell(plant, "removed", "PUMP-1", "UNIT-7", 20)
    await tell(plant, "installed", "PUMP-1", "UNIT-7", 10)
    assert await reached(plant, "UNIT-7", "back") == set()
    assert await reached(plant, "UNIT-7", "back", 15) == {"PUMP-1"}


@pytest.mark.parametrize("removed_first", [True, False])
async def test_what_replaces_a_component_that_nobody_told_of_is_found_by_holds_and_recalls(
    plant: Plant, removed_first: bool
) -> None:
    for lot in ("PUMP-1", "PUMP-2"):
        await released(plant, lot, "1")
    await plant.make("consumed", "WO-1", "PUMP-1", "1")
    await plant.make("produced", "WO-1", "UNIT-7", "1")
    told = [("removed", "PUMP-1", 20), ("installed", "PUMP-2", 21)]
    for kind, pump, minute in told if removed_first else reversed(told):
        await tell(plant, kind, pump, "UNIT-7", minute)
    assert "PUMP-2" in await reached(plant, "UNIT-7", "back")
    assert await reached(plant, "PUMP-2", "forward") == {"UNIT-7"}
    await plant.decide("PUMP-2", ("REJ", None), rev="2", inspection="SG-PUMP-2")
    await plant.settle()
    assert await held(plant, "UNIT-7") == {"rejected of PUMP-2"}
    assert plant.hub
    runtime, state = plant.hub.runtime, await plant.lot("PUMP-2")
    await recall.start(runtime, Origin(kind=OriginKind.LOT, lot=state.id), "cracked housing", ANN)
    await recall.hold(runtime, "RC-1", "cracked housing", ANN)
    await plant.settle()
    assert "recall of PUMP-2" in await held(plant, "UNIT-7")


async def test_what_restricts_a_component_restricts_its_parent_for_as_long_as_it_is_in_there(plant: Plant) -> None:
    await released(plant, "SEAL-1", "100")
    await tell(plant, "installed", "SEAL-1", "UNIT-7", 10, "2")
    assert allowance(await plant.lot("SEAL-1")).total == 98
    await plant.decide("SEAL-1", ("REJ", None), rev="2", inspection="SG-SEAL-1")
    await plant.settle()
    assert await held(plant, "UNIT-7") == {"rejected of SEAL-1"}
    await tell(plant, "removed", "SEAL-1", "UNIT-7", 20, "1")
    assert await held(plant, "UNIT-7") == {"rejected of SEAL-1"}, "one of two is still in there"
    await tell(plant, "removed", "SEAL-1", "UNIT-7", 21, "1")
    assert await held(plant, "UNIT-7") == set()
    assert allowance(await plant.lot("SEAL-1")).total == 100


async def test_a_held_component_that_is_built_in_is_a_violation_and_restricts_at_once(plant: Plant) -> None:
    await plant.receive_lot("SEAL-1", "100")
    await plant.settle()
    await tell(plant, "installed", "SEAL-1", "UNIT-7", 10)
    assert (await plant.lot("SEAL-1")).unsafe
    assert await held(plant, "UNIT-7") == {"awaiting_inspection of SEAL-1"}


async def test_a_held_component_that_is_built_in_late_restricts_whatever_its_parent_is_in_and_went_into(plant: Plant) -> None:
    for lot in ("SEAL-1", "PUMP-1", "UNIT-7"):
        await released(plant, lot, "2")
    await tell(plant, "installed", "PUMP-1", "UNIT-7", 10)
    await plant.make("consumed", "WO-1", "PUMP-1", "1")
    await plant.make("produced", "WO-1", "LINE-1", "1")
    await plant.decide("SEAL-1", ("REJ", None), rev="2", inspection="SG-SEAL-1")
    await plant.settle()
    await tell(plant, "installed", "SEAL-1", "PUMP-1", 20)
    for lot in ("PUMP-1", "UNIT-7", "LINE-1"):
        assert await held(plant, lot) == {"rejected of SEAL-1"}, lot
    await tell(plant, "removed", "SEAL-1", "PUMP-1", 30)
    for lot in ("PUMP-1", "UNIT-7", "LINE-1"):
        assert await held(plant, lot) == set(), lot


async def test_a_parent_that_is_free_in_the_warehouse_is_blocked_there_once_a_held_component_is_in_it(plant: Plant) -> None:
    await plant.receive_lot("SEAL-1", "100")
    plant.wms.put("UNIT-7", quarantine=1)
    await plant.make("produced", "WO-1", "UNIT-7", "1")
    await plant.observe("wms", "UNIT-7")
    await plant.decide("UNIT-7", ("ACC", None), inspection="SG-UNIT-7")
    await plant.settle()
    assert plant.wms.stock["UNIT-7"]["available"] == 1
    await tell(plant, "installed", "SEAL-1", "UNIT-7", 10)
    assert plant.wms.stock["UNIT-7"]["available"] == 0


async def test_one_serial_in_two_parents_is_a_case_until_one_of_them_is_put_right(plant: Plant) -> None:
    await tell(plant, "installed", "PUMP-1", "UNIT-7", 10)
    await tell(plant, "installed", "PUMP-1", "UNIT-8", 12)
    (case,) = (await plant.lot("PUMP-1")).cases.values()
    assert case.title == "PUMP-1 is told to be in UNIT-7 and UNIT-8 at the same time"
    assert (case.consequence, "removal" in case.next_action) == ("unsafe", True)
    await tell(plant, "removed", "PUMP-1", "UNIT-7", 11)
    assert (await plant.lot("PUMP-1")).cases == {}


async def test_a_lot_of_many_is_in_many_parents_without_a_case(plant: Plant) -> None:
    await released(plant, "SEAL-1", "100")
    for unit in ("UNIT-7", "UNIT-8"):
        await tell(plant, "installed", "SEAL-1", unit, 10, "2")
    assert (await plant.lot("SEAL-1")).cases == {}


@pytest.mark.parametrize("removed_first", [True, False])
async def test_a_recall_finds_and_holds_the_parent_that_a_component_was_taken_out_of(plant: Plant, removed_first: bool) -> None:
    await released(plant, "PUMP-1", "1")
    await tell(plant, "installed", "PUMP-1", "UNIT-7", 10)
    await plant.make("consumed", "WO-9", "UNIT-7", "1")
    await plant.make("produced", "WO-9", "LINE-1", "1")
    if removed_first:
        await tell(plant, "removed", "PUMP-1", "UNIT-7", 20)
    assert plant.hub
    runtime, state = plant.hub.runtime, await plant.lot("PUMP-1")
    await recall.start(runtime, Origin(kind=OriginKind.LOT, lot=state.id), "cracked housing", ANN)
    await recall.hold(runtime, "RC-1", "cracked housing", ANN)
    await plant.settle()
    if not removed_first:
        await tell(plant, "removed", "PUMP-1", "UNIT-7", 20)
    for lot in ("PUMP-1", "UNIT-7", "LINE-1"):
        assert any(h.startswith("recall") for h in await held(plant, lot)), lot


async def test_a_recall_finds_the_parent_of_a_component_of_which_only_the_removal_was_told(plant: Plant) -> None:
    await released(plant, "PUMP-1", "1")
    await tell(plant, "removed", "PUMP-1", "UNIT-7", 20)
    assert plant.hub
    runtime, state = plant.hub.runtime, await plant.lot("PUMP-1")
    await recall.start(runtime, Origin(kind=OriginKind.LOT, lot=state.id), "cracked housing", ANN)
    await recall.hold(runtime, "RC-1", "cracked housing", ANN)
    await plant.settle()
    assert any(h.startswith("recall") for h in await held(plant, "UNIT-7"))


async def test_a_component_of_itself_is_parked(plant: Plant) -> None:
    await tell(plant, "installed", "PUMP-1", "PUMP-1", 10)
    rows = await plant.rows(select(message.c.state, message.c.cause))
    assert [(r.state, "a part of itself" in r.cause) for r in rows] == [("parked", True)]
