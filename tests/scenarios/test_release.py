"""The main job: a lot's way from receipt to release, in every system."""

from decimal import Decimal
from typing import Any

from tests.scenarios.plant import Plant

D = Decimal


async def test_a_received_lot_is_quarantined_where_it_landed_free(plant: Plant) -> None:
    await plant.receive_lot()
    await plant.settle()
    assert plant.erp.stock["L-1"] == {"available": D(0), "quarantine": D(480), "blocked": D(0)}
    lot = await plant.lot()
    assert lot.wanted["erp"].state == "verified"
    assert lot.exposures["erp"].until is not None
    assert lot.exposures["erp"].movements == 0
    assert [e[1] for e in plant.qms.effects] == ["open_inspection"]


async def test_a_partial_acceptance_releases_and_holds_in_every_system(plant: Plant) -> None:
    await plant.receive_lot()
    await plant.settle()
    await plant.decide("L-1", ("ACC", "383"), ("REJ", "97"))
    await plant.settle()
    for system in (plant.erp, plant.wms):
        assert system.stock["L-1"] == {"available": D(383), "quarantine": D(0), "blocked": D(97)}
    lot = await plant.lot()
    assert {w.state for w in lot.wanted.values()} == {"verified"}
    assert "open_nonconformance" in [e[1] for e in plant.qms.effects]


async def test_a_normal_release_is_never_a_conflict(plant: Plant) -> None:
    await plant.receive_lot()
    await plant.settle()
    await plant.decide("L-1", ("ACC", None))
    await plant.settle()
    lot = await plant.lot()
    assert lot.cases == {}
    assert plant.erp.stock["L-1"]["available"] == 480


async def test_a_warehouse_block_survives_a_quality_release(plant: Plant) -> None:
    await plant.receive_lot()
    await plant.settle()
    await plant.decide("L-1", ("ACC", None))
    await plant.settle()
    plant.wms.block("L-1", "20")
    await plant.observe("wms", "L-1")
    await plant.settle()
    await plant.decide("L-1", ("ACC", "480"), rev="2")
    await plant.settle()
    assert plant.erp.stock["L-1"] == {"available": D(460), "quarantine": D(0), "blocked": D(20)}
    assert plant.wms.stock["L-1"]["available"] == 460
    lot = await plant.lot()
    assert [h.reason for h in lot.holds.values()] == ["damage"]
    assert lot.cases == {}


async def test_snapshots_hold_available_hold_within_one_minute_stamp_end_held(plant: Plant) -> None:
    await plant.receive_lot()
    await plant.settle()
    stamp = "2026-11-23T09:02:00+00:00"
    for code in ("HOLD", "ACC", "HOLD"):
        body = {"id": "SG-1", "batch": "L-1", "rev": "1", "parts": [{"code": code}], "at": stamp}
        await plant.tell("qms", "decisions", "SG-1", body)
    await plant.settle()
    assert plant.erp.stock["L-1"]["available"] == 0
    assert plant.wms.stock["L-1"]["available"] == 0


async def test_a_hold_with_an_unmapped_code_keeps_the_lot_held_until_someone_read_it(plant: Plant) -> None:
    from sqlalchemy import select

    from tracemill.hub import replay
    from tracemill.store.tables import message

    await plant.receive_lot()
    await plant.settle()
    await plant.decide("L-1", ("PEND", None))
    await plant.decide("L-1", ("QX", None), rev="2")
    await plant.decide("L-1", ("ACC", None), rev="3")
    await plant.settle()
    assert plant.erp.stock["L-1"]["available"] == 0
    parked = (await plant.rows(select(message).where(message.c.state == "parked")))[0]
    assert "QX" in parked.cause
    assert plant.hub
    await replay.discard(plant.hub.runtime, parked.uuid, "lena", "it meant ACC, decided anew")
    await plant.settle()
    assert plant.erp.stock["L-1"]["available"] == 480


async def test_the_first_message_about_an_unknown_lot_that_cannot_be_read_holds_it_when_it_arrives(plant: Plant) -> None:
    await plant.tell("erp", "stock", "L-1", b'{"batch": "L-1", "stock": [{"type": "ZZ", "qty": "1"}]}')
    await plant.receive_lot()
    await plant.decide("L-1", ("ACC", None))
    await plant.settle()
    lot = await plant.lot()
    assert "unread" in [h.reason for h in lot.holds.values()]
    assert plant.erp.stock["L-1"]["available"] == 0


async def test_a_command_decided_before_the_unit_was_known_is_sent_with_it(plant: Plant) -> None:
    """Seen on the seeded plant: quality's word came before any quantity."""
    await plant.tell("erp", "stock", "L-1", {"batch": "L-1", "stock": []})
    await plant.decide("L-1", ("PEND", None))
    await plant.receive_lot()
    units: list[str] = []
    assert plant.hub
    send = plant.hub.runtime.links["erp"].connector.send

    async def watched(job: Any, cursor: Any, save: Any) -> Any:
        units.append(job.value["unit"])
        return await send(job, cursor, save)

    plant.hub.runtime.links["erp"].connector.send = watched  # type: ignore[method-assign]
    await plant.settle()
    assert plant.erp.stock["L-1"]["quarantine"] == 480
    assert set(units) == {"KGM"}
