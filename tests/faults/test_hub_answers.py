"""Targets that answer badly: what a user sees at the delivery, and what happened at the target."""

import pytest

from tests.faults import answer
from tests.faults.answer import Answer
from tests.faults.conftest import Floor, Open

RELEASED = ["480 quarantine > available"]


def tries(shown: object) -> list[str]:
    return [t.outcome for t in shown.tries]  # type: ignore[attr-defined]


@pytest.mark.parametrize(
    ("told", "said"),
    [
        (answer.error_in_body(), "the document is locked by another user"),
        (answer.conflict(), "409 Conflict"),
        (answer.locked(), "423 Locked"),
        (answer.too_many(0), "429 Too Many Requests"),
    ],
    ids=["200 with an error", "409", "423", "429"],
)
async def test_a_no_is_shown_in_the_targets_words_and_tried_again(floor: Floor, told: Answer, said: str) -> None:
    floor.target.script(told, method="POST")
    await floor.decide("ACC")
    shown = await floor.settled()
    assert tries(shown) == ["retrying", "delivered"]
    assert said in shown.tries[0].detail
    assert floor.moves() == RELEASED


@pytest.mark.parametrize(
    ("told", "said"),
    [
        (answer.server_error(), "500 Internal Server Error: Internal Server Error"),
        (answer.hang(), "no answer within"),
        (answer.drop(apply=False), "the answer was lost"),
    ],
    ids=["500", "hang", "drop"],
)
async def test_a_failure_that_did_nothing_is_asked_about_and_sent_again(floor: Floor, told: Answer, said: str) -> None:
    floor.target.script(told, method="POST")
    await floor.decide("ACC")
    shown = await floor.settled()
    assert tries(shown) == ["in_doubt", "delivered"]
    assert said in shown.tries[0].detail
    assert floor.moves() == RELEASED


@pytest.mark.parametrize(
    "told",
    [answer.server_error(apply=True), answer.hang(apply=True), answer.half(), answer.drop()],
    ids=["500", "hang", "half-way", "drop"],
)
async def test_a_failure_that_worked_all_the_same_is_found_and_not_sent_again(floor: Floor, told: Answer) -> None:
    floor.target.script(told, method="POST")
    await floor.decide("ACC")
    shown = await floor.settled()
    assert tries(shown) == ["in_doubt"]
    assert shown.detail == "in doubt, asked, found done"
    assert floor.moves() == RELEASED


async def test_a_200_with_an_error_that_worked_all_the_same_is_looked_for_before_it_is_sent_again(floor: Floor) -> None:
    floor.target.script(answer.error_in_body(apply=True), method="POST")
    await floor.decide("ACC")
    shown = await floor.settled()
    assert tries(shown) == ["retrying", "delivered"]
    assert floor.moves() == RELEASED


async def test_a_200_that_did_nothing_is_noticed_by_reading_back(floor: Floor) -> None:
    floor.target.script(Answer(200, {"id": "T99"}), method="POST")
    await floor.decide("ACC")
    shown = await floor.settled()
    assert tries(shown) == ["delivered", "delivered"]
    assert floor.moves() == RELEASED


async def test_a_target_that_says_when_is_not_asked_again_before(floor: Floor) -> None:
    floor.target.script(answer.too_many(1), method="POST")
    await floor.decide("ACC")
    (waiting,) = await floor.until(floor.commands, "retrying")
    assert (waiting.next_at - waiting.tries[0].ended_at).total_seconds() >= 1
    shown = await floor.settled()
    first, second = (r.t for r in floor.target.requests if r.method == "POST" and r.body.get("lot"))
    assert second - first >= 1
    assert tries(shown) == ["retrying", "delivered"]


async def test_a_state_that_somebody_changed_meanwhile_is_read_and_written_anew(open_floor: Open) -> None:
    floor = await open_floor("ensure", conditional=True)
    await floor.lot()
    floor.target.script(Answer(412, {"error": "precondition failed"}), method="PUT")
    await floor.decide("ACC")
    shown = await floor.settled()
    assert "changed meanwhile: precondition failed" in shown.tries[0].detail
    writes = [r.headers["If-Match"] for r in floor.target.requests if r.method == "PUT"]
    assert len(writes) == 2
    assert len(floor.target.effects_on("/lots/L-1")) == 1
    assert floor.sums() == ("480", "0", "0")


async def test_a_list_that_is_empty_for_wrong_credentials_proves_nothing(floor: Floor) -> None:
    floor.target.script(answer.drop(), method="POST")
    await floor.decide("ACC")
    await floor.until(floor.commands, "in_doubt")
    floor.target.token = "changed over there"
    (doubtful,) = await floor.until(floor.commands, "in_doubt", detail="wms did not answer about it")
    assert doubtful.progress is not None
    assert doubtful.progress.unanswered
    floor.target.token = None
    assert (await floor.settled()).detail == "in doubt, asked, found done"
    assert floor.moves() == RELEASED


async def test_one_refused_lot_does_not_hold_up_the_others(floor: Floor) -> None:
    await floor.lot("L-2")
    floor.target.script(answer.too_many(30), method="POST")
    await floor.decide("ACC")
    await floor.until(floor.commands, "retrying")
    await floor.decide("ACC", "L-2")
    await floor.settled("L-2")
    assert (floor.moves("L-2"), floor.moves()) == (RELEASED, [])
