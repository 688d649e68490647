"""Dispositions: what quality's decision changes, who may decide, and what comes too late."""

from datetime import datetime
from decimal import Decimal

from tracemill.core.draft import Draft
from tracemill.core.evolve import replace
from tracemill.core.holds import NotAllowed
from tracemill.core.ledger import in_base
from tracemill.core.shelf_life import permitted_until
from tracemill.core.usable import UNDECIDED, on_hand, quality_hold
from tracemill.model.change import Disposed, DispositionIgnored, HoldLifted, HoldPlaced, InspectionLinked, Noted
from tracemill.model.decision import Case
from tracemill.model.identifier import derived
from tracemill.model.lot import Disposition, Hold
from tracemill.model.quality import DispositionDecided, Part
from tracemill.model.quantity import Quantity
from tracemill.model.status import RELEASING, CaseKind, Consequence, DispositionKind, HoldReason

HUB = "hub"
OWN = (HoldReason.AWAITING_INSPECTION, HoldReason.QUALITY, HoldReason.REJECTED)


def disposition(draft: Draft, data: DispositionDecided) -> None:
    """Apply quality's decision, or say why it does not count."""
    parts = tuple(_in_base(draft, p) for p in data.parts)
    owner = draft.policy.owner("quality", draft.lot.material_class, draft.now) or "nobody"
    if draft.event.source == HUB and owner != HUB:
        raise NotAllowed(f"quality of it is owned by {owner}, not by people at the hub: decide there, or place a hold here")
    if draft.event.source != owner:
        return _foreign_claim(draft, data, parts, owner)
    order = (draft.event.observed or draft.event.occurred).utc
    last = draft.lot.disposition
    if last is not None and _said(parts, data) == (last.parts, last.inspection, last.nonconforming):
        return None
    late = last is not None and (order < last.decided_at or (order == last.decided_at and _frees(parts, last)))
    if last is not None and late and _frees(parts, last):
        return draft.add(
            DispositionIgnored(
                parts=parts, by=draft.event.source, why=f"it is not newer than the decision of {last.decided_at:%d %b %H:%M:%S}"
            )
        )
    if data.inspection and data.inspection not in draft.lot.inspections:
        draft.add(InspectionLinked(inspection=data.inspection, system=draft.event.source))
    _apply(draft, data, parts, order, late)
    return None


def _said(parts: tuple[Part, ...], data: DispositionDecided) -> tuple[tuple[Part, ...], str, int | None]:
    return parts, data.inspection, data.nonconforming


def _in_base(draft: Draft, part: Part) -> Part:
    if part.quantity is None:
        return part
    amount = in_base(draft, part.quantity)
    unit = draft.lot.unit or part.quantity.unit
    return replace(part, quantity=Quantity(amount=amount, unit=unit))


def _freed(parts: tuple[Part, ...]) -> Decimal | None:
    """Return how much is accepted; None means everything that is left."""
    total = Decimal(0)
    for part in parts:
        if part.decision in RELEASING:
            if part.quantity is None:
                return None
            total += part.quantity.amount
    return total


def _frees(parts: tuple[Part, ...], last: Disposition) -> bool:
    """Say whether a decision lets more be used than the last one."""
    new, old = _freed(parts), _freed(last.parts)
    until, was = permitted_until(parts), permitted_until(last.parts)
    longer = until is not None and (was is None or until > was)
    return longer or (old is not None and (new is None or new > old))


def _apply(draft: Draft, data: DispositionDecided, parts: tuple[Part, ...], order: datetime, late: bool) -> None:
    draft.add(
        Disposed(
            parts=parts,
            decided_at=order,
            recorded_at=draft.now,
            inspection=data.inspection,
            signer=data.signer,
            meaning=data.meaning,
            owner=draft.event.source,
            pending_review=late,
            nonconforming=data.nonconforming,
        )
    )
    undecided = [p for p in parts if p.decision in UNDECIDED]
    keep = _keep(draft, data, parts, bool(undecided))
    for hold in list(draft.lot.holds.values()):
        if hold.id in _own(draft) - keep:
            draft.add(HoldLifted(hold=hold.id, reason=hold.reason, by=data.signer or draft.event.source))
    if late:
        draft.case(_late_case(draft, data))


def _own(draft: Draft) -> set[str]:
    """Return the holds that quality's next decision lifts: those it placed itself. A release lifts nothing else."""
    return {quality_hold(draft.lot.id, reason) for reason in OWN}


def _keep(draft: Draft, data: DispositionDecided, parts: tuple[Part, ...], undecided: bool) -> set[str]:
    """Place the holds that this decision asks for and return their ids."""
    keep: set[str] = set()
    for part in parts:
        if part.decision in RELEASING:
            continue
        if part.decision is DispositionKind.PENDING:
            reason = HoldReason.AWAITING_INSPECTION
        elif undecided:
            reason = HoldReason.QUALITY
        else:
            reason = HoldReason.REJECTED
        keep.add(_place(draft, data, part, reason))
    return keep


def _place(draft: Draft, data: DispositionDecided, part: Part, reason: HoldReason) -> str:
    quantity = part.quantity.amount if part.quantity else None
    if reason is not HoldReason.REJECTED:
        quantity = None if quantity is None or quantity >= on_hand(draft.lot) else quantity
    owner = "hub" if reason is HoldReason.AWAITING_INSPECTION else draft.event.source
    hold_id = quality_hold(draft.lot.id, reason)
    hold = Hold(
        id=hold_id,
        reason=reason,
        system=draft.event.source,
        placed_at=draft.now,
        quantity=quantity,
        by=data.signer,
        note=part.reason,
    )
    known = draft.lot.holds.get(hold_id)
    if known is None or (known.quantity, known.note) != (hold.quantity, hold.note) or owner != "hub":
        draft.add(HoldPlaced(hold=hold))
    return hold_id


def _foreign_claim(draft: Draft, data: DispositionDecided, parts: tuple[Part, ...], owner: str) -> None:
    """A decision by a system that does not own quality: it never releases; if it restricts, it becomes its own hold."""
    source = draft.event.source
    restricting = [p for p in parts if p.decision not in RELEASING and p.decision is not DispositionKind.PENDING]
    if restricting:
        hold_id = derived("hold", draft.lot.id, source, "claim")
        quantity = restricting[0].quantity.amount if len(restricting) == 1 and restricting[0].quantity else None
        draft.add(
            HoldPlaced(
                hold=Hold(
                    id=hold_id,
                    reason=HoldReason.CONFLICT,
                    system=source,
                    placed_at=draft.now,
                    quantity=quantity,
                    by=data.signer,
                    note=restricting[0].reason,
                )
            ),
            Noted(text=f"{source} decided about quality, which {owner} owns; its restriction counts until {source} lifts it"),
        )
        return
    draft.add(DispositionIgnored(parts=parts, by=source, why=f"quality is owned by {owner}"))
    draft.case(
        Case(
            key=f"conflict:{draft.lot.id}:quality:{source}",
            kind=CaseKind.CONFLICT,
            lot=draft.lot.id,
            title=f"{source} released {draft.lot.number}, but {owner} owns quality",
            consequence=Consequence.LATE,
            next_action=f"find out who released it in {source}; it stays as {owner} decided",
            evidence={"source": source, "owner": owner, "decision": [p.decision for p in parts]},
        )
    )


def _late_case(draft: Draft, data: DispositionDecided) -> Case:
    return Case(
        key=f"late:{draft.lot.id}:{data.inspection}:{data.revision}",
        kind=CaseKind.CONFLICT,
        lot=draft.lot.id,
        title=f"a restriction of {draft.lot.number} arrived after a newer decision",
        consequence=Consequence.LATE,
        next_action=f"quality confirms or decides again in {draft.event.source}",
        evidence={"inspection": data.inspection, "decided": draft.event.occurred.text},
    )
