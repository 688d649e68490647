"""A supplier's deliveries over time: the laboratory is told the severity that first submissions ask for."""

import asyncio
import json
from collections.abc import Iterator
from typing import Any

import pytest
from sqlalchemy import select

from tests.scenarios.plant import FEEDS, SITE, START, Plant, run
from tracemill.core.inspection_history import History, rebuilt
from tracemill.hub import commands
from tracemill.hub.commands import By
from tracemill.hub.receive import receive
from tracemill.model.change import HistoryRecorded
from tracemill.model.inspection import HistoryKey, SkipRules
from tracemill.model.policy import InspectionPolicy
from tracemill.model.record import decode
from tracemill.model.status import Severity
from tracemill.store.messages import Incoming
from tracemill.store.tables import audit, case, change, delivery, inspection_history

RULES = SkipRules(seed="known to the plant and to nobody else")
KEY = HistoryKey("ACME", "4711", "incoming")
BY = By(name="lena", key="k1")


@pytest.fixture
def plant(database_url: str) -> Iterator[Plant]:
    made = Plant(database_url, inspection=InspectionPolicy(plan_owner="hub", switching=True, skip=RULES))
    made.start()
    yield made
    made.stop()


async def deliver(plant: Plant, number: int, code: str = "ACC", **more: Any) -> dict[str, str]:
    """A delivery arrives and is decided; return what the laboratory was told."""
    plant.clock.forward(3600)
    batch = f"L-{number}"
    await plant.receive_lot(batch, supplier_batch=f"ACM/{number}", doc=f"R{number}")
    told = await requirement(plant, batch)
    if told and code:
        await decide(plant, number, code, **more)
    return told


async def decide(plant: Plant, number: int, code: str, **more: Any) -> None:
    assert plant.hub
    await receive(plant.hub.runtime, [decision(plant, number, code, **more)])
    await plant.process()


def decision(plant: Plant, number: int, code: str, **more: Any) -> Incoming:
    parts = [{"code": code}]
    body = {"id": f"SG-{number}", "batch": f"L-{number}", "rev": "1", "at": plant.clock().isoformat(), "parts": parts, **more}
    return incoming(plant, "qms", "decisions", body["id"], body)


def incoming(plant: Plant, system: str, feed: str, key: str, body: dict[str, Any]) -> Incoming:
    now = plant.clock()
    return Incoming(site=SITE, system=system, feed=feed, kind=FEEDS[feed].kind, key=key, body=json.dumps(body).encode(),
                    content_type="application/json", received_at=now, read_started=now)  # fmt: skip


async def requirement(plant: Plant, batch: str) -> dict[str, str]:
    lot = await plant.lot(batch)
    acts = [key for key, act in lot.acts.items() if act.verb == "open_inspection"]
    rows = await plant.rows(select(delivery.c.value).where(delivery.c.uuid.in_(acts)))
    return json.loads(rows[0].value)["requirement"] if rows else {}


async def stored(plant: Plant) -> History:
    (row,) = await plant.rows(select(inspection_history.c.state).where(inspection_history.c.site == SITE))
    return decode(row.state, History)


async def notes(plant: Plant) -> list[str]:
    rows = await plant.rows(select(change.c.data).where(change.c.kind == "Noted").order_by(change.c.position))
    return [json.loads(r.data)["text"] for r in rows]


async def open_cases(plant: Plant) -> list[Any]:
    return await plant.rows(select(case).where(case.c.closed_at.is_(None), case.c.kind == "approval").order_by(case.c.opened_at))


async def approve(plant: Plant, batch: str, what: str, **more: Any) -> commands.Fate:
    """A person at the hub approves; the plant decides what comes in meanwhile, as a running hub does."""
    assert plant.hub
    lot = await plant.lot(batch)
    asked = asyncio.create_task(
        commands.approve_inspection(plant.hub.runtime, lot, {"what": what, "reason": "audit of 12 May", **more}, BY)
    )
    while not asked.done():
        await plant.process()
        await asyncio.sleep(0.005)
    return await asked


async def test_two_rejections_tighten_what_the_laboratory_is_told_and_five_acceptances_lead_back(plant: Plant) -> None:
    told = [await deliver(plant, n, code) for n, code in enumerate(["ACC", "REJ", "REJ", *["ACC"] * 5, ""])]
    assert [t["severity"] for t in told] == ["normal"] * 3 + ["tightened"] * 5 + ["normal"]
    # 480 items, level II: letter H. AQL 1.0: 50 and 1 (table 2-A); tightened the arrow leads to letter J, 80 and 1 (table 2-B).
    assert [(t["sample_size"], t["acceptance_number"]) for t in (told[2], told[3])] == [("50", "1"), ("80", "1")]
    assert await notes(plant) == [
        "inspection of ACME 4711 (incoming): tightened: 2 of 3 consecutive lots were not acceptable (ISO 2859-1, 9.3.1)",
        "inspection of ACME 4711 (incoming): normal: 5 consecutive lots were acceptable (ISO 2859-1, 9.3.2)",
    ]


async def test_what_one_batch_decides_its_next_receipt_already_follows_and_a_bad_message_changes_nothing(plant: Plant) -> None:
    assert plant.hub
    for n in (1, 2):
        await deliver(plant, n, "")
    rejected = [decision(plant, n, "REJ") for n in (1, 2)]
    unread = incoming(plant, "qms", "decisions", "SG-9", {"id": "SG-9", "batch": "L-1", "parts": [{"code": "??"}]})
    body = {"batch": "L-3", "item": "4711", "qty": "480", "uom": "KG", "supplier": "ACME", "doc": "R3", "at": START.isoformat()}
    await receive(plant.hub.runtime, [rejected[0], unread, rejected[1], incoming(plant, "erp", "receipts", "L-3-1", body)])
    assert await plant.hub.processor.run_once() == 4
    assert (await requirement(plant, "L-3"))["severity"] == "tightened"
    assert len((await stored(plant)).facts) == 2


async def test_the_stored_history_is_the_fold_of_the_changes_by_position(plant: Plant) -> None:
    for n, code in enumerate(["ACC", "REJ", "ACC", "REJ", "ACC"]):
        await deliver(plant, n, code)
    await decide(plant, 3, "ACC")  # corrected
    query = select(change.c.data).where(change.c.kind == "HistoryRecorded").order_by(change.c.position, change.c.ordinal)
    facts = [decode(r.data, HistoryRecorded).fact for r in await plant.rows(query)]
    assert len(facts) == 6
    assert await stored(plant) == rebuilt(KEY, facts, Severity.NORMAL, RULES)
    assert (await stored(plant)).standing.switching.severity is Severity.NORMAL


async def test_a_resubmitted_lot_and_one_that_is_not_decided_count_for_nothing(plant: Plant) -> None:
    await deliver(plant, 1, "REJ")
    await deliver(plant, 2, "HOLD")
    await decide(plant, 1, "REJ", id="SG-1-again")
    assert len((await stored(plant)).facts) == 1
    assert "does not count" in (await notes(plant))[0]
    await decide(plant, 2, "ACC")
    assert [f.accepted for f in (await stored(plant)).facts] == [False, True]  # type: ignore[union-attr]


async def test_a_partial_rejection_is_not_acceptable(plant: Plant) -> None:
    await deliver(plant, 1, "")
    await plant.decide("L-1", ("ACC", "383"), inspection="SG-1")
    assert await plant.rows(select(inspection_history)) == []  # 97 kg are not decided yet
    await plant.decide("L-1", ("ACC", "383"), ("REJ", "97"), inspection="SG-1", rev="2")
    assert [f.accepted for f in (await stored(plant)).facts] == [False]  # type: ignore[union-attr]


async def test_reduced_inspection_waits_for_a_person_whose_name_and_reason_are_kept(plant: Plant) -> None:
    for n in range(15):
        assert (await deliver(plant, n))["severity"] == "normal"
    titles = {c.title for c in await open_cases(plant)}
    assert any(t.startswith("reduced inspection of ACME 4711 (incoming) is possible") for t in titles)
    fate = await run(approve(plant, "L-14", "reduced"))
    assert fate.state == "processed", fate
    assert not [c for c in await open_cases(plant) if "reduced" in c.title]
    assert (await deliver(plant, 20))["severity"] == "reduced"
    said = await plant.rows(select(audit).where(audit.c.action == "inspection.approved.v1"))
    assert [(a.actor, a.reason) for a in said] == [("lena", "audit of 12 May")]
    assert (await deliver(plant, 21, "REJ"))["severity"] == "reduced"
    assert (await deliver(plant, 22))["severity"] == "normal"


async def test_after_seven_rejections_inspection_is_discontinued_and_resumes_tightened_by_approval(plant: Plant) -> None:
    for n in range(7):
        await deliver(plant, n, "REJ")
    assert (await deliver(plant, 7))["discontinued"] == "yes"
    assert "discontinued and waits for approval to resume" in (await notes(plant))[-1]
    (found,) = await open_cases(plant)
    assert (found.title, found.next_action) == (
        "inspection of ACME 4711 (incoming) is discontinued: its lots are not to be accepted (ISO 2859-1, 9.4)",
        "once the supplier has acted and it is likely to be effective: tracemill inspection approve L-6 resumption --reason …",
    )
    await run(approve(plant, "L-6", "resumption"))
    told = await deliver(plant, 8)
    assert (told["severity"], "discontinued" in told, await open_cases(plant)) == ("tightened", False, [])


async def test_a_qualified_product_is_drawn_by_lots_and_a_rejection_ends_it_at_once(plant: Plant) -> None:
    for n in range(17):  # Ac is 1: what the laboratory does not count earns nothing, so it counts
        await deliver(plant, n, found=0)
    await run(approve(plant, "L-16", "skip_lot", until="2027-11-23T09:00:00Z"))
    told = {n: await deliver(plant, n, found=0) for n in range(20, 40)}
    skipped = [n for n, t in told.items() if not t]
    assert 10 <= len(skipped) < 20  # 1 in 4 is inspected
    lot = await plant.lot(f"L-{skipped[0]}")
    assert lot.disposition.meaning == "accepted without inspection skip-lot, 1 in 4 (ISO 2859-3): not drawn"
    assert {t["skip_lot"] for t in told.values() if t} == {"skip-lot, 1 in 4 (ISO 2859-3): drawn"}
    plant.stop()
    plant.start()
    number = 40
    while not await deliver(plant, number, ""):
        number += 1
    await decide(plant, number, "REJ")
    assert all([await deliver(plant, n, "") for n in range(80, 92)])


async def test_nobody_approves_what_is_not_theirs_or_not_due(plant: Plant) -> None:
    await deliver(plant, 1)
    for what, more, says in [
        ("resumption", {}, "is not discontinued"),
        ("reduced", {"until": "2020-01-01T00:00:00Z"}, "is over"),
        ("reduced", {"reason": " "}, "a reason"),
    ]:
        with pytest.raises(commands.Refused, match=says):
            await run(approve(plant, "L-1", what, **more))
