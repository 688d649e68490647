"""Finished goods release: what was made here is restricted by name for as long as something is missing; then it is released.

Two modes. `quality`: quality's decision alone releases. `hub`: the rule releases when nothing is missing and nobody holds
the lot, and signs with its version; quality may decide otherwise at any time.
"""

from tracemill.core.draft import Draft
from tracemill.core.inheritance import Bond, bond
from tracemill.core.release import Lack, concerns, lacking, made_here, ready, release_hold
from tracemill.core.usable import awaiting
from tracemill.model.change import Disposed, HoldLifted, HoldPlaced, InspectionEnded, InspectionLinked, Noted, Reviewed
from tracemill.model.lot import Hold
from tracemill.model.policy import ReleaseRules
from tracemill.model.quality import InspectionCompleted, Part
from tracemill.model.release import GenealogyReviewed, InspectionResult, Review
from tracemill.model.status import DispositionKind, Lacking, ReleaseMode

RULE = "finished_goods_release"


def made(draft: Draft) -> None:
    """A lot came out of an order: its genealogy is looked at, and it waits for whoever releases it."""
    rules = draft.policy.release
    if rules is None:
        return
    draft.review()
    if bond(draft.event.data.work.kind) is Bond.SAME:
        return  # what is the same material keeps what was decided about it
    if rules.mode is ReleaseMode.QUALITY and concerns(draft.lot, rules) and draft.lot.disposition is None:
        waits = awaiting(draft.lot.id, draft.now)
        if waits.id not in draft.lot.holds:
            draft.add(HoldPlaced(hold=waits))


def completed(draft: Draft, data: InspectionCompleted) -> None:
    """An inspection ended. Only the owner of quality can say that one passed; whoever says that one failed restricts."""
    lot, source = draft.lot, draft.event.source
    owner = draft.policy.owner("quality", lot.material_class, draft.now)
    at, known = draft.event.occurred.utc, lot.results.get(data.inspection)
    if data.inspection not in lot.inspections:
        draft.add(InspectionLinked(inspection=data.inspection, system=source))
    if data.passed and source != owner:
        return draft.add(
            Noted(text=f"{source} says that {data.inspection} passed; only {owner or 'an owner of quality'} can say so")
        )
    if known is not None and data.passed and at <= known.at:
        return draft.add(Noted(text=f"that {data.inspection} passed came after newer news of it"))
    result = InspectionResult(plan=data.plan, passed=data.passed, at=at, system=source, signer=data.signer)
    return draft.add(InspectionEnded(inspection=data.inspection, result=result))


def reviewed(draft: Draft, data: GenealogyReviewed) -> None:
    draft.add(Reviewed(review=Review(at=draft.now, found=data.found, same=data.same)))


def release(draft: Draft) -> None:
    """After every event: make the holds for what is missing agree with what is missing, and release where nothing is."""
    rules, lot = draft.policy.release, draft.lot
    if rules is None or not (made_here(lot) or concerns(lot, rules)):
        return None
    if made_here(lot) and (lot.review is None or (lot.received_at is None) != (draft.begun.received_at is None)):
        return draft.review()  # it comes back in the same transaction, with what its genealogy lacks
    missing = {lack.kind: lack for lack in lacking(lot, rules, draft.policy)}
    for kind in Lacking:
        _restrict(draft, kind, missing.get(kind))
    if ready(draft.lot, rules):
        _accept(draft, rules)
    return None


def _restrict(draft: Draft, kind: Lacking, lack: Lack | None) -> None:
    hold_id = release_hold(draft.lot.id, kind)
    known = draft.lot.holds.get(hold_id)
    if lack is None or draft.lot.waived.get(hold_id) == lack.note:
        if known is not None:
            note = "nothing of it is missing any more" if lack is None else "somebody accepted that it is missing"
            draft.add(HoldLifted(hold=hold_id, reason=known.reason, by="hub", note=note))
        return
    if known is None or (known.note, known.owner) != (lack.note, lack.owner):
        since = known.placed_at if known else draft.now
        draft.add(
            HoldPlaced(
                hold=Hold(
                    id=hold_id, reason=lack.reason, system="hub", placed_at=since, note=lack.note, owner=lack.owner,
                    step=lack.step,
                )
            )
        )  # fmt: skip


def _accept(draft: Draft, rules: ReleaseRules) -> None:
    asked = [*(f"inspection {plan}" for plan in rules.inspections), *rules.conditions, *rules.dossier]
    draft.add(
        Disposed(
            parts=(Part(decision=DispositionKind.ACCEPT),),
            decided_at=draft.event.occurred.utc,
            recorded_at=draft.now,
            owner="hub",
            signer=f"rule {RULE}, version {draft.policy.version}",
            meaning=f"released by rule: genealogy complete, no open hold, {', '.join(asked)}",
        )
    )
