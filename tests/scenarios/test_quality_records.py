"""Nonconformances, CAPAs, audit findings and complaints: linked, counted, closed, and answered with holds and cases."""

import json
from collections.abc import Callable, Iterator
from typing import Any

import pytest
from sqlalchemy import select

from tests.scenarios.plant import Plant
from tracemill.answers import quality
from tracemill.core.usable import verdict
from tracemill.model.policy import Recurrence, ReleaseRules
from tracemill.model.status import ComplaintSeverity
from tracemill.store.tables import case

Site = Callable[..., Plant]


@pytest.fixture
def site(database_url: str) -> Iterator[Site]:
    made: list[Plant] = []

    def start(**rules: Any) -> Plant:
        made.append(Plant(database_url, **rules))
        made[-1].start()
        return made[-1]

    yield start
    for plant in made:
        plant.stop()


async def tell(plant: Plant, kind: str, lot: str, system: str = "qms", **data: Any) -> None:
    ref = {"id": f"Q-{lot}", "aliases": [{"system": "erp", "id": lot}]}
    await plant.push(system, kind, {"lot": ref, **data})


async def nonconforming(plant: Plant, lot: str, name: str, defect: str = "foreign matter", **more: str) -> None:
    await plant.receive_lot(lot, **more)
    await tell(plant, "nonconformance.opened.v1", lot, nonconformance=name, defect=defect)


async def cases(plant: Plant, kind: str) -> list[Any]:
    return await plant.rows(select(case).where(case.c.kind == kind, case.c.closed_at.is_(None)))


async def test_the_third_nonconformance_of_a_supplier_for_one_defect_is_a_case_with_the_list(site: Site) -> None:
    plant = site()
    for n in (1, 2):
        await nonconforming(plant, f"L-{n}", f"NC-{n}")
        await tell(plant, "nonconformance.opened.v1", f"L-{n}", nonconformance=f"NC-{n}", defect="foreign matter")  # told again
    assert await cases(plant, "recurrence") == []
    await nonconforming(plant, "L-3", "NC-3")
    (found,) = await cases(plant, "recurrence")
    assert found.title == "third foreign matter nonconformance of ACME in 90 days"
    listed = json.loads(found.evidence)["nonconformances"]
    assert [line.split(",")[0] for line in listed] == ["NC-1 of L-1", "NC-2 of L-2", "NC-3 of L-3"]
    assert "open a CAPA with ACME in qms" in found.next_action


async def test_other_defects_other_suppliers_and_long_ago_are_no_recurrence(site: Site) -> None:
    plant = site(recurrence=Recurrence(times=2, days=30))
    await nonconforming(plant, "L-1", "NC-1")
    await nonconforming(plant, "L-2", "NC-2", defect="moisture")
    await nonconforming(plant, "L-3", "NC-3", supplier="OTHER")
    plant.clock.forward(31 * 86400)
    await nonconforming(plant, "L-4", "NC-4")
    assert await cases(plant, "recurrence") == []
    await nonconforming(plant, "L-5", "NC-5")
    assert len(await cases(plant, "recurrence")) == 1


async def test_a_rejection_counts_with_the_defect_that_quality_named(site: Site) -> None:
    plant = site(recurrence=Recurrence(times=2, days=30))
    for n in (1, 2):
        await plant.receive_lot(f"L-{n}")
        body = {"id": f"SG-{n}", "batch": f"L-{n}", "parts": [{"code": "REJ", "defect": "moisture"}]}
        await plant.tell("qms", "decisions", f"SG-{n}", {**body, "at": plant.clock().isoformat()})
        await plant.settle()
    (found,) = await cases(plant, "recurrence")
    assert found.title == "second moisture nonconformance of ACME in 30 days"


async def test_a_capa_and_an_audit_finding_are_linked_and_closed_where_they_are_kept(site: Site) -> None:
    plant = site()
    await nonconforming(plant, "L-1", "NC-1")
    await tell(plant, "capa.opened.v1", "L-1", capa="CAPA-7", nonconformances=["NC-1"], owner="lena")
    await tell(plant, "audit_finding.opened.v1", "L-1", finding="AF-3", text="no metal detector at line 2")
    await tell(plant, "capa.closed.v1", "L-1", capa="CAPA-7", effective=False)
    await tell(plant, "nonconformance.closed.v1", "L-1", nonconformance="NC-1")
    await tell(plant, "capa.opened.v1", "L-1", capa="CAPA-7", text="told late")
    kept = (await plant.lot("L-1")).records
    assert {k: r.closed_at is not None for k, r in kept.items()} == {
        "nonconformance:qms:NC-1": True, "capa:qms:CAPA-7": True, "audit_finding:qms:AF-3": False,
    }  # fmt: skip
    assert (kept["capa:qms:CAPA-7"].closing, kept["capa:qms:CAPA-7"].about) == ("NOT effective", ("NC-1",))
    assert plant.hub
    page = await plant.hub.runtime.store.read(lambda c: quality.listed(c, None, supplier="ACME", open_only=True))
    assert [(r.kind, r.id, r.number) for r in page.items] == [("audit_finding", "AF-3", "L-1")]


async def test_an_open_nonconformance_keeps_finished_goods_from_their_release(site: Site) -> None:
    plant = site(release=ReleaseRules())
    await plant.receive_lot("RAW-1")
    await plant.decide("RAW-1", ("ACC", None), inspection="SG-RAW")
    await plant.tell_made("consumed", "WO-1", "RAW-1", "100")
    await plant.tell_made("produced", "WO-1", "FG-1", "100")
    await plant.decide("FG-1", ("ACC", None), inspection="SG-FG")
    assert verdict(await plant.lot("FG-1")) == "released"
    await tell(plant, "nonconformance.opened.v1", "FG-1", nonconformance="NC-9", defect="label")
    assert [h.note for h in (await plant.lot("FG-1")).holds.values()] == ["nonconformance NC-9 is open"]
    await tell(plant, "nonconformance.closed.v1", "FG-1", nonconformance="NC-9")
    assert verdict(await plant.lot("FG-1")) == "released"


async def shipped(plant: Plant) -> None:
    """RAW-1 became FG-1, which went to a customer."""
    await plant.receive_lot("RAW-1")
    await plant.decide("RAW-1", ("ACC", None), inspection="SG-RAW")
    await plant.tell_made("consumed", "WO-1", "RAW-1", "100")
    await plant.tell_made("produced", "WO-1", "FG-1", "100")
    await plant.decide("FG-1", ("ACC", None), inspection="SG-FG")
    await plant.push("wms", "shipment.shipped.v1", {
        "lot": {"id": "FG-1", "aliases": [{"system": "erp", "id": "FG-1"}]}, "quantity": {"amount": "80", "unit": "KGM"},
        "shipment": "DLV-1", "customer": {"id": "C-1", "name": "Northfood"},
    })  # fmt: skip


async def complains(plant: Plant, **more: str) -> None:
    who = {"id": "C-1", "name": "Northfood"}
    await tell(plant, "complaint.received.v1", "FG-1", "erp", complaint="C-2611", customer=who, defect="glass", **more)
    await plant.settle(rounds=6)


async def test_a_complaint_is_a_case_with_where_the_lot_went_and_is_put_to_quality_once(site: Site) -> None:
    plant = site()
    await shipped(plant)
    await complains(plant)
    await complains(plant, text="two jars")
    (found,) = await cases(plant, "complaint")
    assert found.title == "Northfood complains about FG-1: glass"
    assert json.loads(found.evidence)["went_to"] == ["80 kg shipped to Northfood on DLV-1"]
    assert [e[:2] for e in plant.qms.effects if e[1] == "open_nonconformance"] == [("FG-1", "open_nonconformance")]
    assert verdict(await plant.lot("FG-1")) == "released"  # this site does not hold for it
    kept = (await plant.lot("FG-1")).records
    assert kept["complaint:erp:C-2611"].text == "two jars"
    assert kept["nonconformance:qms:open_nonconformance-FG-1"].defect == "glass"
    await tell(plant, "complaint.closed.v1", "FG-1", "erp", complaint="C-2611", text="not ours")
    assert await cases(plant, "complaint") == []


async def test_a_complaint_tells_what_the_lot_was_made_from_and_where_that_went(site: Site) -> None:
    plant = site()
    await shipped(plant)
    await complains(plant)
    assert plant.hub
    runtime = plant.hub.runtime
    (record,) = await runtime.store.read(lambda c: quality.complaints(c, None, "C-2611"))
    view = await runtime.store.read(
        lambda c: quality.complaint(c, runtime.adjacency, runtime.policies, record)
    )  # fmt: skip
    assert [n.number for n in view.made_from] == ["RAW-1"]
    assert [(s.number, s.sent.shipment, s.sent.customer) for s in view.went_to] == [("FG-1", "DLV-1", "Northfood")]


async def test_where_the_site_says_so_a_complaint_holds_the_lot_and_what_is_made_of_it(site: Site) -> None:
    plant = site(suspected=(ComplaintSeverity.CRITICAL,))
    await shipped(plant)
    await plant.tell_made("consumed", "WO-2", "FG-1", "10")
    await plant.tell_made("produced", "WO-2", "KIT-1", "10")
    await complains(plant, severity="critical")
    assert [(h.reason, h.note) for h in (await plant.lot("FG-1")).holds.values()] == [("suspected", "complaint C-2611: glass")]
    assert [h.origin_number for h in (await plant.lot("KIT-1")).holds.values()] == ["FG-1"]
    assert (await plant.lot("FG-1")).unsafe
