"""Components: what is built into a parent is part of it for as long as it is in there; what was in there is never forgotten."""

from tracemill.core.draft import Draft
from tracemill.core.entries import came
from tracemill.core.identity import View
from tracemill.core.inheritance import Bond, carried
from tracemill.core.ledger import base_unit, in_base, owned
from tracemill.core.material import inherit, misuse
from tracemill.core.usable import allowance
from tracemill.model.change import Fitted, HoldPlaced, Linked, Moved
from tracemill.model.component import ComponentInstalled, ComponentTold
from tracemill.model.decision import Case
from tracemill.model.identifier import derived
from tracemill.model.lot import Hold
from tracemill.model.record import replaced
from tracemill.model.status import CaseKind, Consequence, HoldReason, Side

# The kind of the transformation by which a parent is what is built into it: one for each of its components, because a removal
# that was told of one whose installation nobody told must not take away another one.
ASSEMBLY = "assembly"


class ItsOwnPart(ValueError):
    """A component that is told to be in itself."""

    hint = "correct the parent at its source, then discard this message"


def fitted(draft: Draft, data: ComponentTold, parent: Draft, view: View) -> None:
    """A component went into a parent, or came out of it. Taking it out takes the edge back, at its own time."""
    if parent is draft:
        raise ItsOwnPart(f"{draft.lot.number} cannot be a part of itself")
    before, quantity = allowance(draft.lot), in_base(draft, data.quantity)
    goes_in = isinstance(data, ComponentInstalled)
    signed = quantity if goes_in else -quantity
    at = draft.event.occurred.utc
    key = f"assembly of {parent.lot.number} with {draft.lot.number}"[:400]
    work = replaced(data.work, transformation=key, kind=ASSEMBLY)
    draft.add(
        Moved(
            movement=data.movement, kind="consumed", quantity=-signed, system=draft.event.source, order=data.work.order,
            counts=owned(draft), at=at, native=data.quantity,
            undone_by="component.removed.v1" if goes_in else "component.installed.v1",
        )
    )  # fmt: skip
    for one, other, side in ((draft, parent.lot, Side.INPUT), (parent, draft.lot, Side.OUTPUT)):
        one.add(Fitted(side=side, other=other.id, number=other.number, quantity=signed, position=data.position))
    for one, side in ((draft, Side.INPUT), (parent, Side.OUTPUT)):
        one.add(
            Linked(
                transformation=derived(ASSEMBLY, draft.lot.site, parent.lot.id, draft.lot.id), side=side, quantity=signed,
                unit=base_unit(draft, data.quantity), evidence=data.evidence, work=work,
                occurred_at=at, system=draft.event.source, movement=data.movement,
            )
        )  # fmt: skip
    if goes_in and before.known and quantity > before.target.available:
        draft.case(misuse(draft, data.quantity, data.work, parent.lot.number))
    if goes_in:
        inherit(parent, [draft.lot], {**view.lots, draft.lot.id: draft.lot}, Bond.MADE)
    else:
        _stays_recalled(draft, parent)
    _watch_places(draft)
    draft.spread()


def _stays_recalled(draft: Draft, parent: Draft) -> None:
    """A recalled component that is taken out leaves its parent recalled: it may have harmed it, and people must look."""
    for root, found in sorted(carried(draft.lot).items()):
        if found.reason is HoldReason.RECALL:
            note = f"{draft.lot.number} was in it: {found.note}"
            hold_id = derived("hold", parent.lot.id, "once in it", root)
            hold = Hold(id=hold_id, reason=found.reason, system="hub", placed_at=draft.now, by=found.placer, note=note)
            parent.add(HoldPlaced(hold=hold))
            parent.spread()


def _watch_places(draft: Draft) -> None:
    """The same component in more places than there is of it: somebody has mistaken it, or the removal was not told."""
    lot, key = draft.lot, f"places:{draft.lot.id}"
    inside = {p: q for p, q in lot.inside.items() if q > 0}
    if len(inside) < 2 or sum(inside.values()) <= (came(lot) or 1):  # of what nobody counted, one: most likely it is a serial
        draft.close(key)
        return
    names = " and ".join(sorted(lot.fitted_names[p] for p in inside))
    draft.case(
        Case(
            key=key,
            kind=CaseKind.IDENTITY,
            lot=lot.id,
            title=f"{lot.number} is told to be in {names} at the same time",
            consequence=Consequence.UNSAFE,
            next_action="look which of them it is in, and tell the other's removal, or the right serial, at its source",
            evidence={"source": draft.event.source, "parents": sorted(inside), "system": draft.event.source},
        )
    )
