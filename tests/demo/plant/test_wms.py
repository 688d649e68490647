"""The WMS: stock by handling unit and status, blocks that only their placer lifts."""

from typing import Any

import aiohttp
import pytest

from .conftest import Plant

pytestmark = pytest.mark.asyncio(loop_scope="module")


async def received(here: Plant, lot: str, status: str = "AVL") -> None:
    body = {"lot": lot, "erp_batch": "L-2411-07", "item": "4711", "qty": "480", "status": status}
    assert (await here.ask("wms", "POST", "/ui/receipts", body))[0] == 201


async def change(here: Plant, lot: str, source: str, target: str, qty: str, ref: str = "r") -> tuple[int, Any]:
    body = {"ref": ref, "lot": lot, "from": source, "to": target, "qty": qty, "reason": "inspection"}
    return await here.ask("wms", "POST", "/wms/status-changes", body)


async def shown(here: Plant, lot: str) -> Any:
    _, body = await here.ask("wms", "GET", "/wms/lots", lots=lot)
    return body["results"][0]


async def by_status(here: Plant, lot: str) -> dict[str, str]:
    return {row["status"]: row["qty"] for row in (await shown(here, lot))["rows"]}


async def test_a_part_can_be_held_and_shows_as_a_block_of_the_interface(here: Plant) -> None:
    await received(here, "L241107")
    status, made = await change(here, "L241107", "AVL", "HLD", "80", "hold-1")
    assert (status, made["id"]) == (201, made["change"])
    assert await by_status(here, "L241107") == {"AVL": "400.000", "HLD": "80.000"}
    block = (await shown(here, "L241107"))["blocks"][0]
    assert (block["by"], block["ref"], block["qty"]) == ("hub-api", "hold-1", "80.000")
    await change(here, "L241107", "HLD", "AVL", "80")
    assert (await shown(here, "L241107"))["blocks"] == []


async def test_the_same_change_twice_is_made_twice_and_found_by_its_ref(here: Plant) -> None:
    await received(here, "LTWICE")
    await change(here, "LTWICE", "AVL", "QI", "100", "same")
    await change(here, "LTWICE", "AVL", "QI", "100", "same")
    _, found = await here.ask("wms", "GET", "/wms/status-changes", ref="same")
    assert found["count"] == 2
    assert await by_status(here, "LTWICE") == {"AVL": "280.000", "QI": "200.000"}


async def test_held_and_inspection_stock_cannot_be_picked(here: Plant) -> None:
    await received(here, "LPICK", "QI")
    status, body = await here.ask("wms", "POST", "/wms/picks", {"lot": "LPICK", "qty": "1", "order": "WO-1"})
    assert (status, body) == (409, {"errors": {"qty": ["only 0.000 AVL"]}})
    assert await here.journal("wms", "pick", "LPICK") == []


async def test_what_an_operator_blocked_the_interface_cannot_lift(here: Plant) -> None:
    await received(here, "LBLOCK")
    damage = {"lot": "LBLOCK", "qty": "20", "reason": "DAMAGE", "by": "OP17"}
    _, damaged = await here.ask("wms", "POST", "/ui/blocks", damage)
    await here.ask("wms", "POST", "/ui/blocks", {**damage, "reason": "CUSTOMS"})
    assert await by_status(here, "LBLOCK") == {"AVL": "440.000", "DMG": "20.000", "HLD": "20.000"}
    assert (await change(here, "LBLOCK", "DMG", "AVL", "20"))[0] == 400
    assert (await change(here, "LBLOCK", "HLD", "AVL", "20"))[0] == 409
    await here.ask("wms", "DELETE", f"/ui/blocks/{damaged['id']}")
    assert (await by_status(here, "LBLOCK"))["AVL"] == "460.000"


async def test_bad_fields_are_named(here: Plant) -> None:
    status, body = await change(here, "LNOBODY", "AVL", "GONE", "1")
    assert (status, list(body["errors"])) == (400, ["to"])
    assert (await change(here, "LNOBODY", "AVL", "HLD", "1"))[0] == 404
    assert (await here.ask("wms", "GET", "/wms/lots", changed_after="2026-11-23T10:00:00"))[0] == 400
    assert (await here.ask("wms", "GET", "/wms/lots", headers={}))[0] == 401


async def test_the_feed_pages_by_offset_and_goes_on_from_a_change(here: Plant) -> None:
    for n in range(5):
        await received(here, f"LFEED{n}")
    start = (await shown(here, "LFEED0"))["changed_at"]
    seen: list[str] = []
    for offset in ("0", "2", "4"):
        _, body = await here.ask("wms", "GET", "/wms/lots", changed_after=start, offset=offset, limit="2")
        seen += [one["lot"] for one in body["results"]]
    assert {f"LFEED{n}" for n in range(5)} <= set(seen)


async def test_too_many_requests_a_second_are_asked_to_wait(here: Plant) -> None:
    await here.ask("wms", "POST", "/plant/throttle", {"per_second": 2})
    try:
        codes = [(await here.ask("wms", "GET", "/wms/lots"))[0] for _ in range(3)]
        async with here.session.get(here.running.urls["wms"] + "/wms/lots", headers=here.headers["wms"]) as answer:
            assert answer.headers["Retry-After"] == "1"
    finally:
        await here.ask("wms", "POST", "/plant/throttle", {"per_second": None})
    assert codes == [200, 200, 429]


async def test_a_lost_answer_leaves_the_change_made(here: Plant) -> None:
    await received(here, "LLOST")
    await here.arm("wms", "/wms/status-changes", "lose_answer")
    with pytest.raises(aiohttp.ServerDisconnectedError):
        await change(here, "LLOST", "AVL", "HLD", "480", "lost")
    assert await by_status(here, "LLOST") == {"HLD": "480.000"}


async def test_a_fault_may_hit_only_the_requests_about_one_lot(here: Plant) -> None:
    for lot in ("LGOOD", "LBAD"):
        await received(here, lot)
    await here.arm("wms", "/wms/status-changes", "error_500", body="LBAD", times=2)
    assert (await change(here, "LGOOD", "AVL", "HLD", "480", "good"))[0] == 201
    assert (await change(here, "LBAD", "AVL", "HLD", "480", "bad"))[0] == 500
    assert await by_status(here, "LBAD") == {"AVL": "480.000"}
    await here.ask("wms", "DELETE", "/plant/faults")
    assert (await change(here, "LBAD", "AVL", "HLD", "480", "bad"))[0] == 201
