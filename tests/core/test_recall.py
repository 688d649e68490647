"""Where the material of a recalled lot is: the equation holds for any lot, and doubt counts as escaped."""

from datetime import UTC, datetime, timedelta
from decimal import Decimal
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tracemill.core.recall import standing
from tracemill.model.lot import Claim, Hold, Lot, Shipped, Target, Wanted
from tracemill.model.policy import Policy, SystemPolicy
from tracemill.model.status import Enforcement, HoldReason, ShipmentState

D = Decimal
AT = datetime(2026, 11, 25, 9, 0, tzinfo=UTC)
LATER = AT + timedelta(minutes=1)
RECALL = Hold(id="h", reason=HoldReason.RECALL, system="hub", placed_at=AT)
BLOCKS = {"quarantine": Enforcement.BLOCKS, "blocked": Enforcement.BLOCKS}


def policy(**enforces: dict[str, Enforcement]) -> Policy:
    systems = {n: SystemPolicy(name=n, enforces=enforces.get(n, BLOCKS)) for n in ("erp", "wms")}
    return Policy(site="S", version="1", systems=systems)


def lot(**more: Any) -> Lot:
    return Lot(id="1", site="S", number="L", named_by="erp", unit="KGM", received=D(100), received_at=AT, **more)


def blocked(amount: int = 100, read: datetime = LATER) -> Claim:
    return Claim(read_started=read, blocked=D(amount))


def test_read_back_in_every_system_that_blocks_is_held() -> None:
    found = standing(lot(holds={"h": RECALL}, claims={"erp": blocked(), "wms": blocked()}), policy(), AT)
    assert (found.held, found.escaped, found.contained) == (100, 0, True)


@pytest.mark.parametrize(
    ("claims", "holds", "escaped"),
    [
        ({"erp": blocked(), "wms": Claim(read_started=LATER, available=D(30), blocked=D(70))}, True, 30),
        ({"erp": blocked(), "wms": blocked(read=AT - timedelta(minutes=1))}, True, 100),
        ({"erp": blocked(60)}, True, 40),
        ({"erp": blocked(), "lims": blocked()}, True, 100),
        ({"erp": blocked(), "wms": blocked()}, False, 100),
        ({}, True, 100),
    ],
    ids=["free in one", "read before the hold", "not all shown", "unknown system", "no hold", "shown by nobody"],
)
def test_whatever_nobody_vouches_for_has_escaped(claims: dict[str, Claim], holds: bool, escaped: int) -> None:
    found = standing(lot(holds={"h": RECALL} if holds else {}, claims=claims), policy(), AT)
    assert (found.escaped, found.held) == (escaped, 100 - escaped)
    assert not found.contained


@pytest.mark.parametrize("weak", [Enforcement.WARNS, Enforcement.MARKS])
def test_a_status_that_does_not_block_holds_nothing(weak: Enforcement) -> None:
    found = standing(lot(holds={"h": RECALL}, claims={"wms": blocked()}), policy(wms={"blocked": weak}), AT)
    assert (found.held, found.escaped) == (0, 100)


def test_a_status_of_which_nothing_is_proven_holds_nothing() -> None:
    assert standing(lot(holds={"h": RECALL}, claims={"wms": blocked()}), policy(wms={}), AT).held == 0


def test_what_was_read_back_as_held_before_the_recall_and_still_stands_is_held() -> None:
    wanted = Wanted(target=Target(available=D(0), blocked=D(100)), decided_at=AT, command="c", state="verified")
    early = blocked(read=AT - timedelta(minutes=1))
    assert standing(lot(holds={"h": RECALL}, claims={"wms": early}, wanted={"wms": wanted}), policy(), AT).escaped == 0


def test_material_that_a_count_missed_has_escaped() -> None:
    found = standing(lot(holds={"h": RECALL}, claims={"wms": blocked(90)}, moved={"adjusted": D(-10)}), policy(), AT)
    assert (found.held, found.escaped, found.requested) == (90, 10, 100)


def test_amounts_are_told_without_trailing_zeros() -> None:
    found = standing(lot(holds={"h": RECALL}, claims={"wms": Claim(read_started=LATER, blocked=D("100.000"))}), policy(), AT)
    assert (str(found.held), str(found.escaped), str(found.systems[0].total)) == ("100", "0", "100")


def test_a_lot_of_which_nobody_told_how_much_there_is_is_never_contained() -> None:
    found = standing(Lot(id="1", site="S", number="L", named_by="erp", holds={"h": RECALL}), policy(), AT)
    assert (found.known, found.contained) == (False, False)


def test_before_holds_are_asked_for_stock_is_not_yet_held_and_has_not_escaped() -> None:
    free = {"wms": Claim(read_started=AT, available=D(90))}
    found = standing(lot(claims=free, moved={"consumed": D(-4), "adjusted": D(-6)}), policy(), None)
    assert (found.not_yet_held, found.held, found.consumed, found.escaped, found.requested) == (90, 0, 4, 6, 100)
    assert not found.contained


def test_what_left_is_in_transit_until_somebody_tells_that_it_arrived() -> None:
    def sent(state: ShipmentState) -> Shipped:
        return Shipped(quantity=D(20), state=state, at=AT)

    parts = {"d1": sent(ShipmentState.SHIPPED), "d2": sent(ShipmentState.DELIVERED), "d3": sent(ShipmentState.LOADING)}
    found = standing(lot(moved={"shipped": D(-40)}, shipments=parts), policy(), AT)
    assert (found.shipped, found.in_transit, found.staged, found.on_hand) == (40, 20, 20, 60)


AMOUNT = st.integers(-50, 500).map(D)
CLAIMS = st.builds(Claim, read_started=st.sampled_from([AT - timedelta(hours=1), LATER]), available=AMOUNT, quarantine=AMOUNT,
                   blocked=AMOUNT)  # fmt: skip
SENT = st.builds(Shipped, quantity=AMOUNT, state=st.sampled_from(ShipmentState), at=st.just(AT))
KINDS = st.sampled_from(
    ["consumed", "scrapped", "shipped", "adjusted", "produced", "returned", "returned_to_supplier", "transferred_out", "received"]
)


@given(
    received=st.integers(0, 1000).map(D),
    claims=st.dictionaries(st.sampled_from(["erp", "wms", "lims"]), CLAIMS),
    moved=st.dictionaries(KINDS, st.integers(-300, 300).map(D)),
    samples=st.dictionaries(st.sampled_from(["s1", "s2"]), st.integers(0, 20).map(D)),
    holds=st.sampled_from([{}, {"h": RECALL}]),
    sent=st.dictionaries(st.sampled_from(["d1", "d2"]), SENT),
    asked=st.sampled_from([None, AT]),
)
def test_held_consumed_shipped_and_escaped_make_up_what_was_requested(
    received: Decimal, claims: Any, moved: Any, samples: Any, holds: Any, sent: Any, asked: Any
) -> None:
    state = Lot(id="1", site="S", number="L", named_by="erp", received=received, received_at=AT, claims=claims, moved=moved,
                samples=samples, holds=holds, shipments=sent)  # fmt: skip
    found = standing(state, policy(), asked)
    assert found.held + found.not_yet_held + found.consumed + found.shipped + found.escaped == found.requested
    assert min(found.held, found.not_yet_held, found.consumed, found.shipped, found.escaped, found.in_transit) >= 0
    assert found.in_transit <= found.shipped
    assert not (found.not_yet_held if asked else found.held)
    assert found.contained == (found.known and not found.escaped and not found.not_yet_held)
    assert found.held <= found.on_hand
    assert not found.held or holds or all(c.total == 0 for c in claims.values())


def test_the_dearer_a_look_at_a_recall_is_the_longer_nobody_looks_again() -> None:
    from tracemill.hub.recaller import rest

    assert [rest(cost) for cost in (0.0, 0.1, 0.5, 5.0, 50.0)] == [0, 0, 4.5, 45, 60]
