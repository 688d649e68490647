"""Inheritance: what restricts a lot restricts what was made from it, for as long as it does.

A hold of one kind is carried on: one that says something about the material itself, and about more of it than is left.
"""

from collections.abc import Iterable, Mapping, Sequence
from enum import IntEnum

from tracemill.core.descent import missing, unreserved
from tracemill.core.draft import Draft
from tracemill.core.usable import awaiting, on_hand, quality_hold
from tracemill.model.change import HoldLifted, HoldPlaced, LotDescribed
from tracemill.model.identifier import derived
from tracemill.model.lot import Hold, Lot
from tracemill.model.quality import HoldInherited, Inherited
from tracemill.model.reference import LotRef
from tracemill.model.status import HoldReason

# What is wrong with a place, a customs paper or a date stays with what is left; the rest is wrong with what it became, too.
CARRIED = frozenset(
    {
        HoldReason.AWAITING_INSPECTION,
        HoldReason.QUALITY,
        HoldReason.REJECTED,
        HoldReason.UNREAD,
        HoldReason.RECALL,
        HoldReason.MISSING_CERTIFICATE,
        HoldReason.INCOMPLETE_GENEALOGY,
        HoldReason.DEVIATION,
        HoldReason.IDENTITY,
        HoldReason.REQUIREMENT,
        HoldReason.SUSPECTED,
    }
)
DATED = (HoldReason.EXPIRED, HoldReason.RETEST)
JUDGED = (HoldReason.AWAITING_INSPECTION, HoldReason.QUALITY, HoldReason.REJECTED)
SAME = frozenset({"split", "merge", "relabel", "transfer"})  # kinds of transformation that leave the material what it is
TREATED = frozenset({"rework", "regrade"})  # done because of what quality said: it decides anew about what comes out


class Bond(IntEnum):
    """How a lot came of another; where it came of it in several ways, the one that carries most."""

    TREATED = 0
    MADE = 1
    SAME = 2


def bond(kind: str) -> Bond:
    """Return how what comes out of a kind of transformation stands to what went in."""
    return Bond.SAME if kind in SAME else Bond.TREATED if kind in TREATED else Bond.MADE


def carried(lot: Lot, bond: Bond = Bond.MADE) -> dict[str, Inherited]:
    """Return what a lot passes on to everything made from it, by the id of the hold as it was placed (its root).

    A hold on a quantity is passed on only where less than that is left: then restricted material was used. What is the same
    material under another number has its own dates, and all else that restricts it; about what was treated, quality decides anew.
    """
    left = on_hand(lot)
    holds = [h for h in lot.holds.values() if _passes(h, bond) and (h.quantity is None or h.quantity > left)]
    return {h.root or h.id: _passed_on(h, lot) for h in holds}


def _passes(hold: Hold, bond: Bond) -> bool:
    if bond is Bond.TREATED and hold.reason in JUDGED:
        return False
    if hold.reason in CARRIED or bond is not Bond.SAME:
        return hold.reason in CARRIED
    return hold.reason not in DATED and not (hold.reason is HoldReason.CONFLICT and hold.system == "hub")


def _passed_on(hold: Hold, lot: Lot) -> Inherited:
    origin, number = (hold.origin, hold.origin_number) if hold.root else (lot.id, lot.number)
    return Inherited(root=hold.root or hold.id, origin=origin, number=number, reason=hold.reason, placer=hold.by, note=hold.note)


def inherited(child: Lot, parents: Iterable[Lot], origins: Mapping[str, Lot], bonds: Mapping[str, Bond]) -> HoldInherited | None:
    """Return what must change on a lot so that it carries exactly what its parents pass on; None where nothing must.

    `origins` are the lots on which the roots were placed: what no longer holds there is not kept alive by a cycle.
    `bonds`: how it came of each parent (id).
    """
    parents = list(parents)
    wanted = {
        root: i
        for parent in parents
        for root, i in carried(parent, bonds.get(parent.id, Bond.MADE)).items()
        if i.origin != child.id and (i.origin not in origins or root in carried(origins[i.origin], Bond.SAME))
    }
    have = {h.root for h in child.holds.values() if h.root}
    new = tuple(wanted[root] for root in sorted(wanted.keys() - have))
    gone = tuple(sorted(have - wanted.keys()))
    same = [p for p in parents if bonds.get(p.id) is Bond.SAME]
    awaits = not wanted and _awaits(child, same)
    descent = missing(child, same) if len(same) == len(parents) else None
    if not (new or gone or awaits or descent):
        return None
    return HoldInherited(lot=LotRef(id=child.id), holds=new, lapsed=gone, awaits=awaits, descent=descent)


def _awaits(child: Lot, same: Sequence[Lot]) -> bool:
    """Say whether quality has to look at a lot: its material was judged or held, and not all of that accepted at its site."""
    if child.disposition is not None or quality_hold(child.id, HoldReason.AWAITING_INSPECTION) in child.holds:
        return False
    accepted = all(parent.site == child.site and unreserved(parent) for parent in same)
    return not accepted and any(judged(parent) for parent in same)


def judged(lot: Lot) -> bool:
    """Say whether anybody has said something about a lot itself: quality, or who holds it."""
    return lot.disposition is not None or any(not hold.root for hold in lot.holds.values())


def apply(draft: Draft, data: HoldInherited) -> None:
    """Carry what the ancestors pass on, and lift what they no longer do."""
    if data.descent is not None:
        facts = {f: value for f in data.descent.__struct_fields__ if (value := getattr(data.descent, f))}
        draft.add(LotDescribed(unit=draft.lot.unit, **facts))
    for hold in [h for h in draft.lot.holds.values() if h.root in data.lapsed]:
        draft.add(HoldLifted(hold=hold.id, reason=hold.reason, by="hub", note="what it was made from is no longer restricted"))
    for found in data.holds:
        draft.add(HoldPlaced(hold=_hold(draft, found)))
    if data.awaits and draft.lot.disposition is None:
        draft.add(HoldPlaced(hold=awaiting(draft.lot.id, draft.now)))


def _hold(draft: Draft, found: Inherited) -> Hold:
    return Hold(
        id=derived("hold", draft.lot.id, found.root),
        reason=found.reason,
        system="hub",
        placed_at=draft.now,
        by=found.placer,
        note=found.note,
        root=found.root,
        origin=found.origin,
        origin_number=found.number,
    )
