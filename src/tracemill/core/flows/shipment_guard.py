"""Shipment guard: a shipment with a lot that may not go is blocked where it stands; what has gone is an unsafe case.

Each lot blocks its shipments for itself, and lets go for itself: a shipment may leave when no lot blocks it any more.
"""

from datetime import datetime, timedelta
from decimal import Decimal
from zoneinfo import ZoneInfo

from tracemill.core.draft import Draft
from tracemill.core.inheritance import carried
from tracemill.core.shelf_life import ANYBODY, after, last_day_to_ship, shortness, today
from tracemill.core.usable import UNDECIDED_TEXT, allowance, hold_words, named, obstacles, said
from tracemill.model.change import ShipmentBlockWanted
from tracemill.model.decision import SHIPMENT_VERB, Case, Command, Timer
from tracemill.model.identifier import derived
from tracemill.model.lot import GONE, STANDING, Lot, Shipped
from tracemill.model.policy import Policy, ShelfLife, SystemPolicy
from tracemill.model.status import CaseKind, Consequence, HoldReason, ShipmentState


def guard(draft: Draft) -> None:
    """After every event: make the blocks of the lot's shipments agree with what the lot is allowed to do."""
    for shipment, line in draft.lot.shipments.items():
        if line.state in STANDING:
            _waiting(draft, shipment, line)
        else:
            _over(draft, shipment, line)


def not_to_leave(lot: Lot, line: Shipped, policy: Policy, now: datetime) -> str:
    """Say why a lot may not leave on a shipment that still stands here; nothing where it may."""
    allowed, found = allowance(lot), obstacles(lot)
    staged = sum((s.quantity for s in lot.shipments.values() if s.state in STANDING), Decimal(0))
    if not found and staged > allowed.usable:
        found.append(f"only {said(allowed.usable, lot)} of the {said(staged, lot)} on shipments may be used")
    short = shortness(lot, _demand(line, policy), today(now, policy.zone))
    if short and not any(h.reason is HoldReason.EXPIRED for h in lot.holds.values()):
        found.append(short)
    return "; ".join(found)


def gone_wrong(lot: Lot, shipment: str, line: Shipped, policy: Policy) -> str:
    """Say what is wrong with a lot that has left: with the material itself, or with its dates on the day it left."""
    passed_on = carried(lot)
    found = [hold_words(h, lot) for h in lot.holds.values() if (h.root or h.id) in passed_on]
    if shipment in lot.shipment_blocks and not allowance(lot).known:
        found.append(UNDECIDED_TEXT)
    short = shortness(lot, _demand(line, policy), today(line.at, policy.zone))
    return "; ".join([*found, short] if short else found)


def _demand(line: Shipped, policy: Policy) -> ShelfLife | None:
    return policy.shelf_life.get(line.customer) or policy.shelf_life.get(ANYBODY)


def _waiting(draft: Draft, shipment: str, line: Shipped) -> None:
    why = not_to_leave(draft.lot, line, draft.policy, draft.now)
    system = draft.policy.able(SHIPMENT_VERB, first=line.system)
    block = draft.lot.shipment_blocks.get(shipment)
    if system is not None and bool(why) != (block is not None and block.blocked):
        _want(draft, shipment, line, system, why)
    block = draft.lot.shipment_blocks.get(shipment)
    if why and not (block is not None and block.blocked and block.verified):
        draft.case(_open_case(draft, shipment, line, system, why))
    else:
        draft.close(_key(draft.lot, shipment))
    _look_again(draft, shipment, line)


def _over(draft: Draft, shipment: str, line: Shipped) -> None:
    """What no longer stands here needs no block: one that came too late is not tried for ever."""
    gone, block = line.state in GONE or line.away > 0, draft.lot.shipment_blocks.get(shipment)
    system = draft.policy.systems.get(block.system) if block is not None else None
    if system is not None and block is not None and block.blocked and not (gone and block.verified):
        _want(draft, shipment, line, system, "")
    if gone and (why := gone_wrong(draft.lot, shipment, line, draft.policy)):
        draft.case(_gone_case(draft, shipment, line, why))
    else:
        draft.close(_key(draft.lot, shipment))


def _want(draft: Draft, shipment: str, line: Shipped, system: SystemPolicy, why: str) -> None:
    command = derived("shipment", draft.event.id, draft.lot.id, system.name, shipment)
    blocked, lot = bool(why), draft.lot
    wanted = {"shipment": shipment, "system": system.name, "blocked": blocked}
    draft.add(ShipmentBlockWanted(shipment=shipment, system=system.name, blocked=blocked, command=command, at=draft.now, why=why))
    value = {**wanted, "reason": why, "quantity": str(line.quantity), "unit": lot.unit}
    draft.commands.append(
        Command(
            id=command, system=system.name, verb=SHIPMENT_VERB, lot=lot.id, value=value, restricts=blocked, purpose=shipment,
            why=why or f"{shipment} need not wait for this lot any more",
        )
    )  # fmt: skip


def _look_again(draft: Draft, shipment: str, line: Shipped) -> None:
    """Wake up when a lot that stands here becomes too old to leave."""
    last = last_day_to_ship(draft.lot, _demand(line, draft.policy))
    if last is not None and last >= today(draft.now, draft.policy.zone):
        due = after(last, draft.policy.zone)
        draft.timers.append(Timer(key=f"shelf_life:{derived('shipment', shipment)}:{draft.lot.id}", lot=draft.lot.id, due=due))


def at_the_dock(draft: Draft, system: SystemPolicy, amount: Decimal) -> tuple[str, dict[str, str]]:
    """Say what a page must say where a system lets people use a lot that stands on a shipment: its title, and more.

    Nothing where the lot stands on none. The block of the shipment is the fallback, which counts only where it was read back.
    """
    waiting = [(name, line) for name, line in draft.lot.shipments.items() if line.state in STANDING]
    if not waiting:
        return "", {}
    shipment, line = min(waiting, key=lambda found: (found[1].loading is None, found[1].loading, found[0]))
    place = (line.place or "place not told") + _clock(draft, line)
    title = f"{draft.lot.number}, {said(amount, draft.lot)}, {named(system.name)} not blocked, {place}"
    part = f"{said(line.quantity, draft.lot)} of it on " if line.quantity != amount else ""
    page = {"quantity": said(amount, draft.lot), "place": f"{place}, {part}{_bound_for(shipment, line)}"}
    page["fallback"] = "; ".join(_fallback(draft.lot, name) for name, _ in waiting)
    return title, page | ({"call": draft.policy.dispatch} if draft.policy.dispatch else {})


def _fallback(lot: Lot, shipment: str) -> str:
    block = lot.shipment_blocks.get(shipment)
    if block is not None and block.blocked and block.verified:
        return f"{shipment} is blocked, read back in {named(block.system)}"
    return f"{shipment} is not blocked: stop it by hand"


def _bound_for(shipment: str, line: Shipped) -> str:
    return f"{shipment} for {_customer(line)}" if _customer(line) else shipment


def _key(lot: Lot, shipment: str) -> str:
    return f"shipment:{lot.id}:{shipment}"[:400]


def _open_case(draft: Draft, shipment: str, line: Shipped, system: SystemPolicy | None, why: str) -> Case:
    place, loading = line.place or "place not told", _clock(draft, line)
    blocked = f"{named(system.name)} not blocked" if system else "no system can block it"
    soon = line.loading is not None and line.loading - draft.now < timedelta(seconds=draft.policy.grace_seconds)
    by_hand = f"stop {shipment} by hand: call {draft.policy.dispatch or 'the shift leader at ' + place}"
    return _case(
        draft, shipment, line, why,
        title=f"{draft.lot.number}, {said(line.quantity, draft.lot)}, {blocked}, {place}{loading}",
        urgent=soon or line.state is ShipmentState.LOADING,
        system=system.name if system else line.system,
        next_action=f"{by_hand}, if the block does not arrive" if system else by_hand,
    )  # fmt: skip


def _gone_case(draft: Draft, shipment: str, line: Shipped, why: str) -> Case:
    to = _customer(line) or "a customer who was not told"
    return _case(
        draft, shipment, line, why,
        title=f"{draft.lot.number}, {said(line.quantity, draft.lot)}, gone to {to} on {shipment}: {why}",
        urgent=True,
        system=line.system,
        next_action=f"call {to} and {draft.policy.dispatch or 'quality'}: the goods are not to be used",
    )  # fmt: skip


def _case(draft: Draft, shipment: str, line: Shipped, why: str, title: str, system: str, next_action: str, urgent: bool) -> Case:
    told = [line.place, _bound_for(shipment, line)]
    page = {
        "quantity": said(line.quantity, draft.lot),
        "place": ", ".join(filter(None, told)) + _clock(draft, line),
        "why": why,
    }
    return Case(
        key=_key(draft.lot, shipment),
        kind=CaseKind.INCIDENT,
        lot=draft.lot.id,
        title=title,
        consequence=Consequence.UNSAFE,
        next_action=next_action,
        evidence={"system": system, "shipment": shipment, "customer": line.customer, "why": why},
        urgent=urgent,
        page=page | ({"call": draft.policy.dispatch} if draft.policy.dispatch else {}),
    )


def _clock(draft: Draft, line: Shipped) -> str:
    return f", loading {line.loading.astimezone(ZoneInfo(draft.policy.zone)):%H:%M}" if line.loading else ""


def _customer(line: Shipped) -> str:
    return line.customer_name or line.customer
