"""A lot leaves one site and arrives at another under another number: it is the same material, and one story."""

from collections.abc import Iterator
from typing import Any

import pytest

from tests.scenarios.plant import SITE, Plant
from tracemill.answers import scope
from tracemill.answers.lot import view
from tracemill.answers.roots import Roots
from tracemill.answers.trace import trace
from tracemill.core.usable import allowance, verdict
from tracemill.hub.hub import Hub
from tracemill.model.policy import AuthorityRule, Policy, SystemPolicy

FR = "PLANT-FR"


class Sites(Plant):
    """A plant whose hub also serves a second site, with a QMS of its own."""

    def start(self) -> Hub:
        hub = super().start()
        rules = AuthorityRule(facet="quality", owner="qms-fr"), AuthorityRule(facet="stock", owner="erp-fr")
        systems = {name: SystemPolicy(name=name) for name in ("erp-fr", "qms-fr")}
        policies: Any = hub.runtime.policies
        policies[FR] = Policy(site=FR, version="test", systems=systems, authority=rules)
        return hub

    async def at_site(self, site: str, system: str, kind: str, data: dict[str, Any]) -> None:
        """Let a system of a site push an event."""
        await self.push(system, kind, {**data, "site": site})


@pytest.fixture
def plant(database_url: str) -> Iterator[Sites]:
    made = Sites(database_url)
    made.start()
    yield made
    made.stop()


def kg(amount: str) -> dict[str, str]:
    return {"amount": amount, "unit": "KGM"}


async def out(plant: Sites, lot: str, amount: str, number: str = "STO-1", movement: str = "T-1") -> None:
    data = {"movement": movement, "kind": "transferred", "direction": "out", "quantity": kg(amount), "transfer": number}
    ref = {"id": lot, "aliases": [{"system": "erp", "id": lot}]}
    await plant.at_site(SITE, "erp", "movement.recorded.v1", {"lot": ref, **data})


async def arrives(plant: Sites, lot: str, amount: str, number: str = "STO-1", movement: str = "T-2") -> None:
    data = {"movement": movement, "kind": "transferred", "direction": "in", "quantity": kg(amount), "transfer": number}
    await plant.at_site(FR, "erp-fr", "movement.recorded.v1", {"lot": {"id": lot}, **data})


async def sent(plant: Sites) -> None:
    """100 kg of L-1 leave Germany, 80 have arrived in France as F-1, and 30 of them are made into FG-1."""
    await plant.receive_lot("L-1")
    await plant.decide("L-1", ("ACC", None))
    await out(plant, "L-1", "100")
    await arrives(plant, "F-1", "80")
    work = {"order": "WO-F1"}
    await plant.at_site(FR, "erp-fr", "material.consumed.v1", {"lot": {"id": "F-1"}, "quantity": kg("30"), "work": work})
    await plant.at_site(FR, "erp-fr", "material.produced.v1", {"lot": {"id": "FG-1"}, "quantity": kg("30"), "work": work})
    await plant.settle()


async def accepted_there(plant: Sites, lot: str) -> None:
    ref = {"id": lot, "aliases": [{"system": "erp-fr", "id": lot}]}
    data = {"lot": ref, "inspection": f"I-{lot}", "parts": [{"decision": "accept"}]}
    await plant.at_site(FR, "qms-fr", "disposition.decided.v1", data)


async def inherited(plant: Sites, lot: str) -> dict[str, str]:
    return {h.origin_number: str(h.reason) for h in (await plant.lot(lot)).holds.values() if h.root}


async def traced(plant: Sites, lot: str, direction: Any) -> tuple[list[tuple[int, str]], list[str]]:
    assert plant.hub
    runtime, state = plant.hub.runtime, await plant.lot(lot)
    found = await runtime.store.read(lambda c: trace(c, runtime.adjacency, state, direction))
    return [(n.depth, n.number) for n in found.lots], [g.text for g in found.gaps]


async def test_a_transfer_leaves_one_ledger_and_enters_another_and_the_rest_is_in_transit(plant: Sites) -> None:
    await sent(plant)
    here, there = await plant.lot("L-1"), await plant.lot("F-1")
    assert (here.site, there.site) == (SITE, FR)
    assert (allowance(here).total, allowance(there).total) == (380, 50)
    assert (there.item, there.supplier_batch, there.unit) == ("4711", "ACM/7731", "KGM")
    assert plant.hub
    runtime = plant.hub.runtime
    shown = await runtime.store.read(lambda c: view(c, here.id, runtime.policies, plant.clock.now))
    assert shown is not None
    assert [(t.transfer, t.direction, t.quantity, t.in_transit, t.lots) for t in shown.transfers] == [
        ("STO-1", "out", "100", "20", ("F-1",))
    ]


async def test_quality_of_the_other_site_decides_about_what_arrived_there(plant: Sites) -> None:
    await sent(plant)
    assert verdict(await plant.lot("F-1")) == "quarantine"
    await accepted_there(plant, "F-1")
    assert allowance(await plant.lot("F-1")).usable == 50


@pytest.mark.parametrize("left_first", [True, False])
async def test_what_arrives_of_a_lot_that_was_rejected_in_part_waits_for_quality_there(plant: Sites, left_first: bool) -> None:
    await plant.receive_lot("L-1")
    await plant.decide("L-1", ("ACC", "400"), ("REJ", "80"))
    if left_first:
        await out(plant, "L-1", "80")
    await arrives(plant, "F-1", "80")
    if not left_first:
        await out(plant, "L-1", "80")
    await plant.settle()
    lot = await plant.lot("F-1")
    assert (verdict(lot), [str(h.reason) for h in lot.holds.values()]) == ("quarantine", ["awaiting_inspection"])


async def test_a_trace_walks_through_a_transfer_both_ways_and_is_complete(plant: Sites) -> None:
    await sent(plant)
    assert await traced(plant, "L-1", "forward") == ([(0, "L-1"), (1, "F-1"), (2, "FG-1")], [])
    assert await traced(plant, "FG-1", "back") == ([(0, "FG-1"), (1, "F-1"), (2, "L-1")], [])


async def test_what_arrived_without_having_left_is_a_gap(plant: Sites) -> None:
    await arrives(plant, "F-1", "80")
    _, gaps = await traced(plant, "F-1", "back")
    assert gaps == ["1 transformation of which nobody told what went in"]


async def test_a_rejection_after_the_transfer_holds_what_arrived_and_what_was_made_of_it(plant: Sites) -> None:
    await sent(plant)
    await accepted_there(plant, "F-1")
    await plant.decide("L-1", ("REJ", None), rev="2")
    await plant.settle()
    assert await inherited(plant, "F-1") == {"L-1": "rejected"}
    assert await inherited(plant, "FG-1") == {"L-1": "rejected"}
    await plant.decide("L-1", ("ACC", None), rev="3")
    await plant.settle()
    assert await inherited(plant, "F-1") == await inherited(plant, "FG-1") == {}


async def test_what_arrives_of_a_held_lot_is_held_at_once_even_where_the_departure_is_told_last(plant: Sites) -> None:
    await plant.receive_lot("L-1")
    await out(plant, "L-1", "100")
    await arrives(plant, "F-1", "100")
    assert await inherited(plant, "F-1") == {"L-1": "awaiting_inspection"}
    await arrives(plant, "F-2", "50", "STO-2", "T-3")
    assert await inherited(plant, "F-2") == {}
    await out(plant, "L-1", "50", "STO-2", "T-4")
    await plant.settle()
    assert await inherited(plant, "F-2") == {"L-1": "awaiting_inspection"}


@pytest.mark.parametrize("left_first", [True, False])
async def test_what_arrives_has_the_dates_and_the_supplier_of_what_left_whichever_is_told_first(
    plant: Sites, left_first: bool
) -> None:
    await plant.push("erp", "lot.received.v1", {
        "lot": {"id": "L-1", "item": "4711", "aliases": [{"system": "erp", "id": "L-1"}]}, "quantity": kg("480"),
        "supplier": {"id": "ACME"}, "supplier_batch": "ACM/7731", "expires": "2020-01-31", "retest": "2019-01-31",
    })  # fmt: skip
    if left_first:
        await out(plant, "L-1", "80")
    await arrives(plant, "F-1", "80")
    if not left_first:
        await out(plant, "L-1", "80")
    await plant.settle()
    here, there = await plant.lot("L-1"), await plant.lot("F-1")
    assert here.expires
    for name in ("item", "supplier", "supplier_batch", "expires", "retest"):
        assert getattr(there, name) == getattr(here, name), name
    assert {"expired", "retest"} <= {str(h.reason) for h in there.holds.values() if not h.root}


async def test_a_recall_reaches_what_was_transferred_and_what_was_made_of_it_there(plant: Sites) -> None:
    await sent(plant)
    assert plant.hub
    runtime = plant.hub.runtime
    row = (await plant.rows(_row("L-1")))[0].id
    found = await runtime.store.read(lambda c: scope.reach(c, runtime.adjacency, Roots(lots={row: SITE})))
    names = {r.number for r in await plant.rows(_numbers(found.every))}
    assert (names, found.roots) == ({"L-1", "F-1", "FG-1"}, (row,))


def _row(number: str) -> Any:
    from sqlalchemy import select

    from tracemill.store.tables import lot

    return select(lot.c.id).where(lot.c.number == number)


def _numbers(ids: Any) -> Any:
    from sqlalchemy import select

    from tracemill.store.tables import lot

    return select(lot.c.number).where(lot.c.id.in_(list(ids)))
