"""Tanks: what goes in is in whatever comes out until the tank is cleaned, and what restricts it walks with it."""

from typing import Any

from tests.scenarios.plant import Plant
from tracemill.answers.trace import trace
from tracemill.answers.trace_view import TraceView
from tracemill.core.usable import allowance


async def released(plant: Plant, batch: str) -> None:
    await plant.receive_lot(batch, supplier_batch=f"B/{batch}")
    await plant.settle()
    await plant.decide(batch, ("ACC", None), inspection=f"SG-{batch}")
    await plant.settle()


async def tell(
    plant: Plant, kind: str, *, lot: str = "", qty: str = "", minute: int = 0, settle: bool = True, **more: Any
) -> None:
    """Let the MES tell what happened to tank T-12, at a minute of the shift."""
    plant.told += 1
    data: dict[str, Any] = {"vessel": "T-12", **more}
    if lot:
        data["lot"] = {"id": lot, "aliases": [{"system": "erp", "id": lot}]}
    if qty:
        data["residual" if kind == "cleaned" else "quantity"] = {"amount": qty, "unit": "KGM"}
    event = {"specversion": "1.0", "id": f"V{plant.told}", "source": "/mes", "type": f"vessel.{kind}.v1", "data": data}
    event["time"] = f"2026-11-23T09:{minute:02}:00Z"
    await plant.tell("mes", "events", f"V{plant.told}", event, process=settle)
    if settle:
        await plant.settle()


async def walked(plant: Plant, lot: str, way: Any = "back") -> TraceView:
    assert plant.hub
    state, runtime = await plant.lot(lot), plant.hub.runtime
    return await runtime.store.read(lambda c: trace(c, runtime.adjacency, state, way))


async def reached(plant: Plant, lot: str, way: Any = "back") -> set[str]:
    return {n.number for n in (await walked(plant, lot, way)).lots if not n.vessel and n.number != lot}


async def held(plant: Plant, lot: str) -> set[str]:
    return {h.origin_number for h in (await plant.lot(lot)).holds.values() if h.root}


async def test_a_lot_charged_into_a_tank_is_consumed_and_found_in_all_that_comes_out_until_it_is_cleaned(plant: Plant) -> None:
    for raw in ("RAW-1", "RAW-2", "RAW-3"):
        await released(plant, raw)
    await tell(plant, "charged", lot="RAW-1", qty="100", minute=1)
    await tell(plant, "discharged", lot="FG-1", qty="60", minute=2)
    await tell(plant, "charged", lot="RAW-2", qty="50", minute=3)
    await tell(plant, "discharged", lot="FG-2", qty="80", minute=4)
    await tell(plant, "cleaned", qty="10", minute=5)
    await tell(plant, "charged", lot="RAW-3", qty="50", minute=6)
    await tell(plant, "discharged", lot="FG-3", qty="50", minute=7)
    assert allowance(await plant.lot("RAW-1")).total == 380
    assert allowance(await plant.lot("FG-1")).total == 60
    assert await reached(plant, "FG-1") == {"RAW-1"}
    assert await reached(plant, "FG-2") == {"RAW-1", "RAW-2"}
    assert await reached(plant, "FG-3") == {"RAW-3"}
    assert await reached(plant, "RAW-1", "forward") == {"FG-1", "FG-2"}
    found = await walked(plant, "FG-2")
    assert (found.complete, found.gaps) == (True, ())
    assert "T-12" in {w.machine for w in found.works}, "the trace shows the tank in the way"


async def test_a_held_lot_holds_what_is_in_the_tank_and_what_comes_out_of_it_in_the_same_commit(plant: Plant) -> None:
    await plant.receive_lot("RAW-1", supplier_batch="B/RAW-1")
    await plant.settle()
    await tell(plant, "charged", lot="RAW-1", qty="100", minute=1, settle=False)
    await tell(plant, "discharged", lot="FG-1", qty="60", minute=2, settle=False)
    await plant.process()
    assert await held(plant, "FG-1") == {"RAW-1"}
    assert (await plant.lot("RAW-1")).unsafe
    content = await plant.lot("T-12@20261123T090100Z")
    assert {h.origin_number for h in content.holds.values()} == {"RAW-1"}
    assert any("more than quality allows" in c.title for c in content.cases.values()), "discharging it is a violation"


async def test_a_charge_told_after_the_discharges_it_preceded_holds_what_came_out_and_what_was_made_of_that(plant: Plant) -> None:
    await released(plant, "RAW-2")
    await plant.receive_lot("RAW-1", supplier_batch="B/RAW-1")
    await plant.decide("RAW-1", ("REJ", None), inspection="SG-RAW-1")
    await tell(plant, "charged", lot="RAW-2", qty="100", minute=2)
    await tell(plant, "discharged", lot="FG-1", qty="60", minute=3)
    await plant.make("consumed", "WO-9", "FG-1", "10")
    await plant.make("produced", "WO-9", "KIT-1", "10")
    assert await held(plant, "KIT-1") == set()
    await tell(plant, "charged", lot="RAW-1", qty="5", minute=1)
    assert (await held(plant, "FG-1"), await held(plant, "KIT-1")) == ({"RAW-1"}, {"RAW-1"})


async def test_a_cleaning_told_late_lets_go_of_what_came_after_it_and_of_nothing_else(plant: Plant) -> None:
    await released(plant, "RAW-2")
    await plant.receive_lot("RAW-1", supplier_batch="B/RAW-1")
    await plant.settle()
    await tell(plant, "charged", lot="RAW-1", qty="100", minute=1)
    await tell(plant, "discharged", lot="FG-1", qty="60", minute=2)
    await tell(plant, "charged", lot="RAW-2", qty="100", minute=5)
    await tell(plant, "discharged", lot="FG-2", qty="60", minute=6)
    assert await held(plant, "FG-2") == {"RAW-1"}
    await tell(plant, "cleaned", minute=3)
    assert (await held(plant, "FG-1"), await held(plant, "FG-2")) == ({"RAW-1"}, set())
    assert await reached(plant, "FG-2") == {"RAW-2"}


async def test_a_charge_that_comes_between_two_discharges_is_in_the_second_only(plant: Plant) -> None:
    for raw in ("RAW-1", "RAW-2"):
        await released(plant, raw)
    await tell(plant, "charged", lot="RAW-1", qty="100", minute=1)
    await tell(plant, "discharged", lot="FG-1", qty="40", minute=2)
    await tell(plant, "discharged", lot="FG-2", qty="40", minute=4)
    await tell(plant, "charged", lot="RAW-2", qty="100", minute=3)
    await plant.decide("RAW-2", ("REJ", None), rev="2", inspection="SG-RAW-2")
    await plant.settle()
    assert (await held(plant, "FG-1"), await held(plant, "FG-2")) == (set(), {"RAW-2"})


async def test_an_order_that_takes_from_a_tank_passes_on_what_was_in_it_and_what_else_it_took(plant: Plant) -> None:
    for raw in ("RAW-1", "BOX-1"):
        await released(plant, raw)
    await tell(plant, "charged", lot="RAW-1", qty="100", minute=1)
    await tell(plant, "discharged", lot="FG-1", qty="60", minute=2, work={"order": "WO-1"})
    await plant.make("consumed", "WO-1", "BOX-1", "3")
    assert await reached(plant, "FG-1") == {"RAW-1", "BOX-1"}
    await tell(plant, "discharged", qty="20", minute=3, work={"order": "WO-2"})
    await plant.make("produced", "WO-2", "FG-2", "20")
    assert await reached(plant, "FG-2") == {"RAW-1"}
    await plant.decide("RAW-1", ("REJ", None), rev="2", inspection="SG-RAW-1")
    await plant.settle()
    assert (await held(plant, "FG-1"), await held(plant, "FG-2")) == ({"RAW-1"}, {"RAW-1"})


async def test_nothing_is_ordered_of_any_system_about_what_a_tank_holds(plant: Plant) -> None:
    await plant.receive_lot("RAW-1", supplier_batch="B/RAW-1")
    await plant.settle()
    await tell(plant, "charged", lot="RAW-1", qty="100", minute=1)
    content = await plant.lot("T-12@20261123T090100Z")
    assert (content.wanted, content.vessel, allowance(content).total) == ({}, "T-12", 100)


async def test_a_tank_that_nobody_filled_makes_the_trace_incomplete(plant: Plant) -> None:
    await tell(plant, "discharged", lot="FG-1", qty="60", minute=2)
    found = await walked(plant, "FG-1")
    assert {g.gap for g in found.gaps} == {"unknown_origin", "inferred"}


async def test_a_cleaning_of_an_empty_tank_and_facts_of_nothing_are_told_and_parked(plant: Plant) -> None:
    await tell(plant, "cleaned", minute=1)
    await tell(plant, "discharged", qty="5", minute=2)
    from sqlalchemy import select

    from tracemill.store.tables import message

    rows = await plant.rows(select(message.c.state, message.c.cause, message.c.hint).order_by(message.c.id))
    assert [r.state for r in rows] == ["processed", "parked"]
    assert "neither a lot nor an order" in rows[1].cause
    assert "name the lot" in rows[1].hint


async def test_what_comes_out_of_a_tank_expires_as_anything_that_is_made(plant: Plant) -> None:
    await released(plant, "RAW-1")
    await tell(plant, "charged", lot="RAW-1", qty="100", minute=1)
    await tell(plant, "discharged", lot="FG-1", qty="60", minute=2, expires="2026-11-20")
    assert "expired" in {h.reason for h in (await plant.lot("FG-1")).holds.values()}
