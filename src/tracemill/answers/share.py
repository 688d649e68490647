"""Shares: how much of a lot may be, and how much would be in even mixing, in each lot that was made of it."""

from decimal import Decimal

import numpy as np

from tracemill.core.genealogy.share import shares
from tracemill.core.genealogy.walk import Direction, Walk
from tracemill.model.quantity import show
from tracemill.model.record import Record

DIGITS = Decimal("0.001")


class Share(Record, frozen=True):
    """The part that one lot has of the lot asked about."""

    at_most: str  # in the unit of the lot asked about; empty: no limit is known
    proportion: float | None  # 0 to 1, all mixing taken as even; None: a quantity it depends on is unknown


def shared(found: Walk) -> dict[int, Share]:
    """Return the share of each lot of a whole walk forward, by row id; nothing for any other walk, of which no bound holds."""
    if found.direction is not Direction.FORWARD or found.left_out or found.stopped:
        return {}
    made = shares(found)
    told = zip(made.lots.tolist(), made.at_most.tolist(), made.proportional.tolist(), strict=True)
    return {lot: Share(at_most=_bound(most), proportion=None if np.isnan(part) else part) for lot, most, part in told}


def _bound(most: float) -> str:
    return show(Decimal(most).quantize(DIGITS).normalize()) if np.isfinite(most) else ""
