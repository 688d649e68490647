"""A lot that is split, merged or relabelled stays the material that it is; what cannot be booked is parked with its cause."""

from decimal import Decimal
from typing import Any

import pytest
from sqlalchemy import select

from tests.scenarios.plant import SITE, Plant
from tracemill.answers import scope
from tracemill.answers.lot import LotView, view
from tracemill.answers.roots import Roots
from tracemill.answers.search import search
from tracemill.answers.trace import trace
from tracemill.core.usable import allowance, verdict
from tracemill.model.policy import Tolerance
from tracemill.model.status import MovementKind
from tracemill.store.genealogy_tables import edge, transformation
from tracemill.store.tables import lot, message


def ref(lot: str) -> dict[str, Any]:
    return {"id": lot, "aliases": [{"system": "erp", "id": lot}]}


def kg(amount: str) -> dict[str, str]:
    return {"amount": amount, "unit": "KGM"}


def piece(lot: str, amount: str) -> dict[str, Any]:
    return {"lot": ref(lot), "quantity": kg(amount)}


async def split(plant: Plant, lot: str, *pieces: tuple[str, str]) -> None:
    await plant.push("wms", "lot.split.v1", {"lot": ref(lot), "into": [piece(*p) for p in pieces]})


async def merge(plant: Plant, lot: str, *pieces: tuple[str, str]) -> None:
    await plant.push("wms", "lot.merged.v1", {"lot": ref(lot), "of": [piece(*p) for p in pieces]})


async def relabel(plant: Plant, old: str, new: str, amount: str) -> None:
    await plant.push("wms", "lot.relabelled.v1", {"lot": ref(old), "quantity": kg(amount), "becomes": ref(new)})


async def accepted(plant: Plant, *lots: str) -> None:
    for name in lots:
        await plant.receive_lot(name)
        await plant.decide(name, ("ACC", None), inspection=f"SG-{name}")


async def held(plant: Plant, lot: str) -> dict[str, str]:
    """Return what a lot inherited: reason by the number of the lot it comes from."""
    return {h.origin_number: str(h.reason) for h in (await plant.lot(lot)).holds.values() if h.root}


async def test_a_split_moves_the_quantities_and_keeps_what_the_lot_is(plant: Plant) -> None:
    await accepted(plant, "L-1")
    await split(plant, "L-1", ("L-1A", "100"), ("L-1B", "80"))
    whole, part = await plant.lot("L-1"), await plant.lot("L-1A")
    assert [allowance(await plant.lot(name)).total for name in ("L-1", "L-1A", "L-1B")] == [300, 100, 80]
    assert (part.item, part.supplier_batch, part.supplier) == ("4711", "ACM/7731", whole.supplier)
    assert await plant.rows(select(transformation.c.kind)) == [("split",)]
    assert not whole.cases
    assert (verdict(whole), verdict(part), allowance(part).usable) == ("released", "released", 100)


async def test_what_quality_accepted_only_in_part_is_not_accepted_in_a_piece(plant: Plant) -> None:
    await plant.receive_lot("L-1")
    await plant.decide("L-1", ("ACC", "400"), ("REJ", "80"))
    await split(plant, "L-1", ("L-1A", "100"))
    assert (verdict(await plant.lot("L-1A")), allowance(await plant.lot("L-1A")).usable) == ("quarantine", 0)


async def test_the_rejected_part_is_restricted_under_its_own_number_and_its_use_is_a_case(plant: Plant) -> None:
    await plant.receive_lot("L-1")
    await plant.decide("L-1", ("ACC", "400"), ("REJ", "80"))
    await split(plant, "L-1", ("L-R", "80"))
    plant.erp.put("L-R", available="80")
    await plant.observe("erp", "L-R")
    await plant.settle()
    assert plant.erp.stock["L-R"]["available"] == 0
    await plant.tell_made("consumed", "WO-1", "L-R", "80")
    assert [c.title for c in (await plant.lot("L-R")).cases.values()] == ["80 kg of L-R used in WO-1, more than quality allows"]
    await plant.tell_made("produced", "WO-1", "FG-1", "80")
    assert await held(plant, "FG-1") == {"L-R": "awaiting_inspection"}


@pytest.mark.parametrize("received_first", [True, False])
async def test_a_piece_from_before_the_decision_waits_for_its_own_where_not_all_was_accepted(
    plant: Plant, received_first: bool
) -> None:
    if received_first:
        await plant.receive_lot("L-1")
    await split(plant, "L-1", ("L-2", "100"))
    await split(plant, "L-2", ("L-3", "40"))
    if not received_first:
        await plant.receive_lot("L-1")
    await plant.decide("L-1", ("ACC", "300"), ("REJ", "180"))
    await plant.settle()
    assert [verdict(await plant.lot(name)) for name in ("L-2", "L-3")] == ["quarantine", "quarantine"]
    await plant.decide("L-2", ("ACC", None), inspection="SG-L-2")
    await plant.settle()
    assert (verdict(await plant.lot("L-2")), (await plant.lot("L-3")).holds) == ("released", {})


async def test_a_held_lot_may_be_split_and_its_pieces_are_held_until_it_is_free(plant: Plant) -> None:
    await plant.receive_lot("L-1")
    await split(plant, "L-1", ("L-1A", "100"))
    assert await held(plant, "L-1A") == {"L-1": "awaiting_inspection"}
    assert not any("more than quality allows" in c.title for c in (await plant.lot("L-1")).cases.values())
    await plant.decide("L-1", ("ACC", None))
    await plant.settle()
    assert await held(plant, "L-1A") == {}


async def test_a_hold_on_a_lot_reaches_its_pieces_and_theirs_but_not_what_only_shared_the_lot(plant: Plant) -> None:
    await accepted(plant, "L-1")
    await split(plant, "L-1", ("L-1A", "100"))
    await split(plant, "L-1A", ("L-1AA", "40"))
    await plant.decide("L-1", ("REJ", None), rev="2", inspection="SG-L-1")
    await plant.settle()
    assert await held(plant, "L-1AA") == {"L-1": "rejected"}
    await plant.decide("L-1", ("ACC", None), rev="3", inspection="SG-L-1")
    await plant.settle()
    assert await held(plant, "L-1AA") == {}


async def test_customs_hold_the_pieces_of_a_lot_but_not_what_is_made_of_it(plant: Plant) -> None:
    await accepted(plant, "L-1")
    hold = {"lot": ref("L-1"), "hold": "C-1", "reason": "customs"}
    await plant.push("erp", "hold.requested.v1", hold)
    await split(plant, "L-1", ("L-1A", "100"))
    await plant.tell_made("consumed", "WO-1", "L-1A", "50")
    await plant.tell_made("produced", "WO-1", "FG-1", "50")
    assert await held(plant, "L-1A") == {"L-1": "customs"}
    assert await held(plant, "FG-1") == {}
    await plant.push("erp", "hold.released.v1", {"lot": ref("L-1"), "hold": "C-1"})
    await plant.settle()
    assert await held(plant, "L-1A") == {}


async def test_a_merged_lot_inherits_from_all_that_went_in(plant: Plant) -> None:
    await accepted(plant, "L-1")
    for name, batch in (("L-2", "ACM/8888"), ("L-3", "ACM/9999")):
        await plant.receive_lot(name, supplier_batch=batch)
    await plant.decide("L-2", ("ACC", None), inspection="SG-L-2")
    await merge(plant, "M-1", ("L-1", "100"), ("L-2", "50"), ("L-3", "20"))
    merged = await plant.lot("M-1")
    assert (allowance(merged).total, merged.supplier_batch, merged.item) == (170, "", "4711")
    assert await held(plant, "M-1") == {"L-3": "awaiting_inspection"}
    await plant.decide("L-2", ("REJ", None), rev="2", inspection="SG-L-2")
    await plant.settle()
    assert await held(plant, "M-1") == {"L-3": "awaiting_inspection", "L-2": "rejected"}
    assert await held(plant, "L-1") == {}


async def test_a_relabelled_lot_is_found_under_either_number(plant: Plant) -> None:
    await accepted(plant, "L-1")
    await relabel(plant, "L-1", "N-1", "480")
    await relabel(plant, "N-1", "N-2", "480")
    assert plant.hub
    for name in ("L-1", "N-1", "N-2"):
        found = await plant.hub.runtime.store.read(lambda c, name=name: search(c, name, (SITE,)))
        assert {lot.number for lot in found.lots} == {"L-1", "N-1", "N-2"}, name
        assert found.lots[0].number == name
    assert allowance(await plant.lot("N-2")).usable == 480
    await plant.decide("L-1", ("REJ", None), rev="2", inspection="SG-L-1")
    await plant.settle()
    assert await held(plant, "N-2") == {"L-1": "rejected"}


@pytest.mark.parametrize("kind", ["rework", "regrade"])
async def test_about_what_is_reworked_or_regraded_quality_decides_anew(plant: Plant, kind: str) -> None:
    await plant.receive_lot("L-1")
    await plant.decide("L-1", ("REJ", None))
    work = {"order": "RW-1", "kind": kind}
    await plant.push("mes", "material.consumed.v1", {"lot": ref("L-1"), "quantity": kg("100"), "work": work})
    made = {"lot": {**ref("W-1"), "item": "4799"}, "quantity": kg("100"), "work": work}
    await plant.push("mes", "material.produced.v1", made)
    await plant.settle()
    assert await plant.rows(select(transformation.c.kind)) == [(kind,)]
    assert not any("more than quality allows" in c.title for c in (await plant.lot("L-1")).cases.values())
    new = await plant.lot("W-1")
    assert (new.item, verdict(new)) == ("4799", "quarantine")
    assert [str(h.reason) for h in new.holds.values()] == ["awaiting_inspection"]
    await plant.decide("W-1", ("ACC", None), inspection="SG-W-1")
    await plant.settle()
    assert allowance(await plant.lot("W-1")).usable == 100, "although what it was made from stays rejected"
    await plant.push("erp", "hold.requested.v1", {"lot": ref("L-1"), "hold": "H-1", "reason": "recall"})
    await plant.settle()
    assert await held(plant, "W-1") == {"L-1": "recall"}


async def test_a_reversed_consumption_lets_go_what_was_made_of_it(plant: Plant) -> None:
    await accepted(plant, "L-1")
    await plant.tell_made("consumed", "WO-1", "L-1", "100")
    await plant.tell_made("produced", "WO-1", "FG-1", "100")
    await plant.decide("L-1", ("REJ", None), rev="2", inspection="SG-L-1")
    await plant.settle()
    assert await held(plant, "FG-1") == {"L-1": "rejected"}
    back = {"lot": ref("L-1"), "movement": "R-1", "kind": "reversed", "reverses": "M1"}
    await plant.push("mes", "movement.recorded.v1", back)
    await plant.settle()
    assert await held(plant, "FG-1") == {}
    assert [r.quantity for r in await plant.rows(select(edge.c.quantity).where(edge.c.side == 0))] == ["100", "-100"]
    assert allowance(await plant.lot("L-1")).total == 480


async def test_a_movement_of_an_unknown_kind_is_parked_with_the_kinds_there_are(plant: Plant) -> None:
    await accepted(plant, "L-1")
    told = {"lot": ref("L-1"), "movement": "X-1", "kind": "mislaid", "quantity": kg("5")}
    await plant.push("erp", "movement.recorded.v1", told)
    ((cause, hint),) = await plant.rows(select(message.c.cause, message.c.hint).where(message.c.state == "parked"))
    assert "movement kind 'mislaid' is not known" in cause
    assert all(kind in hint for kind in MovementKind)
    assert allowance(await plant.lot("L-1")).total == 480


async def test_a_piece_whose_number_could_not_be_kept_is_refused_with_all_of_its_split(plant: Plant) -> None:
    await accepted(plant, "L-1")
    await split(plant, "L-1", ("L-1A", "100"), ("L-1\nB", "80"))
    ((cause,),) = await plant.rows(select(message.c.cause).where(message.c.state == "parked"))
    assert "lot.id" in cause
    assert allowance(await plant.lot("L-1")).total == 480


async def seen(plant: Plant, lot: str) -> LotView:
    assert plant.hub
    runtime, uuid = plant.hub.runtime, (await plant.lot(lot)).id
    found = await runtime.store.read(lambda c: view(c, uuid, runtime.policies, plant.clock.now))
    assert found is not None
    return found


async def unbalanced(plant: Plant, lot: str) -> list[str]:
    """Return the transformations that a trace back finds out of balance."""
    assert plant.hub
    runtime, state = plant.hub.runtime, await plant.lot(lot)
    found = await runtime.store.read(lambda c: trace(c, runtime.adjacency, state, "back"))
    return [work for gap in found.gaps if gap.gap == "mass_balance" for work in gap.examples]


@pytest.mark.parametrize(
    ("rules", "found"),
    [
        ({}, ["WO-1"]),
        ({"8100": Tolerance(percent=Decimal(10))}, []),
        ({"8100": Tolerance(quantity=Decimal(5))}, []),
        ({"8100": Tolerance(quantity=Decimal(4))}, ["WO-1"]),
        ({"*": Tolerance(percent=Decimal(10)), "8100": Tolerance(percent=Decimal(1))}, ["WO-1"]),
        ({"*": Tolerance(percent=Decimal(10))}, []),
    ],
)
async def test_a_trace_tolerates_what_the_site_tolerates_of_the_item_that_came_out(
    database_url: str, rules: dict[str, Tolerance], found: list[str]
) -> None:
    plant = Plant(database_url, tolerances=rules)
    plant.start()
    try:
        await accepted(plant, "L-1")
        await plant.tell_made("consumed", "WO-1", "L-1", "100")
        await plant.tell_made("produced", "WO-1", "FG-1", "105", item="8100")
        assert await unbalanced(plant, "FG-1") == found
    finally:
        plant.stop()


async def test_a_gap_that_stays_becomes_a_case_and_closes_when_the_loss_is_counted(database_url: str) -> None:
    plant = Plant(database_url, tolerances={"*": Tolerance(percent=Decimal(1))}, grace_seconds=10)
    plant.start()
    try:
        await accepted(plant, "L-1")
        await plant.settle()
        plant.erp.stock["L-1"]["available"] -= 10
        await plant.observe("erp", "L-1")
        shown = await seen(plant, "L-1")
        assert shown.balance is not None
        assert (shown.balance.sentence, shown.balance.beyond, shown.cases) == ("480 = 470 free, gap 10", True, ())
        plant.clock.forward(11)
        await plant.settle()
        assert "10 kg of L-1 cannot be accounted for" in [c.title for c in (await seen(plant, "L-1")).cases]
        count = {"lot": ref("L-1"), "movement": "C-1", "kind": "adjusted", "counted": kg("470")}
        await plant.push("erp", "movement.recorded.v1", count)
        shown = await seen(plant, "L-1")
        assert shown.balance is not None
        assert shown.balance.sentence == "480 = 10 missing in counts + 470 free, gap 0"
        assert not any("accounted" in c.title for c in shown.cases)
    finally:
        plant.stop()


async def test_who_holds_and_who_owns_stock_is_told_with_the_lot_and_to_a_recall(plant: Plant) -> None:
    await accepted(plant, "L-1")
    rows = [
        {"status": "available", "quantity": kg("400")},
        {"status": "available", "quantity": kg("50"), "holder": "COAT-1"},
        {"status": "blocked", "quantity": kg("30"), "owner": "ACME"},
    ]
    await plant.push("wms", "stock.observed.v1", {"lot": ref("L-1"), "rows": rows})
    (shown,) = [s for s in (await seen(plant, "L-1")).systems if s.system == "wms"]
    assert (shown.available, shown.held_by, shown.owned_by) == ("450", {"COAT-1": "50"}, {"ACME": "30"})
    assert plant.hub
    runtime = plant.hub.runtime
    row = (await plant.rows(select(lot.c.id).where(lot.c.number == "L-1")))[0].id
    reached = await runtime.store.read(lambda c: scope.reach(c, runtime.adjacency, Roots(lots={row: SITE})))
    (told,) = await runtime.store.read(lambda c: scope.described(c, reached, runtime.policies, None, {}))
    assert told.place == "50 kg at COAT-1"
