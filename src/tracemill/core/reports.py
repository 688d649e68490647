"""Reports: what came of our own commands, as the hub read it back."""

from tracemill.core.draft import Draft
from tracemill.core.quality_records import keep
from tracemill.model.change import CommandReported, IdentityBound, InspectionLinked, NonconformanceLinked
from tracemill.model.decision import Case
from tracemill.model.event import CommandSettled, NotificationAcknowledged
from tracemill.model.identifier import BadIdentifier, opaque
from tracemill.model.lot import Lot
from tracemill.model.status import CaseKind, Consequence, QualityKind


def settled(draft: Draft, data: CommandSettled) -> None:
    """Record the end of a command, and what the target calls the thing it made."""
    command = draft.event.causation
    draft.add(
        CommandReported(
            system=data.system,
            verb=data.verb,
            purpose=data.purpose,
            state=data.state,
            at=draft.now,
            native=data.native,
            detail=data.detail,
            command=command,
        )
    )
    if data.native and data.state == "verified":
        _link(draft, data)
    key = f"command:{command}"
    if data.state in ("dead", "in_doubt"):
        draft.case(_case(draft, data, key))
    else:
        draft.close(key)


def _link(draft: Draft, data: CommandSettled) -> None:
    """Keep what the target calls the thing it made; an id that cannot be kept byte for byte is a case, not a name."""
    try:
        opaque(data.native)
    except BadIdentifier as error:
        return draft.case(_unkept(draft, data, str(error)))
    if data.verb == "open_inspection":
        draft.add(IdentityBound(system=data.system, id=data.native), InspectionLinked(inspection=data.native, system=data.system))
    elif data.verb == "open_nonconformance":
        draft.add(NonconformanceLinked(nonconformance=data.native, system=data.system))
        keep(draft, QualityKind.NONCONFORMANCE, data.native, data.system, defect=_defect(draft.lot, data.purpose))
    elif data.verb == "set_status" and data.native not in draft.lot.identities.get(data.system, ()):
        draft.add(IdentityBound(system=data.system, id=data.native))


def _defect(lot: Lot, purpose: str) -> str:
    """Return the defect for which a nonconformance was asked: of a rejected part, or of a complaint."""
    what, _, of = purpose.partition(":")
    if what == QualityKind.COMPLAINT:
        return next((r.defect for r in lot.records.values() if r.kind is QualityKind.COMPLAINT and r.id == of), "")
    return next((p.reason for p in lot.disposition.parts if p.decision == what), "") if lot.disposition else ""


def _unkept(draft: Draft, data: CommandSettled, cause: str) -> Case:
    words = data.verb.replace("_", " ")
    return Case(
        key=f"identity:{draft.lot.id}:{data.system}:{data.verb}",
        kind=CaseKind.IDENTITY,
        lot=draft.lot.id,
        title=f"{words} of {draft.lot.number} in {data.system} was given a name that cannot be kept: {cause}",
        next_action=f"what {data.system} says under this name does not find the lot; link it there by another id",
        evidence={"system": data.system, "purpose": data.purpose, "native": data.native[:300]},
    )


def _case(draft: Draft, data: CommandSettled, key: str) -> Case:
    restricts = (wanted := draft.lot.wanted.get(data.system)) is not None and wanted.command == draft.event.causation
    doubt = data.state == "in_doubt"
    return Case(
        key=key,
        kind=CaseKind.IN_DOUBT if doubt else CaseKind.INCIDENT,
        lot=draft.lot.id,
        title=f"{data.verb.replace('_', ' ')} of {draft.lot.number} in {data.system}: {data.detail}",
        consequence=Consequence.UNSAFE if restricts and wanted and wanted.target.available == 0 else Consequence.LATE,
        next_action=f"look in {data.system} whether it happened, then settle it: tracemill case show {key}"
        if doubt
        else f"mend the cause in {data.system}, then: tracemill msg replay {draft.event.causation}",
        evidence={"system": data.system, "purpose": data.purpose, "detail": data.detail},
    )


def acknowledged(draft: Draft, data: NotificationAcknowledged) -> None:
    act = draft.lot.acts.get(data.notification)
    if act is not None:
        draft.add(
            CommandReported(
                system=act.system,
                verb=act.verb,
                purpose=act.purpose,
                state="acknowledged",
                at=draft.now,
                native=act.native,
                detail=f"acknowledged by {draft.event.actor or draft.event.source}",
                command=data.notification,
            )
        )
