"""Work order release: in-process inspections are asked for, and an order is blocked while a lot that it is to use may not be.

Each lot blocks its orders for itself, and lets go for itself: an order may run when no lot blocks it any more.
"""

from decimal import Decimal
from typing import Any

from tracemill.core.draft import Draft
from tracemill.core.evolve import replace
from tracemill.core.ledger import in_base
from tracemill.core.usable import allowance, named, obstacles, on_hand, said
from tracemill.model.change import OrderBlockWanted, OrderChanged
from tracemill.model.decision import ORDER_VERB, Case, Command
from tracemill.model.identifier import derived
from tracemill.model.lot import Lot
from tracemill.model.policy import SystemPolicy
from tracemill.model.quantity import show
from tracemill.model.status import CaseKind, Consequence, Side
from tracemill.model.work_order import Operation, OrderLine, WorkOrderClosed, WorkOrderReleased


def released(draft: Draft, data: WorkOrderReleased) -> None:
    """An order is to use a lot, or to make it: a lot to be made is inspected in process as its routing says."""
    known = draft.lot.orders.get(data.order)
    line = OrderLine(
        side=data.side,
        at=draft.event.occurred.utc,
        system=draft.event.source,
        planned=in_base(draft, data.quantity) if data.quantity else None,
        used=known.used if known else Decimal(0),
        item=data.item,
        operations=data.operations or draft.policy.routings.get(data.item or draft.lot.item, ()),
    )
    if known is None or replace(line, at=known.at) != known:
        draft.add(OrderChanged(order=data.order, line=line))
    if data.side is Side.OUTPUT:
        for operation in line.operations:
            _inspect(draft, data, operation)


def closed(draft: Draft, data: WorkOrderClosed) -> None:
    line = draft.lot.orders.get(data.order)
    if line is not None and not line.closed:
        draft.add(OrderChanged(order=data.order, line=replace(line, closed=True)))


def _inspect(draft: Draft, data: WorkOrderReleased, operation: Operation) -> None:
    owner = draft.policy.owner("quality", draft.lot.material_class, draft.now) or ""
    system = draft.policy.systems.get(owner)
    if not operation.plan or system is None or not system.can("open_inspection"):
        return
    requirement = {"plan": operation.plan, "operation": operation.operation, "order": data.order, "machine": operation.machine}
    lot, planned = draft.lot, data.quantity
    value: dict[str, Any] = {
        "item": lot.item or data.item, "item_text": lot.item_text, "supplier": {}, "supplier_batch": "", "manufacturer": "",
        "purchase_order": "", "certificate": "", "requirement": requirement,
        "quantity": show(planned.amount) if planned else show(on_hand(lot)), "unit": planned.unit if planned else lot.unit,
    }  # fmt: skip
    draft.act(owner, "open_inspection", f"order:{data.order}/{operation.operation}:{operation.plan}", value)


def guard(draft: Draft) -> None:
    """After every event: make the blocks of the lot's orders agree with what the lot is allowed to do."""
    for order, line in draft.lot.orders.items():
        why = "" if line.closed or line.side is Side.OUTPUT else not_to_use(draft.lot, line)
        _keep(draft, order, line, why)


def not_to_use(lot: Lot, line: OrderLine) -> str:
    """Say why an order may not use a lot; nothing where it may, or has what it wanted."""
    if line.planned is not None and not line.left:
        return ""
    allowed, found = allowance(lot), obstacles(lot)
    if not found and (not allowed.usable or allowed.usable < line.left):
        wanted = f" of the {said(line.left, lot)} that are planned" if line.planned is not None else ""
        found.append(f"only {said(allowed.usable, lot)}{wanted} may be used")
    return "; ".join(found)


def _keep(draft: Draft, order: str, line: OrderLine, why: str) -> None:
    system, block = draft.policy.able(ORDER_VERB, first=line.system), draft.lot.order_blocks.get(order)
    stands = block is not None and block.blocked
    if system is not None and bool(why) != stands:
        _want(draft, order, line, system, why)
    block = draft.lot.order_blocks.get(order)
    key = f"order:{draft.lot.id}:{order}"[:400]
    if why:
        draft.case(_case(draft, key, order, line, why, safe=block is not None and block.blocked and block.verified))
    else:
        draft.close(key)


def _want(draft: Draft, order: str, line: OrderLine, system: SystemPolicy, why: str) -> None:
    command, lot = derived("order", draft.event.id, draft.lot.id, system.name, order), draft.lot
    wanted = {"order": order, "system": system.name, "blocked": bool(why)}
    draft.add(OrderBlockWanted(order=order, system=system.name, blocked=bool(why), command=command, at=draft.now, why=why))
    draft.commands.append(
        Command(
            id=command, system=system.name, verb=ORDER_VERB, lot=lot.id, purpose=order, restricts=bool(why),
            value={**wanted, "reason": why, "quantity": show(line.left), "unit": lot.unit},
            why=why or f"{order} need not wait for this lot any more",
        )
    )  # fmt: skip


def _case(draft: Draft, key: str, order: str, line: OrderLine, why: str, *, safe: bool) -> Case:
    system = draft.policy.able(ORDER_VERB, first=line.system)
    stopped = f"{named(system.name)} {'blocked' if safe else 'not blocked yet'}" if system else "no system can block it"
    by_hand = "" if safe else f"stop {order} by hand{', if the block does not arrive' if system else ''}; "
    return Case(
        key=key,
        kind=CaseKind.INCIDENT,
        lot=draft.lot.id,
        title=f"{order} is to use {draft.lot.number}, {stopped}: {why}",
        consequence=Consequence.LATE if safe else Consequence.UNSAFE,
        next_action=f"{by_hand}see why: tracemill why {draft.lot.number}; or plan another lot",
        evidence={"system": system.name if system else line.system, "order": order, "why": why},
    )
