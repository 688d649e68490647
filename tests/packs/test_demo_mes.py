"""The MES pack against the MES: a cap that is exact, told in one idempotent call, and a floor that cannot go beyond it."""

import asyncio
from typing import Any

import pytest

from tests.packs.conftest import Plant, sums
from tracemill.app.build import utc_now
from tracemill.model.connector import Job, Rejected, Unavailable

pytestmark = pytest.mark.asyncio(loop_scope="module")


def status(lot: str, batch: str, available: str, permitted: str = "", **more: Any) -> Job:
    value = {"available": available, "blocked": "0", "permitted": permitted or available, "unit": "KGM", "item": "4711", **more}
    ids = {"erp": batch} if batch else {}
    return Job(token=f"tm-{lot}", verb="set_status", lot=lot, number=batch or lot, ids=ids, value=value)


async def consume(here: Plant, lot: str, qty: str) -> tuple[int, Any]:
    return await here.mes.ask("POST", "/mes/orders/WO-2203/consume", {"lot": lot, "qty": qty})


async def lot_of(here: Plant, lot: str) -> dict[str, Any]:
    found: dict[str, Any] = await here.mes.ui(f"/mes/material-lots/{lot}", method="GET")
    return found


async def test_the_hub_names_lots_after_the_label(here: Plant) -> None:
    assign = here.mes.link.assign
    assert assign is not None
    assert assign.evaluate({"number": "L-2411-07", "item": "4711", "ids": {}}) == "ML241107"
    assert assign.evaluate({"number": "SG-24-0118", "item": "4711", "ids": {"erp": "l 2411/07"}}) == "ML241107"


async def test_a_lot_is_made_locked_then_permitted_and_the_label_ties_it_to_the_erp(here: Plant) -> None:
    await here.mes.send(status("ML01", "L-1", "0"))
    event = await here.mes.stock("ML01")
    assert (sums(event), event.actor) == ({}, "hub")
    assert [(alias.system, alias.id) for alias in event.data.lot.aliases] == [("erp", "L-1")]
    await here.mes.send(status("ML01", "L-1", "383"))
    assert sums(await here.mes.stock("ML01")) == {"available": "383"}
    found = await lot_of(here, "ML01")
    assert (found["state"], found["usable_qty"], found["unit"], found["item"]) == ("FREE", "383", "kg", "4711")


async def test_the_same_status_again_changes_nothing(here: Plant) -> None:
    for _ in range(2):
        await here.mes.send(status("ML02", "L-2", "100"))
    assert len(await here.mes.journal("lot_set", "ML02")) == 1


async def test_what_is_left_is_exact(here: Plant) -> None:
    await here.mes.send(status("ML03", "L-3", "0.3"))
    assert (await consume(here, "ML03", "0.1"))[0] == 201
    event = await here.mes.stock("ML03")
    assert sums(event) == {"available": "0.2"}
    assert [row.native for row in event.data.rows] == ["FREE permitted", "FREE consumed"]
    await here.mes.send(status("ML03", "L-3", "0", permitted="0.1"))
    assert sums(await here.mes.stock("ML03")) == {}


async def test_a_consumption_is_told_once(here: Plant) -> None:
    await here.mes.send(status("ML04", "L-4", "100"))
    _, body = await consume(here, "ML04", "12.5")
    records, cursor = await here.mes.records("consumptions")
    (record,) = [r for r in records if r.key == str(body["consumption"]["seq"])]
    (event,) = here.mes.translated(record)
    data = event.data
    assert (event.type, data.lot.id, str(data.quantity), data.work.order, data.evidence) == (
        "material.consumed.v1", "ML04", "12.5 kg", "WO-2203", "scanned",
    )  # fmt: skip
    assert abs((event.occurred.utc - utc_now()).total_seconds()) < 60
    await consume(here, "ML04", "1")
    later, _ = await here.mes.records("consumptions", cursor)
    assert later[-1].key == str(int(record.key) + 1)
    (lot,) = [r for r in (await here.mes.records("material_lots"))[0] if r.key == "ML04"]
    assert sums(here.mes.translated(lot)[0]) == {"available": "86.5"}


@pytest.mark.parametrize("restricted", ["quarantine", "blocked"])
async def test_what_is_restricted_cannot_be_consumed(here: Plant, restricted: str) -> None:
    assert here.mes.link.pack.enforces[restricted] == "blocks"
    lot = "M5" + restricted.upper()
    await here.mes.send(status(lot, "L-5", "0"))
    code, body = await consume(here, lot, "1")
    assert (code, body["error"]["code"]) == (409, "LOT_LOCKED")
    await here.mes.send(status(lot, "L-5", "10", blocked="20"))
    code, body = await consume(here, lot, "11")
    assert (code, body["error"]["code"]) == (409, "NOT_ENOUGH")


async def test_a_call_of_ours_that_arrives_late_does_nothing(here: Plant) -> None:
    await here.mes.send(status("ML06", "L-6", "50"))
    await here.mes.arm("PUT", "/mes/material-lots/*", "delay", seconds=1.5)
    release = asyncio.create_task(here.mes.send(status("ML06", "L-6", "100")))
    await asyncio.sleep(0.5)  # it is on its way; what quality decides next overtakes it
    await here.mes.send(status("ML06", "L-6", "0"))
    with pytest.raises(Unavailable, match="changed meanwhile"):
        await release
    assert (await lot_of(here, "ML06"))["state"] == "LOCKED"


async def test_a_200_that_says_no_is_a_no(here: Plant) -> None:
    await here.mes.send(status("ML07", "L-7", "1"))
    with pytest.raises(Rejected, match="ML07 is a lot of 4711"):
        await here.mes.send(status("ML07", "L-7", "1", item="6100"))
    with pytest.raises(Rejected, match="must match"):
        await here.mes.send(status("X7", "L-7", "1"))
    with pytest.raises(Rejected, match="unit"):
        await here.mes.send(status("ML07", "L-7", "1", unit="LTR"))


async def test_a_label_is_kept_where_the_erps_name_is_not_known(here: Plant) -> None:
    await here.mes.send(status("ML08", "L-8", "1"))
    await here.mes.send(status("ML08", "", "2"))
    assert (await lot_of(here, "ML08"))["source_lot"] == "L-8"


async def test_a_lot_that_is_not_there_is_absent_and_to_a_stranger_unknown(here: Plant) -> None:
    assert await here.mes.link.connector.read(["MNONE"], utc_now) == {"MNONE": None}
    with pytest.raises(Unavailable, match="credentials refused"):
        await here.mes.stranger.connector.read(["MNONE"], utc_now)
    assert not (await here.mes.stranger.connector.probe()).ok


async def test_what_goes_into_a_tank_and_comes_out_of_it_is_told_as_that(here: Plant) -> None:
    for lot, batch in (("MTK1", "TK-1"), ("MTK2", "TK-2")):
        await here.mes.send(status(lot, batch, "100"))
    _, cursor = await here.mes.records("consumptions")
    await here.mes.ask("POST", "/mes/orders/WO-1/consume", {"lot": "MTK1", "qty": "40", "vessel": "T-9"})
    await here.mes.ask("POST", "/mes/orders/WO-2/consume", {"lot": "MTK2", "qty": "60", "vessel": "T-9"})
    made = {"lot": "MTK3", "label": "FG-3", "item": "8100", "qty": "100", "vessel": "T-9"}
    assert (await here.mes.ask("POST", "/mes/orders/WO-2/produce", {**made, "qty": "101"}))[0] == 409
    assert (await here.mes.ask("POST", "/mes/orders/WO-2/produce", made))[0] == 201
    records, _ = await here.mes.records("consumptions", cursor)
    told = [event for r in records for event in here.mes.translated(r) if event.type == "vessel.charged.v1"]
    assert [(e.data.vessel, e.data.lot.id, e.data.work.order, str(e.data.quantity)) for e in told] == [
        ("T-9", "MTK1", "WO-1", "40 kg"),
        ("T-9", "MTK2", "WO-2", "60 kg"),
    ]
    records, _ = await here.mes.records("productions")
    (event,) = [e for r in records for e in here.mes.translated(r) if e.data.lot.id == "MTK3"]
    assert (event.type, event.data.vessel, str(event.data.quantity), event.data.work.order, event.data.label) == (
        "vessel.discharged.v1", "T-9", "100 kg", "WO-2", "FG-3",
    )  # fmt: skip
    assert [(alias.system, alias.id) for alias in event.data.lot.aliases] == [("erp", "FG-3")]
