"""The safe side: whatever people or bugs do to a command, a hold is never lost and never undone by it."""

import asyncio
from collections.abc import Iterator
from decimal import Decimal
from typing import Any

import pytest
from sqlalchemy import select

from tests.scenarios.plant import FakeConnector, Plant
from tracemill.hub import commands, replay
from tracemill.hub.commands import By, Refused
from tracemill.model.connector import Job, Save
from tracemill.model.status import Mode
from tracemill.store.tables import case, delivery

D = Decimal
LENA = By(name="lena", key="k1")


async def statuses(plant: Plant, system: str) -> list[Any]:
    query = select(delivery).where(delivery.c.system == system, delivery.c.verb == "set_status").order_by(delivery.c.id)
    return await plant.rows(query)


async def try_once(plant: Plant, system: str) -> None:
    assert plant.hub
    await plant.hub.senders[system].run_once()
    await plant.hub.senders[system].drain()


async def dead_release(plant: Plant) -> str:
    """A release that the ERP refused until the hub gave it up; returns its id."""
    await plant.receive_lot()
    await plant.settle()
    await plant.decide("L-1", ("ACC", None))
    plant.erp.faults = ["rejected"] * 10
    await plant.settle(seconds=400)
    plant.erp.faults = []
    dead = [r for r in await statuses(plant, "erp") if r.state == "dead"]
    assert dead
    return str(dead[-1].uuid)


async def test_a_dead_release_is_not_sent_again_once_quality_holds_the_lot(plant: Plant) -> None:
    release = await dead_release(plant)
    await plant.decide("L-1", ("HOLD", None), rev="2")
    await plant.settle()
    assert plant.hub
    with pytest.raises(replay.NotPossible, match="a newer decision took its place"):
        await replay.resend(plant.hub.runtime, release, "lena", "try again")
    await plant.settle()
    assert plant.erp.stock["L-1"]["available"] == 0


async def test_a_dead_release_that_still_holds_is_planned_anew_and_done(plant: Plant) -> None:
    release = await dead_release(plant)
    assert plant.hub
    await replay.resend(plant.hub.runtime, release, "lena", "the lock is gone")
    await plant.settle()
    assert plant.erp.stock["L-1"]["available"] == 480


async def test_nobody_cancels_a_restriction(plant: Plant) -> None:
    await plant.receive_lot()
    await plant.settle()
    await plant.decide("L-1", ("ACC", None))
    await plant.settle()
    plant.erp.faults = ["locked"] * 3
    await plant.decide("L-1", ("REJ", None), rev="2")
    await try_once(plant, "erp")
    restriction = (await statuses(plant, "erp"))[-1]
    assert plant.hub
    with pytest.raises(replay.NotPossible, match="a restriction is not cancelled"):
        await replay.cancel(plant.hub.runtime, restriction.uuid, "lena", "enough")
    await plant.settle(seconds=60)
    assert plant.erp.stock["L-1"]["available"] == 0


async def test_a_cancelled_release_is_told_to_the_lot(plant: Plant) -> None:
    release = await dead_release(plant)
    assert plant.hub
    await replay.cancel(plant.hub.runtime, release, "lena", "the batch goes back")
    lot = await plant.lot()
    assert lot.wanted["erp"].state == "cancelled"
    assert f"command:{release}" not in lot.cases


async def test_a_bug_in_a_pack_never_ends_a_restriction(plant: Plant, monkeypatch: pytest.MonkeyPatch) -> None:
    await plant.receive_lot()
    await plant.settle()
    await plant.decide("L-1", ("ACC", None))
    await plant.settle()

    async def bug(self: FakeConnector, job: Job, cursor: dict[str, Any], save: Save) -> Any:
        raise KeyError("boom")

    with monkeypatch.context() as broken:
        broken.setattr(FakeConnector, "send", bug)
        await plant.decide("L-1", ("REJ", None), rev="2")
        for _ in range(10):
            await plant.settle(rounds=4, seconds=200)
        assert (await statuses(plant, "erp"))[-1].state in ("in_doubt", "retrying")
        assert plant.erp.stock["L-1"]["available"] == 480
    await plant.settle(seconds=400)
    assert plant.erp.stock["L-1"]["available"] == 0


async def test_people_at_the_hub_do_not_release_what_the_laboratory_owns(plant: Plant) -> None:
    await plant.receive_lot()
    await plant.settle()
    await plant.decide("L-1", ("PEND", None))
    assert plant.hub
    decision = {"parts": [{"decision": "accept"}], "meaning": "urgent"}
    asked = asyncio.create_task(commands.dispose(plant.hub.runtime, await _lot(plant), decision, LENA))
    while not asked.done():
        await plant.process()
        await asyncio.sleep(0.01)
    with pytest.raises(Refused, match="quality of it is owned by qms"):
        await asked
    await plant.settle()
    assert plant.erp.stock["L-1"]["available"] == 0


async def _lot(plant: Plant) -> Any:
    lot = await plant.lot()
    assert lot is not None
    return lot


class TestAlarms:
    """An unsafe case pages people after the grace time, and again while it lasts."""

    @pytest.fixture
    def plant(self, database_url: str) -> Iterator[Plant]:
        made = Plant(database_url, alerts={"system": "qms", "to": "oncall@plant.example"}, grace_seconds=300)
        made.start()
        yield made
        made.stop()

    async def pages(self, plant: Plant) -> list[Any]:
        return await plant.rows(select(delivery).where(delivery.c.verb == "notify").order_by(delivery.c.id))

    async def let_pass(self, plant: Plant, hours: int) -> None:
        for _ in range(hours * 6):
            plant.clock.forward(600)
            await plant.settle(rounds=1, seconds=0)

    async def stuck(self, plant: Plant) -> None:
        """A rejection that the ERP does not take."""
        await plant.receive_lot()
        await plant.settle()
        await plant.decide("L-1", ("ACC", None))
        await plant.settle()
        plant.erp.faults = ["locked"] * 10_000
        await plant.decide("L-1", ("REJ", None), rev="2")

    async def test_a_restriction_that_does_not_arrive_pages_after_grace_and_every_hour(self, plant: Plant) -> None:
        await self.stuck(plant)
        await plant.settle(rounds=2, seconds=10)
        assert await self.pages(plant) == []
        await self.let_pass(plant, 5)
        assert 4 <= len(await self.pages(plant)) <= 6
        plant.erp.faults = []
        await plant.settle(seconds=400)
        before = len(await self.pages(plant))
        await self.let_pass(plant, 3)
        assert len(await self.pages(plant)) == before

    async def test_a_page_says_what_is_unsafe_where_and_what_to_do(self, plant: Plant) -> None:
        from tracemill.model.record import decode

        await self.stuck(plant)
        await self.let_pass(plant, 1)
        value = decode((await self.pages(plant))[0].value, dict[str, Any])
        assert value["to"] == "oncall@plant.example"
        assert "480 kg of L-1 usable in erp" in value["title"]
        assert "erp" in value["next_action"]
        assert value["quantity"] == "480 kg"

    async def test_any_unsafe_case_pages_also_one_about_identity(self, plant: Plant) -> None:
        await plant.receive_lot()
        await plant.tell("erp", "receipts", "L-1-2", {
            "batch": "L-1", "item": "4711", "qty": "10", "uom": "KG", "supplier": "ACME", "supplier_batch": "OTHER",
            "po": "1", "doc": "R2", "at": plant.clock().isoformat(),
        })  # fmt: skip
        kinds = [r.kind for r in await plant.rows(select(case).where(case.c.consequence == "unsafe"))]
        assert kinds == ["identity"]
        await self.let_pass(plant, 1)
        assert await self.pages(plant)

    async def test_what_is_only_observed_pages_nobody(self, database_url: str) -> None:
        rules = {"alerts": {"system": "qms", "to": "oncall@plant.example"}, "grace_seconds": 300}
        plant = Plant(database_url, mode=Mode.OBSERVE, **rules)
        plant.start()
        await plant.receive_lot()
        await plant.decide("L-1", ("PEND", None))
        await plant.observe("erp", "L-1")
        assert (await _lot(plant)).unsafe
        await self.let_pass(plant, 2)
        assert await self.pages(plant) == []
        plant.stop()
