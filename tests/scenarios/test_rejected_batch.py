"""More of a supplier batch that quality rejected is held when it arrives, whatever the lot is called."""

from collections.abc import Iterator

import pytest

from tests.scenarios.plant import Plant


@pytest.fixture
def plant(database_url: str) -> Iterator[Plant]:
    made = Plant(database_url)
    made.start()
    yield made
    made.stop()


async def rejected(plant: Plant, batch: str, *parts: tuple[str, str | None]) -> None:
    await plant.receive_lot(batch)
    await plant.decide(batch, *(parts or [("REJ", None)]), inspection=f"SG-{batch}")
    await plant.settle()


async def notes(plant: Plant, batch: str) -> list[str]:
    return [h.note for h in (await plant.lot(batch)).holds.values() if h.note]


async def test_a_later_receipt_of_a_rejected_batch_is_held_with_the_reason_and_stays_so(plant: Plant) -> None:
    await rejected(plant, "L-1", ("ACC", "400"), ("REJ", "80"))
    await plant.receive_lot("L-2")
    assert await notes(plant, "L-2") == ["supplier batch ACM/7731 was rejected as L-1"]
    await plant.decide("L-2", ("ACC", None), inspection="SG-L-2")
    await plant.settle()
    assert plant.erp.stock["L-2"]["available"] == 0


async def test_another_batch_or_another_maker_s_is_not(plant: Plant) -> None:
    await rejected(plant, "L-1")
    await plant.receive_lot("L-2", supplier_batch="ACM/7732")
    await plant.receive_lot("L-3", supplier="OTHER")
    assert await notes(plant, "L-2") == await notes(plant, "L-3") == []


async def test_a_maker_nobody_told_may_be_the_same(plant: Plant) -> None:
    await rejected(plant, "L-1")
    await plant.receive_lot("L-2", supplier="")
    assert await notes(plant, "L-2") == ["supplier batch ACM/7731 was rejected as L-1"]


async def test_a_rejection_that_was_taken_back_holds_nothing(plant: Plant) -> None:
    await rejected(plant, "L-1")
    await plant.decide("L-1", ("ACC", None), rev="2", inspection="SG-L-1")
    await plant.settle()
    await plant.receive_lot("L-2")
    assert await notes(plant, "L-2") == []


async def test_rejection_and_receipt_in_one_batch_of_messages_are_seen_together(plant: Plant) -> None:
    await plant.receive_lot("L-1")
    body = {"id": "SG-1", "batch": "L-1", "rev": "1", "parts": [{"code": "REJ"}], "at": plant.clock().isoformat()}
    await plant.tell("qms", "decisions", "SG-1", body, process=False)
    receipt = {"batch": "L-2", "qty": "1", "uom": "KG", "supplier": "ACME", "supplier_batch": "ACM/7731", "doc": "R2"}
    await plant.tell("erp", "receipts", "L-2-1", {**receipt, "at": plant.clock().isoformat()}, process=False)
    await plant.process()
    assert await notes(plant, "L-2") == ["supplier batch ACM/7731 was rejected as L-1"]
