"""Unbooked: what has left a lot, as one system told, and still stands in the books of another.

An MES tells of a consumption minutes before the ERP posts its goods issue. In between the ERP shows stock that is not there
any more: nobody can use it, and a block would only stand in the way of the posting. So comparisons allow for it: never for
more than was told, nor than was left to post, nor than stands in the books beyond what there is.
"""

from collections.abc import Mapping
from decimal import Decimal

from tracemill.core.usable import on_hand, used
from tracemill.model.lot import Claim, Lot
from tracemill.model.record import replaced

ZERO = Decimal(0)


def unbooked(lot: Lot, claim: Claim, expresses: str) -> Decimal:
    """Return how much of what a system shows has left the lot already, in the lot's base unit.

    A lot of which nothing may be used is restricted as it stands in the books, posted or not.
    """
    if any(hold.quantity is None for hold in lot.holds.values()):
        return ZERO
    if expresses == "cap":  # it counts its own use, and its next reading has it
        return max(ZERO, claim.told)
    return max(ZERO, min(claim.behind, claim.total - on_hand(lot), used(lot)))


def left(claims: Mapping[str, Claim], quantity: Decimal, system: str = "") -> dict[str, Claim]:
    """Return the claims after a quantity left the lot, as a system told; a negative one came back."""
    return {
        name: replaced(c, behind=c.behind + quantity, told=c.told + quantity if name == system else c.told)
        for name, c in claims.items()
    }


def reread(lot: Lot, system: str, claim: Claim) -> Claim:
    """Return a new reading with what the last one was behind, less what was posted in between.

    Books that hold just what there is are level. Else only a fall is a posting: what rises may be anything, and covers nothing.
    """
    last = lot.claims.get(system)
    if last is None or claim.total == on_hand(lot):
        return claim
    return replaced(claim, behind=last.behind - max(ZERO, last.total - claim.total))
