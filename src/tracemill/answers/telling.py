"""Telling: one change of a lot in plain words, and whether it is business or technical."""

from collections.abc import Callable
from typing import Any

from tracemill.answers.words import ACCOUNTS, amount, counted, decided, held_clause, lasting, named
from tracemill.model import change as ch
from tracemill.model.decision import STATUS_VERB
from tracemill.model.inspection import Approval, HistoryKey, Skipped, Submission, Withdrawn
from tracemill.model.lot import Lot
from tracemill.model.quantity import NAMES, Quantity, show
from tracemill.model.status import Evidence, MovementKind, SampleState, Side

Told = tuple[str, bool]  # the sentence; True: technical, shown collapsed

_VERBS = {
    "open_inspection": "the inspection",
    "open_nonconformance": "the nonconformance",
    "post_sample": "the sample's posting",
    "notify": "the notification",
    "block_shipment": "the shipment's block",
    "block_order": "the order's block",
}


def tell(change: ch.AnyChange, before: Lot) -> Told:
    """Say one change in words, given the lot before it."""
    return _SAID[type(change)](change, before)


def _created(x: ch.LotCreated, _: Lot) -> Told:
    return f"{named(x.named_by)} named lot {x.number}" + (f", item {x.item}" if x.item else ""), False


def _described(x: ch.LotDescribed, _: Lot) -> Told:
    if x.received_at is None:
        return f"is {x.item_text}" if x.item_text else "is made here", not x.item_text
    who = f" from {x.supplier.name or x.supplier.id}" if x.supplier else ""
    batch = f", supplier batch {x.supplier_batch}" if x.supplier_batch else ""
    order = f", purchase order {x.purchase_order}" if x.purchase_order else ""
    return f"received {show(x.received)} {NAMES.get(x.unit, x.unit)}{who}{batch}{order}", False


def _bound(x: ch.IdentityBound, _: Lot) -> Told:
    return f"{named(x.system)} calls it {x.id}", True


def _claimed(x: ch.StockClaimed, _: Lot) -> Told:
    return f"{named(x.system)} shows {x.claim.native or 'nothing'}", True


def _placed(x: ch.HoldPlaced, lot: Lot) -> Told:
    return held_clause(x.hold, lot) + (f" ({x.hold.note})" if x.hold.note else ""), False


def _lifted(x: ch.HoldLifted, _: Lot) -> Told:
    note = f" ({x.note})" if x.note else ""
    return f"hold lifted: {x.reason.replace('_', ' ')}, by {named(x.by)}{note}", False


def _disposed(x: ch.Disposed, lot: Lot) -> Told:
    signer = f", signed {x.signer}" + (f" ({x.meaning})" if x.meaning else "") if x.signer else ""
    review = "; it came late and waits for review" if x.pending_review else ""
    return f"{named(x.owner)} decided: {decided(x.parts, lot)}{signer}{review}", False


def _ignored(x: ch.DispositionIgnored, lot: Lot) -> Told:
    return f"{named(x.by)} said {decided(x.parts, lot)}; it does not count: {x.why}", False


def _inspected(x: ch.InspectionLinked, _: Lot) -> Told:
    return f"inspection {x.inspection} in {named(x.system)}", False


def _ended(x: ch.InspectionEnded, _: Lot) -> Told:
    plan = f" ({x.result.plan})" if x.result.plan else ""
    signer = f", signed {x.result.signer}" if x.result.signer else ""
    return f"inspection {x.inspection}{plan} {'passed' if x.result.passed else 'did not pass'}{signer}", False


def _reviewed(x: ch.Reviewed, _: Lot) -> Told:
    found = ", ".join(f"{s.kind} of {s.about}" for s in x.review.found)
    return f"genealogy reviewed: {f'missing {found}' if found else 'complete'}", True


def _waived(x: ch.Waived, _: Lot) -> Told:
    return f"{named(x.by)} accepts that it is missing: {x.note}", False


def _planned(x: ch.InspectionPlanned, _: Lot) -> Told:
    p = x.plan
    if p.skipped:
        return "not drawn for inspection", True
    return f"planned: {p.severity} inspection, {p.sample_size} of {p.lot_size} items, {p.accept} may fail (AQL {p.aql})", True


def _recorded(x: ch.HistoryRecorded, _: Lot) -> Told:
    return _FACTS[type(x.fact)](x.fact, x.key)


def _submitted(x: Submission, key: HistoryKey) -> Told:
    found = "" if x.nonconforming is None else f", {x.nonconforming} of {x.sample_size} items nonconforming"
    return f"first submission of {key} {'acceptable' if x.accepted else 'not acceptable'}{found}", True


def _withdrawn(_x: Withdrawn, key: HistoryKey) -> Told:
    return f"its first submission of {key} counts no longer", False


def _approved(x: Approval, key: HistoryKey) -> Told:
    said = "no longer approved" if x.revoked else "approved"
    until = f" until {x.until:%d %b %Y %H:%M %Z}" if x.until and not x.revoked else ""
    return f"{x.what.replace('_', '-')} inspection of {key} {said}{until} by {x.by}: {x.why}", False


def _skipped(_x: Skipped, key: HistoryKey) -> Told:
    return f"skipped: {key} is inspected by lots that are drawn", False


_FACTS: dict[type[Any], Callable[[Any, HistoryKey], Told]] = {
    Submission: _submitted,
    Withdrawn: _withdrawn,
    Approval: _approved,
    Skipped: _skipped,
}


def _nonconforming(x: ch.NonconformanceLinked, _: Lot) -> Told:
    return f"nonconformance {x.nonconformance} in {named(x.system)}" + (f": {x.defect}" if x.defect else ""), False


def _kept(x: ch.RecordKept, before: Lot) -> Told:
    r = x.record
    what = f"{r.kind.replace('_', ' ')} {r.id} in {named(r.system)}"
    if r.closed_at is not None:
        return f"{what} closed" + (f": {r.closing}" if r.closing else ""), False
    told = ": ".join(filter(None, (r.customer, r.defect or r.text)))
    return what + (f": {told}" if told else ""), r.key in before.records or r.id in before.nonconformances


def _sampled(x: ch.Sampled, lot: Lot) -> Told:
    became = x.state or (SampleState.DESTROYED if x.destroyed else SampleState.RETAINED)
    return f"sample {x.sample}: {amount(x.quantity, lot)} {became}{_native(x.native, lot)}", False


def _moved(x: ch.Moved, lot: Lot) -> Told:
    order = f" for {x.order}" if x.order else ""
    if x.reverses:
        return _reversed(x, lot), not x.counts and not x.waits
    if x.counted is not None and x.expected is None:
        return f"{amount(x.counted, lot)} counted in {named(x.system)}{_native(x.native, lot)}", not x.counts
    if x.counted is not None and x.expected is not None:
        more = "more" if x.quantity > 0 else "less"
        found = f"{amount(x.counted, lot)} counted where the ledger had {amount(x.expected, lot)}"
        return f"adjusted by {amount(abs(x.quantity), lot)} {more}: {found}", False
    what = ACCOUNTS.get(x.account, x.kind)
    if x.kind == MovementKind.ADJUSTED:
        what = "adjusted, more:" if x.quantity > 0 else "adjusted, less:"
    return f"{what} {amount(abs(x.quantity), lot)}{_native(x.native, lot)}{order} in {named(x.system)}", not x.counts


def _reversed(x: ch.Moved, lot: Lot) -> str:
    if not x.account:
        left = "not told yet" if x.waits else "nothing is taken back"
        return f"{x.movement} takes back {x.reverses} in {named(x.system)}: {left}"
    return f"took back {amount(abs(x.quantity), lot)} {ACCOUNTS.get(x.account, x.account)} ({x.reverses}) in {named(x.system)}"


def _native(told: Quantity | None, lot: Lot) -> str:
    """Add what the source itself said, where that is another unit."""
    return f" ({told})" if told is not None and told.unit != lot.unit else ""


def _linked(x: ch.Linked, lot: Lot) -> Told:
    where = "went into" if x.side is Side.INPUT else "came out of"
    doubt = f" ({x.evidence})" if x.evidence in (Evidence.BACKFLUSHED, Evidence.INFERRED) else ""
    return f"{amount(abs(x.quantity), lot)} {where} {x.work.key}{doubt}", False


def _measured(x: ch.Measured, _: Lot) -> Told:
    beyond = [f"{s.parameter} {s.beyond} {s.unit}".rstrip() for s in x.summaries if s.beyond]
    judged = f"OUTSIDE its limits: {', '.join(beyond)}" if beyond else "within its limits"
    return f"process of {x.work.key} recorded: {counted(len(x.summaries), 'parameter')}, {judged}", False


def _shipment(x: ch.ShipmentChanged, lot: Lot) -> Told:
    customer = x.shipped.customer_name or x.shipped.customer
    to = f" for {customer}" if customer else ""
    return f"{amount(x.shipped.quantity, lot)} {x.shipped.state} on {x.shipment}{to}", False


def _shipment_block(x: ch.ShipmentBlockWanted, _: Lot) -> Told:
    why = f": {x.why}" if x.why else ""
    return f"{named(x.system)} shall {'block' if x.blocked else 'no longer block'} shipment {x.shipment}{why}", False


def _ordered(x: ch.OrderChanged, lot: Lot) -> Told:
    if x.line.closed:
        return f"{x.order} no longer wants it", False
    amounts = f"{amount(x.line.planned, lot)} " if x.line.planned else ""
    return f"{amounts}planned to {'go into' if x.line.side is Side.INPUT else 'come out of'} {x.order}", False


def _order_block(x: ch.OrderBlockWanted, _: Lot) -> Told:
    why = f": {x.why}" if x.why else ""
    return f"{named(x.system)} shall {'block' if x.blocked else 'no longer block'} order {x.order}{why}", False


def _wanted(x: ch.TargetWanted, lot: Lot) -> Told:
    why = f" ({x.why})" if x.why and x.command else ""
    if not x.command:
        return f"{named(x.system)} already shows what it should", True
    return f"{named(x.system)} shall show {amount(x.target.available, lot)} available{why}", True


def _asked(x: ch.ActAsked, _: Lot) -> Told:
    return f"{named(x.system)} asked for {_VERBS.get(x.verb, x.verb)}", True


def _reported(x: ch.CommandReported, lot: Lot) -> Told:
    detail = f": {x.detail}" if x.detail else ""
    state = x.state.replace("_", " ")
    if x.verb == STATUS_VERB:
        return f"{named(x.system)}, told {_target(x, lot)}: {state}{detail}", x.state == "delivered"
    return f"{named(x.system)}: {_VERBS.get(x.verb, x.verb)} {state}{detail}", x.state == "delivered"


def _target(x: ch.CommandReported, lot: Lot) -> str:
    """Say what a status command wanted; of one that a newer has replaced, the lot no longer knows it."""
    wanted = lot.wanted.get(x.system)
    if wanted is None or wanted.command != x.command:
        return "an earlier status"
    blocked = f", {amount(wanted.target.blocked, lot)} blocked" if wanted.target.blocked else ""
    return f"{amount(wanted.target.available, lot)} available{blocked}"


def _exposed(x: ch.Exposed, _: Lot) -> Told:
    if x.until is None:
        return f"free in {named(x.system)} until it is restricted", False
    return f"was free in {named(x.system)} for {lasting((x.until - x.since).total_seconds())}", False


def _case_opened(x: ch.CaseOpened, _: Lot) -> Told:
    return f"case opened ({x.case.consequence}): {x.case.title}", False


def _case_closed(_x: ch.CaseClosed, _: Lot) -> Told:
    return "case closed", True


def _noted(x: ch.Noted, _: Lot) -> Told:
    return x.text, False


_SAID: dict[type[Any], Callable[[Any, Lot], Told]] = {
    ch.LotCreated: _created,
    ch.LotDescribed: _described,
    ch.IdentityBound: _bound,
    ch.StockClaimed: _claimed,
    ch.HoldPlaced: _placed,
    ch.HoldLifted: _lifted,
    ch.Disposed: _disposed,
    ch.DispositionIgnored: _ignored,
    ch.InspectionLinked: _inspected,
    ch.InspectionEnded: _ended,
    ch.Reviewed: _reviewed,
    ch.Waived: _waived,
    ch.InspectionPlanned: _planned,
    ch.HistoryRecorded: _recorded,
    ch.NonconformanceLinked: _nonconforming,
    ch.RecordKept: _kept,
    ch.Sampled: _sampled,
    ch.Moved: _moved,
    ch.Linked: _linked,
    ch.Measured: _measured,
    ch.ShipmentChanged: _shipment,
    ch.ShipmentBlockWanted: _shipment_block,
    ch.OrderChanged: _ordered,
    ch.OrderBlockWanted: _order_block,
    ch.TargetWanted: _wanted,
    ch.ActAsked: _asked,
    ch.CommandReported: _reported,
    ch.Exposed: _exposed,
    ch.CaseOpened: _case_opened,
    ch.CaseClosed: _case_closed,
    ch.Noted: _noted,
}
