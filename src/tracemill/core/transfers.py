"""Transfers: from what a system shows to what it should show, as the fewest moves between statuses.

Restricting moves come first: if anything stops half-way, less may be used, never more.
"""

from decimal import Decimal

from tracemill.core.comparison import expected
from tracemill.model.lot import Claim, Target
from tracemill.model.record import Record
from tracemill.model.status import StockStatus

ZERO = Decimal(0)


class Transfer(Record, frozen=True):
    """A quantity to move from one status to another, in the lot's base unit."""

    source: StockStatus
    to: StockStatus
    quantity: Decimal


def transfers(target: Target, claim: Claim, gone: Decimal = ZERO) -> list[Transfer]:
    """Plan the moves; what a system holds beyond the target, and beyond what is gone already, goes to quarantine."""
    want = expected(target, claim, "split", gone)
    goal = {
        StockStatus.AVAILABLE: want.available,
        StockStatus.BLOCKED: max(want.blocked, claim.foreign_blocked),
    }
    goal[StockStatus.QUARANTINE] = claim.total - sum(goal.values(), ZERO)
    have = {
        StockStatus.AVAILABLE: claim.available,
        StockStatus.BLOCKED: claim.blocked,
        StockStatus.QUARANTINE: claim.quarantine,
    }
    if goal[StockStatus.QUARANTINE] < ZERO:  # foreign blocks take it from what would be available
        goal[StockStatus.AVAILABLE] += goal[StockStatus.QUARANTINE]
        goal[StockStatus.QUARANTINE] = ZERO
    surplus = {s: have[s] - goal[s] for s in goal if have[s] > goal[s]}
    lacking = {s: goal[s] - have[s] for s in goal if goal[s] > have[s]}
    plan = [_move(s, to, surplus, lacking) for s in _GIVERS for to in _TAKERS]
    return [m for m in plan if m.quantity > ZERO]


_GIVERS = (StockStatus.AVAILABLE, StockStatus.QUARANTINE, StockStatus.BLOCKED)
_TAKERS = (StockStatus.BLOCKED, StockStatus.QUARANTINE, StockStatus.AVAILABLE)


def _move(
    source: StockStatus, to: StockStatus, surplus: dict[StockStatus, Decimal], lacking: dict[StockStatus, Decimal]
) -> Transfer:
    quantity = min(surplus.get(source, ZERO), lacking.get(to, ZERO))
    if quantity > ZERO:
        surplus[source] -= quantity
        lacking[to] -= quantity
    return Transfer(source=source, to=to, quantity=quantity)
