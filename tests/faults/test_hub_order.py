"""Order at the target: what was decided last is final, also where what was decided before takes effect late."""

import asyncio
from collections import Counter
from itertools import cycle

from tests.faults import answer, proxy
from tests.faults.conftest import Floor, Open
from tracemill.answers.deliveries import DeliveryView

LOTS = [f"L-{n}" for n in range(1, 7)]
CODES = ("ACC", "HOLD", "ACC", "REJ")


async def rejections(floor: Floor, lot: str) -> list[DeliveryView]:
    return [d for d in await floor.commands(lot) if d.value["blocked"] == "480"]


async def test_a_release_that_takes_effect_after_a_hold_overtook_it_is_taken_back(floor: Floor) -> None:
    floor.target.effect_delay, floor.target.answer = 0.5, "never"
    await floor.decide("ACC")
    (release,) = await floor.until(floor.commands, "in_doubt")
    assert "no answer" in release.detail
    floor.target.effect_delay = 0
    await floor.decide("HOLD", rev=2)
    await floor.until(floor.commands, "delivered", 2)
    assert floor.sums() == ("0", "480", "0"), "the release has not happened yet: the hold finds nothing to do"
    shown = await floor.settled(count=2)
    first = (await floor.commands())[0]
    assert (first.state, first.superseded_by) == ("superseded", shown.id)
    assert floor.moves() == ["480 quarantine > available", "480 available > quarantine"]
    assert floor.sums() == ("0", "480", "0")


async def test_a_late_release_on_a_condition_does_nothing_once_a_hold_was_written(open_floor: Open) -> None:
    floor = await open_floor("ensure", conditional=True)
    await floor.lot()
    floor.network.on_start("PUT /lots/L-1", proxy.delay(0.6, "request"))
    await floor.decide("ACC")
    await floor.until(floor.commands, "in_doubt")
    await floor.decide("REJ", rev=2)
    await floor.settled(count=2)
    await asyncio.sleep(0.4)
    assert [e["blocked"] for e in floor.target.effects_on("/lots/L-1")] == ["480"]
    assert floor.sums() == ("0", "0", "480")


async def test_a_hold_goes_out_while_a_release_waits_for_its_retry(floor: Floor) -> None:
    floor.target.script(answer.too_many(60), method="POST")
    await floor.decide("ACC")
    await floor.until(floor.commands, "retrying")
    await floor.decide("REJ", rev=2)
    await floor.settled(count=2)
    assert floor.moves() == ["480 quarantine > blocked"]


async def test_nothing_is_lost_or_doubled_and_the_last_decision_is_final_on_a_network_that_fails_all_the_time(
    floor: Floor,
) -> None:
    for lot in LOTS[1:]:
        await floor.lot(lot)
    faults = cycle([proxy.LOSE_ANSWER, proxy.PASS, proxy.CUT_REQUEST, proxy.CUT_ANSWER, proxy.PASS, proxy.delay(0.4)])
    for _ in range(60):
        floor.network.on_start("POST /transfers", next(faults))
    for rev, code in enumerate(CODES, 1):
        for lot in LOTS:
            await floor.decide(code, lot, rev)
        await asyncio.sleep(0.25)
    for lot in LOTS:
        await floor.until(lambda lot=lot: rejections(floor, lot), "verified")
        await floor.target.settled()
        assert floor.sums(lot) == ("0", "0", "480"), lot
        assert {d.state for d in await floor.commands(lot)} <= {"verified", "superseded"}
    references = Counter(e.body["reference"] for e in floor.target.effects)
    assert set(references.values()) == {1}, references
