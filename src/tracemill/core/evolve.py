"""State is the fold of changes: `evolve` applies one change to a lot."""

from collections.abc import Callable
from decimal import Decimal
from functools import reduce
from typing import Any

import msgspec

from tracemill.core.entries import GAINS, after_movement, entered, entry_key
from tracemill.core.unbooked import left, reread
from tracemill.model import change as c
from tracemill.model.inspection import Submission, Withdrawn
from tracemill.model.lot import Act, Block, Disposition, Entry, Exposure, Lot, Wanted
from tracemill.model.status import MovementKind, SampleState, Side
from tracemill.model.work_order import OrderLine

replace = msgspec.structs.replace


def evolve(lot: Lot, change: c.AnyChange) -> Lot:
    """Return the lot after one change."""
    return _FOLDS[type(change)](replace(lot, version=lot.version + 1), change)


def fold(lot_id: str, site: str, changes: list[c.AnyChange]) -> Lot | None:
    """Rebuild a lot from its changes in order of position; None where there are none."""
    if not changes:
        return None
    return reduce(evolve, changes, Lot(id=lot_id, site=site, number="", named_by=""))


def _created(lot: Lot, ch: c.LotCreated) -> Lot:
    return replace(lot, number=ch.number, named_by=ch.named_by, item=ch.item or lot.item, vessel=ch.vessel)


def _described(lot: Lot, ch: c.LotDescribed) -> Lot:
    facts = {
        name: value
        for name in (
            "number",
            "named_by",
            "item",
            "item_text",
            "material_class",
            "supplier",
            "manufacturer",
            "supplier_batch",
            "purchase_order",
            "certificate",
            "receipt",
            "place",
            "manufactured",
            "expires",
            "retest",
        )
        if (value := getattr(ch, name))
    }
    if ch.received_at is not None:
        told = Entry(kind=MovementKind.RECEIVED, quantity=ch.received, at=ch.received_at)
        facts["entries"] = entered(lot.entries, entry_key(ch.named_by, ch.receipt), told)
    return replace(lot, received=lot.received + ch.received, unit=ch.unit, received_at=lot.received_at or ch.received_at, **facts)


def _bound(lot: Lot, ch: c.IdentityBound) -> Lot:
    ids = lot.identities.get(ch.system, ())
    return lot if ch.id in ids else replace(lot, identities={**lot.identities, ch.system: (*ids, ch.id)})


def _claimed(lot: Lot, ch: c.StockClaimed) -> Lot:
    claim = reread(lot, ch.system, ch.claim)
    return replace(lot, claims={**lot.claims, ch.system: claim}, unit=lot.unit or ch.unit)


def _placed(lot: Lot, ch: c.HoldPlaced) -> Lot:
    return replace(lot, holds={**lot.holds, ch.hold.id: ch.hold})


def _lifted(lot: Lot, ch: c.HoldLifted) -> Lot:
    return replace(lot, holds={k: h for k, h in lot.holds.items() if k != ch.hold})


def _disposed(lot: Lot, ch: c.Disposed) -> Lot:
    knew = lot.gained_at is None or ch.decided_at >= lot.gained_at
    return replace(
        lot,
        covered={account: lot.moved.get(account, Decimal(0)) for account in GAINS} if knew else lot.covered,
        disposition=Disposition(
            parts=ch.parts,
            decided_at=ch.decided_at,
            recorded_at=ch.recorded_at,
            inspection=ch.inspection,
            signer=ch.signer,
            meaning=ch.meaning,
            owner=ch.owner,
            pending_review=ch.pending_review,
            nonconforming=ch.nonconforming,
        ),
    )


def _inspected(lot: Lot, ch: c.InspectionLinked) -> Lot:
    return replace(lot, inspections={**lot.inspections, ch.inspection: ch.system})


def _ended(lot: Lot, ch: c.InspectionEnded) -> Lot:
    return replace(lot, results={**lot.results, ch.inspection: ch.result})


def _reviewed(lot: Lot, ch: c.Reviewed) -> Lot:
    return replace(lot, review=ch.review)


def _waived(lot: Lot, ch: c.Waived) -> Lot:
    return replace(lot, waived={**lot.waived, ch.hold: ch.note})


def _measured(lot: Lot, ch: c.Measured) -> Lot:
    return replace(lot, measured=tuple(sorted({*lot.measured, *(s.parameter for s in ch.summaries)})))


def _planned(lot: Lot, ch: c.InspectionPlanned) -> Lot:
    return replace(lot, planned=ch.plan)


def _recorded(lot: Lot, ch: c.HistoryRecorded) -> Lot:
    if isinstance(ch.fact, Withdrawn):
        return replace(lot, submission=None)
    return replace(lot, submission=ch.fact) if isinstance(ch.fact, Submission) else lot


def _nonconforming(lot: Lot, ch: c.NonconformanceLinked) -> Lot:
    return replace(lot, nonconformances={**lot.nonconformances, ch.nonconformance: ch.system})


def _kept(lot: Lot, ch: c.RecordKept) -> Lot:
    return replace(lot, records={**lot.records, ch.record.key: ch.record})


def _sampled(lot: Lot, ch: c.Sampled) -> Lot:
    state = ch.state or (SampleState.DESTROYED if ch.destroyed else SampleState.RETAINED)
    gone = ch.quantity if state is SampleState.DESTROYED else Decimal(0)
    retained = {k: q for k, q in lot.retained.items() if k != ch.sample}
    if state is SampleState.RETAINED:
        retained[ch.sample] = ch.quantity
    entries = lot.entries
    if ch.at is not None:
        known = lot.entries.get(key := entry_key("sample", ch.sample))
        told = Entry(kind=MovementKind.SAMPLED, quantity=-gone, at=known.at if known else ch.at)
        entries = {**lot.entries, key: told}
    claims = left(lot.claims, gone - lot.samples.get(ch.sample, Decimal(0)))
    return replace(lot, samples={**lot.samples, ch.sample: gone}, retained=retained, entries=entries, claims=claims)


def _moved(lot: Lot, ch: c.Moved) -> Lot:
    exposures = {
        s: replace(e, movements=e.movements + 1) if s == ch.system and e.until is None else e for s, e in lot.exposures.items()
    }
    entries = after_movement(lot.entries, ch) if ch.at is not None else lot.entries
    if not ch.counts:
        return replace(lot, exposures=exposures, entries=entries)
    account = ch.account or ch.kind
    moved = {**lot.moved, account: lot.moved.get(account, Decimal(0)) + ch.quantity}
    gains = ch.quantity > 0 and account in GAINS
    since = max(lot.gained_at or ch.at, ch.at) if gains and ch.at else lot.gained_at
    claims = left(lot.claims, -ch.quantity, ch.system)
    return replace(
        lot, exposures=exposures, moved=moved, entries=entries, gained_at=since, claims=claims, orders=_taken(lot, ch)
    )  # fmt: skip


def _taken(lot: Lot, ch: c.Moved) -> dict[str, OrderLine]:
    line = lot.orders.get(ch.order)
    if line is None or (ch.account or ch.kind) != "consumed":
        return lot.orders
    return {**lot.orders, ch.order: replace(line, used=line.used - ch.quantity)}


def _linked(lot: Lot, ch: c.Linked) -> Lot:
    key = entry_key(ch.system, ch.movement)
    if (entry := lot.entries.get(key)) is not None and entry.work is None:
        told = replace(entry, side=ch.side, work=ch.work, evidence=ch.evidence)
        lot = replace(lot, entries={**lot.entries, key: told})
    if ch.side is Side.INPUT:
        return lot if lot.used else replace(lot, used=True)
    return lot if ch.transformation in lot.made_by else replace(lot, made_by=(*lot.made_by, ch.transformation))


def _fitted(lot: Lot, ch: c.Fitted) -> Lot:
    names = {**lot.fitted_names, ch.other: ch.number}
    there = lot.inside if ch.side is Side.INPUT else lot.parts
    after = {**there, ch.other: there.get(ch.other, Decimal(0)) + ch.quantity}
    return replace(lot, fitted_names=names, **{"inside" if ch.side is Side.INPUT else "parts": after})


def _shipped(lot: Lot, ch: c.ShipmentChanged) -> Lot:
    return replace(lot, shipments={**lot.shipments, ch.shipment: ch.shipped})


def _ordered(lot: Lot, ch: c.OrderChanged) -> Lot:
    return replace(lot, orders={**lot.orders, ch.order: ch.line})


def _order_block(lot: Lot, ch: c.OrderBlockWanted) -> Lot:
    block = Block(system=ch.system, blocked=ch.blocked, command=ch.command, at=ch.at, why=ch.why)
    return replace(lot, order_blocks={**lot.order_blocks, ch.order: block})


def _shipment_block(lot: Lot, ch: c.ShipmentBlockWanted) -> Lot:
    block = Block(system=ch.system, blocked=ch.blocked, command=ch.command, at=ch.at, why=ch.why)
    return replace(lot, shipment_blocks={**lot.shipment_blocks, ch.shipment: block})


def _packed(lot: Lot, ch: c.Packed) -> Lot:
    told = sorted((*lot.units.get(ch.unit, ()), ch.packing), key=lambda p: (p.at, p.takes_out, p.id))
    return replace(lot, units={**lot.units, ch.unit: tuple(told)}, unit=lot.unit or ch.measure)


def _wanted(lot: Lot, ch: c.TargetWanted) -> Lot:
    state = "pending" if ch.command else "verified"  # no command was needed: the system was found to keep it
    wanted = Wanted(target=ch.target, decided_at=ch.at, command=ch.command, permitted=ch.permitted, state=state)
    return replace(lot, wanted={**lot.wanted, ch.system: wanted})


def _asked(lot: Lot, ch: c.ActAsked) -> Lot:
    act = Act(verb=ch.verb, system=ch.system, purpose=ch.purpose, state="pending", asked_at=ch.at)
    return replace(lot, acts={**lot.acts, ch.key: act})


def _reported(lot: Lot, ch: c.CommandReported) -> Lot:
    wanted = lot.wanted.get(ch.system)
    if wanted is not None and wanted.command == ch.command:
        settled = replace(wanted, state=ch.state, settled_at=ch.at, detail=ch.detail)
        return replace(lot, wanted={**lot.wanted, ch.system: settled})
    for shipment, block in lot.shipment_blocks.items():
        if block.command == ch.command:
            reported = replace(block, state=ch.state, detail=ch.detail)
            return replace(lot, shipment_blocks={**lot.shipment_blocks, shipment: reported})
    for order, held in lot.order_blocks.items():
        if held.command == ch.command:
            reported_order = replace(held, state=ch.state, detail=ch.detail)
            return replace(lot, order_blocks={**lot.order_blocks, order: reported_order})
    act = lot.acts.get(ch.command)
    if act is None:
        return lot
    settled_act = replace(act, state=ch.state, settled_at=ch.at, native=ch.native, detail=ch.detail)
    return replace(lot, acts={**lot.acts, ch.command: settled_act})


def _exposed(lot: Lot, ch: c.Exposed) -> Lot:
    known = lot.exposures.get(ch.system)
    exposure = replace(known, until=ch.until) if known else Exposure(since=ch.since, until=ch.until)
    return replace(lot, exposures={**lot.exposures, ch.system: exposure})


def _case_opened(lot: Lot, ch: c.CaseOpened) -> Lot:
    return replace(lot, cases={**lot.cases, ch.key: ch.case})


def _case_closed(lot: Lot, ch: c.CaseClosed) -> Lot:
    return replace(lot, cases={k: v for k, v in lot.cases.items() if k != ch.key})


def _unchanged(lot: Lot, _: c.AnyChange) -> Lot:
    return lot


_FOLDS: dict[type[Any], Callable[[Lot, Any], Lot]] = {
    c.LotCreated: _created,
    c.LotDescribed: _described,
    c.IdentityBound: _bound,
    c.StockClaimed: _claimed,
    c.HoldPlaced: _placed,
    c.HoldLifted: _lifted,
    c.Disposed: _disposed,
    c.DispositionIgnored: _unchanged,
    c.InspectionLinked: _inspected,
    c.InspectionEnded: _ended,
    c.Reviewed: _reviewed,
    c.Waived: _waived,
    c.InspectionPlanned: _planned,
    c.HistoryRecorded: _recorded,
    c.NonconformanceLinked: _nonconforming,
    c.RecordKept: _kept,
    c.Sampled: _sampled,
    c.Moved: _moved,
    c.Linked: _linked,
    c.Measured: _measured,
    c.Fitted: _fitted,
    c.ShipmentChanged: _shipped,
    c.ShipmentBlockWanted: _shipment_block,
    c.OrderChanged: _ordered,
    c.OrderBlockWanted: _order_block,
    c.Packed: _packed,
    c.TargetWanted: _wanted,
    c.ActAsked: _asked,
    c.CommandReported: _reported,
    c.Exposed: _exposed,
    c.CaseOpened: _case_opened,
    c.CaseClosed: _case_closed,
    c.Noted: _unchanged,
}
