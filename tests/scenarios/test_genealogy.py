"""What is wrong with a lot is wrong with what was made from it: inherited at once, carried on, lifted again."""

from typing import Any

from sqlalchemy import func, select

from tests.scenarios.plant import SITE, Plant
from tracemill.core.usable import allowance
from tracemill.store import audit
from tracemill.store.genealogy_tables import edge, spread
from tracemill.store.tables import delivery, hold


async def released(plant: Plant, batch: str, qty: str = "480") -> None:
    await plant.receive_lot(batch, qty)
    await plant.settle()
    await plant.decide(batch, ("ACC", None), inspection=f"SG-{batch}")
    await plant.settle()


async def consume(plant: Plant, order: str, lot: str, qty: str, **more: Any) -> None:
    await plant.make("consumed", order, lot, qty, **more)


async def produce(plant: Plant, order: str, lot: str, qty: str, **more: Any) -> None:
    await plant.make("produced", order, lot, qty, **more)


async def reasons(plant: Plant, lot: str) -> dict[str, str]:
    """Return what a lot inherited: reason by the number of the lot it comes from."""
    state = await plant.lot(lot)
    return {h.origin_number: str(h.reason) for h in state.holds.values() if h.root}


async def test_consumption_and_production_leave_edges_and_a_ledger(plant: Plant) -> None:
    await released(plant, "RAW-1")
    await consume(plant, "WO-1", "RAW-1", "260")
    await produce(plant, "WO-1", "FG-1", "300")
    raw, fg = await plant.lot("RAW-1"), await plant.lot("FG-1")
    assert allowance(raw).total == 220
    assert allowance(fg).total == 300
    assert len(fg.made_by) == 1
    assert [tuple(r) for r in await plant.rows(select(edge.c.side, edge.c.quantity).order_by(edge.c.position))] == [
        (0, "260"), (1, "300"),
    ]  # fmt: skip


async def test_a_rejection_after_consumption_reaches_everything_made_from_it_level_by_level(plant: Plant) -> None:
    await released(plant, "RAW-1")
    await consume(plant, "WO-1", "RAW-1", "260")
    await produce(plant, "WO-1", "MIX-1", "260")
    await consume(plant, "WO-2", "MIX-1", "200")
    await produce(plant, "WO-2", "FG-1", "100")
    await produce(plant, "WO-2", "FG-2", "100")
    assert await reasons(plant, "FG-2") == {}
    await plant.decide("RAW-1", ("REJ", None), rev="2", inspection="SG-RAW-1")
    await plant.settle()
    for made in ("MIX-1", "FG-1", "FG-2"):
        assert await reasons(plant, made) == {"RAW-1": "rejected"}, made
        assert allowance(await plant.lot(made)).usable == 0
    assert not await plant.rows(select(spread))


async def test_a_rejection_of_what_is_left_stays_with_what_is_left(plant: Plant) -> None:
    await plant.receive_lot("RAW-1")
    await plant.settle()
    await plant.decide("RAW-1", ("ACC", "384"), ("REJ", "96"), inspection="SG-RAW-1")
    await plant.settle()
    await consume(plant, "WO-1", "RAW-1", "300")
    await produce(plant, "WO-1", "FG-1", "300")
    assert await reasons(plant, "FG-1") == {}
    await consume(plant, "WO-1", "RAW-1", "100")  # 84 were left that quality had accepted
    await plant.settle()
    assert await reasons(plant, "FG-1") == {"RAW-1": "rejected"}
    assert any("more than quality allows" in c.title for c in (await plant.lot("RAW-1")).cases.values())


async def test_what_is_made_of_a_held_lot_inherits_in_the_same_commit(plant: Plant) -> None:
    await plant.receive_lot("RAW-1")
    await plant.settle()
    await consume(plant, "WO-1", "RAW-1", "50")
    assert plant.hub
    await plant.tell_made("produced", "WO-1", "FG-1", "50")
    assert await reasons(plant, "FG-1") == {"RAW-1": "awaiting_inspection"}
    assert (await plant.lot("RAW-1")).unsafe


async def test_a_late_consumption_restricts_what_was_made_before_it_was_told(plant: Plant) -> None:
    await plant.receive_lot("RAW-1")
    await plant.decide("RAW-1", ("REJ", None), inspection="SG-RAW-1")
    await produce(plant, "WO-1", "FG-1", "50")
    assert await reasons(plant, "FG-1") == {}
    await plant.tell_made("consumed", "WO-1", "RAW-1", "50")
    assert await reasons(plant, "FG-1") == {"RAW-1": "rejected"}


async def test_an_acceptance_lifts_what_was_inherited_but_not_what_comes_from_another_parent(plant: Plant) -> None:
    for raw in ("RAW-1", "RAW-2"):
        await released(plant, raw)
        await consume(plant, "WO-1", raw, "100")
    await produce(plant, "WO-1", "FG-1", "200")
    await plant.decide("RAW-1", ("HOLD", None), rev="2", inspection="SG-RAW-1")
    await plant.decide("RAW-2", ("HOLD", None), rev="2", inspection="SG-RAW-2")
    await plant.settle()
    assert set(await reasons(plant, "FG-1")) == {"RAW-1", "RAW-2"}
    await plant.decide("RAW-1", ("ACC", None), rev="3", inspection="SG-RAW-1")
    await plant.settle()
    assert set(await reasons(plant, "FG-1")) == {"RAW-2"}


async def test_rework_in_a_circle_ends_and_lets_go_again(plant: Plant) -> None:
    await released(plant, "RAW-1")
    await consume(plant, "WO-1", "RAW-1", "100")
    await produce(plant, "WO-1", "A", "100")
    await consume(plant, "RW-1", "A", "50")
    await produce(plant, "RW-1", "B", "50")
    await consume(plant, "RW-2", "B", "50")
    await produce(plant, "RW-2", "A", "50")
    await plant.decide("RAW-1", ("REJ", None), rev="2", inspection="SG-RAW-1")
    await plant.settle()
    assert [set(await reasons(plant, lot)) for lot in ("A", "B")] == [{"RAW-1"}, {"RAW-1"}]
    await plant.decide("RAW-1", ("ACC", None), rev="3", inspection="SG-RAW-1")
    await plant.settle()
    assert [await reasons(plant, lot) for lot in ("A", "B")] == [{}, {}]


async def test_a_consumption_that_is_taken_back_lets_go_of_what_was_inherited(plant: Plant) -> None:
    await released(plant, "RAW-1")
    await consume(plant, "WO-1", "RAW-1", "100")
    await produce(plant, "WO-1", "FG-1", "100")
    await plant.decide("RAW-1", ("REJ", None), rev="2", inspection="SG-RAW-1")
    await plant.settle()
    assert set(await reasons(plant, "FG-1")) == {"RAW-1"}
    await consume(plant, "WO-1", "RAW-1", "-100")
    await plant.settle()
    assert await reasons(plant, "FG-1") == {}
    assert allowance(await plant.lot("RAW-1")).total == 480


async def test_what_was_taken_back_in_parts_is_gone_although_floats_leave_a_rest(plant: Plant) -> None:
    await released(plant, "RAW-1")
    for amount in ("0.1", "0.2"):
        await consume(plant, "WO-1", "RAW-1", amount)
    await produce(plant, "WO-1", "FG-1", "1")
    for amount in ("-0.1", "-0.2"):
        await consume(plant, "WO-1", "RAW-1", amount)
    await plant.decide("RAW-1", ("REJ", None), rev="2", inspection="SG-RAW-1")
    await plant.settle()
    assert await reasons(plant, "FG-1") == {}


async def test_the_hold_of_a_finished_lot_runs_ahead_of_its_queued_release(plant: Plant) -> None:
    """The release of the finished lot is still retrying when the raw lot is rejected."""
    await released(plant, "RAW-1")
    await consume(plant, "WO-1", "RAW-1", "100")
    await produce(plant, "WO-1", "FG-1", "100")
    plant.wms.put("FG-1", quarantine=100)
    await plant.observe("wms", "FG-1")
    plant.wms.faults = ["locked"] * 3
    await plant.decide("FG-1", ("ACC", None), inspection="SG-FG-1")
    assert plant.hub
    await plant.hub.senders["wms"].run_once()
    await plant.hub.senders["wms"].drain()
    await plant.decide("RAW-1", ("REJ", None), rev="2", inspection="SG-RAW-1")
    plant.wms.faults = []
    await plant.settle()
    fg = await plant.lot("FG-1")
    rows = await plant.rows(select(delivery.c.state).where(delivery.c.value.contains('"available":"100"')))
    assert "superseded" in {r.state for r in rows}
    assert plant.wms.stock["FG-1"]["available"] == 0
    assert allowance(fg).usable == 0


async def test_more_than_five_hundred_lots_are_restricted_in_several_commits_and_none_escapes(database_url: str) -> None:
    plant = Plant(database_url)
    plant.start()
    await released(plant, "RAW-1", "1000")
    await consume(plant, "WO-1", "RAW-1", "1000")
    for n in range(620):
        await plant.tell_made("produced", "WO-1", f"SN-{n:04}", "1", settle=False)
    await plant.process()
    await plant.decide("RAW-1", ("REJ", None), rev="2", inspection="SG-RAW-1")
    assert await plant.rows(select(spread)), "one commit does not reach all of them"
    await plant.settle()
    assert not await plant.rows(select(spread))
    rejected = select(func.count()).select_from(hold).where(hold.c.reason == "rejected", hold.c.lifted_at.is_(None))
    (held,) = await plant.rows(rejected)
    assert held[0] == 621
    assert plant.hub
    _, broken = await plant.hub.runtime.store.read(lambda c: audit.verify(c, SITE))
    assert broken is None
    plant.stop()


async def test_a_lot_that_is_made_is_called_by_the_number_printed_on_it(plant: Plant) -> None:
    await produce(plant, "WO-1", "M-1", "10", label="FG-1")
    made = await plant.lot("FG-1")
    assert (made.number, made.named_by) == ("FG-1", "mes")
