"""What is said of a lot: nothing unknown as zero, every age in words, the timeline in the order in which we heard."""

from collections.abc import Iterator
from datetime import timedelta

import pytest
from sqlalchemy import select

from tests.scenarios.plant import Plant
from tracemill.answers import lot, messages, timeline
from tracemill.answers.lot import LotView
from tracemill.answers.words import lasting
from tracemill.model.status import Mode
from tracemill.store.tables import lot as lot_table


@pytest.fixture
def plant(tmp_path: object) -> Iterator[Plant]:
    made = Plant(f"sqlite:///{tmp_path}/hub.db")
    made.start()
    yield made
    made.stop()


async def view(plant: Plant, number: str = "L-1") -> LotView:
    assert plant.hub
    runtime, state = plant.hub.runtime, await plant.lot(number)
    found = await runtime.store.read(lambda c: lot.view(c, state.id, runtime.policies, plant.clock.now))
    assert found
    return found


async def told(plant: Plant) -> list[timeline.Entry]:
    assert plant.hub
    state = await plant.lot()
    return await plant.hub.runtime.store.read(lambda c: timeline.entries(c, state.id))


async def test_a_quantity_that_nobody_told_is_not_known_and_not_nothing(plant: Plant) -> None:
    await plant.decide("L-1", ("ACC", "383"), ("REJ", "97"))
    (number,) = (row.number for row in await plant.rows(select(lot_table.c.number)))
    seen = await view(plant, number)
    assert not seen.counted
    assert seen.sentence == "nothing may be used, its quantity is not known; 97 are rejected by QMS"
    assert [r.text for r in seen.reasons] == ["97 rejected by quality (qms)"], "nobody has told that they are pieces"
    assert [s.decided for s in seen.systems if s.decided] == ["383 kg accepted, 97 kg rejected"], "in the unit that was said"


async def test_who_decides_is_told_with_the_decision_and_its_age(plant: Plant) -> None:
    await plant.receive_lot()
    await plant.settle()
    assert next(s for s in (await view(plant)).systems if s.system == "qms").decided == "no decision yet"
    await plant.decide("L-1", ("ACC", "383"), ("REJ", "97"))
    plant.clock.forward(300)
    qms = next(s for s in (await view(plant)).systems if s.system == "qms")
    assert (qms.decided, qms.age) == ("383 kg accepted, 97 kg rejected", "decided 5 min ago")


async def test_a_system_that_has_nothing_to_say_about_a_lot_is_not_beside_it(plant: Plant) -> None:
    await plant.receive_lot()
    await plant.settle()
    assert plant.hub
    from tracemill.model.policy import SystemPolicy

    policy = plant.hub.runtime.policies["PLANT-DE"]
    policy.systems["mail"] = SystemPolicy(name="mail")
    assert {s.system for s in (await view(plant)).systems} == {"erp", "wms", "qms"}


async def test_a_settled_status_command_says_which_system_and_what_it_was_told(plant: Plant) -> None:
    await plant.receive_lot()
    await plant.settle()
    plant.clock.forward(60)
    await plant.decide("L-1", ("ACC", "383"), ("REJ", "97"))
    await plant.settle()
    texts = [e.text for e in await told(plant)]
    assert "ERP, told 383 kg available, 97 kg blocked: verified" in texts
    assert "ERP, told 0 kg available: verified" in texts
    assert not any("status command" in text for text in texts)


async def test_the_timeline_keeps_the_order_in_which_we_heard(plant: Plant) -> None:
    from tracemill.console.words import late

    at = plant.clock.now - timedelta(hours=5)
    await plant.receive_lot(at=at.isoformat())
    entries = await told(plant)
    assert [e.recorded_at for e in entries] == sorted((e.recorded_at for e in entries), reverse=True)
    received = next(e for e in entries if e.text.startswith("received 480 kg"))
    assert received.occurred_at == at
    assert late(received)
    assert not late(next(e for e in entries if "F 480 kg" in e.text))


@pytest.mark.parametrize(
    ("seconds", "said"), [(1.9, "1.9 s"), (119.0, "119.0 s"), (150.0, "2 min"), (7300.0, "2 h"), (1205543.3, "13 d")]
)
def test_how_long_something_took_is_said_as_people_say_it(seconds: float, said: str) -> None:
    assert lasting(seconds) == said


async def test_a_hold_that_lifts_itself_says_what_to_do_for_it(tmp_path: object) -> None:
    plant = Plant(f"sqlite:///{tmp_path}/observed.db", mode=Mode.OBSERVE)
    plant.start()
    await plant.receive_lot()
    await plant.observe("erp", "L-1")
    steps = {r.kind: r.next_action for r in (await view(plant)).reasons}
    assert "the hold lifts itself" in steps["conflict"]
    assert not any("lifts it in hub" in step for step in steps.values())
    plant.stop()


async def test_a_message_about_a_lot_nobody_has_told_of_says_that_its_hold_waits(plant: Plant) -> None:
    await plant.decide("L-NEW", ("QX", None))
    assert plant.hub
    (group,) = await plant.hub.runtime.store.read(lambda c: messages.groups(c, None))
    assert group.impact.waiting == ("L-NEW",)
    assert (group.impact.lots, group.impact.consequence) == ((), "late")
    await plant.receive_lot("L-NEW")
    (group,) = await plant.hub.runtime.store.read(lambda c: messages.groups(c, None))
    assert (group.impact.lots, group.impact.waiting) == (("L-NEW",), ())
