"""A recall holds what it reaches, counts only what was read back where it blocks, and tells when it grows."""

from decimal import Decimal
from typing import Any

import pytest
from sqlalchemy import func, select

from tests.scenarios.plant import SITE, Plant
from tests.scenarios.test_genealogy import consume, produce, released
from tracemill.answers import recall as answers
from tracemill.hub import recall
from tracemill.hub.commands import By, Refused
from tracemill.model.recall import Origin
from tracemill.model.status import OriginKind
from tracemill.store import audit
from tracemill.store.tables import case, delivery, event, hold

BATCH = Origin(kind=OriginKind.SUPPLIER_BATCH, batch="ACM/7731")
ANN = By(name="Ann", key="k")


async def made_and_shipped(plant: Plant) -> None:
    """Two raw lots of one supplier batch; one became two finished lots, of which one is partly with a customer."""
    await released(plant, "RAW-1")
    await released(plant, "RAW-2")
    for target in (plant.erp, plant.wms):
        target.take("RAW-1", "260", "WO-1")
        for lot, qty in (("FG-1", 180), ("FG-2", 80)):
            target.put(lot, available=qty)
    await consume(plant, "WO-1", "RAW-1", "260")
    for lot, qty in (("FG-1", "180"), ("FG-2", "80")):
        await produce(plant, "WO-1", lot, qty)
        await plant.decide(lot, ("ACC", None), inspection=f"SG-{lot}")
        for system in ("erp", "wms"):
            await plant.observe(system, lot)
    await plant.settle()
    for target in (plant.erp, plant.wms):
        target.take("FG-1", "100", "DLV-1")
    sent = {"lot": {"id": "FG-1"}, "shipment": "DLV-1", "state": "shipped", "quantity": {"amount": "100", "unit": "KGM"},
            "customer": {"id": "C-7", "name": "Northfood"}}  # fmt: skip
    await plant.push("erp", "shipment.shipped.v1", sent)
    for lot in ("RAW-1", "FG-1"):
        for system in ("erp", "wms"):
            await plant.observe(system, lot)
    await plant.settle()


async def view(plant: Plant, key: str = "RC-1") -> Any:
    assert plant.hub
    runtime = plant.hub.runtime
    return await runtime.store.read(lambda c: answers.view(c, runtime.adjacency, runtime.policies, key))


async def test_a_recall_of_a_supplier_batch_is_held_and_read_back_everywhere(plant: Plant) -> None:
    await made_and_shipped(plant)
    assert plant.hub
    await recall.start(plant.hub.runtime, BATCH, "glass found", ANN)
    found = await view(plant)
    assert {x.number for x in found.lots} == {"RAW-1", "RAW-2", "FG-1", "FG-2"}
    assert found.totals["KGM"].held == 0
    assert found.totals["KGM"].not_yet_held == found.totals["KGM"].on_hand == Decimal(220 + 480 + 80 + 80)
    assert (found.totals["KGM"].escaped, found.contained) == (0, False)
    assert found.sentence == "RC-1: supplier batch ACM/7731 reaches 4 lots, nothing held yet; complete"
    await recall.hold(plant.hub.runtime, "RC-1", "contain it", ANN)
    await plant.settle()
    found = await view(plant)
    total = found.totals["KGM"]
    assert total.escaped == 0, found.lots
    assert total.held + total.consumed + total.shipped + total.escaped == total.requested == Decimal(480 + 480 + 260)
    assert (total.held, total.consumed, total.shipped) == (860, 260, 100)
    assert [(x.customer_name, x.quantity) for x in found.customers] == [("Northfood", 100)]
    assert plant.wms.stock["FG-2"]["available"] == plant.erp.stock["RAW-2"]["available"] == 0
    clock = found.recall
    assert clock.detected_at <= clock.opened_at <= clock.hold_asked_at <= clock.held_at <= clock.verified_at
    _, broken = await plant.hub.runtime.store.read(lambda c: audit.verify(c, SITE))
    assert broken is None


async def test_what_a_system_only_marks_has_escaped(database_url: str) -> None:
    plant = Plant(database_url)
    plant.start()
    await made_and_shipped(plant)
    assert plant.hub
    policy = plant.hub.runtime.policies[SITE]
    policy.systems["wms"].enforces.update(quarantine="marks", blocked="marks")
    await recall.start(plant.hub.runtime, BATCH, "glass found", ANN)
    await recall.hold(plant.hub.runtime, "RC-1", "contain it", ANN)
    await plant.settle()
    found = await view(plant)
    assert found.totals["KGM"].held == 0
    assert found.recall.verified_at is None
    assert any("not proven to block" in s.why for x in found.lots for s in x.standing.systems)
    plant.stop()


async def test_a_mock_recall_sends_nothing_and_says_what_it_would_send(plant: Plant) -> None:
    await made_and_shipped(plant)
    assert plant.hub
    before = await plant.rows(select(func.count()).select_from(delivery))
    await recall.start(plant.hub.runtime, BATCH, "drill", ANN, mock=True)
    await recall.hold(plant.hub.runtime, "RC-1", "drill", ANN)
    await plant.settle()
    found = await view(plant)
    assert found.recall.mock
    assert {(s.lot, s.system) for s in found.would_send} >= {("FG-2", "erp"), ("FG-2", "wms"), ("RAW-2", "wms")}
    assert await plant.rows(select(func.count()).select_from(delivery)) == before
    assert not await plant.rows(select(hold).where(hold.c.reason == "recall"))
    assert plant.wms.stock["FG-2"]["available"] == 80


async def test_a_late_fact_makes_the_scope_grow_and_holds_what_is_new(plant: Plant) -> None:
    await made_and_shipped(plant)
    assert plant.hub
    await recall.start(plant.hub.runtime, BATCH, "glass found", ANN)
    await recall.hold(plant.hub.runtime, "RC-1", "contain it", ANN)
    await plant.settle()
    await produce(plant, "WO-1", "FG-3", "10")
    await released(plant, "RAW-3")
    await plant.settle()
    found = await view(plant)
    assert {x.number for x in found.lots} >= {"FG-3", "RAW-3"}
    assert found.versions[0].why == "glass found"
    assert len(found.versions) >= 2
    titles = [r.title for r in await plant.rows(select(case.c.title).where(case.c.kind == "recall"))]
    assert any("scope grew by 1 lot" in t for t in titles), titles
    for lot in ("FG-3", "RAW-3"):
        assert {str(h.reason) for h in (await plant.lot(lot)).holds.values()} >= {"recall"}, lot
    assert plant.wms.stock["RAW-3"]["available"] == 0


async def test_an_exclusion_needs_a_lot_in_scope_and_keeps_its_person_and_reason(plant: Plant) -> None:
    await made_and_shipped(plant)
    assert plant.hub
    await recall.start(plant.hub.runtime, BATCH, "glass found", ANN)
    await recall.exclude(plant.hub.runtime, "RC-1", (await plant.lot("RAW-2")).id, "other pallet, seal intact", ANN)
    await recall.hold(plant.hub.runtime, "RC-1", "contain it", ANN)
    await plant.settle()
    found = await view(plant)
    left_out = [x for x in found.lots if x.excluded_by]
    assert [(x.number, x.excluded_by, x.excluded_because) for x in left_out] == [("RAW-2", "Ann", "other pallet, seal intact")]
    assert found.totals["KGM"].requested == Decimal(480 + 260)
    assert plant.wms.stock["RAW-2"]["available"] == 480
    last = found.versions[-1]
    assert (last.version, last.why, last.lots) == (2, "RAW-2 excluded: other pallet, seal intact", 3)
    assert [(x.lot, x.by, x.because) for x in last.excluded] == [("RAW-2", "Ann", "other pallet, seal intact")]
    with pytest.raises(Refused, match="not in the scope"):
        await recall.exclude(plant.hub.runtime, "RC-1", "elsewhere", "no", ANN)


async def test_a_recall_of_nothing_is_refused(plant: Plant) -> None:
    assert plant.hub
    with pytest.raises(Refused, match="nothing is known of supplier batch ACM/7731"):
        await recall.start(plant.hub.runtime, BATCH, "glass found", ANN)


async def test_a_machine_within_a_time_names_what_came_out_of_it(plant: Plant) -> None:
    await released(plant, "RAW-1")
    await plant.push("mes", "material.consumed.v1", _told("M1", "WO-9", "RAW-1", "FURNACE-3"))
    await plant.push("mes", "material.produced.v1", _told("M2", "WO-9", "FG-9", "FURNACE-3"))
    await plant.settle()
    assert plant.hub
    span = {"since": plant.clock().replace(hour=0), "until": plant.clock().replace(hour=23)}
    await recall.start(plant.hub.runtime, Origin(kind=OriginKind.MACHINE, machine="FURNACE-3", **span), "too hot", ANN)
    assert {x.number for x in (await view(plant)).lots} == {"FG-9"}


def _told(movement: str, order: str, lot: str, machine: str) -> dict[str, Any]:
    return {"lot": {"id": lot}, "movement": movement, "quantity": {"amount": "10", "unit": "KGM"},
            "work": {"order": order, "machine": machine}}  # fmt: skip


async def test_every_hold_of_a_recall_is_one_event_of_one_person(plant: Plant) -> None:
    await made_and_shipped(plant)
    assert plant.hub
    await recall.start(plant.hub.runtime, BATCH, "glass found", ANN)
    await recall.hold(plant.hub.runtime, "RC-1", "contain it", ANN)
    await recall.hold(plant.hub.runtime, "RC-1", "contain it", ANN)
    await plant.settle()
    asked = await plant.rows(select(func.count()).select_from(event).where(event.c.type == "hold.requested.v1"))
    assert asked[0][0] == 2  # the two raw lots; what was made of them inherits


async def test_excluding_a_root_takes_out_what_only_it_leads_to(plant: Plant) -> None:
    for lot in ("RAW-1", "RAW-2"):
        await released(plant, lot)
    for order, lot, made in (
        ("WO-1", "RAW-1", "FG-1"),
        ("WO-2", "RAW-2", "FG-2"),
        ("WO-3", "RAW-1", "MIX"),
        ("WO-3", "RAW-2", ""),
    ):
        await consume(plant, order, lot, "10")
        if made:
            await produce(plant, order, made, "10")
    await plant.settle()
    assert plant.hub
    await recall.start(plant.hub.runtime, BATCH, "glass found", ANN)
    assert len((await view(plant)).lots) == 5
    await recall.exclude(plant.hub.runtime, "RC-1", (await plant.lot("RAW-2")).id, "seal intact", ANN)
    await plant.settle()
    found = await view(plant)
    assert {x.number for x in found.lots if not x.excluded_by} == {"RAW-1", "FG-1", "MIX"}
    assert [v.lots for v in found.versions] == [5, 3]
    await consume(plant, "WO-4", "RAW-2", "10")
    await produce(plant, "WO-4", "FG-4", "10")
    await recall.hold(plant.hub.runtime, "RC-1", "contain it", ANN)
    await plant.settle()
    assert len((await view(plant)).versions) == 2  # what is made of an excluded root does not make the scope grow
    assert (await view(plant)).recall.held_at
    for lot in ("RAW-2", "FG-2", "FG-4"):
        assert not [h for h in (await plant.lot(lot)).holds.values() if h.reason == "recall"], lot


async def test_goods_that_arrived_are_no_longer_in_transit(plant: Plant) -> None:
    await made_and_shipped(plant)
    assert plant.hub
    await recall.start(plant.hub.runtime, BATCH, "glass found", ANN)
    assert (await view(plant)).totals["KGM"].in_transit == 100
    arrived = {"lot": {"id": "FG-1"}, "shipment": "DLV-1", "state": "delivered", "quantity": {"amount": "100", "unit": "KGM"}}
    await plant.push("erp", "shipment.shipped.v1", arrived)
    await plant.settle()
    total = (await view(plant)).totals["KGM"]
    assert (total.shipped, total.in_transit, total.requested) == (100, 0, 1220)
