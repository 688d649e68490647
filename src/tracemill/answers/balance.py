"""The balance of a lot in words and figures: what came, where it is now, and how much nobody can account for."""

from tracemill.core.balance import balance
from tracemill.core.tolerance import tolerated
from tracemill.model.lot import Lot
from tracemill.model.policy import Policy
from tracemill.model.quantity import show
from tracemill.model.record import Record


class ShareView(Record, frozen=True):
    """A part of what came, and what became of it."""

    text: str
    quantity: str
    there: bool  # it is still there, as `system` shows it


class BalanceView(Record, frozen=True):
    """What came of a lot = its shares + the gap. Amounts are decimal text in the lot's unit."""

    sentence: str
    came: str
    shares: tuple[ShareView, ...]
    gap: str
    system: str
    tolerance: str | None  # None: the site demands nothing of this item
    beyond: bool


def of_lot(lot: Lot, policy: Policy) -> BalanceView | None:
    """Return the balance of a lot; None where nobody told how much came, or no system shows what is there."""
    found = balance(lot, policy)
    if found is None:
        return None
    limit = tolerated(lot, policy, found.came)
    return BalanceView(
        sentence=found.sentence,
        came=show(found.came),
        shares=tuple(ShareView(text=s.text, quantity=show(s.quantity), there=s.there) for s in found.shares),
        gap=show(found.gap),
        system=found.system,
        tolerance=None if limit is None else show(limit),
        beyond=limit is not None and abs(found.gap) > limit,
    )
