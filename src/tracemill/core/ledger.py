"""The ledger: amounts of a lot in its base unit."""

from decimal import Decimal

from tracemill.core.draft import Draft
from tracemill.model.quantity import Quantity, to_unit


def base_unit(draft: Draft, native: Quantity) -> str:
    """Return the unit a lot is counted in: its own, else its item's, else the one it is first seen in."""
    return draft.lot.unit or draft.policy.base_units.get(draft.lot.item) or native.unit


class Negative(ValueError):
    """A quantity below zero where only an amount makes sense: taken at its word, a hold of -50 would free 50."""


def in_base(draft: Draft, quantity: Quantity) -> Decimal:
    """Express an amount in the lot's base unit; raises NotComparable where nobody declared how, Negative below zero."""
    if quantity.amount < 0:
        raise Negative(f"{quantity} is below zero; a quantity of a {draft.event.type} is an amount")
    return signed_in_base(draft, quantity)


def signed_in_base(draft: Draft, quantity: Quantity) -> Decimal:
    """Express a quantity that may be negative (a correction within a sum) in the lot's base unit."""
    conversions = draft.policy.conversions.get(draft.lot.item, ())
    return to_unit(quantity, base_unit(draft, quantity), conversions).amount
