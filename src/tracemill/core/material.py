"""Material: what goes into a transformation and what comes out of it; the lot's ledger and its genealogy follow."""

from collections.abc import Iterable
from datetime import datetime
from decimal import Decimal

from tracemill.core.descent import accept_as, descend
from tracemill.core.draft import Draft
from tracemill.core.evolve import replace
from tracemill.core.inheritance import SAME, TREATED, Bond, apply, bond, inherited
from tracemill.core.ledger import base_unit, owned, signed_in_base
from tracemill.core.usable import allowance, awaiting, on_hand, said
from tracemill.model.change import HoldPlaced, Linked, LotDescribed, Moved, Noted, ShipmentChanged
from tracemill.model.decision import Case
from tracemill.model.event import Event
from tracemill.model.identifier import MAX_LENGTH, derived
from tracemill.model.lot import GONE, LEFT, STANDING, Lot, Shipped
from tracemill.model.material import Described, MaterialConsumed, MaterialProduced, MovementRecorded, ShipmentShipped, Work
from tracemill.model.quality import HoldInherited
from tracemill.model.quantity import Quantity
from tracemill.model.reference import Party
from tracemill.model.status import CaseKind, Consequence, Direction, Evidence, MovementKind, ShipmentState, Side
from tracemill.model.vessel import VesselCharged, VesselDischarged

ZERO = Decimal(0)
TRANSFER, ANYWHERE = "transfer", ""  # a transfer is no site's own
RESHAPING = SAME | TREATED  # what is done to lots that may not be used, too


def transformation(site: str, key: str) -> str:
    """Return the id of a transformation: the same key at the same site is the same one, whoever tells of it."""
    return derived("transformation", site, key)


def transfer(number: str) -> Work:
    """Return the work that takes material from one site to another: both tell it under this number."""
    return Work(transformation=f"transfer {number}"[:MAX_LENGTH], kind=TRANSFER)


def made_in(event: Event) -> str | None:
    """Return the transformation that a lot came out of, as an event tells it."""
    data = event.data
    if isinstance(data, MaterialProduced | VesselCharged | VesselDischarged):
        return transformation(event.site, data.work.key)
    if isinstance(data, MovementRecorded) and data.transfer and data.direction is Direction.IN:
        return transformation(ANYWHERE, transfer(data.transfer).key)
    return None


def consumed(draft: Draft, data: MaterialConsumed) -> None:
    """A quantity went into a transformation. Held material that is used all the same is a violation."""
    before = allowance(draft.lot)
    _book(draft, data, Side.INPUT, "consumed", -1)
    taken = signed_in_base(draft, data.quantity)
    if before.known and taken > before.target.available and data.work.kind not in RESHAPING:
        draft.case(misuse(draft, data.quantity, data.work, data.work.key or "no order"))
    if data.work.key:
        draft.spread()


def produced(draft: Draft, data: MaterialProduced, parents: Iterable[Lot], origins: dict[str, Lot]) -> None:
    """A quantity came out of a transformation: the lot inherits at once what restricts the lots that went into it."""
    parents = list(parents)
    same = parents if data.work.kind in SAME else []
    if same:
        descend(draft, same)
    describe(draft, data)
    _book(draft, data, Side.OUTPUT, "produced", 1)
    if same:
        accept_as(draft, same, data)
    if data.work.kind in TREATED and draft.lot.disposition is None:
        draft.add(HoldPlaced(hold=awaiting(draft.lot.id, draft.now)))
    inherit(draft, parents, origins, bond(data.work.kind))
    if data.serial:
        _watch_serial(draft, data)


def inherit(draft: Draft, parents: Iterable[Lot], origins: dict[str, Lot], how: Bond) -> None:
    """Carry what restricts the parents of a lot; it may have others, too."""
    parents = list(parents)
    if (carried := inherited(draft.lot, parents, origins, {p.id: how for p in parents})) is not None:
        apply(draft, HoldInherited(lot=carried.lot, holds=carried.holds, awaits=carried.awaits))


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
    facts = {f: getattr(data, f) for f in Described.__struct_fields__ if getattr(data, f)}
    if data.lot.item and not lot.item:  # somebody spoke of it before who did not say what it is
        facts["item"] = data.lot.item
    if data.label and data.label != lot.number:
        facts |= {"number": data.label, "named_by": draft.event.source}
    if lot.received_at is None and (not lot.unit or facts.items() - {(f, getattr(lot, f)) for f in facts}):
        draft.add(LotDescribed(unit=base_unit(draft, data.quantity), **facts))


def _book(draft: Draft, data: MaterialConsumed | MaterialProduced, side: Side, kind: str, sign: int) -> None:
    quantity, at = signed_in_base(draft, data.quantity), draft.event.occurred.utc
    draft.add(
        Moved(
            movement=data.movement, kind=kind, quantity=sign * quantity, system=draft.event.source, order=data.work.order,
            counts=owned(draft), at=at, native=data.quantity,
        )
    )  # fmt: skip
    if data.work.key:
        unit = base_unit(draft, data.quantity)
        edge(draft, side, quantity, unit, data.work, data.evidence, at, draft.event.source, data.movement)


def edge(
    draft: Draft, side: Side, quantity: Decimal, unit: str, work: Work, evidence: Evidence, at: datetime, system: str,
    movement: str,
) -> None:  # fmt: skip
    """Note one half of an edge of the genealogy: the lot went into a transformation, or came out of it."""
    draft.add(
        Linked(
            transformation=transformation(ANYWHERE if work.kind == TRANSFER else draft.lot.site, work.key),
            side=side,
            quantity=quantity,
            unit=unit,
            evidence=evidence,
            work=work,
            occurred_at=at,
            system=system,
            movement=movement,
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
    """A quantity is on a shipment. It leaves the stock when it is shipped; what comes back waits until quality decides."""
    told, known = signed_in_base(draft, data.quantity), draft.lot.shipments.get(data.shipment)
    if known is not None and known.state is ShipmentState.RETURNED and known.away and data.state in STANDING:
        return draft.add(Noted(text=f"{data.shipment} is {data.state} again, but not all of it has come back"))
    quantity, returned, leaves, comes = _carried_out(told, data.state, known)
    moved = Moved(
        movement=data.shipment, kind=MovementKind.SHIPPED, quantity=-leaves, system=draft.event.source,
        at=draft.event.occurred.utc, native=data.quantity,
    )  # fmt: skip
    if leaves:
        draft.add(moved)
    if comes:
        draft.add(replace(moved, kind=MovementKind.RETURNED, quantity=comes))
    _compare(draft, data, told, known.away if known else ZERO, quantity)
    customer = data.customer or _told_before(known)
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
                contacts=customer.contacts if customer else (),
                returned=returned,
            ),
        )
    )
    return None


def _carried_out(told: Decimal, state: ShipmentState, known: Shipped | None) -> tuple[Decimal, Decimal, Decimal, Decimal]:
    """Return what is on a shipment now, how much of it is back, how much more leaves, and how much more comes back.

    What comes back, and what is told to have arrived, never makes less of what has left.
    """
    left = known is not None and known.state in LEFT
    gone, back = (known.quantity, known.returned) if known is not None and left else (ZERO, ZERO)
    if state is ShipmentState.RETURNED:
        quantity = gone or max(told, known.quantity if known is not None and known.state in STANDING else ZERO)
        returned = max(back, min(told, quantity))
        return quantity, returned, quantity - gone, returned - back
    if back and back == gone and state is not ShipmentState.CANCELLED:  # all of it came back: it begins anew
        return told, ZERO, told if state in GONE else ZERO, ZERO
    if state is ShipmentState.SHIPPED and back:
        again = min(told, back)
        return gone, back - again, again, ZERO
    if state is ShipmentState.DELIVERED and left:
        quantity = max(told, gone) if not back else gone
        return quantity, back, quantity - gone, ZERO
    return told, ZERO, (told if state in GONE else ZERO) - gone, -back


def _compare(draft: Draft, data: ShipmentShipped, told: Decimal, away: Decimal, quantity: Decimal) -> None:
    """Ask where the rest is, where less arrives than has left, or more comes back."""
    lot, key = draft.lot, f"shipment_differs:{draft.lot.id}:{data.shipment}"[:400]
    less = data.state is ShipmentState.DELIVERED and told < away
    if not less and not (data.state is ShipmentState.RETURNED and told > quantity):
        return draft.close(key)
    had = f"{said(away, lot)} were on their way" if less else f"{said(quantity, lot)} had left"
    return draft.case(
        Case(
            key=key,
            kind=CaseKind.CONFLICT,
            lot=lot.id,
            title=f"{said(told, lot)} of {lot.number} {data.state} on {data.shipment}, but {had}",
            consequence=Consequence.LATE,
            next_action=f"find the difference with the customer, then book in {draft.event.source} what is true",
            evidence={"system": draft.event.source, "shipment": data.shipment},
        )
    )


def _told_before(known: Shipped | None) -> Party | None:
    """Who tells that a shipment left need not tell again to whom."""
    return Party(id=known.customer, name=known.customer_name, contacts=known.contacts) if known and known.customer else None
