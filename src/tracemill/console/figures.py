"""Figures of a lot as its page shows them: the balance of quantities, and each reason beside the hold that makes it."""

from collections.abc import Collection
from decimal import Decimal

from tracemill.answers.claim import SystemView
from tracemill.answers.lot import LotView
from tracemill.answers.lot_parts import HoldView, ReasonView
from tracemill.model.quantity import show
from tracemill.model.record import Record

ZERO = Decimal(0)
STALE_SECONDS = 86400.0  # unchanged readings are not kept, so a quiet lot's last one is old without being wrong


class Counted(Record, frozen=True):
    """What one system counts in all of a lot, and how far that is from what should be there."""

    system: str
    total: str
    gap: str


class Balance(Record, frozen=True):
    """Received, less samples and uses, is on hand; of it a part may be used, a part waits, a part is blocked."""

    waiting: str
    counted: tuple[Counted, ...]
    shares: tuple[tuple[str, float, float], ...]  # tone, start and width of each part of the bar, in percent


class Obstacle(Record, frozen=True):
    """One reason why a lot is not released, with the hold it comes from where it is one."""

    reason: ReasonView
    hold: HoldView | None


def balance(lot: LotView, capped: Collection[str] = ()) -> Balance:
    """Set what may be used, what waits and what is blocked against what is on hand, and against what each system counts.

    A `capped` system says only how much may be used, so it counts nothing.
    """
    total, usable, blocked = Decimal(lot.total), Decimal(lot.usable), Decimal(lot.blocked)
    waiting = max(ZERO, total - usable - blocked)
    parts = (("released", usable), ("pending", waiting), ("rejected", blocked))
    shares, start = [], 0.0
    for tone, amount in parts:
        width = float(round(100 * amount / total, 3)) if total > ZERO else 0.0
        if width:
            shares.append((tone, start, width))
        start += width
    sums = tuple(counted(s, total) for s in lot.systems if s.available is not None and s.system not in capped)
    return Balance(waiting=show(waiting), counted=sums, shares=tuple(shares))


def counted(system: SystemView, total: Decimal) -> Counted:
    sums = sum((Decimal(s or "0") for s in (system.available, system.quarantine, system.blocked)), ZERO)
    return Counted(system=system.system, total=show(sums), gap=show(sums - total))


def obstacles(lot: LotView) -> tuple[Obstacle, ...]:
    """Put each reason beside its hold, so that who placed it and who may lift it stand in one row."""
    left = list(lot.holds)
    found = []
    for reason in lot.reasons:
        own = next((h for h in left if h.reason == reason.kind and h.placed_at == reason.since), None)
        if own is not None:
            left.remove(own)
        found.append(Obstacle(reason=reason, hold=own))
    return tuple(found)


def stale(system: SystemView) -> bool:
    return system.read_at is not None and (system.age_seconds or 0) > STALE_SECONDS
