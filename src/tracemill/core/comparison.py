"""Comparison: what a system shows of a lot against what it should, one-sidedly and in quantities."""

from decimal import Decimal

from tracemill.core.unbooked import unbooked
from tracemill.model.lot import Claim, Lot, Target

ZERO = Decimal(0)


def expected(target: Target, claim: Claim, expresses: str, gone: Decimal = ZERO) -> Target:
    """Return what a system should show, given how much it holds: systems cut a lot up differently.

    `gone`: what has left the lot and still stands in its books.
    """
    if expresses == "cap":
        return Target(available=target.available + gone, blocked=ZERO)
    blocked = min(target.blocked, claim.total)
    return Target(available=min(target.available + gone, claim.total - blocked), blocked=blocked)


def should_show(lot: Lot, target: Target, claim: Claim, expresses: str) -> Target:
    """Return what a system should show of a lot, given what it holds and has not posted yet."""
    return expected(target, claim, expresses, unbooked(lot, claim, expresses))


def excess(lot: Lot, target: Target, claim: Claim, expresses: str) -> Decimal:
    """Return how much more a system lets people use than the owner allows. One-sided: less is never excess."""
    return max(ZERO, claim.available - should_show(lot, target, claim, expresses).available)


def complies(lot: Lot, target: Target, claim: Claim, expresses: str) -> bool:
    """Say whether a reading shows exactly the wanted state."""
    want = should_show(lot, target, claim, expresses)
    return claim.available == want.available and (expresses == "cap" or claim.blocked >= want.blocked)
