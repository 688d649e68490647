"""Descent: what a lot is because of the lots whose material it is: where it comes from, its dates, what quality accepted."""

from collections.abc import Iterable, Sequence
from datetime import date
from decimal import Decimal

from tracemill.core.draft import Draft
from tracemill.core.entries import came, unseen
from tracemill.core.evolve import replace
from tracemill.core.ledger import signed_in_base
from tracemill.model.change import Disposed, LotDescribed
from tracemill.model.lot import Disposition, Lot
from tracemill.model.material import MaterialProduced
from tracemill.model.quality import Descent, Part
from tracemill.model.status import RELEASING

ZERO = Decimal(0)
SHARED = ("item", "item_text", "material_class", "supplier", "manufacturer", "supplier_batch", "purchase_order", "certificate")
DATES = ("expires", "retest")
CARRIED = "as the lot that it comes from"  # the meaning of a decision that came with the material


def descend(draft: Draft, parents: Sequence[Lot]) -> None:
    """Describe a lot as those it is made of, as far as they agree; of their dates, the earliest."""
    lot = draft.lot
    if not parents or lot.received_at is not None:
        return
    facts = {f: getattr(parents[0], f) for f in SHARED if len({getattr(p, f) for p in parents}) == 1 and not getattr(lot, f)}
    facts |= {f: day for f in DATES if (day := _earliest(getattr(p, f) for p in (*parents, lot))) and day != getattr(lot, f)}
    facts = {f: value for f, value in facts.items() if value}
    if facts or not lot.unit:
        draft.add(LotDescribed(unit=lot.unit or parents[0].unit, **facts))


def missing(child: Lot, parents: Sequence[Lot]) -> Descent | None:
    """Return what a lot lacks that those it is made of know, as far as they agree; None where it lacks nothing."""
    if not parents or child.received_at is not None:
        return None
    facts = {f: getattr(parents[0], f) for f in SHARED if len({getattr(p, f) for p in parents}) == 1}
    facts |= {f: _earliest(getattr(p, f) for p in parents) for f in DATES}
    facts = {f: value for f, value in facts.items() if value and not getattr(child, f)}
    return Descent(**facts) if facts else None


def _earliest(days: Iterable[date | None]) -> date | None:
    return min((day for day in days if day), default=None)


def accept_as(draft: Draft, parents: Sequence[Lot], data: MaterialProduced) -> None:
    """Carry on what quality accepted without reserve: all of every lot it comes from. Else quality decides about the new lot.

    Only the quantity that came out here is accepted, and only where the lot was nothing before.
    """
    lot, only = draft.lot, draft.lot.made_by
    known = lot.disposition
    if len(only) != 1 or lot.received_at is not None or (known is not None and known.meaning != CARRIED):
        return
    decisions = [d for p in parents if (d := unreserved(p)) is not None]
    if not decisions or len(decisions) != len(parents) or len({_permits(d) for d in decisions}) != 1:
        return
    before = known.parts[0].quantity.amount if known is not None and known.parts[0].quantity else ZERO
    part = replace(decisions[0].parts[0], quantity=lot.quantity(before + signed_in_base(draft, data.quantity)))
    last = max(decisions, key=lambda d: d.decided_at)
    draft.add(
        Disposed(
            parts=(part,), decided_at=last.decided_at, recorded_at=draft.now, inspection=last.inspection, signer=last.signer,
            meaning=CARRIED, owner=last.owner,
        )
    )  # fmt: skip


def _permits(decision: Disposition) -> Part:
    """Return what was accepted, whatever the quantity: under which terms, until when."""
    return replace(decision.parts[0], quantity=None)


def unreserved(lot: Lot) -> Disposition | None:
    """Return the decision that accepted all of a lot, with nothing held, and nothing that quality has not seen."""
    decision = lot.disposition
    if decision is None or lot.holds or unseen(lot) or len(decision.parts) != 1:
        return None
    part = decision.parts[0]
    whole = part.quantity is None or (decision.meaning == CARRIED and part.quantity.amount >= came(lot))
    return decision if part.decision in RELEASING and whole else None
