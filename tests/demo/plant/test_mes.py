"""The MES: a locked lot is not consumed, putting the same twice changes nothing."""

from typing import Any

import pytest

from .conftest import Plant

pytestmark = pytest.mark.asyncio(loop_scope="module")


async def put(here: Plant, name: str, state: str = "FREE", qty: str = "480", rev: str = "") -> tuple[int, Any]:
    body = {"item": "4711", "source_lot": "L-2411-07", "usable_qty": qty, "unit": "kg", "state": state}
    headers = {**here.headers["mes"], **({"If-Match": rev} if rev else {})}
    return await here.ask("mes", "PUT", f"/mes/material-lots/{name}", body, headers=headers)


async def test_putting_the_same_lot_twice_changes_nothing(here: Plant) -> None:
    status, first = await put(here, "ML241107")
    assert (status, first["rev"]) == (201, 1)
    assert await put(here, "ML241107") == (200, first)
    assert len(await here.journal("mes", "lot_set", "ML241107")) == 1


async def test_a_stale_revision_is_refused(here: Plant) -> None:
    await put(here, "MSTALE")
    assert (await put(here, "MSTALE", "LOCKED", rev="9"))[0] == 412
    assert (await put(here, "MSTALE", "LOCKED", rev="1"))[1]["rev"] == 2


async def test_a_locked_lot_cannot_be_consumed(here: Plant) -> None:
    await put(here, "MLOCK", "LOCKED")
    status, body = await here.ask("mes", "POST", "/mes/orders/WO-1/consume", {"lot": "MLOCK", "qty": "1"})
    assert (status, body["error"]["code"]) == (409, "LOT_LOCKED")
    assert await here.journal("mes", "consumption", "MLOCK") == []


async def test_no_more_is_consumed_than_is_usable_even_after_the_lot_is_put_again(here: Plant) -> None:
    await put(here, "MENOUGH", qty="100")
    status, body = await here.ask("mes", "POST", "/mes/orders/WO-2/consume", {"lot": "MENOUGH", "qty": "60"})
    assert (status, body["consumption"]["qty"]) == (201, "60")
    await put(here, "MENOUGH", qty="100")
    status, body = await here.ask("mes", "POST", "/ui/orders/WO-2/consume", {"lot": "MENOUGH", "qty": "41"})
    assert (status, body["error"]["code"]) == (409, "NOT_ENOUGH")


async def test_asking_for_an_unknown_lot_answers_200_and_not_ok(here: Plant) -> None:
    status, body = await here.ask("mes", "GET", "/mes/material-lots/MNOBODY")
    assert (status, body["ok"], body["error"]["code"]) == (200, False, "UNKNOWN_LOT")
    assert (await here.ask("mes", "PUT", "/mes/material-lots/L-2411-07", {}))[0] == 400


async def test_wrong_credentials_are_401(here: Plant) -> None:
    assert (await here.ask("mes", "GET", "/mes/consumptions", headers={"Authorization": "Basic aHViOm5v"}))[0] == 401


async def test_feeds_go_on_after_the_last_sequence(here: Plant) -> None:
    await put(here, "MFEED")
    for qty in ("1", "2", "3"):
        await here.ask("mes", "POST", "/mes/orders/WO-3/consume", {"lot": "MFEED", "qty": qty})
    seen, after = [], "0"
    while True:
        _, body = await here.ask("mes", "GET", "/mes/consumptions", after=after, limit="2")
        if not body["consumptions"]:
            break
        seen += [fact["qty"] for fact in body["consumptions"] if fact["lot"] == "MFEED"]
        after = str(body["last_seq"])
    assert seen == ["1", "2", "3"]
    _, lots = await here.ask("mes", "GET", "/mes/material-lots", ids="MFEED,MNOBODY")
    assert [(lot["id"], lot["consumed_qty"]) for lot in lots["lots"]] == [("MFEED", "6")]


async def test_a_tank_gives_no_more_than_it_holds(here: Plant) -> None:
    await put(here, "MTANK1", qty="100")
    await here.ask("mes", "POST", "/ui/orders/WO-7/consume", {"qty": "50", "vessel": "T-1", "lot": "MTANK1"})
    made = {"lot": "MFGA", "label": "FG-A", "item": "8100", "vessel": "T-1"}
    status, body = await here.ask("mes", "POST", "/ui/orders/WO-7/produce", {**made, "qty": "51"})
    assert (status, body["error"]["code"]) == (409, "NOT_ENOUGH")
    assert (await here.ask("mes", "POST", "/ui/orders/WO-7/produce", {**made, "qty": "40"}))[0] == 201


async def test_what_is_made_is_locked_until_it_is_permitted(here: Plant) -> None:
    made = {"lot": "MFGL", "label": "FG-L", "item": "8100", "qty": "5"}
    assert (await here.ask("mes", "POST", "/ui/orders/WO-5/produce", made))[1]["production"]["label"] == "FG-L"
    status, body = await here.ask("mes", "POST", "/ui/orders/WO-6/consume", {"lot": "MFGL", "qty": "1"})
    assert (status, body["error"]["code"]) == (409, "LOT_LOCKED")
    status, body = await here.ask("mes", "POST", "/ui/orders/WO-5/produce", {**made, "item": "4711"})
    assert (status, body["error"]["code"]) == (409, "OTHER_ITEM")
