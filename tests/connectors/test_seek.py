"""Seeking: present, absent or unknown, and absent only where that is proven."""

from __future__ import annotations

import pytest
import yaml

from tests.connectors.desk import Desk
from tests.connectors.packs import TRANSFER, TWO, Notebook, connector, job
from tracemill.model.connector import InDoubt, Unavailable

INTENT = {"item": 0, "step": 1, "saved": {}, "intent": True}


async def test_what_was_made_and_finished_is_present(desk: Desk) -> None:
    one, notes = connector(desk.url, TRANSFER), Notebook()
    await one.send(job(value=TWO), {}, notes)
    changes = desk.count("POST *")
    for cursor in ({}, INTENT, *notes.cursors):
        finding = await one.seek(job(value=TWO), cursor)
        assert (finding.state, finding.native) == ("present", "D1,D2")
    assert desk.count("POST *") == changes


async def test_what_was_never_made_is_absent_when_the_control_passes(desk: Desk) -> None:
    finding = await connector(desk.url, TRANSFER).seek(job(), INTENT)
    assert finding.state == "absent"
    assert desk.count("GET /whoami") == 1


async def test_with_bad_credentials_an_empty_list_is_unknown(desk: Desk) -> None:
    desk.authenticated = False
    finding = await connector(desk.url, TRANSFER).seek(job(), INTENT)
    assert finding.state == "unknown"
    assert "credentials refused" in finding.detail


async def test_without_a_control_nothing_is_absent(desk: Desk) -> None:
    finding = await connector(desk.url, TRANSFER, probe={"request": {"path": "/whoami"}}).seek(job(), INTENT)
    assert finding.state == "unknown"


async def test_what_was_begun_but_not_finished_is_not_present_and_sending_finishes_it(desk: Desk) -> None:
    one, notes = connector(desk.url, TRANSFER), Notebook()
    desk.fault("POST /drafts/D1/post", "drop")
    with pytest.raises(InDoubt):
        await one.send(job(), {}, notes)
    finding = await one.seek(job(), notes.last)
    assert (finding.state, finding.native) == ("absent", "D1")
    assert "not finished" in finding.detail
    await one.send(job(attempt=2), notes.last, notes)
    assert (await one.seek(job(), notes.last)).state == "present"
    assert [d["times"] for d in desk.drafts] == [1]


async def test_half_of_a_command_with_two_transfers_is_not_the_whole(desk: Desk) -> None:
    one, notes = connector(desk.url, TRANSFER), Notebook()
    await one.send(job(value={"transfers": TWO["transfers"][:1]}), {}, notes)
    finding = await one.seek(job(value=TWO), INTENT)
    assert finding.state == "absent"


async def test_a_target_that_cannot_be_asked_is_unavailable(desk: Desk) -> None:
    desk.fault("GET /drafts", (503, {}))
    with pytest.raises(Unavailable):
        await connector(desk.url, TRANSFER).seek(job(), INTENT)


async def test_an_operation_that_cannot_look_finds_nothing_out(desk: Desk) -> None:
    keyed = {
        "status": {"once": "keyed", "steps": [{"kind": "create", "request": {"method": "POST", "path": "/drafts", "json": {}}}]}
    }
    finding = await connector(desk.url, operations=keyed).seek(job(), {"item": 0, "step": 0, "saved": {}, "intent": True})
    assert finding.state == "unknown"


async def test_an_ensure_with_a_read_after_it_is_seen(desk: Desk) -> None:
    steps = [
        {"kind": "create", "request": {"method": "PUT", "path": "/batches/{lot}", "json": {"usable": "{value.available}"}}},
        {"kind": "read", "request": {"path": "/batches/{lot}"}, "accept": "body.usable = value.available"},
    ]
    one = connector(desk.url, operations={"status": {"once": "ensure", "steps": steps}})
    desk.batches["L-1"] = {"usable": "9", "version": 1}
    wanted = job(value={"available": "5"})
    assert (await one.seek(wanted, {})).state == "absent"
    await one.send(wanted, {}, Notebook())
    assert (await one.seek(wanted, {})).state == "present"


async def test_a_finished_step_needs_no_second_proof(desk: Desk) -> None:
    operation = yaml.safe_load(TRANSFER)["operations"]
    operation["status"]["steps"].pop()
    one, notes = connector(desk.url, operations=operation), Notebook()
    await one.send(job(), {}, notes)
    assert (await one.seek(job(), notes.last)).state == "present"
    assert (await one.seek(job(), notes.cursors[2])).state == "unknown"  # the intent to advance, and nothing to look at


async def test_a_keyed_request_stays_the_same_although_its_read_changes(desk: Desk) -> None:
    steps = [
        {"kind": "read", "request": {"path": "/batches/{lot}"}, "save": {"version": "body.version"}},
        {"kind": "create", "request": {"method": "POST", "path": "/drafts", "json": {"reference": "{saved.version}"}}},
    ]
    one, notes = connector(desk.url, operations={"status": {"once": "keyed", "steps": steps}}), Notebook()
    desk.batches["L-1"] = {"version": 1}
    desk.fault("POST /drafts", "lose")
    desk.fault("POST /drafts", (503, {}))
    for error in (InDoubt, Unavailable):
        with pytest.raises(error):
            await one.send(job(attempt=2), notes.last, notes)
        desk.batches["L-1"]["version"] += 1
    await one.send(job(attempt=3), notes.last, notes)
    assert [draft["reference"] for draft in desk.drafts] == [1, 1]
