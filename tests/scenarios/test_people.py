"""What people may do: approve, pause, lift what they placed, settle what is in doubt."""

from typing import Any

import pytest
from sqlalchemy import select

from tests.scenarios.plant import DECISION, DECISIONS, Plant
from tracemill.hub import approval, replay
from tracemill.hub.commands import By
from tracemill.model.status import Mode
from tracemill.store.tables import audit, delivery, message

LENA = By(name="lena")


async def deliveries(plant: Plant, **where: str) -> list[Any]:
    query = select(delivery).order_by(delivery.c.id)
    for column, value in where.items():
        query = query.where(delivery.c[column] == value)
    return await plant.rows(query)


async def test_propose_sends_only_what_a_person_approved(database_url: str) -> None:
    plant = Plant(database_url, mode=Mode.PROPOSE)
    hub = plant.start()
    await plant.receive_lot()
    await plant.settle(rounds=3)
    assert plant.erp.effects == []
    proposed = (await deliveries(plant, system="erp"))[-1]
    await approval.approve(hub.runtime, proposed.uuid, LENA, "checked")
    await plant.settle(rounds=5)
    assert plant.erp.stock["L-1"]["quarantine"] == 480
    said = await plant.rows(select(audit.c.actor, audit.c.action).where(audit.c.subject == proposed.uuid))
    assert [tuple(row) for row in said] == [("lena", "delivery.approved")]
    with pytest.raises(replay.NotPossible, match="does not wait"):
        await approval.approve(hub.runtime, proposed.uuid, LENA, "again")
    plant.stop()


async def test_what_was_decided_while_only_observing_is_not_done_when_the_hub_may_act(database_url: str) -> None:
    plant = Plant(database_url, mode=Mode.OBSERVE)
    plant.start()
    await plant.receive_lot()
    plant.stop()
    plant.mode = Mode.ACT
    hub = plant.start()
    await hub.recover()
    await plant.settle()
    assert plant.qms.effects == [], "an inspection of the past is not opened anew"
    assert plant.erp.stock["L-1"]["quarantine"] == 480, "the desired state still holds"


async def test_a_paused_system_gets_nothing_and_catches_up(plant: Plant) -> None:
    assert plant.hub
    plant.hub.runtime.links["erp"].paused = True
    await plant.receive_lot()
    await plant.settle(rounds=3)
    assert plant.erp.effects == []
    plant.hub.runtime.links["erp"].paused = False
    await plant.settle()
    assert plant.erp.stock["L-1"]["quarantine"] == 480


async def test_an_act_that_the_target_refuses_is_dead_and_can_be_sent_again(plant: Plant) -> None:
    assert plant.hub
    plant.qms.faults = ["rejected"]
    await plant.receive_lot()
    await plant.settle()
    dead = (await deliveries(plant, state="dead"))[0]
    lot = await plant.lot()
    assert f"command:{dead.uuid}" in lot.cases
    await replay.resend(plant.hub.runtime, dead.uuid, "lena", "plan entered in QMS")
    await plant.settle()
    assert [e[1] for e in plant.qms.effects] == ["open_inspection"]
    assert (await plant.lot()).cases == {}


async def unread(plant: Plant) -> str:
    """A released lot, about which quality then says something that no code list knows; return the parked message."""
    await plant.receive_lot()
    await plant.settle()
    await plant.decide("L-1", ("ACC", None))
    await plant.decide("L-1", ("QX", None), rev="2")
    await plant.settle()
    assert plant.erp.stock["L-1"]["available"] == 0
    (parked,) = await plant.rows(select(message).where(message.c.state == "parked"))
    return str(parked.uuid)


async def test_a_parked_message_is_neither_replayed_while_unreadable_nor_discarded_without_a_reason(plant: Plant) -> None:
    parked = await unread(plant)
    assert plant.hub
    with pytest.raises(replay.NotPossible, match="QX"):
        await replay.replay(plant.hub.runtime, parked, "lena", "try")
    with pytest.raises(replay.NotPossible, match="reason"):
        await replay.discard(plant.hub.runtime, parked, "lena", " ")
    assert "unread" in [h.reason for h in (await plant.lot()).holds.values()]


@pytest.mark.parametrize(("meaning", "available", "blocked"), [("accept", 480, 0), ("reject", 0, 480)])
async def test_a_parked_message_that_can_be_read_by_now_is_replayed_and_what_it_says_counts(
    plant: Plant, meaning: str, available: int, blocked: int
) -> None:
    parked = await unread(plant)
    plant.teach("qms", "decision", DECISION, {"decision": {**DECISIONS, "QX": meaning}})
    assert plant.hub
    assert await replay.replay(plant.hub.runtime, parked, "lena", "QX is known now") == "replayed: 1 events"
    await plant.settle()
    (row,) = await plant.rows(select(message).where(message.c.uuid == parked))
    assert row.state == "replayed"
    assert "unread" not in [h.reason for h in (await plant.lot()).holds.values()]
    assert plant.erp.stock["L-1"]["available"] == available
    assert plant.erp.stock["L-1"]["blocked"] == blocked
    said = await plant.rows(select(audit.c.actor, audit.c.reason).where(audit.c.action == "message.replayed"))
    assert [tuple(r) for r in said] == [("lena", "QX is known now")]
    with pytest.raises(replay.NotPossible, match="is replayed, not parked"):
        await replay.replay(plant.hub.runtime, parked, "lena", "again")
