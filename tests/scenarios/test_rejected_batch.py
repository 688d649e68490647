"""Whatever there is of a supplier batch that quality rejected is held: when it arrives, and where it lies already."""

from typing import cast

from tests.scenarios.plant import SITE, Plant
from tracemill.core.usable import reasons
from tracemill.hub import commands
from tracemill.hub.commands import By
from tracemill.model.policy import AuthorityRule, Policy


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


ELSEWHERE = "PLANT-FR"


def open_elsewhere(plant: Plant) -> None:
    """A second site of the same hub, where people at the hub decide about quality."""
    assert plant.hub
    rules = (AuthorityRule(facet="quality", owner="hub"),)
    cast(dict[str, Policy], plant.hub.runtime.policies)[ELSEWHERE] = Policy(site=ELSEWHERE, version="test", authority=rules)


async def receive_elsewhere(plant: Plant, batch: str, **more: str) -> None:
    body = {"batch": batch, "qty": "250", "uom": "KG", "supplier": "ACME", "supplier_batch": "ACM/7731", "doc": batch, **more}
    await plant.tell("erp", "receipts", f"{batch}-1", {**body, "at": plant.clock().isoformat()}, site=ELSEWHERE)


async def test_what_another_site_has_of_the_batch_already_is_held_there_and_says_where_it_was_rejected(plant: Plant) -> None:
    open_elsewhere(plant)
    await receive_elsewhere(plant, "L-31")
    await receive_elsewhere(plant, "L-32", supplier_batch="ACM/7732")
    await receive_elsewhere(plant, "L-33", supplier="OTHER")
    await rejected(plant, "L-1")
    said = f"supplier batch ACM/7731 was rejected as L-1 at {SITE}"
    assert (await plant.lot("L-31")).site == ELSEWHERE
    assert await notes(plant, "L-31") == [said]
    assert await notes(plant, "L-32") == await notes(plant, "L-33") == []


async def test_what_came_earlier_at_the_same_site_is_held_too(plant: Plant) -> None:
    await plant.receive_lot("L-2")
    await plant.decide("L-2", ("ACC", None), inspection="SG-L-2")
    await plant.settle()
    assert plant.erp.stock["L-2"]["available"] == 480
    await rejected(plant, "L-1")
    assert await notes(plant, "L-2") == ["supplier batch ACM/7731 was rejected as L-1"]
    assert plant.erp.stock["L-2"]["available"] == 0


async def test_the_other_site_is_told_once_also_where_the_hub_is_killed_in_between(plant: Plant) -> None:
    open_elsewhere(plant)
    await receive_elsewhere(plant, "L-31")
    await plant.receive_lot("L-1")
    await plant.decide("L-1", ("REJ", None), inspection="SG-1")
    assert await notes(plant, "L-31") == [], "it is not written by the site that rejected"
    plant.stop()
    plant.start()
    open_elsewhere(plant)
    await plant.settle()
    assert len(await notes(plant, "L-31")) == 1
    assert plant.hub
    assert await plant.hub.teller.run_once() == 0


async def test_what_people_lifted_stays_lifted_until_quality_rejects_again(plant: Plant) -> None:
    open_elsewhere(plant)
    await receive_elsewhere(plant, "L-31")
    await rejected(plant, "L-1", ("ACC", "400"), ("REJ", "80"))
    (hold,) = [h for h in (await plant.lot("L-31")).holds.values() if h.note]
    assert plant.hub
    await commands.lift(plant.hub.runtime, await plant.lot("L-31"), hold.id, "compared", By(name="lena"))
    await plant.settle()
    assert await notes(plant, "L-31") == []
    await plant.decide("L-1", ("REJ", None), rev="2", inspection="SG-L-1")
    await plant.settle()
    assert len(await notes(plant, "L-31")) == 1


async def test_what_was_made_of_it_elsewhere_inherits_the_hold(plant: Plant) -> None:
    open_elsewhere(plant)
    await receive_elsewhere(plant, "L-31")
    for n, (kind, lot) in enumerate((("consumed", "L-31"), ("produced", "X-1"))):
        made = {"id": f"F{n}", "kind": kind, "order": "WO-F", "lot": lot, "qty": "100", "at": plant.clock().isoformat()}
        await plant.tell("mes", "made", f"F{n}", made, site=ELSEWHERE)
    await rejected(plant, "L-1")
    assert await notes(plant, "X-1") == [f"supplier batch ACM/7731 was rejected as L-1 at {SITE}"]


async def test_the_page_says_who_ends_the_hold(plant: Plant) -> None:
    await rejected(plant, "L-1")
    await plant.receive_lot("L-2")
    (reason,) = [r for r in reasons(await plant.lot("L-2"), "qms") if "was rejected as L-1" in r.text]
    assert reason.next_action == "people at the hub lift it"


async def test_a_rejection_that_comes_before_the_receipt_holds_the_others_once_the_batch_is_told(plant: Plant) -> None:
    await plant.receive_lot("L-0")
    await plant.settle()
    await plant.decide("L-1", ("REJ", None), inspection="SG-L-1")
    await plant.settle()
    assert await notes(plant, "L-0") == []
    await plant.receive_lot("L-1")
    await plant.settle()
    assert await notes(plant, "L-0") == ["supplier batch ACM/7731 was rejected as L-1"]
