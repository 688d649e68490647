"""The one decision function: event, state and policy in; changes, commands, cases and timers out."""

from collections.abc import Callable, Iterable
from datetime import datetime
from typing import Any

from tracemill.core import (
    approvals,
    books,
    components,
    contents,
    dispositions,
    handling_units,
    holds,
    inheritance,
    material,
    movements,
    process,
    quality_records,
    receipts,
    reports,
    stock,
    tolerance,
)
from tracemill.core.descent import unreserved
from tracemill.core.draft import Draft
from tracemill.core.flows import (
    FLOWS,
    alerts,
    complaint,
    finished_goods_release,
    recurrence,
    rejected_batch,
    shipment_guard,
    work_order_release,
)
from tracemill.core.identity import Key, Match, View, keys, resolve
from tracemill.core.release import standing
from tracemill.core.targets import align
from tracemill.model.change import HoldPlaced, IdentityBound, Linked, LotCreated, Noted
from tracemill.model.component import ComponentTold
from tracemill.model.decision import Case, Decision
from tracemill.model.event import CommandSettled, Event, MessageRead, MessageUnread, NotificationAcknowledged
from tracemill.model.handling_unit import UnitAgreed, UnitPacked, UnitUnpacked
from tracemill.model.identifier import derived
from tracemill.model.lot import Hold, Lot
from tracemill.model.material import (
    LotReceived,
    MaterialConsumed,
    MaterialProduced,
    MovementRecorded,
    ReceiptReversed,
    SampleTaken,
    ShipmentShipped,
    StockObserved,
)
from tracemill.model.policy import Policy
from tracemill.model.process import ProcessRecorded
from tracemill.model.quality import (
    BatchRejected,
    DispositionDecided,
    HoldInherited,
    HoldReleased,
    HoldRequested,
    InspectionApproved,
    InspectionCompleted,
    InspectionOpened,
    NonconformanceOpened,
)
from tracemill.model.quality_record import (
    AuditFindingOpened,
    CapaClosed,
    CapaOpened,
    ComplaintClosed,
    ComplaintReceived,
    NonconformanceClosed,
)
from tracemill.model.reference import LotRef
from tracemill.model.release import GenealogyReviewed
from tracemill.model.status import CaseKind, Consequence, HoldReason, Side
from tracemill.model.vessel import VesselTold
from tracemill.model.work_order import WorkOrderClosed, WorkOrderReleased

FACTS: dict[type[Any], Callable[[Draft, Any], object]] = {
    LotReceived: receipts.receipt,
    ReceiptReversed: receipts.taken_back,
    DispositionDecided: dispositions.disposition,
    InspectionOpened: receipts.inspection,
    InspectionApproved: approvals.approval,
    InspectionCompleted: finished_goods_release.completed,
    GenealogyReviewed: finished_goods_release.reviewed,
    SampleTaken: receipts.sample,
    HoldRequested: holds.placed,
    HoldReleased: holds.lifted,
    MovementRecorded: movements.movement,
    UnitPacked: handling_units.packed,
    UnitUnpacked: handling_units.unpacked,
    UnitAgreed: handling_units.agreed,
    MaterialConsumed: material.consumed,
    ProcessRecorded: process.recorded,
    ShipmentShipped: material.shipped,
    WorkOrderReleased: work_order_release.released,
    WorkOrderClosed: work_order_release.closed,
    HoldInherited: inheritance.apply,
    BatchRejected: rejected_batch.told,
    NonconformanceOpened: quality_records.nonconformance,
    NonconformanceClosed: quality_records.nonconformance_closed,
    CapaOpened: quality_records.capa,
    CapaClosed: quality_records.capa_closed,
    AuditFindingOpened: quality_records.finding,
    ComplaintReceived: complaint.received,
    ComplaintClosed: quality_records.complaint_closed,
    NotificationAcknowledged: reports.acknowledged,
    CommandSettled: reports.settled,
    MessageUnread: holds.unread,
    MessageRead: holds.read,
}

HISTORICAL = frozenset({"lot.received.v1", "disposition.decided.v1", "inspection.approved.v1"})


def needs(event: Event, policy: Policy) -> list[Key]:
    """Return the identity keys whose lots a decision about this event must see."""
    if isinstance(event.data, VesselTold) and event.data.alone:
        return []
    found = keys(event.lot, event.source, policy)
    return found + keys(event.data.parent, event.source, policy) if isinstance(event.data, ComponentTold) else found


def histories_needed(events: Iterable[Event], view: View, policy: Policy) -> tuple[set[str], set[str]]:
    """Return the suppliers and the items whose inspection histories decisions about these events may read or write."""
    about = [x for x in events if x.type in HISTORICAL] if policy.inspection.kept else []
    if not about:
        return set(), set()
    suppliers = {lot.supplier.id for lot in view.lots.values() if lot.supplier}
    suppliers |= {x.data.supplier.id for x in about if isinstance(x.data, LotReceived) and x.data.supplier}
    items = {lot.item for lot in view.lots.values()} | {x.lot.item for x in about}
    return suppliers, items - {""}


def told_of_vessels(events: Iterable[Event]) -> dict[str, datetime]:
    """Return of which vessels these events tell, and from when on: whatever happened later may have to be told anew."""
    found: dict[str, datetime] = {}
    for event in events:
        if isinstance(event.data, VesselTold):
            found[event.data.vessel] = min(found.get(event.data.vessel, event.occurred.utc), event.occurred.utc)
    return found


def suppliers_counted(events: Iterable[Event], view: View) -> set[str]:
    """Return the suppliers whose nonconformances decisions about these events may count."""
    if not any(x.type == "nonconformance.opened.v1" or _made_nonconformance(x) for x in events):
        return set()
    return {lot.supplier.id for lot in view.lots.values() if lot.supplier}


def _made_nonconformance(event: Event) -> bool:
    return isinstance(event.data, CommandSettled) and event.data.verb == "open_nonconformance"


def decide(event: Event, view: View, policy: Policy) -> Decision:
    """Decide what follows from one event. Pure: the same event, state and policy give the same decision."""
    if isinstance(event.data, VesselTold) and event.data.alone:
        return _of_a_vessel(event, event.data, view, policy)
    match = resolve(event, view, policy)
    draft = Draft(event, match.lot, policy, view.histories, view.rejected, view.records.values())
    _introduce(draft, match, view, event.lot)
    if isinstance(event.data, StockObserved):
        if not stock.observation(draft, event.data, view.written.get((draft.lot.id, event.source))):
            return draft.decision()
    elif isinstance(event.data, VesselTold):
        contents.booked(draft, event.data, view)
    elif isinstance(event.data, ComponentTold):
        components.fitted(draft, event.data, _parent(draft, event.data, view), view)
    elif (made_in := material.made_in(event)) is not None:
        _came_out(draft, made_in, view)
    elif (record := FACTS.get(type(event.data))) is not None:
        record(draft, event.data)
    for flow in FLOWS.get(event.type, ()):
        flow(draft)
    recurrence.watch(draft)
    handling_units.follow(draft)
    handling_units.watch(draft, view.units)
    books.settle(draft)
    finished_goods_release.release(draft)
    align(draft)
    if isinstance(event.data, StockObserved):
        stock.close_exposure(draft)
    shipment_guard.guard(draft)
    work_order_release.guard(draft)
    tolerance.watch(draft)
    alerts.watch(draft)
    _pass_on(draft)
    _note_edges(draft, view)
    _settle(draft, view)
    view.histories.update(draft.histories)
    view.records |= draft.lot.records
    return draft.decision()


def _of_a_vessel(event: Event, data: VesselTold, view: View, policy: Policy) -> Decision:
    """Decide what is told of a vessel alone."""
    if (draft := contents.told(event, data, view, policy)) is None:
        return Decision()
    finished_goods_release.release(draft)
    alerts.watch(draft)
    _settle(draft, view)
    return draft.decision()


def _settle(draft: Draft, view: View) -> None:
    """Draw the consequences for the other lots, and let later events of the same batch see all of them as they are now."""
    view.put(draft.lot)
    for other in draft.beside.values():
        finished_goods_release.release(other)
        align(other)
        shipment_guard.guard(other)
        work_order_release.guard(other)
        alerts.watch(other)
        _pass_on(other)
        view.put(other.lot)


def _parent(draft: Draft, data: ComponentTold, view: View) -> Draft:
    """Return the draft of the lot that a component is in."""
    match = resolve(draft.event, view, draft.policy, data.parent)
    parent = draft.of(view.lots.get(match.lot.id, match.lot))
    if parent is not draft:
        _introduce(parent, match, view, data.parent)
    return parent


def _pass_on(draft: Draft) -> None:
    """Have told to what was made from a lot what is new of it, whether the event names this lot or follows for it."""
    if draft.lot.used and _passed_on(draft.lot, draft.policy) != _passed_on(draft.begun, draft.policy):
        draft.spread()


def _passed_on(lot: Lot, policy: Policy) -> object:
    """Return all of a lot that says something about what was made from it; nothing was made from one that was not used."""
    if not lot.used:
        return set(), None, None
    doubted = inheritance.judged(lot) and unreserved(lot) is None
    stands = standing(lot, policy.release) if policy.release else None
    return set(inheritance.carried(lot, inheritance.Bond.SAME)), doubted, stands


def _introduce(draft: Draft, match: Match, view: View, ref: LotRef) -> None:
    """Create the lot if it is new, bind the ids it is called by, and raise what is not clear about them."""
    event, policy = draft.event, draft.policy
    if match.is_new:
        draft.add(LotCreated(number=ref.id, named_by=event.source, item=ref.item))
    for system, scope, native in () if event.source == "hub" else keys(ref, event.source, policy):
        if native and view.known.get((system, scope, native)) is None:
            draft.add(IdentityBound(system=system, id=native, scope=scope))
            view.known[(system, scope, native)] = draft.lot.id
            for hold in view.waiting.pop(native, ()):
                draft.add(HoldPlaced(hold=hold))
    if match.problem:
        _unclear(draft, match)
    view.put(draft.lot)


def _came_out(draft: Draft, made_in: str, view: View) -> None:
    """Record what came out of a transformation, with the lots that went into it."""
    parents = [view.lots[p] for p in view.inputs.get(made_in, ()) if p in view.lots and p != draft.lot.id]
    record = material.produced if isinstance(draft.event.data, MaterialProduced) else movements.arrived
    record(draft, draft.event.data, parents, view.lots)


def _note_edges(draft: Draft, view: View) -> None:
    """Let later events of the same batch see what went into a transformation."""
    for change in [c.change for c in draft.changes if isinstance(c.change, Linked)]:
        if change.side is Side.INPUT:
            view.inputs.setdefault(change.transformation, set()).add(draft.lot.id)


def _unclear(draft: Draft, match: Match) -> None:
    key = f"identity:{draft.lot.id}:{match.problem}"
    if match.others:
        hold = Hold(
            id=derived("hold", draft.lot.id, "identity"),
            reason=HoldReason.IDENTITY,
            system="hub",
            placed_at=draft.now,
            note=match.problem,
        )
        draft.add(HoldPlaced(hold=hold), Noted(text=match.problem))
    draft.case(
        Case(
            key=key,
            kind=CaseKind.IDENTITY,
            lot=draft.lot.id,
            title=match.problem,
            consequence=Consequence.UNSAFE if match.others else Consequence.LATE,
            next_action="compare both lots, then say whether they are the same",
            evidence={"others": list(match.others), "source": draft.event.source, "id": draft.event.lot.id},
        )
    )
