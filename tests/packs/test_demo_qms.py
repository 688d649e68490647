"""The QMS pack against the QMS: inspections, samples, decisions, nonconformances, and a refused key's empty list."""

import asyncio
from collections.abc import Mapping
from typing import Any

import pytest
from aiohttp import web

from tests.packs.conftest import HOOK_SECRET, Plant, again, kept
from tracemill.app.build import utc_now
from tracemill.hub.translate import Untranslatable
from tracemill.model.connector import InDoubt, Job, Unavailable
from tracemill.model.event import Event
from tracemill.model.quality import Part
from tracemill.model.quantity import show

pytestmark = pytest.mark.asyncio(loop_scope="module")

ORDER: Mapping[str, Any] = {
    "item": "4711", "item_text": "Citric acid", "supplier": {"id": "ACME", "name": "Acme Chemicals"},
    "supplier_batch": "ACM/7731", "manufacturer": "ACME", "purchase_order": "4500012345", "certificate": "COA-7731.pdf",
    "requirement": {"plan": "incoming"},
    "quantity": "480", "unit": "KGM",
}  # fmt: skip


def inspection(batch: str, token: str, **more: Any) -> Job:
    value = {**ORDER, **more}
    return Job(token=token, verb="open_inspection", lot="", number=batch, ids={"erp": batch}, value=value)


async def opened(here: Plant, batch: str, **more: Any) -> str:
    return (await here.qms.send(inspection(batch, f"tm-{batch}", **more))).native


async def decided(here: Plant, group: str, state: str, **more: str) -> Event:
    await here.qms.ui(f"/ui/sample-groups/{group}/decision", {"state": state, "by": "dr.weber", **more})
    return (await here.qms.events("sample_groups", group))[-1]


def parts(event: Event) -> list[tuple[str, str, str]]:
    def words(part: Part) -> tuple[str, str, str]:
        return str(part.decision), f"{show(part.quantity.amount)} {part.quantity.unit}" if part.quantity else "", part.reason

    return [words(part) for part in event.data.parts]


async def test_an_inspection_is_opened_once_with_what_quality_needs(here: Plant) -> None:
    job = inspection("L-2411-07", "tm-insp-1")
    done = await here.qms.send(job)
    finding = await here.qms.seek(job)
    assert (finding.state, finding.native) == ("present", done.native)
    await here.qms.send(again(job))
    assert len(await here.qms.journal("sample_group_created", done.native)) == 1
    group = (await here.qms.ui(f"/v2/sample-groups/{done.native}", method="GET"))["sample_group"]
    assert (group["lot_label"], group["quantity"]) == ("L-2411-07", {"value": "480", "unit": "kg"})
    assert (group["supplier"], group["supplier_batch"], group["purchase_order"]) == ("ACME", "ACM/7731", "4500012345")
    assert (group["certificate"], group["requirement"], group["state"]) == ("COA-7731.pdf", {"plan": "incoming"}, "PEND")


async def test_a_lost_answer_is_found_by_our_reference(here: Plant) -> None:
    await here.qms.arm("POST", "/v2/sample-groups", "lose_answer")
    job = inspection("L-LOST", "tm-insp-2")
    with pytest.raises(InDoubt):
        await here.qms.send(job)
    finding = await here.qms.seek(job)
    assert finding.state == "present"
    assert (await here.qms.send(job)).native == finding.native
    assert len(await here.qms.journal("sample_group_created", finding.native)) == 1


async def test_an_inspection_that_was_never_opened_is_absent(here: Plant) -> None:
    await opened(here, "L-OTHER")
    assert (await here.qms.seek(inspection("L-NEVER", "tm-insp-3"))).state == "absent"


async def test_a_delivery_without_supplier_and_in_pieces(here: Plant) -> None:
    more = {"supplier": {}, "supplier_batch": "", "certificate": "", "unit": "C62"}
    group = await opened(here, "L-PC", **more)
    (event,) = await here.qms.events("sample_groups", group)
    assert parts(event) == [("pending", "", "")]
    event = await decided(here, group, "PART", accepted="470", rejected="10", defect_code="CRACK")
    assert parts(event) == [("accept", "470 H87", ""), ("reject", "10 H87", "CRACK")]


async def test_the_group_names_the_lot_and_its_label_ties_it_to_the_erp(here: Plant) -> None:
    group = await opened(here, "L-2")
    (event,) = await here.qms.events("sample_groups", group)
    ref = event.data.lot
    assert (event.type, ref.id, ref.item) == ("disposition.decided.v1", group, "4711")
    assert [(alias.system, alias.id) for alias in ref.aliases] == [("erp", "L-2")]
    assert (event.data.inspection, event.data.revision, event.data.signer) == (group, "1", "")


async def test_decisions_in_the_laboratorys_words(here: Plant) -> None:
    group = await opened(here, "L-3")
    assert parts(await decided(here, group, "HOLD")) == [("hold", "", "")]
    accepted = await decided(here, group, "ACC", meaning="Approved for use")
    assert (parts(accepted), accepted.data.signer) == ([("accept", "480 KGM", "")], "dr.weber")
    assert (accepted.data.meaning, accepted.occurred.zone) == ("Approved for use", "UTC")
    part = await decided(here, group, "PART", accepted="383.5", rejected="96.5", defect_code="VISC")
    assert parts(part) == [("accept", "383.5 KGM", ""), ("reject", "96.5 KGM", "VISC")]
    rejected = await decided(here, group, "REJ", defect_code="COLOR")
    assert parts(rejected) == [("reject", "", "COLOR")]
    assert int(rejected.data.revision) > int(part.data.revision) > int(accepted.data.revision)
    assert parts(await decided(here, group, "PEND")) == [("pending", "", "")]


async def test_a_sample_is_told_before_the_decision(here: Plant) -> None:
    group = await opened(here, "L-4")
    await here.qms.ui(f"/ui/sample-groups/{group}/sample", {"qty": "0.5", "by": "LAB3", "kind": "destroyed"})
    sample, decision = await here.qms.events("sample_groups", group)
    assert (sample.type, decision.type) == ("sample.taken.v1", "disposition.decided.v1")
    assert (str(sample.data.quantity), sample.data.destroyed, sample.actor) == ("0.5 kg", True, "LAB3")
    assert sample.data.sample.startswith(f"{group}/")
    await here.qms.ui(f"/ui/sample-groups/{group}/sample", {"qty": "1", "by": "LAB3", "kind": "retained"})
    sample, _ = await here.qms.events("sample_groups", group)
    assert sample.data.destroyed is False


async def test_an_unknown_state_is_no_decision(here: Plant) -> None:
    group = await opened(here, "L-5")
    record = await here.qms.record("sample_groups", group)
    strange = type(record)(
        feed=record.feed, key=record.key, body=record.body.replace(b'"PEND"', b'"COND"'), read_started=record.read_started
    )
    with pytest.raises(Untranslatable, match="COND"):
        here.qms.translated(strange)


@pytest.mark.parametrize(("defect", "written"), [("VISC", "VISC"), ("", "UNSPECIFIED")])
async def test_a_nonconformance_is_linked_to_supplier_order_and_inspection(here: Plant, defect: str, written: str) -> None:
    value = {**ORDER, "supplier": "ACME", "quantity": "96", "defect": defect, "inspection": "SG-24-0118", "decision": "reject"}
    job = Job(token=f"tm-nc-{written}", verb="open_nonconformance", lot="", number="L-6", ids={"erp": "L-6"}, value=value)
    done = await here.qms.send(job)
    assert (await here.qms.seek(job)).native == done.native
    found = (await here.qms.ui(f"/v2/nonconformances/{done.native}", method="GET"))["nonconformance"]
    assert (found["supplier"], found["purchase_order"], found["sample_group"]) == ("ACME", "4500012345", "SG-24-0118")
    assert (found["lot_label"], found["defect_code"], found["quantity"]) == ("L-6", written, {"value": "96", "unit": "kg"})
    await here.qms.send(job)
    assert len(await here.qms.journal("nonconformance_created", done.native)) == 1


async def test_a_wrong_key_is_never_an_empty_laboratory(here: Plant) -> None:
    await opened(here, "L-7")
    with pytest.raises(Unavailable, match="empty list"):
        await here.qms.stranger.connector.poll("sample_groups", {}, utc_now())
    finding = await here.qms.stranger.connector.seek(inspection("L-7", "tm-L-7"), {})
    assert finding.state == "unknown"
    with pytest.raises(Unavailable):
        await here.qms.stranger.connector.send(inspection("L-8", "tm-L-8"), {}, kept)
    assert not (await here.qms.stranger.connector.probe()).ok
    assert (await here.qms.link.connector.probe()).ok


async def test_the_feed_goes_on_from_its_minute_and_by_pages(here: Plant) -> None:
    for n in range(3):
        await opened(here, f"L-F{n}")
    records, cursor = await here.qms.records("sample_groups")
    assert len({r.key for r in records}) == len(records) >= 3
    group = await opened(here, "L-F9")
    later, _ = await here.qms.records("sample_groups", cursor)
    assert group in {r.key for r in later}


async def test_a_webhook_is_believed_by_its_signature(here: Plant) -> None:
    heard: asyncio.Queue[tuple[dict[str, str], bytes]] = asyncio.Queue()

    async def hear(request: web.Request) -> web.Response:
        await heard.put((dict(request.headers), await request.read()))
        return web.Response()

    app = web.Application()
    app.router.add_post("/hook", hear)
    runner = web.AppRunner(app, access_log=None)
    await runner.setup()
    await web.TCPSite(runner, "127.0.0.1", 0).start()
    try:
        url = f"http://127.0.0.1:{runner.addresses[0][1]}/hook"
        await here.qms.ui("/ui/webhook", {"url": url, "secret": HOOK_SECRET})
        group = await opened(here, "L-9")
        headers, body = await asyncio.wait_for(heard.get(), 5)
    finally:
        await here.qms.ui("/ui/webhook", method="DELETE")
        await runner.cleanup()
    link = here.qms.link
    assert group.encode() in body
    assert link.connector.authentic(headers, body, utc_now())
    assert not link.connector.authentic(headers, body + b" ", utc_now())
    assert [(hook.kind, hook.feed) for hook in link.pack.webhooks.values()] == [("hint", "sample_groups")]
