"""The WMS pack against the WMS: blocks of others keep their reason and quantity, ours are known by their token."""

import asyncio
from decimal import Decimal

import pytest

from tests.packs.conftest import Plant, again, sums
from tracemill.app.build import utc_now
from tracemill.model.connector import InDoubt, Job, Rejected, Unavailable
from tracemill.model.event import Event

pytestmark = pytest.mark.asyncio(loop_scope="module")


async def received(here: Plant, lot: str, qty: str = "480", status: str = "QI", unit: str = "KGM", hu: str = "") -> None:
    body = {"lot": lot, "erp_batch": f"L-{lot}", "item": "4711", "qty": qty, "unit": unit, "status": status, "hu": hu}
    await here.wms.ui("/ui/receipts", body)


def blocks(event: Event) -> list[tuple[str, str, str, bool]]:
    """Return reason, placer and quantity of each block, and whether it carries a token."""
    found = [(row.restriction, row.quantity) for row in event.data.rows if row.restriction]
    return [(str(block.reason), block.by, str(quantity), bool(block.token)) for block, quantity in found]


async def test_stock_by_pallet_is_read_and_read_back_the_same(here: Plant) -> None:
    await received(here, "L01", "400", hu="340000000000000001")
    await received(here, "L01", "80", hu="340000000000000002")
    (event,) = await here.wms.events("lots", "L01")
    assert [(alias.system, alias.id) for alias in event.data.lot.aliases] == [("erp", "L-L01")]
    assert [(str(row.quantity), row.place, row.unit) for row in event.data.rows] == [
        ("400 kg", "RECEIVING", "340000000000000001"), ("80 kg", "RECEIVING", "340000000000000002"),
    ]  # fmt: skip
    assert (await here.wms.stock("L01")).data.rows == event.data.rows
    assert sums(event) == {"quarantine": "480"}


async def test_a_damage_is_its_own_hold_and_ours_is_known_by_user_and_token(here: Plant) -> None:
    await received(here, "L02")
    await here.wms.transfer("L02", "tm-2-1", available="383", blocked="97")
    await here.wms.ui("/ui/blocks", {"lot": "L02", "qty": "20.5", "reason": "DAMAGE", "by": "OP17"})
    event = await here.wms.stock("L02")
    assert sums(event) == {"available": "362.5", "blocked": "117.5"}
    assert blocks(event) == [("quality", "hub-api", "97 kg", True), ("damage", "OP17", "20.5 kg", False)]
    (ours,) = [row.restriction for row in event.data.rows if row.restriction and row.restriction.by == "hub-api"]
    assert ours.token.startswith("tm-2-1")


async def test_a_release_lifts_ours_and_never_theirs(here: Plant) -> None:
    await received(here, "L03")
    await here.wms.ui("/ui/blocks", {"lot": "L03", "qty": "20", "reason": "CUSTOMS", "by": "OP17", "from": "QI"})
    await here.wms.transfer("L03", "tm-3-1", available="0", blocked="480")
    assert sums(await here.wms.stock("L03")) == {"blocked": "480"}
    await here.wms.transfer("L03", "tm-3-2", available="480", blocked="0")
    event = await here.wms.stock("L03")
    assert sums(event) == {"available": "460", "blocked": "20"}
    assert blocks(event) == [("customs", "OP17", "20 kg", False)]


async def test_people_type_what_they_like_as_a_reason(here: Plant) -> None:
    await received(here, "L04", status="AVL")
    await here.wms.ui("/ui/blocks", {"lot": "L04", "qty": "1", "reason": "ask Petra", "by": "OP04"})
    await here.wms.ui("/ui/blocks", {"lot": "L04", "qty": "2", "reason": "REJECTED", "by": "OP04"})
    event = await here.wms.stock("L04")
    assert [(reason, amount) for reason, _, amount, _ in blocks(event)] == [("other", "1 kg"), ("rejected", "2 kg")]
    assert sums(event) == {"available": "477", "blocked": "3"}


async def test_blocked_stock_that_left_is_not_counted(here: Plant) -> None:
    await received(here, "L05", "10", status="AVL")
    await here.wms.ui("/ui/blocks", {"lot": "L05", "qty": "0.3", "reason": "QUALITY", "by": "OP04"})
    await here.wms.ui("/ui/samples", {"lot": "L05", "qty": "0.1", "by": "LAB2", "from": "HLD"})
    assert sums(await here.wms.stock("L05")) == {"available": "9.7", "blocked": "0.2"}


async def test_a_status_change_is_made_once_and_found_by_its_token(here: Plant) -> None:
    await received(here, "L06")
    job = await here.wms.transfer("L06", "tm-6-1", available="383", blocked="97")
    assert (await here.wms.seek(job)).state == "present"
    await here.wms.send(again(job))
    assert sorted(e["detail"] for e in await here.wms.journal("status_change", "L06")) == ["QI>AVL", "QI>HLD"]


async def test_a_lost_answer_is_in_doubt_and_then_found(here: Plant) -> None:
    await received(here, "L07")
    await here.wms.arm("POST", "/wms/status-changes", "lose_answer")
    move = {"from": "quarantine", "to": "blocked", "quantity": "480"}
    job = Job(token="tm-7-1", verb="set_status", lot="L07", number="L07", value={"unit": "KGM", "transfers": [move]})
    with pytest.raises(InDoubt):
        await here.wms.send(job)
    assert (await here.wms.seek(job)).state == "present"
    never = Job(token="tm-7-2", verb="set_status", lot="L07", number="L07", value=job.value)
    assert (await here.wms.seek(never)).state == "absent"


async def test_a_call_of_ours_that_arrives_late_does_nothing(here: Plant) -> None:
    await received(here, "L08")
    await here.wms.arm("POST", "/wms/status-changes", "delay", seconds=1.5)
    release = asyncio.create_task(here.wms.transfer("L08", "tm-8-1", available="100", blocked="0"))
    await asyncio.sleep(0.5)  # it is on its way; what quality decides next overtakes it
    await here.wms.transfer("L08", "tm-8-2", available="0", blocked="300")
    with pytest.raises(Unavailable, match="changed meanwhile"):
        await release
    assert sums(await here.wms.stock("L08")) == {"quarantine": "180", "blocked": "300"}


async def test_another_unit_is_not_sent(here: Plant) -> None:
    await received(here, "L09")
    with pytest.raises(Unavailable, match="unit"):
        await here.wms.transfer("L09", "tm-9-1", available="480", blocked="0", unit="GRM")
    await received(here, "L9PC", "100", unit="H87")
    await here.wms.transfer("L9PC", "tm-9-2", available="100", blocked="0", unit="C62")
    assert sums(await here.wms.stock("L9PC")) == {"available": "100"}


@pytest.mark.parametrize("status", ["quarantine", "blocked"])
async def test_what_is_restricted_cannot_be_picked(here: Plant, status: str) -> None:
    assert here.wms.link.pack.enforces[status] == "blocks"
    lot = f"L10{status[0].upper()}"
    await received(here, lot, status="AVL")
    await here.wms.transfer(lot, f"tm-10-{status}", available="0", blocked="480" if status == "blocked" else "0")
    assert sums(await here.wms.stock(lot)) == {status: "480"}
    code, body = await here.wms.ask("POST", "/wms/picks", {"lot": lot, "qty": "1", "order": "SO-1"})
    assert (code, list(body["errors"])) == (409, ["qty"])


async def test_damaged_stock_cannot_be_picked_either(here: Plant) -> None:
    await received(here, "L11", "10", status="AVL")
    await here.wms.ui("/ui/blocks", {"lot": "L11", "qty": "10", "reason": "DAMAGE", "by": "OP17"})
    code, _ = await here.wms.ask("POST", "/wms/picks", {"lot": "L11", "qty": "1", "order": "SO-1"})
    assert code == 409


async def test_a_throttled_warehouse_says_when(here: Plant) -> None:
    await received(here, "L12")
    await here.wms.ui("/plant/throttle", {"per_second": 1})
    reads = [here.wms.link.connector.read(["L12"], utc_now) for _ in range(4)]
    try:
        answers = await asyncio.gather(*reads, return_exceptions=True)
    finally:
        await here.wms.ui("/plant/throttle", {"per_second": None})
    refused = [answer for answer in answers if isinstance(answer, Unavailable)]
    assert refused
    assert {error.retry_after for error in refused} == {1}


async def test_pages_overlap_so_that_no_lot_is_missed(here: Plant) -> None:
    wms = here.running.wms
    with wms.ledger.work():
        for n in range(450):
            label = {"lot": f"LP{n:03d}", "erp_batch": f"L-P{n:03d}", "item": "4711", "site": "PLANT-DE"}
            wms.stock.receive(label, Decimal(1), "KGM", "QI", "R01-1")
    page = await here.wms.link.connector.poll("lots", {}, utc_now())
    first = [r.key for r in page.records]
    # Between two pages, lots of the first one change and move to the end.
    for lot in first[:5]:
        await received(here, lot, "1")
    rest, _ = await here.wms.records("lots", page.cursor)
    assert {f"LP{n:03d}" for n in range(450)} <= {*first, *(r.key for r in rest)}


async def test_a_lot_that_is_not_there_is_absent_and_to_a_stranger_unknown(here: Plant) -> None:
    assert await here.wms.link.connector.read(["LNONE"], utc_now) == {"LNONE": None}
    with pytest.raises(Unavailable):
        await here.wms.stranger.connector.read(["LNONE"], utc_now)
    assert not (await here.wms.stranger.connector.probe()).ok


async def planned(here: Plant, lot: str, shipment: str, qty: str = "120") -> None:
    await received(here, lot, status="AVL")
    line = {"lot": lot, "qty": qty}
    body = {"shipment": shipment, "customer": "C-100", "customer_name": "Northfood", "dock": "4", "lines": [line]}
    await here.wms.ui("/ui/shipments", {**body, "loading_at": "2026-11-25T02:40:00+01:00"})


def block(shipment: str, number: str, blocked: bool = True) -> Job:
    value = {"shipment": shipment, "blocked": blocked, "reason": "rejected by quality"}
    return Job(token=f"tm-{shipment}-{number}-{blocked}", verb="block_shipment", lot=number, number=number, value=value)


async def test_a_shipment_tells_lot_quantity_dock_customer_and_time(here: Plant) -> None:
    await planned(here, "L20", "DLV-20")
    line = next(r for r in (await here.wms.records("shipments"))[0] if r.key.startswith("DLV-20/"))
    (event,) = here.wms.translated(line)
    told = event.data
    assert (told.shipment, str(told.quantity), told.place, str(told.state)) == ("DLV-20", "120 kg", "dock 4", "staged")
    assert (told.customer.id, told.customer.name) == ("C-100", "Northfood")
    assert told.loading.isoformat() == "2026-11-25T02:40:00+01:00"
    assert [(alias.system, alias.id) for alias in told.lot.aliases] == [("erp", "L-L20")]


async def test_a_blocked_shipment_is_not_loaded_and_does_not_leave(here: Plant) -> None:
    await planned(here, "L21", "DLV-21")
    await here.wms.send(block("DLV-21", "L-L21"))
    code, body = await here.wms.ask("POST", "/ui/shipments/DLV-21/load")
    assert (code, list(body["errors"])) == (409, ["blocks"])
    await here.wms.send(block("DLV-21", "L-L21", blocked=False))
    await here.wms.ui("/ui/shipments/DLV-21/load")
    await here.wms.send(block("DLV-21", "L-L21"))
    assert (await here.wms.ask("POST", "/ui/shipments/DLV-21/depart"))[0] == 409
    await here.wms.send(block("DLV-21", "L-L21", blocked=False))
    await here.wms.ui("/ui/shipments/DLV-21/depart")
    assert sums(await here.wms.stock("L21")) == {"available": "360"}


async def test_a_block_is_read_back_and_one_lot_does_not_free_another(here: Plant) -> None:
    await planned(here, "L22", "DLV-22")
    one, other = block("DLV-22", "L 22/é"), block("DLV-22", "L-23")
    assert (await here.wms.seek(one)).state == "absent"
    for job in (one, again(one), other):
        await here.wms.send(job)
    assert [(await here.wms.seek(job)).state for job in (one, other)] == ["present", "present"]
    free = block("DLV-22", "L-23", blocked=False)
    assert (await here.wms.seek(free)).state == "absent"
    await here.wms.send(free)
    assert [(await here.wms.seek(job)).state for job in (one, other, free)] == ["present", "absent", "present"]
    assert (await here.wms.ask("POST", "/ui/shipments/DLV-22/load"))[0] == 409
    assert len(await here.wms.journal("shipment_block", "DLV-22")) == 2


async def test_a_shipment_that_is_gone_cannot_be_blocked_and_a_lost_answer_is_in_doubt(here: Plant) -> None:
    await planned(here, "L24", "DLV-24")
    await here.wms.arm("PUT", "/wms/shipments/DLV-24/blocks", "lose_answer")
    with pytest.raises(InDoubt):
        await here.wms.send(block("DLV-24", "L-L24"))
    assert (await here.wms.seek(block("DLV-24", "L-L24"))).state == "present"
    await here.wms.send(block("DLV-24", "L-L24", blocked=False))
    await here.wms.ui("/ui/shipments/DLV-24/load")
    await here.wms.ui("/ui/shipments/DLV-24/depart")
    with pytest.raises(Rejected, match="GONE"):
        await here.wms.send(block("DLV-24", "L-L24"))
