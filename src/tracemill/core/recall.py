"""Recall: where the material of a lot is, and how much of it is held beyond doubt."""

from datetime import datetime
from decimal import Decimal

from tracemill.core.usable import counted, on_hand
from tracemill.model.lot import Claim, Lot
from tracemill.model.policy import Policy
from tracemill.model.quantity import show
from tracemill.model.recall import Contained, Standing
from tracemill.model.status import Enforcement, HoldReason, ShipmentState, StockStatus

ZERO = Decimal(0)
LEFT = ("shipped", "returned_to_supplier", "received")  # to somebody who is known; what a receipt took back never came
SPENT = ("consumed", "scrapped", "sampled", "transferred_out")  # no longer there as this lot


def standing(lot: Lot, policy: Policy, asked: datetime | None) -> Standing:
    """Account for all that there ever was of a lot. `asked`: when the recall asked for holds (None: not yet)."""
    there = on_hand(lot)
    systems = tuple(_contained(lot, policy, name, claim, asked) for name, claim in sorted(lot.claims.items()))
    waiting = there if asked is None else ZERO  # nobody was asked to hold it: it has not escaped
    loose = there - waiting - (ZERO if waiting else _vouched(there, systems))
    gone = {kind: -quantity for kind, quantity in lot.moved.items() if quantity < 0}
    consumed = sum((gone.get(kind, ZERO) for kind in SPENT), ZERO) + sum(lot.samples.values(), ZERO)
    back = max(ZERO, lot.moved.get("returned", ZERO))  # that is there again
    shipped = max(ZERO, gone.get("shipped", ZERO) - back) + gone.get("returned_to_supplier", ZERO)
    vanished = sum((q for kind, q in gone.items() if kind not in (*SPENT, *LEFT)), ZERO)
    staged = _on_shipments(lot, ShipmentState.STAGED, ShipmentState.LOADING)
    moving = min(shipped, max(ZERO, _on_shipments(lot, ShipmentState.SHIPPED)))
    return Standing(
        requested=tidy(there + consumed + shipped + vanished), on_hand=tidy(there), held=tidy(there - waiting - loose),
        not_yet_held=tidy(waiting), consumed=tidy(consumed), shipped=tidy(shipped), escaped=tidy(loose + vanished),
        staged=tidy(staged), in_transit=tidy(moving),
        known=counted(lot), systems=systems,
    )  # fmt: skip


def _on_shipments(lot: Lot, *states: ShipmentState) -> Decimal:
    return sum((s.quantity - s.returned for s in lot.shipments.values() if s.state in states), ZERO)


def tidy(amount: Decimal) -> Decimal:
    """Drop trailing zeros: each system has its own number of decimals."""
    return Decimal(show(amount))


def recalled(lot: Lot) -> bool:
    """Say whether a recall restricts a lot, directly or through what it was made from."""
    return any(h.reason is HoldReason.RECALL and h.quantity is None for h in lot.holds.values())


def _contained(lot: Lot, policy: Policy, name: str, claim: Claim, asked: datetime | None) -> Contained:
    """Judge a system's word: nothing counts but a reading, after the hold, where the status blocks."""
    why = "" if claim.total == ZERO else _why_no_word(lot, policy, name, claim, asked)
    loose = claim.total if why else max(claim.available, ZERO)
    wanted = lot.wanted.get(name)
    if loose and not why:
        why = f"still free there ({wanted.state})" if wanted and not wanted.target.available else "still free there"
    return Contained(system=name, total=tidy(claim.total), available=tidy(claim.available), contained=not why,
                     loose=loose, why=why, state=wanted.state if wanted and not wanted.target.available else "")  # fmt: skip


def _why_no_word(lot: Lot, policy: Policy, name: str, claim: Claim, asked: datetime | None) -> str:
    """Say why a system's word does not count at all."""
    wanted, system = lot.wanted.get(name), policy.systems.get(name)
    if system is None:
        return "nothing is known of this system"
    if asked is None or not recalled(lot):
        return "not asked for yet"
    statuses = [s for s, n in ((StockStatus.BLOCKED, claim.blocked), (StockStatus.QUARANTINE, claim.quarantine)) if n > ZERO]
    if weak := [s for s in statuses if system.enforces.get(s) is not Enforcement.BLOCKS]:
        return f"its status {weak[0]} is not proven to block"
    placed = min(h.placed_at for h in lot.holds.values() if h.reason is HoldReason.RECALL)
    stands = wanted is not None and wanted.state == "verified" and wanted.target.available == ZERO
    return "" if stands or claim.read_started >= placed else "not read back since"


def _vouched(there: Decimal, systems: tuple[Contained, ...]) -> Decimal:
    """Return how much is held: no more than one system vouches for, and nothing that any system leaves loose."""
    shown = max((s.total - s.loose for s in systems), default=ZERO)
    return max(ZERO, min(shown, there - max((s.loose for s in systems), default=ZERO)))
