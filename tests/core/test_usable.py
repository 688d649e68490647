"""How much may be used: quality's owner decides, everybody may restrict, nothing is ever guessed to be free."""

from datetime import UTC, datetime
from decimal import Decimal

from hypothesis import given
from hypothesis import strategies as st

from tracemill.core.comparison import complies, excess, expected
from tracemill.core.transfers import transfers
from tracemill.core.usable import allowance, verdict
from tracemill.model.lot import Claim, Disposition, Hold, Lot, Target
from tracemill.model.quality import Part
from tracemill.model.quantity import Quantity
from tracemill.model.status import DispositionKind, HoldReason, StockStatus

D = Decimal
NOW = datetime(2026, 11, 23, tzinfo=UTC)
amounts = st.decimals(min_value=0, max_value=1000, places=3)


def lot(*parts: tuple[DispositionKind, str | None], holds: dict[str, Hold] | None = None, received: str = "480") -> Lot:
    made = tuple(Part(decision=k, quantity=Quantity(amount=D(q), unit="KGM") if q else None) for k, q in parts)
    disposition = Disposition(parts=made, decided_at=NOW, recorded_at=NOW) if parts else None
    return Lot(id="l", site="s", number="L-1", named_by="erp", unit="KGM", received=D(received), received_at=NOW,
               disposition=disposition, holds=holds or {})  # fmt: skip


def hold(reason: HoldReason, quantity: str | None = None) -> Hold:
    return Hold(id=reason, reason=reason, system="wms", placed_at=NOW, quantity=D(quantity) if quantity else None)


def claim(available: Decimal, quarantine: Decimal = D(0), blocked: Decimal = D(0)) -> Claim:
    return Claim(read_started=NOW, available=available, quarantine=quarantine, blocked=blocked)


def test_a_lot_about_which_nobody_said_anything_is_unknown_and_never_released() -> None:
    assert verdict(lot()) == "unknown"
    assert allowance(lot()).usable == 0


def test_a_partial_acceptance_frees_its_part_only() -> None:
    found = allowance(lot((DispositionKind.ACCEPT, "383"), (DispositionKind.REJECT, "96")))
    assert (found.usable, found.blocked) == (D(383), D(96))


def test_a_release_does_not_free_what_somebody_else_blocked() -> None:
    found = allowance(lot((DispositionKind.ACCEPT, None), holds={"h": hold(HoldReason.DAMAGE, "20")}))
    assert (found.usable, found.blocked) == (D(460), D(20))


def test_a_warehouse_that_blocks_what_quality_rejected_blocks_it_once() -> None:
    """Seen on the seeded plant: people had moved the rejected part in WMS, and it was taken off twice."""
    parts = (DispositionKind.ACCEPT, "383"), (DispositionKind.REJECT, "97")
    found = allowance(lot(*parts, holds={"w": hold(HoldReason.REJECTED, "97")}))
    assert (found.usable, found.blocked) == (D(383), D(97))
    assert allowance(lot(*parts, holds={"w": hold(HoldReason.REJECTED, "100")})).usable == 380


def test_any_hold_without_a_quantity_restricts_everything() -> None:
    for reason in HoldReason:
        assert allowance(lot((DispositionKind.ACCEPT, None), holds={"h": hold(reason)})).usable == 0


def test_a_concession_frees_and_a_rework_does_not() -> None:
    assert allowance(lot((DispositionKind.CONCESSION, None))).usable == 480
    assert allowance(lot((DispositionKind.REWORK, None))).usable == 0


@given(amounts, amounts, amounts, amounts, amounts)
def test_a_plan_of_transfers_reaches_the_target_and_never_passes_through_more_than_both_ends_allow(
    available: Decimal, blocked: Decimal, a: Decimal, q: Decimal, b: Decimal
) -> None:
    target, now = Target(available=available, blocked=blocked), claim(a, q, b)
    stock = {StockStatus.AVAILABLE: a, StockStatus.QUARANTINE: q, StockStatus.BLOCKED: b}
    limit = max(a, expected(target, now, "split").available)
    for move in transfers(target, now):
        stock[move.source] -= move.quantity
        stock[move.to] += move.quantity
        assert stock[move.source] >= 0
        assert stock[StockStatus.AVAILABLE] <= limit
    after = claim(stock[StockStatus.AVAILABLE], stock[StockStatus.QUARANTINE], stock[StockStatus.BLOCKED])
    assert complies(lot(), target, after, "split")
    assert transfers(target, after) == []


@given(amounts, amounts, amounts, amounts, amounts)
def test_excess_is_one_sided(available: Decimal, blocked: Decimal, a: Decimal, q: Decimal, b: Decimal) -> None:
    target, now = Target(available=available, blocked=blocked), claim(a, q, b)
    over = excess(lot(), target, now, "split")
    assert over >= 0
    if a <= available and b >= blocked:
        assert over == 0
    if over:
        assert not complies(lot(), target, now, "split")


@given(st.lists(st.tuples(st.sampled_from(list(HoldReason)), st.none() | amounts), max_size=5), amounts)
def test_one_more_hold_never_frees_anything(found: list[tuple[HoldReason, Decimal | None]], accepted: Decimal) -> None:
    holds: dict[str, Hold] = {}
    last = allowance(lot((DispositionKind.ACCEPT, str(accepted)))).usable
    for n, (reason, quantity) in enumerate(found):
        holds[str(n)] = hold(reason, str(quantity) if quantity else None)
        now = allowance(lot((DispositionKind.ACCEPT, str(accepted)), holds=holds)).usable
        assert now <= last
        last = now
