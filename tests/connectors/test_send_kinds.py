"""Sending: what each kind of operation does with a refusal, a lock and a lost answer."""

from __future__ import annotations

from typing import Any

import pytest
import yaml

from tests.connectors.desk import Desk
from tests.connectors.packs import TRANSFER, Notebook, connector, job
from tracemill.model.connector import InDoubt, Rejected, Unavailable

ENSURE = """
operations:
  status:
    once: ensure
    steps:
      - {kind: read, request: {path: "/batches/{lot}"}, save: {etag: headers.etag}}
      - kind: create
        request: {method: PUT, path: "/batches/{lot}", headers: {If-Match: "{saved.etag}"}, json: {usable: "{value.available}"}}
"""


@pytest.mark.parametrize("status", [408, 423, 425, 429, 503])
async def test_locked_and_overloaded_targets_are_tried_again_later_and_nothing_is_in_doubt(desk: Desk, status: int) -> None:
    one, notes = connector(desk.url, TRANSFER), Notebook()
    desk.fault("POST /drafts", (status, {"error": "locked by USER7"}, {"Retry-After": "7"}))
    with pytest.raises(Unavailable, match="locked by USER7") as caught:
        await one.send(job(), {}, notes)
    assert caught.value.retry_after == 7
    assert notes.last["intent"] is False
    await one.send(job(attempt=2), notes.last, notes)
    assert len(desk.posted()) == 1


@pytest.mark.parametrize("status", [400, 404, 409, 412, 422])
async def test_a_refusal_is_final_and_leaves_no_doubt(desk: Desk, status: int) -> None:
    one, notes = connector(desk.url, TRANSFER), Notebook()
    desk.fault("POST /drafts", (status, {"error": "no stock"}))
    with pytest.raises(Rejected, match="no stock"):
        await one.send(job(), {}, notes)
    assert notes.last["intent"] is False


@pytest.mark.parametrize("what", [(500, "<html><h1>Internal Server Error</h1></html>"), (502, ""), "hang"])
async def test_a_failing_target_leaves_a_change_in_doubt(desk: Desk, what: Any) -> None:
    desk.fault("POST /drafts", what)
    with pytest.raises(InDoubt):
        await connector(desk.url, TRANSFER, limits={"timeout": "200ms"}).send(job(), {}, Notebook())


async def test_a_target_that_is_not_there_got_nothing(desk: Desk) -> None:
    notes = Notebook()
    with pytest.raises(Unavailable, match="cannot connect"):
        await connector("http://127.0.0.1:1", TRANSFER).send(job(), {}, notes)
    assert notes.last["intent"] is False


async def test_a_conditional_write_that_came_too_late_is_refused(desk: Desk) -> None:
    desk.batches["L-1"] = {"batch": "L-1", "version": 4}
    desk.answers["GET /batches/L-1"] = lambda seen: (200, {}, {"ETag": '"3"'})
    with pytest.raises(Rejected, match="412"):
        await connector(desk.url, ENSURE).send(job(value={"available": "5"}), {}, Notebook())
    assert desk.batches["L-1"]["version"] == 4


async def test_where_the_pack_says_so_a_stale_write_reads_again_before_it_is_sent_again(desk: Desk) -> None:
    desk.batches["L-1"] = {"batch": "L-1", "version": 4}
    one, notes = connector(desk.url, ENSURE, errors=[{"status": 412, "as": "unavailable"}]), Notebook()
    desk.fault("GET /batches/L-1", (200, {}, {"ETag": '"3"'}))
    with pytest.raises(Unavailable):
        await one.send(job(value={"available": "5"}), {}, notes)
    await one.send(job(value={"available": "5"}, attempt=2), notes.last, notes)
    assert desk.batches["L-1"] == {"usable": "5", "batch": "L-1", "version": 5}


async def test_an_ensure_in_doubt_is_sent_again_on_a_fresh_read(desk: Desk) -> None:
    desk.batches["L-1"] = {"batch": "L-1", "version": 4}
    one, notes = connector(desk.url, ENSURE), Notebook()
    desk.fault("PUT /batches/L-1", "lose")
    with pytest.raises(InDoubt):
        await one.send(job(value={"available": "5"}), {}, notes)
    await one.send(job(value={"available": "5"}, attempt=2, doubtful=True), notes.last, notes)
    assert desk.batches["L-1"]["version"] == 6


async def test_a_put_on_a_kept_connection_that_breaks_is_not_repeated_behind_our_back(desk: Desk) -> None:
    desk.batches["L-1"] = {"batch": "L-1", "version": 4}
    desk.fault("PUT /batches/L-1", "lose")
    with pytest.raises(InDoubt):
        await connector(desk.url, ENSURE).send(job(value={"available": "5"}), {}, Notebook())
    assert desk.count("PUT /batches/L-1") == 1


async def test_a_keyed_command_is_sent_again_with_the_same_key(desk: Desk) -> None:
    keyed = {
        "status": {
            "once": "keyed",
            "steps": [
                {
                    "kind": "create",
                    "request": {
                        "method": "POST",
                        "path": "/drafts",
                        "headers": {"Idempotency-Key": "{token}"},
                        "json": {"reference": "x"},
                    },
                }
            ],
        }
    }
    one, notes = connector(desk.url, operations=keyed), Notebook()
    desk.fault("POST /drafts", "lose")
    with pytest.raises(InDoubt):
        await one.send(job(), {}, notes)
    await one.send(job(attempt=2, doubtful=True), notes.last, notes)
    assert [seen.headers["idempotency-key"] for seen in desk.seen] == ["tok", "tok"]


async def test_a_blind_command_in_doubt_is_never_sent_again(desk: Desk) -> None:
    blind = {
        "status": {"once": "blind", "steps": [{"kind": "create", "request": {"method": "POST", "path": "/drafts", "json": {}}}]}
    }
    one, notes = connector(desk.url, operations=blind), Notebook()
    desk.fault("POST /drafts", "drop")
    with pytest.raises(InDoubt):
        await one.send(job(), {}, notes)
    with pytest.raises(InDoubt):
        await one.send(job(attempt=2), notes.last, notes)
    assert desk.count("POST /drafts") == 1
    assert (await one.seek(job(), notes.last)).state == "unknown"


async def test_a_blind_command_that_was_refused_for_now_is_sent_later(desk: Desk) -> None:
    blind = {
        "status": {
            "once": "blind",
            "steps": [{"kind": "create", "request": {"method": "POST", "path": "/drafts", "json": {"reference": "{token}"}}}],
        }
    }
    one, notes = connector(desk.url, operations=blind), Notebook()
    desk.fault("POST /drafts", (503, {}))
    with pytest.raises(Unavailable):
        await one.send(job(), {"plan": []}, notes)
    await one.send(job(attempt=2, doubtful=True), notes.last, notes)
    assert len(desk.drafts) == 1


async def test_a_blind_command_whose_first_try_left_no_note_is_not_risked(desk: Desk) -> None:
    blind = {
        "status": {"once": "blind", "steps": [{"kind": "create", "request": {"method": "POST", "path": "/drafts", "json": {}}}]}
    }
    with pytest.raises(InDoubt):
        await connector(desk.url, operations=blind).send(job(attempt=2, doubtful=True), {"plan": []}, Notebook())
    assert desk.seen == []


async def test_an_advance_that_nobody_can_look_for_goes_to_a_person(desk: Desk) -> None:
    desk.answers["POST /drafts/D1/post"] = lambda seen: (500, {})
    operation: dict[str, Any] = pack_without_read()
    one, notes = connector(desk.url, operations=operation), Notebook()
    with pytest.raises(InDoubt):
        await one.send(job(), {}, notes)
    with pytest.raises(InDoubt, match="no way to look"):
        await one.send(job(attempt=2), notes.last, notes)
    assert desk.count("POST /drafts/D1/post") == 1
    assert (await one.seek(job(), notes.last)).state == "unknown"


def pack_without_read() -> dict[str, Any]:

    operation: dict[str, Any] = yaml.safe_load(TRANSFER)["operations"]
    operation["status"]["steps"].pop()
    return operation


async def test_an_advance_with_found_is_passed_over_when_the_last_read_shows_it(desk: Desk) -> None:
    steps = [
        {"kind": "read", "request": {"path": "/drafts/{value.id}"}},
        {
            "kind": "advance",
            "found": "body.state = 'posted'",
            "request": {"method": "POST", "path": "/drafts/{value.id}/post", "json": {}},
        },
    ]
    one = connector(desk.url, operations={"status": {"once": "findable", "steps": steps}})
    desk.drafts.append({"id": "D1", "reference": "r", "state": "draft"})
    for attempt in (1, 2):
        await one.send(job(value={"id": "D1"}, attempt=attempt), {}, Notebook())
    assert desk.drafts[0]["times"] == 1


async def test_a_step_that_is_to_be_skipped_is_not_sent(desk: Desk) -> None:
    steps = [
        {
            "kind": "create",
            "skip": "each.qty = '0'",
            "request": {"method": "POST", "path": "/drafts", "json": {"reference": "{each.qty}"}},
        }
    ]
    one = connector(desk.url, operations={"status": {"once": "ensure", "each": "value.rows", "steps": steps}})
    await one.send(job(value={"rows": [{"qty": "0"}, {"qty": "2"}]}), {}, Notebook())
    assert [d["reference"] for d in desk.drafts] == ["2"]
    done = await one.send(job(value={"rows": []}), {}, Notebook())
    assert done.detail == "nothing to do"


async def test_a_later_refusal_says_what_was_done_before(desk: Desk) -> None:
    desk.answers["POST /drafts/D1/post"] = lambda seen: (409, {"error": "closed period"})
    with pytest.raises(Rejected, match=r"closed period.*done before.*D1"):
        await connector(desk.url, TRANSFER).send(job(), {}, Notebook())


async def test_an_unknown_verb_is_refused(desk: Desk) -> None:
    with pytest.raises(Rejected, match="no operation scrap"):
        await connector(desk.url, TRANSFER).send(job(verb="scrap"), {}, Notebook())


async def test_a_pack_says_in_its_own_words_why_an_answer_is_not_accepted(desk: Desk) -> None:
    words = "accept: body.state = 'gone'\n        cause: '\"the draft is \" & body.state'"
    spoken = TRANSFER.replace("accept: body.state = 'posted'", words)
    with pytest.raises(Unavailable, match=r"^the draft is posted"):
        await connector(desk.url, spoken).send(job(), {}, Notebook())


async def test_the_number_function_of_cells_is_not_hidden_by_the_lots_number(desk: Desk) -> None:
    counted = TRANSFER.replace("accept: body.state = 'posted'", "accept: $number('480') = 480 and number = 'L-1'")
    await connector(desk.url, counted).send(job(), {}, Notebook())
    assert len(desk.posted()) == 1
