"""The ledger: amounts of a lot in its base unit."""

from decimal import Decimal

from tracemill.core.draft import Draft
from tracemill.model.quantity import Quantity, to_unit


def base_unit(draft: Draft, native: Quantity) -> str:
    """Return the unit a lot is counted in: its own, else its item's, else the one it is first seen in."""
    return draft.lot.unit or draft.policy.base_units.get(draft.lot.item) or native.unit


def in_base(draft: Draft, quantity: Quantity) -> Decimal:
    """Express a quantity in the lot's base unit; raises NotComparable where nobody declared how."""
    conversions = draft.policy.conversions.get(draft.lot.item, ())
    return to_unit(quantity, base_unit(draft, quantity), conversions).amount
