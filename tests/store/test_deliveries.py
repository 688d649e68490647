"""Deliveries in the store: who goes first, who takes whose place, and who may still speak after a restart."""

import pytest
from sqlalchemy import update

from tests.store.conftest import Line, later
from tracemill.model.status import OPEN, Mode
from tracemill.store import deliveries
from tracemill.store.tables import delivery


async def test_restrictions_are_claimed_first_and_the_rest_as_decided(line: Line) -> None:
    for n in (1, 2, 3):
        await line.lot(n)
    order = [await line.decide(1), await line.decide(2), await line.decide(3, restricts=True)]
    assert [d.uuid for d in await line.claim()] == [order[2], order[0], order[1]]
    assert await line.claim() == []


async def test_a_claim_takes_no_more_than_asked_and_nothing_before_its_time(line: Line) -> None:
    for n in (1, 2):
        await line.lot(n)
        await line.decide(n, at=later(10 * n))
    assert await line.claim() == []
    assert [d.lot_id for d in await line.claim(at=later(60), limit=1)] == [1]


async def test_one_lot_is_sent_one_command_at_a_time_in_the_order_decided(line: Line) -> None:
    await line.lot(1)
    first, second = await line.decide(1, verb="open_inspection"), await line.decide(1)
    (d,) = await line.claim()
    assert d.uuid == first
    assert await line.claim() == []
    assert await line.settle(d, "delivered")
    assert [d.uuid for d in await line.claim()] == [second]


async def test_a_newer_status_takes_the_place_of_an_unsent_one(line: Line) -> None:
    await line.lot(1)
    old, new = await line.decide(1), await line.decide(1)
    row = await line.row(old)
    assert (row.state, row.superseded_by) == ("superseded", new)
    assert (await line.row(new)).verify_after is None, "nothing was sent that could take effect late"


async def test_a_release_waits_for_what_is_under_way(line: Line) -> None:
    await line.lot(1)
    await line.decide(1)
    (under_way,) = await line.claim()
    await line.decide(1)
    assert (await line.row(under_way.uuid)).state == "sending"
    assert await line.claim() == []


@pytest.mark.parametrize("state", ["sending", "in_doubt", "retrying"])
async def test_a_restriction_overtakes_what_is_under_way_and_is_verified_only_after_its_longest_effect_time(
    line: Line, state: str
) -> None:
    await line.lot(1)
    await line.decide(1)
    (release,) = await line.claim()
    if state != "sending":
        await line.settle(release, state, next_at=later(600))
    hold = await line.decide(1, restricts=True, at=later(1))
    assert (await line.row(release.uuid)).state == "superseded"
    assert (await line.row(hold)).verify_after == later(31)
    assert [d.uuid for d in await line.claim(at=later(2))] == [hold]


async def test_what_was_superseded_may_neither_go_on_nor_settle(line: Line) -> None:
    await line.lot(1)
    await line.decide(1)
    (release,) = await line.claim()
    hold = await line.decide(1, restricts=True)
    assert not await line.settle(release, "sending", cursor='{"step":1}')
    assert not await line.settle(release, "delivered")
    await line.store.write(lambda tx: deliveries.ended_late(tx, release, later(5), deliveries.timedelta(seconds=30)))
    assert (await line.row(hold)).verify_after == later(35), "the call ended late: its effect may come later still"


async def test_after_a_restart_what_was_being_sent_is_in_doubt_and_its_old_sender_is_fenced_off(line: Line) -> None:
    await line.lot(1)
    await line.lot(2)
    await line.decide(1)
    (old,) = await line.claim()
    waiting = await line.decide(2)
    assert await line.store.write(lambda tx: deliveries.recover(tx, later(9))) == 1
    row = await line.row(old.uuid)
    assert (row.state, row.detail) == ("in_doubt", "the hub stopped while this was being sent")
    assert (await line.row(waiting)).state == "pending"
    assert not await line.settle(old, "sending", cursor='{"step":2}')
    assert not await line.settle(old, "delivered")
    (asked,) = await line.store.read(lambda c: deliveries.due(c, "erp", deliveries.S.IN_DOUBT, 10, later(9)))
    assert await line.settle(asked, "retrying", next_at=later(10))
    (again,) = [d for d in await line.claim(at=later(10)) if d.uuid == old.uuid]
    assert again.attempts == 2
    assert again.fence > old.fence + 1


async def test_only_who_may_act_claims(line: Line) -> None:
    await line.lot(1)
    proposed = await line.decide(1, mode=Mode.PROPOSE)
    assert await line.claim(mode=Mode.OBSERVE) == []
    assert await line.claim(mode=Mode.PROPOSE) == []
    change = update(delivery).where(delivery.c.uuid == proposed).values(approved_by="lena")
    await line.store.write(lambda tx: tx.execute(change))
    assert [d.uuid for d in await line.claim(mode=Mode.PROPOSE)] == [proposed]


async def test_acts_of_the_time_of_observing_are_history_and_states_are_not(line: Line) -> None:
    await line.lot(1)
    act, state = [await line.decide(1, verb=v, mode=Mode.OBSERVE) for v in ("open_inspection", "set_status")]
    await line.store.write(lambda tx: deliveries.forget_observed(tx, ["erp"], later(1)))
    assert ((await line.row(act)).state, (await line.row(state)).state) == ("cancelled", "pending")


async def test_the_next_look_is_at_what_is_due_first(line: Line) -> None:
    assert await line.store.read(lambda c: deliveries.next_due(c, "erp", OPEN)) is None
    await line.lot(1)
    await line.lot(2)
    await line.decide(1, at=later(20))
    await line.decide(2, at=later(10))
    assert await line.store.read(lambda c: deliveries.next_due(c, "erp", OPEN)) == later(10)
