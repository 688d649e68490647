"""The ERP: free at receipt, posts twice when asked twice, refuses what is not free."""

import aiohttp
import pytest

from .conftest import Plant

pytestmark = pytest.mark.asyncio(loop_scope="module")


async def received(here: Plant, batch: str, qty: str = "480") -> None:
    status, _ = await here.ask("erp", "POST", "/ui/goods-receipts", {"po": "4500012345", "batch": batch, "qty": qty})
    assert status == 201


def posting(batch: str, qty: str, source: str, target: str, reference: str = "R1") -> dict[str, str]:
    return {"reference": reference, "batch": batch, "from": source, "to": target, "qty": qty, "uom": "KG"}


async def test_a_goods_receipt_lands_in_free_stock_with_its_supplier_batch(here: Plant) -> None:
    await received(here, "L-2411-07")
    _, page = await here.ask("erp", "GET", "/api/goods-receipts", size="100")
    receipt = next(one for one in page["receipts"] if one["batch"] == "L-2411-07")
    assert (receipt["supplier_batch"], receipt["certificate"]) == ("ACM/7731", "COA-7731.pdf")
    assert (receipt["qty"], receipt["uom"], receipt["material_class"]) == ("480.000", "KG", "raw-chemical")
    _, batch = await here.ask("erp", "GET", "/api/batches/L-2411-07")
    assert batch["stock"] == [{"type": "F", "qty": "480.000", "sloc": "0001"}]


async def test_without_a_good_token_nothing_is_answered(here: Plant) -> None:
    assert (await here.ask("erp", "GET", "/api/batches", headers={"Authorization": "Bearer no"}))[0] == 401
    form = {"grant_type": "client_credentials", "client_id": "HUB", "client_secret": "no"}
    async with here.session.post(here.running.urls["erp"] + "/oauth/token", data=form) as answer:
        assert (answer.status, await answer.json()) == (401, {"error": "invalid_client"})


async def test_the_same_reference_twice_posts_twice_and_both_can_be_found(here: Plant) -> None:
    await received(here, "L-2")
    for _ in range(2):
        assert (await here.ask("erp", "POST", "/api/stock-postings", posting("L-2", "100", "F", "Q", "twice")))[0] == 201
    _, found = await here.ask("erp", "GET", "/api/stock-postings", reference="twice")
    assert [one["qty"] for one in found["postings"]] == ["100.000", "100.000"]
    assert len(await here.journal("erp", "stock_posting", "L-2")) == 2


async def test_inspection_stock_cannot_be_issued(here: Plant) -> None:
    await received(here, "L-3")
    await here.ask("erp", "POST", "/api/stock-postings", posting("L-3", "480", "F", "Q"))
    status, body = await here.ask("erp", "POST", "/api/goods-issues", {"batch": "L-3", "qty": "1", "order": "WO-1"})
    assert (status, body["error"]["code"]) == (409, "NOT_FREE")
    assert await here.journal("erp", "goods_issue", "L-3") == []


async def test_a_locked_batch_refuses_postings_until_it_is_unlocked(here: Plant) -> None:
    await received(here, "L-4")
    await here.ask("erp", "POST", "/ui/locks", {"batch": "L-4", "user": "USER7"})
    refused = await here.ask("erp", "POST", "/api/stock-postings", posting("L-4", "1", "F", "Q"))
    assert refused == (423, {"error": {"code": "LOCKED", "text": "Batch L-4 is locked by USER7"}})
    await here.ask("erp", "DELETE", "/ui/locks/L-4")
    assert (await here.ask("erp", "POST", "/api/stock-postings", posting("L-4", "1", "F", "Q")))[0] == 201


async def test_a_stale_etag_and_too_little_stock_are_refused(here: Plant) -> None:
    await received(here, "L-5")
    stale = {**here.headers["erp"], "If-Match": '"7"'}
    assert (await here.ask("erp", "POST", "/api/stock-postings", posting("L-5", "1", "F", "Q"), headers=stale))[0] == 412
    status, body = await here.ask("erp", "POST", "/api/stock-postings", posting("L-5", "480.001", "F", "Q"))
    assert (status, body["error"]["code"]) == (409, "NO_STOCK")
    assert (await here.ask("erp", "POST", "/api/stock-postings", posting("L-none", "1", "F", "Q")))[0] == 404


async def test_a_sample_is_consumed_and_seen_as_a_movement(here: Plant) -> None:
    await received(here, "L-6", "10")
    await here.ask("erp", "POST", "/api/stock-postings", posting("L-6", "0.5", "F", "SAMPLE"))
    _, batch = await here.ask("erp", "GET", "/api/batches/L-6")
    assert batch["stock"][0]["qty"] == "9.500"
    _, body = await here.ask("erp", "GET", "/api/movements", batch="L-6")
    assert [(one["kind"], one["qty"]) for one in body["movements"]] == [("101", "10.000"), ("333", "0.500")]


async def test_pages_follow_one_another_until_the_last(here: Plant) -> None:
    for n in range(5):
        await received(here, f"P-{n}")
    seen, page = [], "1"
    while page != "None":
        _, body = await here.ask("erp", "GET", "/api/batches", page=page, size="2")
        seen += [batch["batch"] for batch in body["batches"]]
        page = str(body["next"])
    assert len(seen) == len(set(seen))
    assert {f"P-{n}" for n in range(5)} <= set(seen)
    _, named = await here.ask("erp", "GET", "/api/batches", ids="P-1,P-nobody,P-3")
    assert [batch["batch"] for batch in named["batches"]] == ["P-1", "P-3"]


async def test_a_lost_answer_means_the_work_is_done_and_the_connection_closed(here: Plant) -> None:
    await received(here, "L-8")
    await here.arm("erp", "/api/stock-postings", "lose_answer")
    with pytest.raises(aiohttp.ServerDisconnectedError):
        await here.ask("erp", "POST", "/api/stock-postings", posting("L-8", "480", "F", "Q", "lost"))
    _, found = await here.ask("erp", "GET", "/api/stock-postings", reference="lost")
    assert len(found["postings"]) == 1


async def test_an_error_500_means_nothing_was_done(here: Plant) -> None:
    await received(here, "L-9")
    await here.arm("erp", "/api/stock-postings", "error_500")
    status, body = await here.ask("erp", "POST", "/api/stock-postings", posting("L-9", "480", "F", "Q"))
    assert status == 500
    assert body.startswith("<html>")
    assert await here.journal("erp", "stock_posting", "L-9") == []


async def test_a_wrong_body_means_the_work_is_done_and_the_answer_is_a_page(here: Plant) -> None:
    await received(here, "L-10")
    await here.arm("erp", "/api/*", "wrong_body", method="*")
    status, body = await here.ask("erp", "POST", "/api/stock-postings", posting("L-10", "480", "F", "Q"))
    assert status == 200
    assert "log in" in body
    assert len(await here.journal("erp", "stock_posting", "L-10")) == 1


async def test_a_hang_does_nothing_and_ends_without_an_answer(here: Plant) -> None:
    await received(here, "L-11")
    await here.arm("erp", "/api/stock-postings", "hang", seconds=0.05)
    with pytest.raises(aiohttp.ServerDisconnectedError):
        await here.ask("erp", "POST", "/api/stock-postings", posting("L-11", "480", "F", "Q"))
    assert await here.journal("erp", "stock_posting", "L-11") == []


async def test_ended_sessions_need_a_new_token(here: Plant) -> None:
    await here.ask("erp", "DELETE", "/plant/tokens")
    assert (await here.ask("erp", "GET", "/api/batches"))[0] == 401
    await here.log_in()
    assert (await here.ask("erp", "GET", "/api/batches"))[0] == 200


async def test_what_is_made_waits_for_inspection_and_leaves_on_a_delivery_only_when_free(here: Plant) -> None:
    made = {"batch": "FG-9", "material": "8100", "qty": "180", "order": "WO-9"}
    assert (await here.ask("erp", "POST", "/ui/production-receipts", made))[0] == 201
    issue = {"batch": "FG-9", "qty": "180", "delivery": "DLV-9"}
    status, body = await here.ask("erp", "POST", "/ui/delivery-issues", issue)
    assert (status, body["error"]["code"]) == (409, "NOT_FREE")
    await here.ask("erp", "POST", "/api/stock-postings", posting("FG-9", "180", "Q", "F"))
    assert (await here.ask("erp", "POST", "/ui/delivery-issues", issue))[0] == 201
    _, body = await here.ask("erp", "GET", "/api/movements", batch="FG-9")
    assert [(one["kind"], one["reference"]) for one in body["movements"] if one["kind"] != "321"] == [
        ("131", "WO-9"), ("601", "DLV-9"),
    ]  # fmt: skip
