"""Master data: from its owner, each from a day on; what it says of units counts, and never against the site's own file."""

from collections.abc import Callable, Iterator
from decimal import Decimal
from typing import Any

import pytest
from sqlalchemy import select

from tests.scenarios.plant import SITE, Plant
from tracemill.answers import master_data
from tracemill.core.usable import verdict
from tracemill.model.policy import AuthorityRule, ReleaseRules
from tracemill.model.quantity import Conversion
from tracemill.store.tables import case, delivery, event, message

Site = Callable[..., Plant]
OWNED = (
    AuthorityRule(facet="quality", owner="qms"), AuthorityRule(facet="stock", owner="erp"),
    AuthorityRule(facet="master_data", owner="erp"),
)  # fmt: skip
DRUM = {"unit": "DRM", "to": "KGM", "factor": "25"}


@pytest.fixture
def site(database_url: str) -> Iterator[Site]:
    made: list[Plant] = []

    def start(owned: tuple[AuthorityRule, ...] = OWNED, **rules: Any) -> Plant:
        made.append(Plant(database_url, **rules))
        hub = made[-1].start()
        policies: Any = hub.runtime.policies
        policies[SITE] = _owned(policies[SITE], owned)
        return made[-1]

    yield start
    for plant in made:
        plant.stop()


def _owned(policy: Any, owned: tuple[AuthorityRule, ...]) -> Any:
    from tracemill.model.record import replaced

    return replaced(policy, authority=owned)


async def defines(plant: Plant, kind: str = "item", system: str = "erp", **data: Any) -> None:
    named = {"item": "4711"} if kind != "party" else {}
    await plant.push(system, f"{kind}.defined.v1", {**named, **data})


async def receives(plant: Plant, batch: str, amount: str, unit: str = "DRM") -> None:
    data = {"lot": {"id": batch, "item": "4711"}, "quantity": {"amount": amount, "unit": unit}, "receipt": f"R-{batch}"}
    await plant.push("erp", "lot.received.v1", data)


async def cases(plant: Plant) -> list[Any]:
    return await plant.rows(select(case).where(case.c.closed_at.is_(None), case.c.key.like("master:%")))


async def parked(plant: Plant) -> list[str]:
    return [row.cause for row in await plant.rows(select(message.c.cause).where(message.c.state == "parked"))]


async def test_drums_are_counted_as_the_owner_of_the_item_says(site: Site) -> None:
    plant = site()
    await receives(plant, "L-0", "4")
    assert ["nobody declared how much" in cause for cause in await parked(plant)] == [True]
    await defines(plant, conversions=[DRUM], base_unit="KGM", text="citric acid")
    await receives(plant, "L-1", "4")
    lot = await plant.lot("L-1")
    assert (lot.received, lot.unit) == (Decimal(100), "KGM")


async def test_it_counts_after_a_restart_and_for_what_comes_in_the_same_batch(site: Site) -> None:
    plant = site()
    plant.told += 1
    body = {"specversion": "1.0", "id": "E1", "source": "/erp", "type": "item.defined.v1", "time": plant.clock().isoformat()}
    receipt = {**body, "id": "E2", "type": "lot.received.v1"}
    data = {"lot": {"id": "L-1", "item": "4711"}, "quantity": {"amount": "2", "unit": "DRM"}}
    await plant.tell("erp", "events", "E2", {**receipt, "data": data}, process=False)
    await plant.tell("erp", "events", "E1", {**body, "data": {"item": "4711", "conversions": [DRUM]}})
    assert (await plant.lot("L-1")).received == 50
    plant.stop()
    plant.start()
    await receives(plant, "L-2", "1")
    assert (await plant.lot("L-2")).received == 25


async def test_what_begins_later_counts_from_its_day_on(site: Site) -> None:
    plant = site()
    await defines(plant, conversions=[DRUM])
    await defines(plant, conversions=[{**DRUM, "factor": "30"}], valid_from="2026-12-01T00:00:00+01:00")
    await receives(plant, "L-1", "1")
    plant.clock.forward(9 * 86400)
    await receives(plant, "L-2", "1")
    assert ((await plant.lot("L-1")).received, (await plant.lot("L-2")).received) == (25, 30)


async def test_the_sites_file_wins_and_a_contradiction_is_a_case_until_it_is_gone(site: Site) -> None:
    plant = site(conversions={"4711": (Conversion(unit="DRM", to="KGM", factor=Decimal(20)),)})
    await defines(plant, conversions=[DRUM])
    await receives(plant, "L-1", "1")
    assert (await plant.lot("L-1")).received == 20
    (found,) = await cases(plant)
    assert found.title == f"item 4711: 1 DRM is 20 KGM in sites/{SITE}.yaml, 25 for erp"
    await defines(plant, conversions=[{**DRUM, "factor": "20"}])
    assert await cases(plant) == []


async def test_an_item_of_the_bill_of_materials_that_did_not_go_in_keeps_a_lot_from_its_release(site: Site) -> None:
    plant = site(release=ReleaseRules(bom=True))
    await defines(plant, "bom", item="FG", components=[{"item": "4711"}, {"item": "4800"}])
    for batch, item in (("RAW-1", "4711"), ("RAW-2", "4800")):
        await plant.receive_lot(batch, item=item, supplier_batch=batch)
        await plant.decide(batch, ("ACC", None), inspection=f"SG-{batch}")
    await plant.tell_made("consumed", "WO-1", "RAW-1", "10")
    await plant.tell_made("produced", "WO-1", "FG-1", "10", item="FG")
    await plant.decide("FG-1", ("ACC", None), inspection="SG-FG")
    notes = [h.note for h in (await plant.lot("FG-1")).holds.values()]
    assert notes == ["its bill of materials wants 4800, and nobody told of any that went in"]
    await plant.tell_made("consumed", "WO-1", "RAW-2", "10")
    assert verdict(await plant.lot("FG-1")) == "released"


async def test_an_order_that_tells_no_operations_is_inspected_by_the_routing_of_its_item(site: Site) -> None:
    plant = site()
    await defines(plant, "routing", item="FG", operations=[{"operation": "20", "plan": "moisture"}])
    released = {"lot": {"id": "FG-1", "item": "FG"}, "order": "WO-1", "side": "output", "item": "FG"}
    await plant.push("mes", "work_order.released.v1", released)
    asked = await plant.rows(select(delivery.c.value).where(delivery.c.verb == "open_inspection"))
    assert ['"plan":"moisture"' in row.value for row in asked] == [True]


async def test_what_somebody_else_defines_does_not_count_and_people_are_told(site: Site) -> None:
    plant = site()
    await defines(plant, system="wms", conversions=[DRUM])
    (found,) = await cases(plant)
    assert found.title == "wms defined item 4711, but erp owns master data: it does not count"
    await receives(plant, "L-1", "1")
    assert len(await parked(plant)) == 1
    told = await plant.rows(select(event.c.source).where(event.c.type == "item.defined.v1"))
    assert [row.source for row in told] == ["wms"]  # kept on the record all the same


async def test_nobody_owns_it_until_the_site_says_who(site: Site) -> None:
    plant = site(owned=OWNED[:2])
    await defines(plant, conversions=[DRUM])
    (found,) = await cases(plant)
    assert "add to authority.yaml: {facet: master_data, owner: erp}" in found.next_action


@pytest.mark.parametrize("factor", ["0", "-25"])
async def test_a_factor_that_cannot_be_is_parked_and_stops_nothing_else(site: Site, factor: str) -> None:
    plant = site()
    await defines(plant, conversions=[{**DRUM, "factor": factor}])
    await defines(plant, item="4712", text="salt")
    assert ["cannot be" in cause for cause in await parked(plant)] == [True]
    assert plant.hub
    page = await plant.hub.runtime.store.read(lambda c: master_data.items(c, None, plant.clock.now))
    assert [v.item.item for v in page.items] == ["4712"]


async def test_a_late_telling_of_the_same_day_does_not_replace_a_newer_one(site: Site) -> None:
    plant = site()
    await defines(plant, text="new")
    body = {"specversion": "1.0", "id": "OLD", "source": "/erp", "type": "item.defined.v1", "time": "2026-11-01T09:00:00Z"}
    await plant.tell("erp", "events", "OLD", {**body, "data": {"item": "4711", "text": "old"}})
    assert plant.hub
    view = await plant.hub.runtime.store.read(lambda c: master_data.item(c, None, "4711", plant.clock.now))
    assert view
    assert [v.item.text for v in view.versions] == ["new"]


async def test_an_item_is_shown_with_what_it_is_made_from_and_by_and_parties_with_their_approval(site: Site) -> None:
    plant = site()
    await defines(plant, text="syrup", base_unit="KGM")
    await defines(plant, text="syrup, new recipe", valid_from="2027-01-01T00:00:00Z")
    await defines(plant, "bom", components=[{"item": "4700", "quantity": {"amount": "2", "unit": "kg"}}])
    await defines(plant, "routing", operations=[{"operation": "10", "machine": "T-12", "plan": "moisture"}])
    await defines(plant, "party", party="ACME", name="Acme", roles=["supplier"], approval="approved")
    assert plant.hub
    store, now = plant.hub.runtime.store, plant.clock.now
    view = await store.read(lambda c: master_data.item(c, None, "4711", now))
    assert view
    assert [(v.item.text, v.in_force) for v in view.versions] == [("syrup, new recipe", False), ("syrup", True)]
    assert [c.item for c in view.boms[0].bom.components] == ["4700"]
    assert [o.plan for o in view.routings[0].routing.operations] == ["moisture"]
    page = await store.read(lambda c: master_data.parties(c, None, now))
    assert [(p.party.party, p.party.approval) for p in page.items] == [("ACME", "approved")]
    await receives(plant, "L-1", "1", "KGM")
    assert plant.hub.runtime.decider.rules(SITE).inspection.approvals == {"ACME": "approved"}
