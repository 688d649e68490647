"""Sending: nothing twice, whatever happens between two steps."""

from __future__ import annotations

from typing import Any

import pytest

from tests.connectors.desk import Desk
from tests.connectors.packs import TRANSFER, TWO, Clock, Crash, Notebook, connector, job
from tracemill.model.connector import InDoubt, Unavailable


async def test_a_command_is_found_created_advanced_and_read(desk: Desk) -> None:
    notes = Notebook()
    done = await connector(desk.url, TRANSFER).send(job(value=TWO), {}, notes)
    assert done.native == "D1,D2"
    assert [(d["reference"], d["from"], d["to"], d["qty"]) for d in desk.posted()] == [
        ("tok-0", "Q", "F", "400.0"),
        ("tok-1", "Q", "S", "80.0"),
    ]
    assert notes.cursors[0].items() >= {"item": 0, "step": 1, "saved": {}, "intent": True}.items()
    assert notes.cursors[1] == {"item": 0, "step": 2, "saved": {"id": "D1"}, "intent": False}
    assert desk.count("GET /drafts") == 0  # a new token needs no look


@pytest.mark.parametrize("written", [True, False], ids=["saved", "unsaved"])
@pytest.mark.parametrize("doubtful", [True, False])
@pytest.mark.parametrize("fail_at", range(1, 9))
async def test_a_crash_between_any_two_steps_makes_exactly_one_transfer(
    desk: Desk, fail_at: int, written: bool, doubtful: bool
) -> None:
    one, notes = connector(desk.url, TRANSFER), Notebook(fail_at, written)
    with pytest.raises(Crash):
        await one.send(job(value=TWO), {}, notes)
    await one.close()
    notes.fail_at = 0
    done = await connector(desk.url, TRANSFER).send(job(value=TWO, attempt=2, doubtful=doubtful), notes.last, notes)
    assert [(d["reference"], d["state"], d["times"]) for d in desk.drafts] == [("tok-0", "posted", 1), ("tok-1", "posted", 1)]
    assert done.native == "D1,D2"


@pytest.mark.parametrize("what", ["lose", "half", "html", "drop"])
@pytest.mark.parametrize("where", ["POST /drafts", "POST /drafts/D1/post"])
async def test_a_lost_answer_is_in_doubt_and_the_next_try_finds_what_was_made(desk: Desk, where: str, what: str) -> None:
    one, notes = connector(desk.url, TRANSFER), Notebook()
    desk.fault(where, what)
    with pytest.raises(InDoubt):
        await one.send(job(), {}, notes)
    assert notes.last["intent"] is True
    await one.send(job(attempt=2, doubtful=True), notes.last, notes)
    assert [(d["reference"], d["state"], d["times"]) for d in desk.drafts] == [("tok-0", "posted", 1)]


async def test_a_finished_command_is_not_sent_again(desk: Desk) -> None:
    one, notes = connector(desk.url, TRANSFER), Notebook()
    await one.send(job(value=TWO), {}, notes)
    before = desk.count("POST *")
    done = await one.send(job(value=TWO, attempt=2, doubtful=True), notes.last, notes)
    assert done.native == "D1,D2"
    assert desk.count("POST *") == before


async def test_an_empty_answer_to_refused_credentials_is_not_taken_for_absent(desk: Desk) -> None:
    one, notes = connector(desk.url, TRANSFER), Notebook()
    desk.fault("POST /drafts", "lose")
    with pytest.raises(InDoubt):
        await one.send(job(), {}, notes)
    desk.authenticated = False
    with pytest.raises(Unavailable, match="credentials refused"):
        await one.send(job(attempt=2, doubtful=True), notes.last, notes)
    assert len(desk.drafts) == 1
    assert notes.last["intent"] is True


async def test_a_probe_without_accept_never_proves_that_nothing_happened(desk: Desk) -> None:
    one, notes = connector(desk.url, TRANSFER, probe={"request": {"path": "/whoami"}}), Notebook()
    desk.fault("POST /drafts", "drop")
    with pytest.raises(InDoubt):
        await one.send(job(), {}, notes)
    with pytest.raises(InDoubt, match="no accept"):
        await one.send(job(attempt=2), notes.last, notes)
    assert desk.drafts == []


async def test_an_effect_that_needs_time_is_waited_for_before_it_is_made_again(desk: Desk) -> None:
    one, notes, clock = connector(desk.url, TRANSFER, settle="200ms", clock=Clock()), Notebook(), Clock()
    desk.fault("POST /drafts", "lose")
    with pytest.raises(InDoubt):
        await one.send(job(), {}, notes)
    late = desk.drafts.pop()
    assert clock.now.isoformat() == notes.last["at"]

    def slow(seen: Any) -> Any:
        if desk.count("GET /drafts") > 1:
            desk.drafts[:] = desk.drafts or [late]
        return 200, {"drafts": desk.drafts}

    desk.answers["GET /drafts"] = slow
    await one.send(job(attempt=2), notes.last, notes)
    assert desk.count("GET /drafts") == 2
    assert desk.count("POST /drafts") == 1


async def test_too_early_to_say_is_said_with_the_time_to_wait(desk: Desk) -> None:
    one, notes = connector(desk.url, TRANSFER, settle="1h"), Notebook()
    desk.fault("POST /drafts", "drop")
    with pytest.raises(InDoubt):
        await one.send(job(), {}, notes)
    with pytest.raises(Unavailable, match="too early") as caught:
        await one.send(job(attempt=2), notes.last, notes)
    assert caught.value.retry_after == pytest.approx(3600)


async def test_a_button_that_answers_200_with_a_dialog_did_nothing_and_is_pressed_again(desk: Desk) -> None:
    one, notes = connector(desk.url, TRANSFER), Notebook()
    desk.fault("POST /drafts/D1/post", (200, {"wizard": "inspection is due <script>x</script>"}))
    with pytest.raises(Unavailable, match=r"answered 200 but.*inspection is due"):
        await one.send(job(), {}, notes)
    await one.send(job(attempt=2), notes.last, notes)
    assert [d["times"] for d in desk.drafts] == [1]


async def test_a_button_that_says_yes_and_does_nothing_is_seen_by_the_read_and_pressed_again(desk: Desk) -> None:
    one, notes = connector(desk.url, TRANSFER), Notebook()
    desk.fault("POST /drafts/D1/post", (200, {"result": None}))
    with pytest.raises(Unavailable, match=r"body.state = 'posted'"):
        await one.send(job(), {}, notes)
    await one.send(job(attempt=2), notes.last, notes)
    assert [(d["state"], d["times"]) for d in desk.drafts] == [("posted", 1)]


async def test_a_first_try_is_fresh_although_its_caller_keeps_a_plan_in_the_cursor(desk: Desk) -> None:
    await connector(desk.url, TRANSFER).send(job(), {"plan": [], "token": "tok"}, Notebook())
    assert desk.count("GET /drafts") == 0


async def test_a_retry_after_a_lock_needs_no_proof(desk: Desk) -> None:
    one, notes = connector(desk.url, TRANSFER), Notebook()
    desk.fault("POST /drafts", (423, {}))
    with pytest.raises(Unavailable):
        await one.send(job(), {}, notes)
    await one.send(job(attempt=2, doubtful=True), notes.last, notes)
    assert (desk.count("GET /whoami"), len(desk.posted())) == (0, 1)
