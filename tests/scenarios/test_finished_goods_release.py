"""What was made here: restricted by name for as long as something is missing, released by quality or by the rule."""

from collections.abc import Callable, Iterator
from itertools import permutations
from typing import Any

import pytest
from sqlalchemy import select

from tests.scenarios.plant import Plant
from tests.scenarios.test_component import tell
from tracemill.answers import lot as answers
from tracemill.core.usable import allowance, verdict
from tracemill.model.policy import ReleaseRules
from tracemill.model.status import Evidence, ReleaseMode
from tracemill.store.tables import message

HUB = ReleaseRules(mode=ReleaseMode.HUB, inspections=("final",), evidence=(Evidence.SCANNED, Evidence.MEASURED))
Site = Callable[..., Plant]


@pytest.fixture
def site(database_url: str) -> Iterator[Site]:
    made: list[Plant] = []

    def start(rules: ReleaseRules = HUB, **more: Any) -> Plant:
        made.append(Plant(database_url, release=rules, **more))
        made[-1].start()
        return made[-1]

    yield start
    for plant in made:
        plant.stop()


async def accepted(plant: Plant, batch: str) -> None:
    await plant.receive_lot(batch)
    await plant.decide(batch, ("ACC", None), inspection=f"SG-{batch}")
    await plant.settle()


async def inspected(
    plant: Plant, lot: str, passed: bool = True, plan: str = "final", system: str = "qms", name: str = "", settle: bool = True
) -> None:
    ref = {"id": f"IP-{lot}", "aliases": [{"system": "erp", "id": lot}]}
    data = {"lot": ref, "inspection": name or f"IP-{lot}-{plan}", "plan": plan, "passed": passed}
    await plant.push(system, "inspection.completed.v1", data)
    if settle:
        await plant.settle()


async def made(plant: Plant, lot: str = "FG-1", raw: str = "RAW-1") -> None:
    """One lot made of another, with everything told."""
    await plant.make("consumed", f"WO-{lot}", raw, "100")
    await plant.make("produced", f"WO-{lot}", lot, "100")


async def why(plant: Plant, lot: str = "FG-1") -> dict[str, tuple[str, str]]:
    """Return each reason with its owner and its next step."""
    assert plant.hub
    runtime, state = plant.hub.runtime, await plant.lot(lot)
    view = await runtime.store.read(lambda c: answers.view(c, state.id, runtime.policies, plant.clock.now))
    assert view
    return {r.text: (r.owner, r.next_action) for r in view.reasons if r.kind != "delivery"}


async def free(plant: Plant, lot: str = "FG-1") -> bool:
    return bool(allowance(await plant.lot(lot)).usable)


async def test_the_rule_releases_when_all_is_there_and_signs_with_its_version(site: Site) -> None:
    plant = site()
    await accepted(plant, "RAW-1")
    await made(plant)
    assert not await free(plant)
    await inspected(plant, "FG-1")
    lot = await plant.lot("FG-1")
    assert verdict(lot) == "released"
    assert (lot.disposition.owner, lot.disposition.signer) == ("hub", "rule finished_goods_release, version test")


async def test_in_whatever_order_the_facts_arrive_the_last_one_releases_and_none_before(site: Site) -> None:
    plant = site()
    for n, order in enumerate(permutations(("accepted", "consumed", "produced", "inspected"))):
        raw, lot = f"RAW-{n}", f"FG-{n}"
        for fact in order:
            state = await plant.lot(lot)
            assert state is None or verdict(state) != "released", f"{lot} is free before {fact} of {order}"
            if fact == "accepted":
                await plant.receive_lot(raw)
                await plant.decide(raw, ("ACC", None), inspection=f"SG-{raw}")
            elif fact == "inspected":
                await inspected(plant, lot, settle=False)
            elif fact == "consumed":
                await plant.tell_made(fact, f"WO-{n}", raw, "100")
            else:
                await plant.tell_made(fact, f"WO-{n}", lot, "100", label=lot)
        assert verdict(await plant.lot(lot)) == "released", order


async def test_each_missing_fact_is_a_reason_with_its_owner_and_the_next_step(site: Site) -> None:
    rules = ReleaseRules(mode=ReleaseMode.HUB, inspections=("final",), conditions=("temperature",), dossier=("expires",))
    plant = site(rules)
    await plant.make("produced", "WO-FG-1", "FG-1", "100")
    found = await why(plant)
    assert found == {
        "genealogy incomplete: nobody told what went into WO-FG-1": (
            "mes", "book the consumption in mes, or have its message read: tracemill status",
        ),
        "not ready for release: inspection final has not passed": (
            "qms", "complete it in qms; after one that did not pass, quality decides about the lot",
        ),
        "not ready for release: no process conditions told: temperature": ("mes", "let mes tell them"),
        "not ready for release: missing in its dossier: expires": ("mes", "let mes tell it"),
    }  # fmt: skip
    assert verdict(await plant.lot("FG-1")) == "hold"


async def test_a_consumption_told_late_ends_its_reason_and_releases(site: Site) -> None:
    plant = site()
    await accepted(plant, "RAW-1")
    await plant.make("produced", "WO-FG-1", "FG-1", "100")
    await inspected(plant, "FG-1")
    assert not await free(plant)
    await plant.make("consumed", "WO-FG-1", "RAW-1", "100")
    assert await why(plant) == {}
    assert await free(plant)


async def test_a_consumption_that_is_taken_back_restricts_what_was_released(site: Site) -> None:
    plant = site()
    await accepted(plant, "RAW-1")
    await made(plant)
    await inspected(plant, "FG-1")
    assert await free(plant)
    await plant.make("consumed", "WO-FG-1", "RAW-1", "-100")
    assert not await free(plant)


async def test_an_input_nobody_received_and_nobody_decided_about_is_named(site: Site) -> None:
    plant = site()
    await made(plant, raw="STRAY-9")
    await inspected(plant, "FG-1")
    assert set(await why(plant)) == {
        "genealogy incomplete: nobody told where STRAY-9 comes from",
        "not ready for release: nobody decided about STRAY-9, which it was made from",
    }
    await accepted(plant, "STRAY-9")
    assert await free(plant)


async def test_what_was_made_in_no_order_and_what_was_taken_back_has_no_origin(site: Site) -> None:
    plant = site()
    ref = {"id": "FG-0", "aliases": [{"system": "erp", "id": "FG-0"}]}
    await plant.push("mes", "material.produced.v1", {"lot": ref, "quantity": {"amount": "5", "unit": "KGM"}, "work": {}})
    await inspected(plant, "FG-0")
    assert list(await why(plant, "FG-0")) == ["genealogy incomplete: nobody told where FG-0 comes from"]
    await accepted(plant, "RAW-1")
    await made(plant)
    await plant.make("produced", "WO-FG-1", "FG-1", "-100")
    assert "genealogy incomplete: nobody told where FG-1 comes from" in await why(plant)


@pytest.mark.parametrize("received", ["before", "after"])
async def test_what_was_received_has_its_origin_also_when_a_component_was_in_it_for_a_while(site: Site, received: str) -> None:
    plant = site()
    await accepted(plant, "RAW-1")
    if received == "before":
        await accepted(plant, "UNIT-7")
    await tell(plant, "installed", "RAW-1", "UNIT-7", 10)
    await tell(plant, "removed", "RAW-1", "UNIT-7", 20)
    if received == "after":
        assert "genealogy incomplete: nobody told where UNIT-7 comes from" in await why(plant, "UNIT-7")
        await accepted(plant, "UNIT-7")
    await inspected(plant, "UNIT-7")
    assert await why(plant, "UNIT-7") == {}
    assert await free(plant, "UNIT-7")


async def test_what_a_vessel_holds_is_asked_for_no_inspection_and_what_comes_out_of_it_is_released(site: Site) -> None:
    plant = site()
    await accepted(plant, "RAW-1")
    for kind, lot, work in (("charged", "RAW-1", {}), ("discharged", "FG-1", {"order": "WO-1"})):
        ref, quantity = {"id": lot, "aliases": [{"system": "erp", "id": lot}]}, {"amount": "100", "unit": "KGM"}
        data = {"vessel": "T-12", "lot": ref, "quantity": quantity, "work": work}
        await plant.push("mes", f"vessel.{kind}.v1", data)
        plant.clock.forward(60)
    assert list(await why(plant)) == ["not ready for release: inspection final has not passed"]
    await inspected(plant, "FG-1")
    assert await free(plant)


async def test_what_is_missing_one_step_further_back_is_inherited_and_ends_with_it(site: Site) -> None:
    plant = site(ReleaseRules(mode=ReleaseMode.HUB, classes=("finished",), inspections=("final",)))
    await accepted(plant, "RAW-1")
    await plant.make("produced", "WO-WIP", "WIP-1", "100")
    await plant.make("consumed", "WO-FG", "WIP-1", "100")
    await plant.push("mes", "material.produced.v1", {
        "lot": {"id": "FG-1", "aliases": [{"system": "erp", "id": "FG-1"}]}, "quantity": {"amount": "100", "unit": "KGM"},
        "work": {"order": "WO-FG"}, "material_class": "finished",
    })  # fmt: skip
    await plant.settle()
    await inspected(plant, "FG-1")
    inherited = (await why(plant))["genealogy incomplete, made from WIP-1: nobody told what went into WO-WIP"]
    assert inherited == ("hub", "see what is missing: tracemill why WIP-1")
    await plant.make("consumed", "WO-WIP", "RAW-1", "100")
    assert await free(plant)
    assert (await plant.lot("WIP-1")).disposition is None  # its class is released by nobody


async def test_a_hold_always_wins_and_the_release_follows_when_it_is_lifted(site: Site) -> None:
    plant = site()
    await accepted(plant, "RAW-1")
    await plant.make("consumed", "WO-FG-1", "RAW-1", "100")
    await plant.tell_made("produced", "WO-FG-1", "FG-1", "100")
    hold = {"lot": {"id": "FG-1"}, "hold": "H-1", "reason": "damage"}
    await plant.push("mes", "hold.requested.v1", hold)
    await inspected(plant, "FG-1")
    assert (await plant.lot("FG-1")).disposition is None
    await plant.push("mes", "hold.released.v1", {"lot": {"id": "FG-1"}, "hold": "H-1"})
    assert await free(plant)


async def test_a_rejected_input_holds_what_the_rule_had_released(site: Site) -> None:
    plant = site()
    await accepted(plant, "RAW-1")
    await made(plant)
    await inspected(plant, "FG-1")
    await plant.decide("RAW-1", ("REJ", None), rev="2", inspection="SG-RAW-1")
    await plant.settle()
    assert not await free(plant)


async def test_only_the_owner_of_quality_passes_an_inspection_and_anybody_fails_one(site: Site) -> None:
    plant = site()
    await accepted(plant, "RAW-1")
    await made(plant)
    await inspected(plant, "FG-1", system="mes")
    assert not await free(plant)
    await inspected(plant, "FG-1", name="IP-7")
    assert not await free(plant)  # what the MES spoke of is open
    await inspected(plant, "FG-1")
    assert await free(plant)
    await inspected(plant, "FG-1", passed=False, plan="line check", system="mes")
    assert list(await why(plant)) == ["not ready for release: inspection IP-FG-1-line check did not pass"]


async def test_an_inspection_that_failed_is_answered_by_quality_not_by_testing_again(site: Site) -> None:
    plant = site()
    await accepted(plant, "RAW-1")
    await made(plant)
    await inspected(plant, "FG-1", passed=False)
    await inspected(plant, "FG-1", name="IP-again")
    assert not await free(plant)
    await plant.decide("FG-1", ("ACC", None), inspection="IP-again")
    await plant.settle()
    assert await free(plant)


async def test_inputs_that_were_only_booked_are_a_reason_unless_the_site_takes_them(site: Site) -> None:
    plant = site()
    await accepted(plant, "RAW-1")
    await plant.make("consumed", "WO-FG-1", "RAW-1", "100", evidence="backflushed")
    await plant.make("produced", "WO-FG-1", "FG-1", "100")
    await inspected(plant, "FG-1")
    assert list(await why(plant)) == ["genealogy incomplete: not seen, only booked: RAW-1 (backflushed)"]


async def test_in_quality_mode_quality_alone_releases_and_what_is_missing_restricts(site: Site) -> None:
    plant = site(ReleaseRules())
    await accepted(plant, "RAW-1")
    await plant.make("produced", "WO-FG-1", "FG-1", "100")
    assert list(await why(plant)) == [
        "awaiting inspection", "genealogy incomplete: nobody told what went into WO-FG-1",
    ]  # fmt: skip
    await plant.decide("FG-1", ("ACC", None), inspection="SG-FG-1")
    await plant.settle()
    assert not await free(plant)
    await plant.make("consumed", "WO-FG-1", "RAW-1", "100")
    assert await free(plant)
    assert (await plant.lot("FG-1")).disposition.owner == "qms"


async def test_what_is_missing_is_not_lifted_but_whom_the_site_names_may_accept_it(site: Site) -> None:
    plant = site(lifters={"incomplete_genealogy": ("qms",)})
    await plant.make("produced", "WO-FG-1", "FG-1", "100")
    await inspected(plant, "FG-1")
    (hold,) = (await plant.lot("FG-1")).holds
    lifting = {"lot": {"id": "FG-1"}, "hold": hold}
    await plant.push("mes", "hold.released.v1", lifting)
    assert not await free(plant)
    parked = await plant.rows(select(message.c.cause).where(message.c.state == "parked"))
    assert ["ends when what is missing is told" in row.cause for row in parked] == [True]
    await plant.push("qms", "hold.released.v1", {"lot": {"id": "IP-FG-1"}, "hold": hold})
    holds = (await plant.lot("FG-1")).holds.values()
    assert [h.reason for h in holds] == ["unread"]  # only the message that nobody could follow


@pytest.mark.parametrize("mode", list(ReleaseMode))
async def test_what_is_split_keeps_what_was_decided_and_what_is_missing(site: Site, mode: ReleaseMode) -> None:
    plant = site(ReleaseRules(mode=mode, inspections=("final",)))
    await accepted(plant, "RAW-1")
    await made(plant)
    ref = {"id": "FG-1", "aliases": [{"system": "erp", "id": "FG-1"}]}
    pieces = [{"lot": {"id": name}, "quantity": {"amount": "50", "unit": "KGM"}} for name in ("FG-1A", "FG-1B")]
    await plant.push("mes", "lot.split.v1", {"lot": ref, "into": pieces})
    await plant.settle()
    assert not await free(plant, "FG-1A")
    await inspected(plant, "FG-1")
    if mode is ReleaseMode.QUALITY:
        await plant.decide("FG-1", ("ACC", None), inspection="SG-FG-1")
        await plant.settle()
    assert [h.reason for h in (await plant.lot("FG-1A")).holds.values()] == []


async def test_a_staged_lot_that_is_not_ready_is_blocked_with_the_named_reason(site: Site) -> None:
    plant = site()
    await plant.make("produced", "WO-FG-1", "FG-1", "100")
    ref = {"id": "FG-1", "aliases": [{"system": "erp", "id": "FG-1"}]}
    await plant.push("wms", "shipment.shipped.v1", {
        "lot": ref, "quantity": {"amount": "100", "unit": "KGM"}, "shipment": "DLV-1", "state": "staged",
    })  # fmt: skip
    await plant.settle()
    block = (await plant.lot("FG-1")).shipment_blocks["DLV-1"]
    assert block.verified
    assert "nobody told what went into WO-FG-1" in block.why
