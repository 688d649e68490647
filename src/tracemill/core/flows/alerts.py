"""Alerts: what is unsafe pages people after the grace time, and every hour while it lasts; and looking again at the due time."""

from datetime import timedelta
from decimal import Decimal

from tracemill.core.comparison import complies, excess
from tracemill.core.draft import Draft
from tracemill.core.evolve import replace
from tracemill.core.flows.shipment_guard import at_the_dock
from tracemill.core.targets import drift_key, excess_key, unsafe_case
from tracemill.core.unbooked import unbooked
from tracemill.core.usable import allowance, on_hand, said
from tracemill.model.change import CaseOpened
from tracemill.model.decision import Case, Timer
from tracemill.model.event import TimerDue
from tracemill.model.identifier import derived
from tracemill.model.lot import Claim, Lot, OpenCase
from tracemill.model.policy import SystemPolicy
from tracemill.model.quantity import show
from tracemill.model.status import CaseKind, Consequence, Mode

AGAIN = timedelta(hours=1)


def watch(draft: Draft) -> None:
    """Set an alarm for every case that became unsafe just now; what was given its time already pages at once."""
    wait = timedelta(0) if isinstance(draft.event.data, TimerDue) else timedelta(seconds=draft.policy.grace_seconds)
    for change in [c.change for c in draft.changes if isinstance(c.change, CaseOpened)]:
        if draft.policy.alerts and change.case.consequence is Consequence.UNSAFE:
            _set_alarm(draft, change.key, timedelta(0) if change.case.urgent else wait)


def due(draft: Draft) -> None:
    """Look again at what a timer was set for."""
    data: TimerDue = draft.event.data
    kind, _, name = data.timer.partition(":")
    if kind == "alarm":
        return _alarm(draft, name)
    if kind not in ("overdue", "drift"):
        return None
    system, claim = draft.policy.systems.get(name), draft.lot.claims.get(name)
    if system is not None and claim is not None:
        (_still_free if kind == "overdue" else _still_less)(draft, system, claim)
    return None


def _set_alarm(draft: Draft, key: str, wait: timedelta) -> None:
    draft.timers.append(Timer(key=f"alarm:{derived('case', key)}:{draft.lot.id}", lot=draft.lot.id, due=draft.now + wait))


def _alarm(draft: Draft, name: str) -> None:
    """Page for a case that is still open and unsafe, and again in an hour. What is only observed pages nobody."""
    for key, case in draft.lot.cases.items():
        if derived("case", key) == name and case.consequence is Consequence.UNSAFE:
            system = draft.policy.systems.get(case.system)
            if system is None or system.mode is not Mode.OBSERVE:
                _page(draft, key, case)
            _set_alarm(draft, key, AGAIN)


def _page(draft: Draft, key: str, case: OpenCase) -> None:
    """Tell the people on call what is unsafe, which quantity, where, and what to do."""
    lot, to, claim = draft.lot, draft.policy.alerts, draft.lot.claims.get(case.system)
    value = {
        "to": to["to"],
        "topic": "unsafe",
        "title": case.title,
        "next_action": case.next_action,
        "lot_number": lot.number,
        "quantity": str(lot.quantity(claim.available if claim else on_hand(lot))),
        "system_name": case.system,
        "place": lot.place,
        "item": lot.item,
        "item_text": lot.item_text,
        "call": "the shift leader at that place, and quality",
        "fallback": "none: it can be used until it is blocked by hand",
        **case.page,
    }
    draft.act(to["system"], "notify", f"unsafe:{derived('case', key)}:{draft.now:%Y-%m-%dT%H:%M}", value)


def _still_free(draft: Draft, system: SystemPolicy, claim: Claim) -> None:
    over = excess(draft.lot, allowance(draft.lot).target, claim, system.expresses)
    wanted = draft.lot.wanted.get(system.name)
    if over > 0 and wanted is not None and wanted.state != "verified":
        draft.case(_still_unsafe(draft, system, claim, over))
    elif over == 0:
        draft.close(excess_key(draft.lot, system))


def _still_unsafe(draft: Draft, system: SystemPolicy, claim: Claim, over: Decimal) -> Case:
    """Say where the lot is about to leave, and whether its shipment is blocked meanwhile."""
    case = unsafe_case(draft.lot, system, claim, over)
    title, page = at_the_dock(draft, system, over)
    return replace(case, title=title, page=page) if title else case


def _still_less(draft: Draft, system: SystemPolicy, claim: Claim) -> None:
    target, lot = allowance(draft.lot).target, draft.lot
    if gone := unbooked(lot, claim, system.expresses):
        title = f"{said(gone, lot)} of {lot.number} were used and still stand in the books of {system.name}"
        action = f"post the goods issue in {system.name}, or reverse the use where it was told"
        return draft.case(_drift(lot, system, claim, title, action))
    if complies(lot, target, claim, system.expresses) or excess(lot, target, claim, system.expresses) > 0:
        return draft.close(drift_key(lot, system))
    title = f"{system.name} lets less of {lot.number} be used than quality allows"
    action = f"ask in {system.name} who restricted it; if nobody means it, tracemill case resolve"
    return draft.case(_drift(lot, system, claim, title, action))


def _drift(lot: Lot, system: SystemPolicy, claim: Claim, title: str, action: str) -> Case:
    return Case(
        key=drift_key(lot, system),
        kind=CaseKind.DRIFT,
        lot=lot.id,
        title=title,
        consequence=Consequence.LATE,
        next_action=action,
        evidence={"shows": claim.native, "allowed": show(allowance(lot).target.available)},
    )
