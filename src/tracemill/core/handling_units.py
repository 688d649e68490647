"""Handling units: what of a lot is in them, as each system tells it, and where systems tell different places.

Contents are walked through by the time at which things happened, so they end the same in whatever order they are told.
"""

from collections.abc import Iterable, Iterator, Mapping
from datetime import datetime
from decimal import Decimal

from tracemill.core.draft import Draft
from tracemill.core.evolve import replace
from tracemill.core.ledger import base_unit, in_base
from tracemill.model.change import HoldPlaced, Packed
from tracemill.model.decision import Case
from tracemill.model.event import Event
from tracemill.model.handling_unit import Packing, Standing, UnitAgreed, UnitPacked, UnitUnpacked, unit_id
from tracemill.model.identifier import opaque
from tracemill.model.lot import Lot
from tracemill.model.record import Record
from tracemill.model.status import CaseKind

ZERO = Decimal(0)
Told = Mapping[tuple[str, str], Standing]  # what is told of one unit, by lot and system


def packed(draft: Draft, data: UnitPacked) -> None:
    """A quantity of the lot went into a unit, or the unit stands somewhere else from then on."""
    unit, parent = unit_id(opaque(data.unit)), unit_id(opaque(data.parent)) if data.parent else ""
    amount, measure = in_base(draft, data.quantity), base_unit(draft, data.quantity)
    packing = Packing(
        id=draft.event.id,
        system=draft.event.source,
        at=draft.event.occurred.utc,
        quantity=amount,
        parent=parent,
        place=data.place,
    )
    draft.add(Packed(unit=unit, packing=packing, measure=measure))


def unpacked(draft: Draft, data: UnitUnpacked) -> None:
    """A quantity of the lot, or all of it that was in a unit, was taken out."""
    amount = None if data.quantity is None else -in_base(draft, data.quantity)
    measure = "" if data.quantity is None else base_unit(draft, data.quantity)
    packing = Packing(id=draft.event.id, system=draft.event.source, at=draft.event.occurred.utc, quantity=amount, takes_out=True)
    draft.add(Packed(unit=unit_id(opaque(data.unit)), packing=packing, measure=measure))


def agreed(draft: Draft, data: UnitAgreed) -> None:
    """What systems told of the unit no longer differs: nobody has to look at it because of this lot."""
    draft.close(case_key(draft.lot, data.unit))


def standings(lot: Lot, unit: str) -> list[Standing]:
    """Return what each system says of the lot in a unit, also where that is: nothing of it is in there any more."""
    told = lot.units.get(unit, ())
    disputed = case_key(lot, unit) in lot.cases
    return [_standing(lot, unit, system, told, disputed) for system in sorted({p.system for p in told})]


def _standing(lot: Lot, unit: str, system: str, told: tuple[Packing, ...], disputed: bool) -> Standing:
    where: Packing | None = None
    inside = ZERO
    for packing, inside in _walk(told, system):
        if packing.takes_out:
            where = None if inside == ZERO else where
        elif where is None or packing.parent or packing.place:
            where = packing
    return Standing(
        unit=unit, system=system, site=lot.site, quantity=inside, disputed=disputed,
        told_at=where.at if where else max(p.at for p in told if p.system == system),
        parent=where.parent if where else "", place=where.place if where else "",
    )  # fmt: skip


def _walk(told: Iterable[Packing], system: str) -> Iterator[tuple[Packing, Decimal]]:
    """Yield the facts of one system in the order in which they happened, each with what was in the unit after it."""
    inside = ZERO
    for packing in (p for p in told if p.system == system):
        inside = ZERO if packing.quantity is None else max(ZERO, inside + packing.quantity)
        yield packing, inside


def peak(lot: Lot, unit: str, since: datetime) -> Decimal:
    """Return the most of the lot that was in a unit then or at any time since, by the system that tells the most."""
    told, most = lot.units.get(unit, ()), ZERO
    for system in {p.system for p in told}:
        then = ZERO
        for packing, inside in _walk(told, system):
            then = inside if packing.at <= since else max(then, inside)
        most = max(most, then)
    return most


def follow(draft: Draft) -> None:
    """Let each hold of a unit restrict what of the lot was in that unit since; where nobody told that, all of the lot.

    Taking material out of a held unit frees none of it.
    """
    for hold in list(draft.lot.holds.values()):
        if hold.unit and hold.since is not None:
            quantity = peak(draft.lot, hold.unit, hold.since) or None
            if quantity != hold.quantity:
                draft.add(HoldPlaced(hold=replace(hold, quantity=quantity)))


def watch(draft: Draft, told: dict[str, dict[tuple[str, str], Standing]]) -> None:
    """Compare what systems tell of the unit that the event is about; where they tell different places it is a case."""
    data = draft.event.data
    if not isinstance(data, UnitPacked | UnitUnpacked | UnitAgreed):
        return
    unit, lot = unit_id(data.unit), draft.lot
    known = told.setdefault(unit, {})
    known.update({(lot.id, s.system): s for s in standings(lot, unit)})
    if problem := contradiction(unit, known.values()):
        if not any(s.disputed for (other, _), s in known.items() if other != lot.id):
            draft.case(_case(lot, unit, problem, known.values()))
    else:
        draft.close(case_key(lot, unit))
    known.update({(lot.id, s.system): s for s in standings(draft.lot, unit)})


class Ended(Record, frozen=True):
    """A lot that still has a case about a unit that systems agree about again."""

    unit: str
    lot: str
    site: str


def about_units(events: Iterable[Event]) -> set[str]:
    """Return the units that decisions about these events must see."""
    return {unit_id(e.data.unit) for e in events if isinstance(e.data, UnitPacked | UnitUnpacked | UnitAgreed)}


def settled(told: Mapping[str, Told]) -> list[Ended]:
    """Return the lots whose case is over, because what was told of another lot settled it."""
    return sorted(
        {
            Ended(unit=unit, lot=lot, site=s.site)
            for unit, known in told.items()
            for (lot, _), s in known.items()
            if s.disputed and not contradiction(unit, known.values())
        },
        key=lambda end: (end.unit, end.lot),
    )


def contradiction(unit: str, told: Iterable[Standing]) -> str:
    """Say how systems differ about where a unit stands; nothing where they agree, or where only one tells of it."""
    last = whereabouts(told)
    for what, found in (
        ("at different sites", {s.site for s in last}),
        ("in different places", {s.place for s in last if s.place}),
        ("in different units", {s.parent for s in last if s.parent}),
    ):
        if len(found) > 1:
            return f"handling unit {unit} is {what} at once: {', '.join(_said(s) for s in last)}"
    return ""


def whereabouts(told: Iterable[Standing]) -> list[Standing]:
    """Return the last word of each system about where a unit stands that has something in it."""
    last: dict[str, Standing] = {}
    for s in sorted((s for s in told if s.quantity), key=lambda s: (bool(s.parent or s.place), s.told_at, s.place, s.parent)):
        last[s.system] = s
    return [last[system] for system in sorted(last)]


def _said(s: Standing) -> str:
    where = [f"in unit {s.parent}" if s.parent else "", f"at {s.place}" if s.place else "", f"({s.site})"]
    return " ".join([*filter(None, where), f"as {s.system} told for {s.told_at:%Y-%m-%d %H:%M} UTC"])


def case_key(lot: Lot, unit: str) -> str:
    return f"unit:{unit}:{lot.id}"


def _case(lot: Lot, unit: str, problem: str, told: Iterable[Standing]) -> Case:
    last = whereabouts(told)
    systems = " and ".join(s.system for s in last)
    return Case(
        key=case_key(lot, unit),
        kind=CaseKind.CONFLICT,
        lot=lot.id,
        title=problem,
        next_action=f"read the label where it stands, then correct {systems}: where it stands, or that it is empty;"
        f" tracemill unit {unit} shows what each of them says",
        evidence={"unit": unit, "told": {s.system: _said(s) for s in last}},
    )
