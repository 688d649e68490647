"""Material: what goes into a transformation and what comes out of it; the lot's ledger and its genealogy follow."""

from collections.abc import Iterable

from tracemill.core.draft import Draft
from tracemill.core.inheritance import apply, inherited
from tracemill.core.ledger import base_unit, signed_in_base
from tracemill.core.usable import allowance, on_hand
from tracemill.model.change import Linked, LotDescribed, Moved, ShipmentChanged
from tracemill.model.decision import Case
from tracemill.model.identifier import derived
from tracemill.model.lot import Lot, Shipped
from tracemill.model.material import MaterialConsumed, MaterialProduced, ShipmentShipped, Work
from tracemill.model.quality import HoldInherited
from tracemill.model.quantity import Quantity
from tracemill.model.status import CaseKind, Consequence, ShipmentState, Side
from tracemill.model.vessel import VesselDischarged

DESCRIBED = ("item_text", "material_class", "place", "manufactured", "expires", "retest")


def transformation(site: str, key: str) -> str:
    """Return the id of a transformation: the same key at the same site is the same one, whoever tells of it."""
    return derived("transformation", site, key)


def consumed(draft: Draft, data: MaterialConsumed) -> None:
    """A quantity went into a transformation. Held material that is used all the same is a violation."""
    before = allowance(draft.lot)
    _book(draft, data, Side.INPUT, "consumed", -1)
    taken = signed_in_base(draft, data.quantity)
    if before.known and taken > before.usable:
        draft.case(misuse(draft, data.quantity, data.work, data.work.key or "no order"))
    if data.work.key:
        draft.spread()


def produced(draft: Draft, data: MaterialProduced, parents: Iterable[Lot], origins: dict[str, Lot]) -> None:
    """A quantity came out of a transformation: the lot inherits at once what restricts the lots that went into it."""
    describe(draft, data)
    _book(draft, data, Side.OUTPUT, "produced", 1)
    if (carried := inherited(draft.lot, parents, origins)) is not None:
        apply(draft, HoldInherited(lot=carried.lot, holds=carried.holds))  # it may have other parents, too
    if data.serial:
        _watch_serial(draft, data)


def _watch_serial(draft: Draft, data: MaterialProduced) -> None:
    """There is only one of a serial: more of it means that two things carry its number, or that a use was not told."""
    lot, key = draft.lot, f"serial:{draft.lot.id}"
    if on_hand(lot) <= signed_in_base(draft, data.quantity):
        draft.close(key)
        return
    draft.case(
        Case(
            key=key,
            kind=CaseKind.IDENTITY,
            lot=lot.id,
            title=f"serial {lot.number} was made once more, in {data.work.key or 'no order'}, while it is still there",
            consequence=Consequence.UNSAFE,
            next_action="compare both things that carry this number; tell the right one, or the use of the first, at its source",
            evidence={"source": draft.event.source, "system": draft.event.source, "order": data.work.order},
        )
    )


def describe(draft: Draft, data: MaterialProduced | VesselDischarged) -> None:
    """Note what is told of a lot that is made here."""
    lot = draft.lot
    facts = {f: getattr(data, f) for f in DESCRIBED if getattr(data, f)}
    if data.label and data.label != lot.number:
        facts |= {"number": data.label, "named_by": draft.event.source}
    if lot.received_at is None and (not lot.unit or facts.items() - {(f, getattr(lot, f)) for f in facts}):
        draft.add(LotDescribed(unit=base_unit(draft, data.quantity), **facts))


def _book(draft: Draft, data: MaterialConsumed | MaterialProduced, side: Side, kind: str, sign: int) -> None:
    owner = draft.policy.owner("movement", draft.lot.material_class, draft.now) or draft.event.source
    quantity = signed_in_base(draft, data.quantity)
    booked = {"movement": data.movement, "system": draft.event.source}
    draft.add(Moved(kind=kind, quantity=sign * quantity, order=data.work.order, counts=owner == draft.event.source, **booked))
    if data.work.key:
        draft.add(
            Linked(
                transformation=transformation(draft.lot.site, data.work.key),
                side=side,
                quantity=quantity,
                unit=base_unit(draft, data.quantity),
                evidence=data.evidence,
                work=data.work,
                occurred_at=draft.event.occurred.utc,
                **booked,
            )
        )


def misuse(draft: Draft, quantity: Quantity, work: Work, where: str) -> Case:
    """Say that material which may not be used went somewhere."""
    return Case(
        key=f"misuse:{draft.lot.id}:{where}"[:400],
        kind=CaseKind.INCIDENT,
        lot=draft.lot.id,
        title=f"{quantity} of {draft.lot.number} used in {where}, more than quality allows",
        consequence=Consequence.UNSAFE,
        next_action=f"stop {where}, hold what was made of it, and let quality decide",
        evidence={"system": draft.event.source, "order": work.order, "operation": work.operation},
    )


def shipped(draft: Draft, data: ShipmentShipped) -> None:
    """A quantity is on a shipment. It leaves the stock when it is shipped, and comes back when it is returned."""
    quantity, known = signed_in_base(draft, data.quantity), draft.lot.shipments.get(data.shipment)
    gone = known.quantity if known is not None and known.state is ShipmentState.SHIPPED else quantity * 0
    leaves = quantity if data.state is ShipmentState.SHIPPED else quantity * 0
    if leaves != gone:
        draft.add(Moved(movement=data.shipment, kind="shipped", quantity=gone - leaves, system=draft.event.source))
    customer = data.customer
    draft.add(
        ShipmentChanged(
            shipment=data.shipment,
            shipped=Shipped(
                quantity=quantity,
                state=data.state,
                at=draft.event.occurred.utc,
                customer=customer.id if customer else "",
                customer_name=customer.name if customer else "",
                place=data.place,
                system=draft.event.source,
                loading=data.loading,
            ),
        )
    )
