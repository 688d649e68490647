"""Approvals of a milder inspection by the responsible authority, and their revocation (ISO 2859-1, 9.3.3, 9.4; 2859-3, 5)."""

from tracemill.core.draft import Draft
from tracemill.core.holds import NotAllowed
from tracemill.core.inspection_record import record
from tracemill.model.inspection import Approval, HistoryKey
from tracemill.model.policy import InspectionPolicy
from tracemill.model.quality import InspectionApproved
from tracemill.model.status import ApprovalKind, Severity

HUB = "hub"


def approval(draft: Draft, data: InspectionApproved) -> None:
    """Record who approved or revoked what, why and until when. Raises NotAllowed where it cannot count, with the reason."""
    _check_author(draft)
    key = HistoryKey(data.supplier, data.item, data.plan)
    _check_scope(draft, key, data)
    if data.revoked and data.what is ApprovalKind.RESUMPTION:
        raise NotAllowed("a resumption is not revoked: five more lots not accepted discontinue inspection again")
    if not data.revoked:
        _check_applies(draft, key, data)
    record(
        draft,
        key,
        Approval(
            what=data.what,
            at=draft.now,
            by=draft.event.actor,
            why=draft.event.reason,
            until=data.until,
            revoked=data.revoked,
        ),
    )


def _check_author(draft: Draft) -> None:
    owner = draft.policy.owner("quality", draft.lot.material_class, draft.now)
    if draft.event.source not in (owner, HUB):
        raise NotAllowed(f"{owner or 'the owner of quality'} or people at the hub approve inspections, not {draft.event.source}")
    if not draft.event.actor or not draft.event.reason.strip():
        raise NotAllowed("an approval needs somebody who gives it, and a reason")


def _check_scope(draft: Draft, key: HistoryKey, data: InspectionApproved) -> None:
    planned = draft.lot.planned
    if planned is None:
        raise NotAllowed(f"the hub planned no inspection of {draft.lot.number}: nothing stands on it that could be approved")
    if planned.key != key:
        raise NotAllowed(f"{draft.lot.number} was planned as {planned.key}, not as {key}")
    if not _followed(draft.policy.inspection, data.what):
        raise NotAllowed(f"the site does not use {data.what.replace('_', '-')} inspection: see inspection in its file")


def _followed(rules: InspectionPolicy, what: ApprovalKind) -> bool:
    return rules.switching and (rules.skip is not None or what is not ApprovalKind.SKIP_LOT)


def _check_applies(draft: Draft, key: HistoryKey, data: InspectionApproved) -> None:
    if data.until is not None and (data.until.tzinfo is None or data.until <= draft.now):
        raise NotAllowed(f"until {data.until.isoformat()} has no offset, or is over")
    state = draft.due(key).switching
    if data.what is ApprovalKind.RESUMPTION and not state.discontinued:
        raise NotAllowed(f"inspection of {key} is not discontinued")
    if data.what is not ApprovalKind.RESUMPTION and state.severity is Severity.TIGHTENED:
        raise NotAllowed(f"inspection of {key} is {'discontinued' if state.discontinued else 'tightened'}: approve it later")
