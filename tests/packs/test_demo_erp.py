"""The ERP pack against the ERP: what it says, what it is told, and that it is told once."""

import asyncio

import pytest

from tests.packs.conftest import Plant, again, sums
from tracemill.app.build import utc_now
from tracemill.model.connector import InDoubt, Job, Rejected, Unavailable

pytestmark = pytest.mark.asyncio(loop_scope="module")


async def received(here: Plant, batch: str, qty: str = "480") -> None:
    await here.erp.ui("/ui/goods-receipts", {"po": "4500012345", "batch": batch, "qty": qty})


async def test_a_goods_receipt_tells_everything_that_quality_needs(here: Plant) -> None:
    await received(here, "L-2411-07")
    records, cursor = await here.erp.records("receipts")
    record = next(r for r in records if b'"L-2411-07"' in r.body)
    (event,) = here.erp.translated(record)
    data = event.data
    assert (event.type, data.lot.id, data.lot.item) == ("lot.received.v1", "L-2411-07", "4711")
    assert (data.supplier.id, data.supplier.name, data.supplier_batch) == ("ACME", "Acme Chemicals", "ACM/7731")
    assert (data.purchase_order, data.certificate, data.material_class) == ("4500012345", "COA-7731.pdf", "raw-chemical")
    assert (str(data.quantity), data.quantity.unit, data.receipt) == ("480 kg", "KGM", record.key)
    assert event.occurred.zone == "Europe/Berlin"
    assert abs((event.occurred.utc - utc_now()).total_seconds()) < 60
    later, _ = await here.erp.records("receipts", cursor)
    assert record.key in [r.key for r in later]  # read again within the overlap; the key says that it is the same


async def test_a_batch_is_read_as_stock_and_read_back_the_same(here: Plant) -> None:
    await received(here, "L-1")
    (event,) = await here.erp.events("batches", "L-1")
    assert (event.type, event.data.lot.id, sums(event)) == ("stock.observed.v1", "L-1", {"available": "480"})
    read = await here.erp.stock("L-1")
    assert read.data.rows == event.data.rows


async def test_pieces_are_pieces(here: Plant) -> None:
    await here.erp.ui("/ui/goods-receipts", {"po": "4500012305", "batch": "L-PC", "qty": "1000"})
    (event,) = await here.erp.events("batches", "L-PC")
    assert event.data.rows[0].quantity.unit == "H87"
    await here.erp.transfer("L-PC", "tm-pieces-1", available="0", blocked="0", unit="C62")
    assert sums(await here.erp.stock("L-PC")) == {"quarantine": "1000"}


async def test_a_status_change_is_posted_once_and_found_by_its_token(here: Plant) -> None:
    await received(here, "L-2")
    await here.erp.transfer("L-2", "tm-two-1", available="0", blocked="0")
    assert sums(await here.erp.stock("L-2")) == {"quarantine": "480"}
    job = await here.erp.transfer("L-2", "tm-two-2", available="383", blocked="96.5")
    assert sums(await here.erp.stock("L-2")) == {"available": "383", "quarantine": "0.5", "blocked": "96.5"}
    assert (await here.erp.seek(job)).state == "present"
    await here.erp.send(again(job))
    assert [e["detail"] for e in await here.erp.journal("stock_posting", "L-2")] == ["F>Q", "Q>S", "Q>F"]


async def test_a_lost_answer_is_in_doubt_and_then_found(here: Plant) -> None:
    await received(here, "L-3")
    await here.erp.arm("POST", "/api/stock-postings", "lose_answer")
    cursor: dict[str, object] = {}

    async def keep(at: dict[str, object]) -> None:
        cursor.clear()
        cursor.update(at)

    move = {"from": "available", "to": "quarantine", "quantity": "480"}
    job = Job(token="tm-3-1", verb="set_status", lot="L-3", number="L-3", value={"unit": "KGM", "transfers": [move]})
    with pytest.raises(InDoubt):
        await here.erp.link.connector.send(job, {}, keep)
    assert (await here.erp.link.connector.seek(job, dict(cursor))).state == "present"
    await here.erp.link.connector.send(again(job), dict(cursor), keep)
    assert len(await here.erp.journal("stock_posting", "L-3")) == 1


async def test_what_was_never_posted_is_absent(here: Plant) -> None:
    await received(here, "L-4")
    move = {"from": "available", "to": "quarantine", "quantity": "480"}
    job = Job(token="tm-4-1", verb="set_status", lot="L-4", number="L-4", value={"unit": "KGM", "transfers": [move]})
    assert (await here.erp.seek(job)).state == "absent"


async def test_a_call_of_ours_that_arrives_late_does_nothing(here: Plant) -> None:
    await received(here, "L-5")
    await here.erp.transfer("L-5", "tm-5-1", available="0", blocked="0")
    await here.erp.arm("POST", "/api/stock-postings", "delay", seconds=1.5)
    release = asyncio.create_task(here.erp.transfer("L-5", "tm-5-2", available="100", blocked="0"))
    await asyncio.sleep(0.5)  # it is on its way; what quality decides next overtakes it
    await here.erp.transfer("L-5", "tm-5-3", available="0", blocked="300")
    with pytest.raises(Unavailable, match="changed meanwhile"):
        await release
    assert sums(await here.erp.stock("L-5")) == {"quarantine": "180", "blocked": "300"}


async def test_a_locked_batch_is_for_later_and_says_who_locks_it(here: Plant) -> None:
    await received(here, "L-6")
    await here.erp.ui("/ui/locks", {"batch": "L-6", "user": "USER7"})
    with pytest.raises(Unavailable, match="423: locked by USER7"):
        await here.erp.transfer("L-6", "tm-6-1", available="0", blocked="0")
    await here.erp.ui("/ui/locks/L-6", method="DELETE")
    await here.erp.transfer("L-6", "tm-6-1", available="0", blocked="0")
    assert sums(await here.erp.stock("L-6")) == {"quarantine": "480"}


async def test_another_unit_is_refused_and_never_booked(here: Plant) -> None:
    await received(here, "L-7")
    with pytest.raises(Rejected, match="uom"):
        await here.erp.transfer("L-7", "tm-7-1", available="0", blocked="0", unit="GRM")
    with pytest.raises(Rejected, match="is kept in KG"):
        await here.erp.transfer("L-7", "tm-7-2", available="0", blocked="0", unit="H87")
    assert sums(await here.erp.stock("L-7")) == {"available": "480"}


async def test_more_than_there_is_is_refused_with_the_products_words(here: Plant) -> None:
    await received(here, "L-8", "10")
    move = {"from": "quarantine", "to": "available", "quantity": "10"}
    job = Job(token="tm-8-1", verb="set_status", lot="L-8", number="L-8", value={"unit": "KGM", "transfers": [move]})
    with pytest.raises(Rejected, match=r"has 0\.000 in Q"):
        await here.erp.send(job)


async def test_a_sample_leaves_the_stock_in_inspection_once(here: Plant) -> None:
    await received(here, "L-9")
    await here.erp.transfer("L-9", "tm-9-1", available="0", blocked="0")
    value = {"quantity": "0.5", "unit": "KGM", "sample": "S1"}
    job = Job(token="tm-9-2", verb="post_sample", lot="L-9", number="L-9", value=value)
    done = await here.erp.send(job)
    assert sums(await here.erp.stock("L-9")) == {"quarantine": "479.5"}
    finding = await here.erp.seek(job)
    assert (finding.state, finding.native) == ("present", done.native)
    await here.erp.send(again(job))
    assert len(await here.erp.journal("stock_posting", "L-9")) == 2


@pytest.mark.parametrize("status", ["quarantine", "blocked"])
async def test_what_is_restricted_cannot_be_issued(here: Plant, status: str) -> None:
    assert here.erp.link.pack.enforces[status] == "blocks"
    batch = f"L-10-{status[0].upper()}"
    await received(here, batch)
    await here.erp.transfer(batch, f"tm-10-{status}", available="0", blocked="480" if status == "blocked" else "0")
    assert sums(await here.erp.stock(batch)) == {status: "480"}
    code, body = await here.erp.ask("POST", "/api/goods-issues", {"batch": batch, "qty": "1", "order": "WO-1"})
    assert (code, body["error"]["code"]) == (409, "NOT_FREE")


async def test_only_what_people_moved_is_a_movement(here: Plant) -> None:
    await received(here, "L-11")
    await here.erp.ui("/ui/goods-issues", {"batch": "L-11", "qty": "10", "order": "WO-2203", "by": "FLOOR"})
    await here.erp.transfer("L-11", "tm-11-1", available="0", blocked="0")
    records, _ = await here.erp.records("movements")
    ours = [r for r in records if b'"L-11"' in r.body]
    assert len(ours) == 3
    (event,) = [e for r in ours for e in here.erp.translated(r)]
    assert (event.data.kind, str(event.data.quantity), event.data.order) == ("consumed", "10 kg", "WO-2203")
    assert event.actor == "FLOOR"


async def test_a_batch_that_is_not_there_is_absent_and_to_a_stranger_unknown(here: Plant) -> None:
    assert await here.erp.link.connector.read(["L-NONE"], utc_now) == {"L-NONE": None}
    assert (await here.erp.link.connector.probe()).ok
    with pytest.raises(Unavailable):
        await here.erp.stranger.connector.read(["L-NONE"], utc_now)
    probe = await here.erp.stranger.connector.probe()
    assert not probe.ok
    assert "erp-demo-secret" not in probe.detail


async def test_what_a_clerk_blocks_is_blocked_and_no_reason_is_invented(here: Plant) -> None:
    await received(here, "L-12")
    await here.erp.ui("/ui/stock-postings", {"batch": "L-12", "from": "F", "to": "S", "qty": "5", "by": "CLERK2"})
    event = await here.erp.stock("L-12")
    assert sums(event) == {"available": "475", "blocked": "5"}
    assert (event.actor, [row.restriction for row in event.data.rows]) == ("CLERK2", [None, None])
