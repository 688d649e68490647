"""Dates pass by themselves: an expired lot is held, a retest falls due, and only quality says until when it may be used."""

import asyncio
from collections.abc import Iterator
from typing import Any

import pytest
from sqlalchemy import select

from tests.scenarios.plant import Plant
from tracemill.core.usable import reasons, verdict
from tracemill.hub.commands import By, lift
from tracemill.store.tables import message

DAY = 86400


@pytest.fixture
def plant(database_url: str) -> Iterator[Plant]:
    made = Plant(database_url, zone="Europe/Berlin")
    made.start()
    yield made
    made.stop()


async def received(plant: Plant, **dates: str) -> None:
    """A released lot; it is 23 November, ten o'clock in Berlin."""
    await plant.receive_lot()
    zero = {"amount": "0", "unit": "KGM"}
    await plant.push("erp", "lot.received.v1", {"lot": {"id": "L-1"}, "quantity": zero, **dates})
    await decide(plant, "accept")
    await plant.settle()


async def decide(plant: Plant, decision: str, until: str = "", inspection: str = "SG-1") -> None:
    part = {"decision": decision} | ({"until": until} if until else {})
    ref = {"id": inspection, "aliases": [{"system": "erp", "id": "L-1"}]}
    await plant.push("qms", "disposition.decided.v1", {"lot": ref, "inspection": inspection, "parts": [part]})
    await plant.settle()


async def later(plant: Plant, days: float) -> None:
    plant.clock.forward(days * DAY)
    await plant.settle()


async def why(plant: Plant) -> list[str]:
    return [r.text for r in reasons(await plant.lot())]


async def test_a_lot_expires_when_its_last_day_is_over_where_the_plant_is(plant: Plant) -> None:
    await received(plant, expires="2026-11-24")
    await later(plant, 1.57)  # 24 November, 23:40 in Berlin
    assert verdict(await plant.lot()) == "released"
    await later(plant, 0.03)
    assert await why(plant) == ["expired 2026-11-24"]
    assert verdict(await plant.lot()) == "hold"
    assert plant.erp.stock["L-1"]["available"] == plant.wms.stock["L-1"]["available"] == 0


async def test_a_lot_that_arrives_expired_is_held_at_once(plant: Plant) -> None:
    await received(plant, expires="2026-11-20")
    assert await why(plant) == ["expired 2026-11-20"]
    assert plant.erp.stock["L-1"]["available"] == 0


async def test_only_a_decision_that_says_until_when_extends_it(plant: Plant) -> None:
    await received(plant, expires="2026-11-20")
    await decide(plant, "accept", inspection="SG-2")
    assert await why(plant) == ["expired 2026-11-20"]
    await decide(plant, "concession", until="2026-11-25", inspection="SG-3")
    assert verdict(await plant.lot()) == "released"
    await later(plant, 3)
    assert await why(plant) == ["expired 2026-11-25"]
    assert plant.erp.stock["L-1"]["available"] == 0


async def test_a_late_word_does_not_extend_what_a_newer_one_left_as_it_is(plant: Plant) -> None:
    await received(plant, expires="2026-11-20")
    body: dict[str, Any] = {"specversion": "1.0", "id": "late", "source": "/qms", "type": "disposition.decided.v1"}
    body |= {"time": "2026-11-01T08:00:00+01:00"}
    ref = {"id": "SG-0", "aliases": [{"system": "erp", "id": "L-1"}]}
    part = {"decision": "accept", "until": "2027-01-31"}
    body["data"] = {"lot": ref, "inspection": "SG-0", "parts": [part]}
    await plant.tell("qms", "events", "late", body)
    assert await why(plant) == ["expired 2026-11-20"]


async def test_permitted_use_ends_before_the_label_does(plant: Plant) -> None:
    await received(plant, expires="2027-06-30")
    await decide(plant, "concession", until="2026-11-24", inspection="SG-2")
    await later(plant, 2)
    assert await why(plant) == ["expired 2026-11-24"]


async def test_a_retest_falls_due_and_an_acceptance_after_it_lets_go(plant: Plant) -> None:
    await received(plant, retest="2026-11-24", expires="2027-06-30")
    await later(plant, 2)
    assert await why(plant) == ["retest due 2026-11-24"]
    await decide(plant, "accept", inspection="SG-2")
    assert verdict(await plant.lot()) == "released"
    assert plant.erp.stock["L-1"]["available"] == 480


async def test_nobody_lifts_the_calendar_s_hold(plant: Plant) -> None:
    await received(plant, expires="2026-11-20")
    lot = await plant.lot()
    (hold_id,) = lot.holds
    await ask_to_lift(plant, lot, hold_id)
    assert await why(plant) == ["expired 2026-11-20"]
    (cause,) = [m.cause for m in await plant.rows(select(message.c.cause).where(message.c.cause.is_not(None))) if m.cause]
    assert "quality decides until when" in cause


async def ask_to_lift(plant: Plant, lot: Any, hold_id: str) -> None:
    """Ask for the lifting as a person does, while the hub works."""
    assert plant.hub
    asked = asyncio.create_task(lift(plant.hub.runtime, lot, hold_id, "it still smells good", By(name="lena", key="k1")))
    for _ in range(20):
        await asyncio.sleep(0.02)
        await plant.process()
    await asyncio.wait([asked], timeout=12)


async def test_what_is_made_here_expires_too(plant: Plant) -> None:
    made = {"lot": {"id": "FG-1"}, "quantity": {"amount": "10", "unit": "KGM"}, "work": {"order": "WO-1"}}
    await plant.push("mes", "material.produced.v1", {**made, "expires": "2026-11-22"})
    assert [h.reason for h in (await plant.lot("FG-1")).holds.values()] == ["expired"]
