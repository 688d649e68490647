"""Holds asked for by people and by the hub itself, and who may lift them."""

from tracemill.core.draft import Draft
from tracemill.core.ledger import in_base
from tracemill.core.release import requirement
from tracemill.core.usable import dated, gained
from tracemill.model.change import HoldLifted, HoldPlaced, Noted, Waived
from tracemill.model.event import MessageRead, MessageUnread
from tracemill.model.handling_unit import unit_id
from tracemill.model.identifier import derived
from tracemill.model.lot import Hold
from tracemill.model.quality import HoldReleased, HoldRequested
from tracemill.model.status import HoldReason


class NotAllowed(ValueError):
    """Only the placer, or a role with the right, lifts a hold."""

    hint = "lift it where it was placed, or name who else may under lifters: of the site's file; then discard this message"


def placed(draft: Draft, data: HoldRequested) -> None:
    """Place a hold; asked again with the same id, it is the same hold."""
    hold_id = hold_key(draft.lot.id, draft.event.source, data.hold)
    quantity = in_base(draft, data.quantity) if data.quantity else None
    unit = unit_id(data.unit) if data.unit else ""
    draft.add(
        HoldPlaced(
            hold=Hold(
                id=hold_id,
                reason=data.reason,
                system=draft.event.source,
                placed_at=draft.now,
                quantity=quantity,
                by=draft.event.actor,
                native=data.hold if draft.event.source != "hub" else "",
                place="message" if draft.event.source != "hub" else "",
                note=data.note,
                unit=unit,
                since=draft.event.occurred.utc if unit and quantity is None else None,
            )
        )
    )


def hold_key(lot: str, system: str, native: str) -> str:
    return derived("hold", lot, system, native)


def lifted(draft: Draft, data: HoldReleased) -> None:
    """Lift one named hold; raises NotAllowed where the lifter is neither the placer nor has the right."""
    hold = draft.lot.holds.get(data.hold) or draft.lot.holds.get(hold_key(draft.lot.id, draft.event.source, data.hold))
    if hold is None:
        draft.add(Noted(text=f"{draft.event.source} lifted a hold that is not open: {data.hold}"))
        return
    if dated(hold, draft.lot):
        raise NotAllowed(f"hold {hold.reason} ends when quality decides until when it may be used; nobody lifts it")
    if gained(hold, draft.lot):
        raise NotAllowed(f"hold {hold.reason} ends when quality decides about what the lot gained; nobody lifts it")
    allowed = draft.policy.lifters.get(hold.reason, ())
    if requirement(hold.id, draft.lot.id):
        return _waive(draft, hold, allowed, data.note)
    if draft.event.source != hold.system and draft.event.source not in allowed:
        raise NotAllowed(
            f"hold {hold.reason} of {hold.system} can be lifted by {hold.system}"
            + (f" or {', '.join(allowed)}" if allowed else "")
            + f", not by {draft.event.source}"
        )
    draft.add(HoldLifted(hold=hold.id, reason=hold.reason, by=draft.event.actor or draft.event.source, note=data.note))


def _waive(draft: Draft, hold: Hold, allowed: tuple[str, ...], note: str) -> None:
    """What is missing is not there because somebody lifts a hold: whom the site names may accept that it is missing."""
    if draft.event.source not in allowed:
        accept = f"let somebody accept it: lifters: {{{hold.reason}: [hub]}} in sites/{draft.lot.site}.yaml"
        raise NotAllowed(f"hold {hold.reason} ends when what is missing is told: {hold.step}; or {accept}")
    who = draft.event.actor or draft.event.source
    draft.add(Waived(hold=hold.id, note=hold.note, by=who))
    draft.add(HoldLifted(hold=hold.id, reason=hold.reason, by=who, note=note))


def unread(draft: Draft, data: MessageUnread) -> None:
    """A message that may carry a status could not be read: restrict its lots until someone has read it."""
    draft.add(HoldPlaced(hold=_unread_hold(draft, data)))


def _unread_hold(draft: Draft, data: MessageUnread) -> Hold:
    return Hold(
        id=derived("hold", draft.lot.id, "unread", data.message),
        reason=HoldReason.UNREAD,
        system=data.system,
        placed_at=draft.now,
        native=data.message,
        place="message",
        note=data.cause,
    )


def read(draft: Draft, data: MessageRead) -> None:
    """Someone read the message: its unread hold is lifted, whatever the message then said."""
    for hold in list(draft.lot.holds.values()):
        if hold.reason is HoldReason.UNREAD and hold.native == data.message:
            draft.add(HoldLifted(hold=hold.id, reason=hold.reason, by=draft.event.actor, note=data.note))
