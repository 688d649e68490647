"""Traces: what was made of a lot and what it was made from, with a verdict that never calls a short list complete."""

from datetime import timedelta
from typing import Any

import pytest

from tests.scenarios.plant import SITE, Plant
from tracemill.answers.trace import trace
from tracemill.answers.trace_view import TraceView


async def traced(plant: Plant, lot: str, direction: Any = "forward", **more: Any) -> TraceView:
    assert plant.hub
    state, adjacency = await plant.lot(lot), plant.hub.runtime.adjacency
    return await plant.hub.runtime.store.read(lambda c: trace(c, adjacency, state, direction, **more))


def numbers(view: TraceView) -> list[tuple[int, str]]:
    return [(n.depth, n.number) for n in view.lots]


async def recipe(plant: Plant) -> None:
    """RAW-1 and RAW-2 become MIX-1; of that, FG-1 and FG-2 are filled."""
    for raw, qty in (("RAW-1", "480"), ("RAW-2", "100")):
        await plant.receive_lot(raw, qty)
    for kind, order, lot, qty in (
        ("consumed", "WO-1", "RAW-1", "260"), ("consumed", "WO-1", "RAW-2", "40"), ("produced", "WO-1", "MIX-1", "300"),
        ("consumed", "WO-2", "MIX-1", "300"), ("produced", "WO-2", "FG-1", "180"), ("produced", "WO-2", "FG-2", "120"),
    ):  # fmt: skip
        await plant.tell_made(kind, order, lot, qty)


async def test_forward_finds_everything_made_of_a_lot_and_says_that_this_is_all(plant: Plant) -> None:
    await recipe(plant)
    view = await traced(plant, "RAW-1")
    assert numbers(view) == [(0, "RAW-1"), (1, "MIX-1"), (2, "FG-1"), (2, "FG-2")]
    assert (view.found_lots, view.found_works, view.complete) == (3, 2, True)
    assert view.sentence == "RAW-1 went into 3 lots by way of 2 transformations: complete"
    assert {w.order for w in view.works} == {"WO-1", "WO-2"}
    assert [(x.side, x.quantity, x.unit) for x in view.links][:1] == [("input", "260", "KGM")]


async def test_back_finds_everything_a_lot_was_made_from(plant: Plant) -> None:
    await recipe(plant)
    view = await traced(plant, "FG-2", "back")
    assert numbers(view) == [(0, "FG-2"), (1, "MIX-1"), (2, "RAW-1"), (2, "RAW-2")]
    assert view.complete


async def test_a_lot_of_which_nothing_was_used_yet_is_no_gap_but_one_nobody_received_is(plant: Plant) -> None:
    await plant.receive_lot("RAW-1")
    for direction in ("forward", "back"):
        assert (await traced(plant, "RAW-1", direction)).complete
    plant.erp.put("ODD-1", available=10)
    await plant.observe("erp", "ODD-1")
    assert [g.gap for g in (await traced(plant, "ODD-1", "back")).gaps] == ["unknown_lot"]


async def test_a_trace_of_the_past_tells_no_link_that_was_told_later(plant: Plant) -> None:
    await recipe(plant)
    first = await traced(plant, "RAW-1")
    await plant.tell_made("consumed", "WO-1", "RAW-1", "5")
    assert len((await traced(plant, "RAW-1")).links) == len(first.links) + 1
    assert (await traced(plant, "RAW-1", known_at=first.position)).links == first.links
    assert (await traced(plant, "RAW-1", as_of=plant.clock() - timedelta(days=9))).links == ()


async def test_what_is_received_but_not_decided_yet_makes_a_trace_incomplete(plant: Plant) -> None:
    await recipe(plant)
    await plant.tell_made("consumed", "WO-9", "RAW-2", "10", settle=False)
    view = await traced(plant, "RAW-2")
    assert [(g.gap, g.text) for g in view.gaps] == [("lagging_system", "systems that have more to tell than is read: MES")]
    await plant.settle()
    assert "lagging_system" not in [g.gap for g in (await traced(plant, "RAW-2")).gaps]


async def test_what_comes_later_is_found_by_the_next_trace(plant: Plant) -> None:
    await recipe(plant)
    first = await traced(plant, "RAW-2")
    await plant.tell_made("consumed", "WO-9", "RAW-2", "10")
    await plant.tell_made("produced", "WO-9", "FG-9", "10")
    after = await traced(plant, "RAW-2")
    assert (1, "FG-9") in numbers(after)
    assert numbers(await traced(plant, "RAW-2", known_at=first.position)) == numbers(first)


async def test_a_trace_tells_how_much_of_the_lot_is_in_what_was_made_of_it_and_by_which_way(plant: Plant) -> None:
    await recipe(plant)
    view = await traced(plant, "RAW-2", shares=True, to=await plant.lot("FG-2"))
    shares = {n.number: n.share for n in view.lots}
    assert shares["FG-1"]
    assert (shares["FG-1"].at_most, round(shares["FG-1"].proportion or 0, 4)) == ("40", 0.1333)
    assert [(x.work, x.lot) for x in view.way] == [("", "RAW-2"), ("WO-1", "MIX-1"), ("WO-2", "FG-2")]
    assert (await traced(plant, "FG-1", to=await plant.lot("FG-2"))).way == ()


@pytest.mark.parametrize("told", ["order without inputs", "backflushed", "out of balance", "origin", "parked"])
async def test_what_is_not_known_makes_a_trace_incomplete_and_is_said(plant: Plant, told: str) -> None:
    await recipe(plant)
    start, direction, gap = "RAW-1", "forward", told
    if told == "order without inputs":
        await plant.tell_made("produced", "WO-7", "FG-7", "10")
        start, direction, gap = "FG-7", "back", "missing_consumption"
    elif told == "backflushed":
        await plant.tell_made("consumed", "WO-3", "FG-1", "10", evidence="backflushed")
        await plant.tell_made("produced", "WO-3", "KIT-1", "10")
    elif told == "out of balance":
        await plant.tell_made("produced", "WO-2", "FG-3", "60")
        gap = "mass_balance"
    elif told == "origin":
        await plant.tell_made("consumed", "WO-1", "WATER", "20")
        start, direction, gap = "FG-1", "back", "unknown_origin"
    else:
        bad = {"id": "M-bad", "kind": "consumed", "order": "WO-2", "lot": "RAW-1", "qty": "?"}
        await plant.tell("mes", "made", "M-bad", bad)
        gap = "unread_messages"
    view = await traced(plant, start, direction)
    assert not view.complete
    assert gap in {g.gap for g in view.gaps}
    assert view.sentence.endswith("INCOMPLETE")


async def test_a_system_whose_feed_fails_makes_a_trace_incomplete(plant: Plant) -> None:
    from tracemill.store import systems

    await recipe(plant)
    assert plant.hub
    now = plant.clock.now
    await plant.hub.runtime.store.write(lambda tx: systems.failed(tx, "mes", "made", "no answer", now))
    (gap,) = (await traced(plant, "RAW-1")).gaps
    assert (gap.gap, gap.text) == ("silent_system", "systems that do not answer: MES")


async def test_a_list_that_is_cut_says_how_much_there_is(plant: Plant) -> None:
    await recipe(plant)
    view = await traced(plant, "RAW-1", limit=2)
    assert (len(view.lots), view.found_lots) == (2, 3)


async def test_shipments_and_places_are_shown_where_a_lot_is(plant: Plant) -> None:
    await recipe(plant)
    body = {"lot": {"id": "FG-1"}, "quantity": {"amount": "150", "unit": "KGM"}, "shipment": "DLV-80017",
            "customer": {"id": "C7", "name": "Northfood"}}  # fmt: skip
    await plant.push("mes", "shipment.shipped.v1", body)
    fg = next(n for n in (await traced(plant, "RAW-1")).lots if n.number == "FG-1")
    assert [(s.shipment, s.quantity, s.customer, s.state) for s in fg.shipments] == [("DLV-80017", "150", "Northfood", "shipped")]
    assert fg.quantity == "30"
    assert fg.where == ()


async def test_a_site_that_nobody_told_of_material_has_nothing_to_trace(plant: Plant) -> None:
    await plant.receive_lot("RAW-1")
    view = await traced(plant, "RAW-1")
    assert (view.site, view.found_lots) == (SITE, 0)
    assert view.sentence.startswith("RAW-1 went into 0 lots by way of 0 transformations")
