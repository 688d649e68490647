"""Labels over the API: whatever is scanned finds its lot, and what it may mean only by chance is never acted on."""

from urllib.parse import quote

import pytest

from tests.api.conftest import Served

GTIN = "04012345111118"
LINK = f"https://id.gs1.org/01/{GTIN}/10/L-1"
URN = "urn:epc:class:lgtin:4012345.011111.L-1"
LABELS = (f"(01){GTIN}(10)L-1", f"01{GTIN}17271231" + "10L-1", f"]d201{GTIN}10L-1\x1d37480", LINK, LINK + "?17=271231", URN)


async def received(served: Served, lot: str, item: str) -> None:
    quantity = {"amount": "480", "unit": "KGM"}
    await served.plant.push("erp", "lot.received.v1", {"lot": {"id": lot, "item": item}, "quantity": quantity})


@pytest.mark.parametrize("scanned", LABELS)
@pytest.mark.parametrize(("lot", "item"), [("L-1", GTIN), ("L-1", GTIN[1:]), (LINK, GTIN), (URN, GTIN)])
async def test_a_scanned_label_finds_its_lot_however_it_is_kept(served: Served, scanned: str, lot: str, item: str) -> None:
    await received(served, lot, item)
    assert (await served.get(f"/v1/lots/{quote(scanned, safe='')}"))["number"] == lot
    assert (await served.get(f"/v1/lots/{quote(scanned, safe='')}/trace"))["number"] == lot
    found = await served.get(f"/v1/search?q={quote(scanned, safe='')}")
    assert [one["number"] for one in found["lots"]] == [lot]
    assert found["messages"], "the message that told of it"


async def test_a_digital_link_may_be_written_into_the_address_as_it_is(served: Served) -> None:
    await received(served, "L-1", GTIN)
    assert (await served.get(f"/v1/lots/{LINK}"))["number"] == "L-1"


async def test_the_same_number_of_another_item_is_another_lot(served: Served) -> None:
    await received(served, "L-1", "04054739999025")
    assert (await served.ask("GET", f"/v1/lots/{quote(LABELS[0], safe='')}"))[0] == 404


async def test_a_lot_whose_item_cannot_be_compared_is_shown_and_not_acted_on(served: Served) -> None:
    await received(served, "L-1", "4711")
    address = f"/v1/lots/{quote(LABELS[0], safe='')}"
    assert (await served.get(address))["number"] == "L-1"
    status, problem, _ = await served.ask("POST", f"{address}/holds", json={"reason": "damage", "note": "dropped"})
    assert (status, problem["lots"][0]["matched"]) == (404, "lot on the label, item not a GTIN")


async def test_a_lot_captured_by_name_and_one_kept_by_number_are_both_meant(served: Served) -> None:
    await received(served, "L-1", GTIN)
    await received(served, URN, GTIN)
    status, problem, _ = await served.ask("GET", f"/v1/lots/{quote(LABELS[0], safe='')}")
    assert (status, {one["number"] for one in problem["lots"]}) == (409, {"L-1", URN})


async def test_a_serial_finds_itself_first_and_the_lot_it_is_of_only_to_look_at(served: Served) -> None:
    await received(served, "L-1", GTIN)
    address = f"/v1/lots/{quote(LABELS[0] + '(21)S-7', safe='')}"
    assert (await served.get(address))["number"] == "L-1"
    assert (await served.ask("POST", f"{address}/holds", json={"reason": "damage", "note": "dropped"}))[0] == 404
    await received(served, "S-7", GTIN)
    assert (await served.get(address))["number"] == "S-7"


async def test_a_pallet_is_found_by_its_label(served: Served) -> None:
    await received(served, "340123453111111115", "")
    for scanned in ("(00)340123453111111115", "00340123453111111115", "urn:epc:id:sscc:4012345.3311111111"):
        status, found, _ = await served.ask("GET", f"/v1/lots/{quote(scanned, safe='')}")
        assert (status, found.get("number")) == (200, "340123453111111115"), scanned
