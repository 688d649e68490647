"""Process conditions: outside their limits they restrict what was made, and everything made of that, until people have looked."""

from typing import Any

from tests.scenarios.plant import Plant
from tracemill.answers import process
from tracemill.answers.process import Search, SummaryView
from tracemill.answers.trace import trace

START, END = "2026-11-23T09:00:00+00:00", "2026-11-23T11:00:00+00:00"


async def recorded(plant: Plant, lot: str, maximum: str, **more: Any) -> None:
    summary = {"parameter": "temperature", "unit": "CEL", "setpoint": "840", "low": "820", "high": "850", "minimum": "830",
               "mean": "841.5", "maximum": maximum, "readings": 900, "started": START, "ended": END}  # fmt: skip
    work = {"order": "WO-1", "operation": "20", "machine": "FURNACE-3", "recipe": "R-7 v4"}
    await plant.push("mes", "process.recorded.v1", {"lot": {"id": lot}, "work": work, "summaries": [summary | more]})


async def made(plant: Plant) -> None:
    await plant.receive_lot("RAW-1")
    await plant.tell_made("consumed", "WO-1", "RAW-1", "100", op="20")
    await plant.tell_made("produced", "WO-1", "FG-1", "100", op="20")


async def reasons(plant: Plant, lot: str) -> list[str]:
    return [f"{h.reason}: {h.note}" for h in (await plant.lot(lot)).holds.values() if h.reason == "deviation"]


async def searched(plant: Plant, **asked: Any) -> tuple[SummaryView, ...]:
    assert plant.hub
    return await plant.hub.runtime.store.read(lambda c: process.found(c, None, Search(**asked)))


async def test_within_the_limits_nothing_is_held(plant: Plant) -> None:
    await made(plant)
    await recorded(plant, "FG-1", "850")
    assert await reasons(plant, "FG-1") == []


async def test_beyond_a_limit_the_lot_and_what_is_made_of_it_are_held(plant: Plant) -> None:
    await made(plant)
    await recorded(plant, "FG-1", "861.5")
    held = ["deviation: temperature 861.5 above 850 CEL in WO-1/20 on FURNACE-3"]
    assert await reasons(plant, "FG-1") == held
    await plant.make("consumed", "WO-2", "FG-1", "10")
    await plant.make("produced", "WO-2", "KIT-1", "10")
    assert [h.origin_number for h in (await plant.lot("KIT-1")).holds.values() if h.reason == "deviation"] == ["FG-1"]


async def test_a_later_checkpoint_that_is_fine_does_not_end_the_hold_of_an_earlier_one(plant: Plant) -> None:
    await made(plant)
    await recorded(plant, "FG-1", "861.5")
    await recorded(plant, "FG-1", "845", started="2026-11-23T10:00:00+00:00")
    assert len(await reasons(plant, "FG-1")) == 1
    await recorded(plant, "FG-1", "849")
    assert await reasons(plant, "FG-1") == []


async def test_what_was_made_on_a_machine_above_a_value_is_found_by_what_was_last_told(plant: Plant) -> None:
    await made(plant)
    await recorded(plant, "FG-1", "861.5")
    await recorded(plant, "FG-1", "3", parameter="pressure", low="1", high="4", minimum="2", mean="2", unit="BAR")
    found = await searched(plant, machine="FURNACE-3", above=850.0)
    assert [(x.number, x.parameter, x.maximum, x.beyond) for x in found] == [("FG-1", "temperature", "861.5", "861.5 above 850")]
    assert len(await searched(plant, machine="FURNACE-3")) == 2
    assert await searched(plant, machine="FURNACE-4") == ()
    await recorded(plant, "FG-1", "849")
    assert await searched(plant, machine="FURNACE-3", above=850.0, parameter="temperature") == ()


async def test_a_trace_tells_the_conditions_of_each_transformation(plant: Plant) -> None:
    await made(plant)
    await recorded(plant, "FG-1", "849")
    state = await plant.lot("FG-1")
    assert plant.hub
    runtime = plant.hub.runtime
    view = await runtime.store.read(lambda c: trace(c, runtime.adjacency, state, "back"))
    assert [(w.key, [(s.parameter, s.maximum) for s in w.process]) for w in view.works] == [("WO-1/20", [("temperature", "849")])]


async def test_conditions_of_no_order_are_parked_with_what_to_do(plant: Plant) -> None:
    await made(plant)
    summary = {"parameter": "temperature", "mean": "1"}
    await plant.push("mes", "process.recorded.v1", {"lot": {"id": "FG-1"}, "work": {}, "summaries": [summary]})
    parked = await plant.rows(_parked())
    assert [("neither an order nor an operation" in r.cause, "work.order" in r.hint) for r in parked] == [(True, True)]


def _parked() -> Any:
    from sqlalchemy import select

    from tracemill.store.tables import message

    return select(message).where(message.c.state == "parked")
