"""Clean points say between which proven lots of a stream the affected ones lie, and what keeps the others from being proven."""

from datetime import timedelta
from typing import Any

from tests.scenarios.plant import Plant
from tests.scenarios.test_genealogy import consume, released
from tests.scenarios.test_recall import ANN, BATCH, made_and_shipped, view
from tests.scenarios.test_recall_roots import fired, hot, started
from tracemill.hub import recall


async def receipts(plant: Plant) -> None:
    """Before the bad batch one lot that was accepted and one that waits; after it one rejected, one waiting, one accepted."""
    for lot, batch, said in (
        ("L-1", "ACM/7729", "ACC"), ("L-2", "ACM/7730", ""), ("BAD-1", "ACM/7731", "ACC"), ("BAD-2", "ACM/7731", ""),
        ("L-3", "ACM/7732", "REJ"), ("L-4", "ACM/7733", ""), ("L-5", "ACM/7734", "ACC"), ("L-6", "ACM/7735", "ACC"),
    ):  # fmt: skip
        plant.clock.forward(3600)
        await plant.receive_lot(lot, supplier_batch=batch)
        await plant.settle()
        if said:
            await plant.decide(lot, (said, None), inspection=f"SG-{lot}")
            await plant.settle()


async def opened(plant: Plant) -> Any:
    assert plant.hub
    await recall.start(plant.hub.runtime, BATCH, "glass found", ANN)
    return (await view(plant)).clean_points


async def test_the_nearest_accepted_lots_of_a_supplier_are_clean_points_and_those_between_are_not_proven(
    plant: Plant,
) -> None:
    await receipts(plant)
    (point,) = await opened(plant)
    assert point.stream == f"item 4711 received from ACME at {(await plant.lot('L-1')).site}"
    assert (point.before.number, point.after.number) == ("L-1", "L-5")
    assert "accepted by quality in SG-L-1" in point.before.evidence
    assert "its trace back is complete" in point.before.evidence
    assert [x.number for x in point.unproven] == ["L-2", "L-3", "L-4"]
    assert all(x.why for x in point.unproven)
    assert any("whether it looked for what this recall is about" in x for x in point.limits)


async def test_a_lot_that_is_accepted_but_in_scope_by_another_way_is_no_clean_point(plant: Plant) -> None:
    await receipts(plant)
    await consume(plant, "WO-1", "BAD-1", "10")
    await plant.tell_made("produced", "WO-1", "L-5", "10")
    await plant.settle()
    (point,) = [p for p in await opened(plant) if "received" in p.stream]
    assert point.after.number == "L-6"
    assert [x.why for x in point.unproven if x.number == "L-5"] == ["in the scope of this recall by another way"]


async def test_where_nothing_is_proven_it_says_so(plant: Plant) -> None:
    await released(plant, "RAW-1")
    (point,) = await opened(plant)
    assert (point.before, point.after) == (None, None)
    assert {"nothing is known before it", "nothing is known after it"} <= set(point.limits)


async def test_along_a_machine_a_told_value_proves_and_an_untold_one_does_not(plant: Plant) -> None:
    came = {}
    for lot, value in (("A", "840"), ("B", None), ("HOT", "861"), ("C", "845")):
        plant.clock.forward(7200)
        came[lot] = plant.clock()
        times = {"started": came[lot].isoformat(), "ended": came[lot].isoformat()}
        await plant.receive_lot(f"RAW-{lot}")
        await plant.tell_made("consumed", f"WO-{lot}", f"RAW-{lot}", "10", machine="FURNACE-3")
        await fired(plant, lot, value, **times)
    await plant.settle()
    window = {"since": came["HOT"] - timedelta(hours=1), "until": came["HOT"] + timedelta(hours=1)}
    (point,) = (await started(plant, hot(**window))).clean_points
    assert "from machine FURNACE-3" in point.stream
    assert (point.before.number, point.after.number) == ("A", "C")
    assert [(x.number, x.why) for x in point.unproven] == [("B", "its value was not told")]
    assert any("whether the sensor was right" in x for x in point.limits)


async def test_a_lot_of_which_nobody_told_what_it_was_made_of_is_not_proven(plant: Plant) -> None:
    await fired(plant, "ODD", "840", started="2026-11-23T09:00:00+00:00", ended="2026-11-23T09:00:00+00:00")
    plant.clock.forward(7200)
    at = plant.clock().isoformat()
    await fired(plant, "HOT", "861", started=at, ended=at)
    await plant.settle()
    window = {"since": plant.clock() - timedelta(hours=1), "until": plant.clock() + timedelta(hours=1)}
    (point,) = (await started(plant, hot(**window))).clean_points
    assert point.before is None
    assert [(x.number, "trace back is incomplete" in x.why) for x in point.unproven] == [("ODD", True)]


async def test_customers_are_told_with_whom_to_call(plant: Plant) -> None:
    await made_and_shipped(plant)
    ann = {"name": "Ann Lee", "role": "quality", "phone": "+44 20 7946 0991", "email": "ann@northfood.example"}
    sent = {"lot": {"id": "FG-1"}, "shipment": "DLV-2", "state": "staged", "quantity": {"amount": "10", "unit": "KGM"},
            "customer": {"id": "C-7", "name": "Northfood", "contacts": [ann]}}  # fmt: skip
    await plant.push("erp", "shipment.shipped.v1", sent)
    await plant.push("wms", "shipment.shipped.v1", {k: v for k, v in sent.items() if k != "customer"} | {"state": "shipped"})
    await plant.settle()
    assert plant.hub
    await recall.start(plant.hub.runtime, BATCH, "glass found", ANN)
    customers = (await view(plant)).customers
    found = {s: d.contacts for d in customers for s in d.shipments}
    assert {d.customer_name for d in customers} == {"Northfood"}
    assert [c.words() for c in found["DLV-2"]] == ["Ann Lee (quality), +44 20 7946 0991, ann@northfood.example"]
