"""Contents: what is told of vessels becomes edges between lots and what a vessel holds, and restricts at once."""

from collections.abc import Iterable
from decimal import Decimal

from tracemill.core.draft import Draft
from tracemill.core.identity import View
from tracemill.core.inheritance import CARRIED, Bond, carried
from tracemill.core.ledger import Negative, base_unit, owned, signed_in_base
from tracemill.core.material import describe, inherit, misuse, transformation
from tracemill.core.usable import allowance
from tracemill.core.vessel import Vessel, layout, tell
from tracemill.core.vessel_flow import Edge
from tracemill.model.change import HoldPlaced, Linked, LotCreated, LotDescribed, Moved, Noted
from tracemill.model.event import Event
from tracemill.model.identifier import derived
from tracemill.model.lot import Hold, Lot
from tracemill.model.policy import Policy
from tracemill.model.quantity import NAMES, Conversion, NotComparable, Quantity, to_unit
from tracemill.model.record import replaced
from tracemill.model.status import Side, VesselAct, VesselKind
from tracemill.model.vessel import VesselCharged, VesselCleaned, VesselDischarged, VesselFact, VesselRule, VesselTold

ZERO = Decimal(0)


class Nowhere(ValueError):
    """What went into a vessel came from nothing, or what came out went nowhere."""

    hint = "let the source name the lot, or the order under work, then replay"


def booked(draft: Draft, data: VesselTold, view: View) -> None:
    """A lot went into a vessel, or came out of one. Held material that is used all the same is a violation."""
    if isinstance(data, VesselCleaned):
        return
    before, quantity = allowance(draft.lot), signed_in_base(draft, data.quantity)
    into = isinstance(data, VesselCharged)
    if isinstance(data, VesselDischarged):
        describe(draft, data)
    draft.add(
        Moved(
            movement=data.movement, kind="consumed" if into else "produced", quantity=-quantity if into else quantity,
            system=draft.event.source, order=data.work.order, counts=owned(draft),
            at=draft.event.occurred.utc, native=data.quantity,
            undone_by=f"the {'charge' if into else 'discharge'} with a negative quantity, at the time of the first",
        )
    )  # fmt: skip
    if into and before.known and quantity > before.target.available:
        draft.case(misuse(draft, data.quantity, data.work, data.work.key or data.vessel))
    own = Quantity(amount=quantity, unit=base_unit(draft, data.quantity))
    vessel = _vessel(view, draft.policy, data.vessel)
    fact = _fact(draft.event, data, vessel, own, draft.policy.conversions.get(draft.lot.item, ()), draft.lot.id)
    _record(draft, vessel, fact, view)


def told(event: Event, data: VesselTold, view: View, policy: Policy) -> Draft | None:
    """Something happened to a vessel, and nobody named a lot: it is about what the vessel holds. None: it holds nothing."""
    quantity = data.residual if isinstance(data, VesselCleaned) else data.quantity
    if isinstance(data, VesselCleaned) and quantity is not None and quantity.amount < 0:
        raise Negative(f"{quantity} is below zero; what stood in a vessel is an amount")
    if not isinstance(data, VesselCleaned) and not data.work.key:
        raise Nowhere(f"{event.type} of {data.vessel} names neither a lot nor an order")
    vessel = _vessel(view, policy, data.vessel)
    fact = _fact(event, data, vessel, quantity, (), "")
    if not (content := _about(vessel, fact, view)):
        view.vessels[vessel.name] = tell(vessel, fact)[0]
        return None
    draft = Draft(event, view.lots.get(content) or _unknown(content, event.site), policy)
    _record(draft, vessel, fact, view)
    if isinstance(data, VesselCleaned):
        draft.add(Noted(text=f"{vessel.name} was cleaned"))
    return draft


def _about(vessel: Vessel, fact: VesselFact, view: View) -> str:
    """Return the content that a fact without a lot is about: the first that it changes, else what the vessel last held."""
    _, edges, names = tell(vessel, fact)
    touched = (e.lot for e in edges if e.lot in names or (e.lot in view.lots and view.lots[e.lot].vessel))
    before = [layout(vessel).standings[f.id].content for f in vessel.facts if f.at <= fact.at and f.act is not VesselAct.CLEANED]
    return next(touched, "") or (before or [vessel.opening.content])[-1]


def _unknown(lot: str, site: str) -> Lot:
    return Lot(id=lot, site=site, number="", named_by="")


def _vessel(view: View, policy: Policy, name: str) -> Vessel:
    return view.vessels.get(name) or Vessel(site=policy.site, name=name, rule=policy.vessels.get(name, VesselRule()))


def _fact(
    event: Event, data: VesselTold, vessel: Vessel, quantity: Quantity | None, conversions: tuple[Conversion, ...], lot: str
) -> VesselFact:
    unit = vessel.unit or (quantity.unit if quantity else "")
    amount = _measured(quantity, unit, conversions, vessel) if quantity else ZERO
    cleaned = isinstance(data, VesselCleaned)
    act = VesselAct.CLEANED if cleaned else VesselAct.CHARGED if isinstance(data, VesselCharged) else VesselAct.DISCHARGED
    fact = VesselFact(id=event.id, act=act, at=event.occurred.utc, lot=lot, amount=amount, measured=unit)
    if isinstance(data, VesselCleaned) or quantity is None:
        return fact
    return VesselFact(
        id=fact.id, act=act, at=fact.at, lot=lot, amount=amount, measured=unit, quantity=quantity.amount, unit=quantity.unit,
        work=data.work, evidence=data.evidence,
    )  # fmt: skip


def _measured(quantity: Quantity, unit: str, conversions: tuple[Conversion, ...], vessel: Vessel) -> Decimal:
    """Express an amount in the vessel's unit; raises NotComparable where nobody declared how."""
    try:
        return to_unit(quantity, unit, conversions).amount
    except NotComparable:
        said = f"{quantity} cannot be compared in {NAMES.get(unit, unit)}, in which {vessel.name} is measured"
        declare = f"declare a conversion of the item in sites/{vessel.site}.yaml, or vessels: {{{vessel.name}: {{unit: …}}}}"
        raise NotComparable(said, f"{declare}; restart the hub, then replay this message") from None


def _record(draft: Draft, vessel: Vessel, fact: VesselFact, view: View) -> None:
    """Fold one more fact, and record what differs: for the lot that was told, for contents, and for lots that move."""
    after, edges, names = tell(vessel, fact)
    view.vessels[vessel.name] = after
    before: dict[str, set[str]] = {}
    barred = _barred(vessel, fact, view)
    for edge in edges:
        one = _draft_of(draft, edge.lot, view)
        if edge.lot in names and not one.lot.number:
            one.add(LotCreated(number=names[edge.lot], named_by="hub", vessel=vessel.name))
            one.add(LotDescribed(unit=after.unit, place=vessel.name))
        before.setdefault(edge.lot, set(carried(one.lot)))
        if barred and edge.cause == fact.id and edge.side is Side.INPUT:
            one.add(*(_restricted(one, hold, vessel.name) for hold in barred))
        if edge.side is Side.INPUT and edge.cause == fact.id and fact.act is VesselAct.DISCHARGED:
            _check(one, fact, edge)
        _book(one, edge)
        view.put(one.lot)
        if edge.side is Side.INPUT:
            view.inputs.setdefault(transformation(vessel.site, edge.work.key), set()).add(edge.lot)
    _inherit(draft, edges, view)
    for lot, holds in before.items():
        if carried((one := _draft_of(draft, lot, view)).lot).keys() != holds:
            one.spread()


def _barred(vessel: Vessel, fact: VesselFact, view: View) -> list[Hold]:
    """Return the holds that were placed on a silo itself: what comes out of it is another lot, which must carry them."""
    if vessel.rule.kind is not VesselKind.FIFO_BAND or fact.act is not VesselAct.DISCHARGED:
        return []
    after = layout(tell(vessel, fact)[0]).standings[fact.id].content
    return [h for h in view.lots[after].holds.values() if not h.root and h.reason in CARRIED] if after in view.lots else []


def _restricted(content: Draft, hold: Hold, vessel: str) -> HoldPlaced:
    note = f"{vessel} was held: {hold.note}" if hold.note else f"{vessel} was held"
    own = replaced(hold, id=derived("hold", content.lot.id, hold.id), quantity=None, placed_at=content.now, note=note)
    return HoldPlaced(hold=own)


def _check(content: Draft, fact: VesselFact, edge: Edge) -> None:
    """What comes out of a vessel that holds restricted material is a violation, as if a held lot were used."""
    if edge.quantity > ZERO and content.lot.vessel and any(h.quantity is None for h in content.lot.holds.values()):
        amount = Quantity(amount=edge.quantity, unit=edge.unit)
        content.case(misuse(content, amount, fact.work, fact.work.key or f"a discharge of {content.lot.vessel}"))


def _draft_of(draft: Draft, lot: str, view: View) -> Draft:
    return draft.of(view.lots.get(lot) or _unknown(lot, draft.event.site))


def _book(draft: Draft, edge: Edge) -> None:
    """Record an edge; the ledger of a content follows its edges, that of a lot what was told of it."""
    if draft.lot.vessel and edge.booked:
        booked = edge.booked if edge.kind == "produced" else -edge.booked
        draft.add(Moved(movement="", kind=edge.kind, quantity=booked, system=draft.event.source, order=edge.work.order))
    if edge.side is None or not edge.quantity:
        return
    draft.add(
        Linked(
            transformation=transformation(draft.lot.site, edge.work.key), side=edge.side, quantity=edge.quantity, unit=edge.unit,
            evidence=edge.evidence, work=edge.work, occurred_at=edge.at, system=draft.event.source,
        )
    )  # fmt: skip
    if edge.side is Side.INPUT:
        draft.spread()


def _inherit(draft: Draft, edges: Iterable[Edge], view: View) -> None:
    """Let what came out carry at once what restricts what went in, in the order in which it flowed."""
    for edge in edges:
        if edge.side is not Side.OUTPUT or edge.quantity <= ZERO:
            continue
        known = view.inputs.get(transformation(draft.event.site, edge.work.key), set()) - {edge.lot}
        parents = [view.lots[p] for p in sorted(known) if p in view.lots]
        one = _draft_of(draft, edge.lot, view)
        inherit(one, parents, view.lots, Bond.MADE)
        view.put(one.lot)
