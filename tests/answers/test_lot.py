"""The view of a lot: how old each reading is, and how far each command has come."""

from datetime import timedelta

import pytest

from tests.scenarios.plant import Plant
from tracemill.answers import deliveries, lot
from tracemill.answers.claim import SystemView
from tracemill.model.connector import Page, Unavailable


async def seen(plant: Plant, system: str) -> SystemView:
    assert plant.hub
    runtime, state = plant.hub.runtime, await plant.lot()
    view = await runtime.store.read(lambda c: lot.view(c, state.id, runtime.policies, plant.clock.now))
    assert view
    return next(s for s in view.systems if s.system == system)


async def poll(plant: Plant, system: str) -> None:
    assert plant.hub
    await next(p for p in plant.hub.pollers if (p.link.name, p.feed) == (system, "stock")).run_once()


async def test_a_poll_that_finds_nothing_new_says_that_nothing_changed_since(plant: Plant) -> None:
    await plant.receive_lot()
    plant.clock.forward(360)
    assert (await seen(plant, "wms")).age == "read 6 min ago"
    await poll(plant, "wms")
    plant.clock.forward(3)
    view = await seen(plant, "wms")
    assert (view.age, view.age_seconds) == ("read 6 min ago, unchanged 3 s ago", pytest.approx(3, abs=0.1))
    assert view.read_at is not None
    assert view.unchanged_at is not None
    assert view.unchanged_at - view.read_at > timedelta(minutes=5)
    assert (await seen(plant, "erp")).unchanged_at is None


async def test_a_round_that_is_not_read_to_its_end_and_a_poll_that_fails_say_nothing(
    plant: Plant, monkeypatch: pytest.MonkeyPatch
) -> None:
    await plant.receive_lot()
    plant.clock.forward(60)
    assert plant.hub
    connector = plant.hub.runtime.links["wms"].connector

    async def half(feed: str, cursor: object, now: object) -> Page:
        return Page(records=(), cursor={"page": "2"})

    async def refused(feed: str, cursor: object, now: object) -> Page:
        raise Unavailable("no answer")

    for answer in (half, refused):
        monkeypatch.setattr(connector, "poll", answer)
        await poll(plant, "wms")
        assert (await seen(plant, "wms")).unchanged_at is None


async def test_a_command_shows_at_which_step_it_stands(plant: Plant) -> None:
    await plant.receive_lot()
    await plant.settle()
    await plant.decide("L-1", ("ACC", "400"), ("REJ", "80"))
    plant.wms.faults = ["blind_timeout"]
    assert plant.hub
    await plant.hub.senders["wms"].run_once()
    await plant.hub.senders["wms"].drain()
    found = await plant.hub.runtime.store.read(lambda c: deliveries.listed(c, None, system="wms"))
    view = next(d for d in found.items if d.state == "in_doubt")
    assert view.progress == deliveries.Progress(item=1, step=1, unanswered=True, noted={})


async def test_an_expired_lot_says_when_and_what_keeps_its_shipment(plant: Plant) -> None:
    await plant.receive_lot()
    zero = {"amount": "0", "unit": "KGM"}
    await plant.push("erp", "lot.received.v1", {"lot": {"id": "L-1"}, "quantity": zero, "expires": "2026-11-20"})
    line = {"lot": {"id": "L-1"}, "quantity": {"amount": "120", "unit": "KGM"}, "shipment": "DLV-1", "place": "dock 4"}
    await plant.push("wms", "shipment.shipped.v1", {**line, "state": "staged"})
    await plant.settle()
    assert plant.hub
    runtime, state = plant.hub.runtime, await plant.lot()
    view = await runtime.store.read(lambda c: lot.view(c, state.id, runtime.policies, plant.clock.now))
    assert view
    assert "all of it is expired 2026-11-20" in view.sentence
    assert [h.liftable for h in view.holds if h.reason == "expired"] == [False]
    (shipment,) = view.shipments
    assert (shipment.block, shipment.quantity, shipment.place) == ("verified", "120", "dock 4")
    assert "expired 2026-11-20" in shipment.why
