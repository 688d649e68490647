"""Ids as long and as odd as they come: kept whole, or refused with their place; and one bad row stops no other."""

from decimal import Decimal
from typing import Any

import pytest
from sqlalchemy import select

from tests.scenarios.plant import Plant
from tests.scenarios.poison import refuse
from tracemill.store.tables import delivery, message

D = Decimal
LONGEST = "🧪" * 200


async def states(plant: Plant) -> dict[tuple[str, str], tuple[str, str]]:
    rows = await plant.rows(select(delivery).order_by(delivery.c.id))
    return {(r.system, r.verb): (r.state, r.detail) for r in rows}


@pytest.mark.parametrize("batch", [LONGEST, "7" * 200, " 007 ", "ß" * 200])
async def test_a_lot_with_the_longest_id_goes_all_the_way(plant: Plant, batch: str) -> None:
    await plant.receive_lot(batch)
    await plant.receive_lot("L-2", qty="10")
    await plant.settle()
    await plant.decide(batch, ("ACC", None))
    await plant.decide("L-2", ("ACC", None), inspection="SG-2")
    await plant.settle()
    assert plant.erp.stock[batch]["available"] == 480
    assert plant.erp.stock["L-2"]["available"] == 10
    left = await plant.rows(select(delivery.c.state).distinct())
    assert {r.state for r in left} <= {"verified", "superseded"}


async def test_a_name_that_a_target_gives_and_that_cannot_be_kept_is_a_case_and_no_name(plant: Plant) -> None:
    await plant.receive_lot(LONGEST)
    await plant.settle()
    lot = await plant.lot(LONGEST)
    (case,) = [c for k, c in lot.cases.items() if k.startswith("identity:")]
    assert "open inspection" in case.title
    assert "is longer than 200" in case.title
    assert all(len(name) <= 200 for names in lot.identities.values() for name in names)


@pytest.mark.parametrize(
    ("body", "field"),
    [
        ({"id": "x" * 201, "batch": "L-1"}, "lot.id"),
        ({"id": "SG-1", "batch": ["L-1", "y" * 201]}, "lot.aliases[1].id"),
    ],
)
async def test_an_id_over_200_characters_is_refused_with_its_place_and_holds_the_lot_by_its_known_name(
    plant: Plant, body: dict[str, Any], field: str
) -> None:
    await plant.receive_lot()
    await plant.decide("L-1", ("ACC", None))
    await plant.settle()
    more = {"rev": "2", "parts": [{"code": "REJ"}], "at": plant.clock().isoformat()}
    await plant.tell("qms", "decisions", "SG-9", {**body, **more})
    (parked,) = await plant.rows(select(message).where(message.c.state == "parked"))
    assert parked.cause.startswith(f"{field}: id of 201 characters starting ")
    assert parked.cause_code == "T314"
    await plant.settle()
    assert "unread" in [h.reason for h in (await plant.lot()).holds.values()]
    assert plant.erp.stock["L-1"]["available"] == 0


async def test_an_item_over_200_characters_is_refused_with_its_place(plant: Plant) -> None:
    await plant.receive_lot("L-1", item="4" * 201)
    (parked,) = await plant.rows(select(message).where(message.c.state == "parked"))
    assert parked.cause.startswith("lot.item: id of 201 characters")


async def test_a_row_that_cannot_be_settled_stops_no_other_verification(plant: Plant) -> None:
    await refuse(plant, "UPDATE ON delivery", "NEW.state = 'verified' AND NEW.verb = 'set_status' AND NEW.system = 'erp'")
    await plant.receive_lot()
    await plant.receive_lot("L-2", qty="10")
    await plant.settle(rounds=6)
    assert plant.hub
    assert await states(plant) == {
        ("erp", "set_status"): ("delivered", next(d for _, d in (await states(plant)).values() if "poisoned" in d)),
        ("qms", "open_inspection"): ("verified", ""),
    }


async def test_a_lot_whose_reading_cannot_be_translated_hides_no_other(plant: Plant, monkeypatch: pytest.MonkeyPatch) -> None:
    await plant.receive_lot("L-1")
    await plant.receive_lot("L-2")
    whole = plant.erp.record
    monkeypatch.setattr(plant.erp, "record", lambda lot: b'{"batch": "L-1"' if lot == "L-1" and plant.erp.effects else whole(lot))
    await plant.settle(rounds=6)
    assert (await plant.lot("L-2")).wanted["erp"].state == "verified"
    assert (await plant.lot("L-1")).wanted["erp"].state != "verified"


@pytest.mark.parametrize("field", ["purchase_order", "receipt", "place"])
async def test_any_name_over_200_characters_is_refused_with_its_place(plant: Plant, field: str) -> None:
    data = {"lot": {"id": "L-9"}, "quantity": {"amount": "1", "unit": "KGM"}, field: "n" * 201}
    await plant.push("erp", "lot.received.v1", data)
    (parked,) = await plant.rows(select(message).where(message.c.state == "parked"))
    assert parked.cause.startswith(f"{field}: 201 characters starting 'nnnn")
    assert parked.cause_code == "T314"


async def test_what_people_write_freely_may_be_long(plant: Plant) -> None:
    data = {"lot": {"id": "L-9"}, "quantity": {"amount": "1", "unit": "KGM"}, "item_text": "citric acid " * 40}
    await plant.push("erp", "lot.received.v1", data)
    assert (await plant.lot("L-9")).item_text.endswith("acid ")
