"""The ledger: amounts of a lot in its base unit, and who may book them."""

from decimal import Decimal

from tracemill.core.draft import Draft
from tracemill.model.quantity import UNITS, NotComparable, Quantity, to_unit


def base_unit(draft: Draft, native: Quantity) -> str:
    """Return the unit a lot is counted in: its own, else its item's, else the one it is first seen in."""
    return draft.lot.unit or draft.policy.base_units.get(draft.lot.item) or _measured(draft, native)


def _measured(draft: Draft, native: Quantity) -> str:
    """Return the unit itself where it measures, or what the item's conversion makes of a package: drums differ by item."""
    if native.unit in UNITS:
        return native.unit
    for c in draft.policy.conversions.get(draft.lot.item, ()):
        if c.unit == native.unit:
            return c.to
    item = f"item {draft.lot.item}" if draft.lot.item else "an item that was not told"
    raise NotComparable(f"nobody declared how much of {item} is in {native}", _declare(draft, native))


def _declare(draft: Draft, native: Quantity) -> str:
    unit = draft.lot.unit or draft.policy.base_units.get(draft.lot.item) or "KGM"
    said = f'conversions: {{{draft.lot.item or "ITEM"}: [{{unit: {native.unit}, to: {unit}, factor: "25"}}]}}'
    return f"write how much it is into sites/{draft.policy.site}.yaml: {said}, restart the hub, then replay this message"


class Negative(ValueError):
    """A quantity below zero where only an amount makes sense: taken at its word, a hold of -50 would free 50."""

    hint = "correct the quantity at its source, then discard this message"


def in_base(draft: Draft, quantity: Quantity) -> Decimal:
    """Express an amount in the lot's base unit; raises NotComparable where nobody declared how, Negative below zero."""
    if quantity.amount < 0:
        raise Negative(f"{quantity} is below zero; a quantity of a {draft.event.type} is an amount")
    return signed_in_base(draft, quantity)


def signed_in_base(draft: Draft, quantity: Quantity) -> Decimal:
    """Express a quantity that may be negative (a correction within a sum) in the lot's base unit."""
    unit, conversions = base_unit(draft, quantity), draft.policy.conversions.get(draft.lot.item, ())
    try:
        return to_unit(quantity, unit, conversions).amount
    except NotComparable as error:
        raise NotComparable(str(error), _declare(draft, quantity)) from None


def owned(draft: Draft) -> bool:
    """Say whether the event comes from the owner of movements: only that counts in the ledger."""
    owner = draft.policy.owner("movement", draft.lot.material_class, draft.now)
    return owner in (None, draft.event.source)
