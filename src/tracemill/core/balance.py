"""The balance of a lot: all that ever came of it is somewhere, or the gap says how much nobody can account for.

What has gone is what the ledger says; what is there is what the owner of stock shows, cut up by the holds on it.
"""

from collections.abc import Iterator
from decimal import Decimal

from tracemill.core.entries import came
from tracemill.core.unbooked import unbooked
from tracemill.core.usable import WORDS, gained
from tracemill.model.lot import Claim, Hold, Lot
from tracemill.model.policy import Policy
from tracemill.model.quantity import show
from tracemill.model.record import Record, replaced
from tracemill.model.status import HoldReason

ZERO = Decimal(0)
GONE = {
    "consumed": "consumed", "scrapped": "scrapped", "shipped": "shipped", "transferred_out": "transferred out",
    "returned_to_supplier": "returned to the supplier", "adjusted": "missing in counts",
}  # fmt: skip
_SHORT = {HoldReason.REJECTED: "rejected", HoldReason.RETURNED: "back from a customer"}


class Share(Record, frozen=True):
    """A part of what came, and what became of it."""

    text: str
    quantity: Decimal
    there: bool = False  # it is still there, as a system shows it


class Balance(Record, frozen=True):
    """What came of a lot = where it is now + the gap. A gap below zero: more is there than ever came."""

    came: Decimal
    shares: tuple[Share, ...]
    gap: Decimal
    system: str = ""  # that showed what is there

    @property
    def sentence(self) -> str:
        parts = " + ".join(f"{show(s.quantity)} {s.text}" for s in self.shares) or "0"
        return f"{show(self.came)} = {parts}, gap {show(self.gap)}"


def balance(lot: Lot, policy: Policy) -> Balance | None:
    """Say where everything of a lot is; None where nobody told how much came, or no system shows what is there."""
    total = came(lot) + max(ZERO, -_shipped(lot))
    system = counting(lot, policy)
    if not total or system is None:
        return None
    claim = lot.claims[system]
    sampled = sum(lot.samples.values(), ZERO)
    shares = [*_gone(lot), *_there(lot, _posted(lot, claim))]
    if sampled:
        shares.append(Share(text="sample" if sum(map(bool, lot.samples.values())) == 1 else "samples", quantity=sampled))
    gap = total - sum((share.quantity for share in shares), ZERO)
    return Balance(came=total, shares=tuple(shares), gap=gap, system=system)


def counting(lot: Lot, policy: Policy) -> str | None:
    """Return the system whose stock is compared: the owner of stock, else the one that shows the most.

    A system that only says how much may be used counts nothing.
    """
    counts = {n: c for n, c in lot.claims.items() if n not in policy.systems or policy.systems[n].expresses != "cap"}
    owner = policy.owner("stock", lot.material_class)
    if owner in counts:
        return owner
    return max(counts, key=lambda name: (counts[name].total, name), default=None)


def _posted(lot: Lot, claim: Claim) -> Claim:
    """Take off what has left the lot and still stands in the books that show it: it is not there."""
    waiting = min(claim.available, unbooked(lot, claim, "split"))
    return replaced(claim, available=claim.available - waiting)


def _shipped(lot: Lot) -> Decimal:
    """Return how much customers have: shipped, less what came back."""
    return -lot.moved.get("shipped", ZERO) - lot.moved.get("returned", ZERO)


def _gone(lot: Lot) -> Iterator[Share]:
    for account, text in GONE.items():
        gone = _shipped(lot) if account == "shipped" else -lot.moved.get(account, ZERO)
        if gone > ZERO:
            yield Share(text=text, quantity=gone)


def _there(lot: Lot, claim: Claim) -> Iterator[Share]:
    """Cut up what a system shows: what is blocked by the holds that name a quantity, then by what quality rejected."""
    retained = sum(lot.retained.values(), ZERO)
    waiting, blocked = claim.quarantine, claim.blocked
    kept = min(retained, waiting + blocked + claim.available)
    from_waiting = min(kept, waiting)
    from_blocked = min(kept - from_waiting, blocked)
    free = claim.available - (kept - from_waiting - from_blocked)
    parts = list(_blocked(lot, blocked - from_blocked))
    parts = [("free", free), ("waiting", waiting - from_waiting), *parts, ("retained", kept)]
    return (Share(text=text, quantity=quantity, there=True) for text, quantity in parts if quantity)


def _blocked(lot: Lot, blocked: Decimal) -> list[tuple[str, Decimal]]:
    holds = sorted((h for h in lot.holds.values() if not gained(h, lot)), key=_order)
    found: dict[str, Decimal] = {}
    for hold in holds:
        share = blocked if hold.quantity is None else min(blocked, hold.quantity)
        if share > ZERO:
            text = _SHORT.get(hold.reason, WORDS[hold.reason])
            found[text] = found.get(text, ZERO) + share
            blocked -= share
    rejected = found.pop("rejected", None)
    first = [("rejected", rejected)] if rejected else []
    return [*first, *found.items(), *([("blocked", blocked)] if blocked > ZERO else [])]


def _order(hold: Hold) -> tuple[bool, bool, str]:
    """Holds on a part of the lot first: what is rejected may be all that is left."""
    return hold.quantity is None, hold.reason is HoldReason.REJECTED, hold.id
