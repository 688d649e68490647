"""A network that loses, cuts, delays and doubles: what a user sees at the delivery, and what happened at the target."""

import pytest

from tests.faults import answer, proxy
from tests.faults.conftest import Floor, Open
from tests.faults.proxy import Fault

RELEASED = ["480 quarantine > available"]


@pytest.mark.parametrize(
    ("fault", "said"),
    [
        (proxy.LOSE_ANSWER, "the answer was lost"),
        (proxy.CUT_ANSWER, "the answer was lost"),
        (proxy.half_open(forwarded=True), "no answer within 0.3 s"),
        (proxy.delay(0.5), "no answer within 0.3 s"),
    ],
    ids=["lost", "cut", "half open", "too late"],
)
async def test_an_answer_that_never_comes_is_asked_about_and_found(floor: Floor, fault: Fault, said: str) -> None:
    floor.network.on_start("POST /transfers", fault)
    await floor.decide("ACC")
    shown = await floor.settled()
    assert [t.outcome for t in shown.tries] == ["in_doubt"]
    assert said in shown.tries[0].detail
    assert shown.detail == "in doubt, asked, found done"
    assert floor.moves() == RELEASED


@pytest.mark.parametrize("fault", [proxy.CUT_REQUEST, proxy.half_open()], ids=["cut", "half open"])
async def test_a_request_that_never_arrived_is_asked_about_and_sent_again(floor: Floor, fault: Fault) -> None:
    floor.network.on_start("POST /transfers", fault)
    await floor.decide("ACC")
    shown = await floor.settled()
    assert [t.outcome for t in shown.tries] == ["in_doubt", "delivered"]
    assert floor.moves() == RELEASED


async def test_a_target_that_refuses_connections_is_tried_again_and_nothing_is_in_doubt(floor: Floor) -> None:
    floor.network.down()
    await floor.decide("ACC")
    (waiting,) = await floor.until(floor.commands, "retrying")
    assert "cannot connect" in waiting.detail
    await floor.network.up()
    shown = await floor.settled()
    assert {t.outcome for t in shown.tries} == {"retrying", "delivered"}
    assert floor.moves() == RELEASED


async def test_a_request_that_the_network_doubles_happens_once_where_the_target_honours_our_key(open_floor: Open) -> None:
    floor = await open_floor("keyed", idempotent=True)
    await floor.lot()
    floor.network.on_start("POST /transfers", proxy.DOUBLE)
    await floor.decide("ACC")
    await floor.settled()
    posts = [r for r in floor.target.requests if r.method == "POST" and r.body.get("lot")]
    assert len(posts) == 2
    assert floor.moves() == RELEASED


async def test_a_lost_answer_of_a_keyed_command_is_sent_again_under_the_same_key(open_floor: Open) -> None:
    floor = await open_floor("keyed", idempotent=True)
    await floor.lot()
    floor.network.on_start("POST /transfers", proxy.CUT_REQUEST)
    floor.network.on_start("POST /transfers", proxy.LOSE_ANSWER)
    await floor.decide("ACC")
    await floor.settled()
    keys = {r.headers["Idempotency-Key"] for r in floor.target.requests if r.method == "POST" and r.body.get("lot")}
    assert len(keys) == 1
    assert floor.moves() == RELEASED


async def test_a_state_that_the_network_doubles_is_the_same_state(open_floor: Open) -> None:
    floor = await open_floor("ensure")
    await floor.lot()
    floor.network.on_start("PUT /lots/L-1", proxy.DOUBLE)
    await floor.decide("ACC")
    await floor.settled()
    assert [e["available"] for e in floor.target.effects_on("/lots/L-1")] == ["480", "480"]
    assert floor.sums() == ("480", "0", "0")


async def test_an_act_whose_answer_is_lost_is_found_by_its_token(open_floor: Open) -> None:
    floor = await open_floor()
    floor.target.script(answer.drop(), method="POST", path="/transfers")
    await floor.lot()
    (act,) = await floor.commands(verb="open_inspection")
    assert (act.state, act.detail, act.native) == ("verified", "in doubt, asked, found done", "T1")
    assert len(floor.target.effects) == 1
