"""Alerts: a restriction that does not arrive in time, or a system that keeps less usable than it was told."""

from tracemill.core.draft import Draft
from tracemill.core.targets import excess_key, unsafe_case
from tracemill.core.usable import allowance, complies, excess
from tracemill.model.decision import Case
from tracemill.model.event import TimerDue
from tracemill.model.lot import Claim
from tracemill.model.policy import SystemPolicy
from tracemill.model.quantity import show
from tracemill.model.status import CaseKind, Consequence


def overdue(draft: Draft) -> None:
    """Look again at what a timer was set for."""
    data: TimerDue = draft.event.data
    kind, _, system_name = data.timer.partition(":")
    system, claim = draft.policy.systems.get(system_name), draft.lot.claims.get(system_name)
    if system is None or claim is None:
        return
    if kind == "overdue":
        _still_free(draft, system, claim)
    elif kind == "drift":
        _still_less(draft, system, claim)


def _still_free(draft: Draft, system: SystemPolicy, claim: Claim) -> None:
    over = excess(allowance(draft.lot).target, claim, system.expresses)
    wanted = draft.lot.wanted.get(system.name)
    if over > 0 and wanted is not None and wanted.state != "verified":
        draft.case(unsafe_case(draft.lot, system, claim, over))
        page(draft, excess_key(draft.lot, system), system, str(draft.lot.quantity(over)))


def page(draft: Draft, key: str, system: SystemPolicy, amount: str) -> None:
    """Tell the people on call: which quantity, where, and what to do."""
    to = draft.policy.alerts
    if to:
        lot = draft.lot
        value = {
            "to": to["to"],
            "topic": "unsafe",
            "lot_number": lot.number,
            "quantity": amount,
            "system_name": system.name,
            "place": lot.place,
            "item_text": lot.item_text,
        }
        draft.act(to["system"], "notify", f"unsafe:{key}:{draft.now:%Y-%m-%dT%H}", value)


def _still_less(draft: Draft, system: SystemPolicy, claim: Claim) -> None:
    target = allowance(draft.lot).target
    key = f"drift:{draft.lot.id}:{system.name}"
    if complies(target, claim, system.expresses) or excess(target, claim, system.expresses) > 0:
        return draft.close(key)
    return draft.case(
        Case(
            key=key,
            kind=CaseKind.DRIFT,
            lot=draft.lot.id,
            title=f"{system.name} lets less of {draft.lot.number} be used than quality allows",
            consequence=Consequence.LATE,
            next_action=f"ask in {system.name} who restricted it; if nobody means it, tracemill case resolve",
            evidence={"shows": claim.native, "allowed": show(target.available)},
        )
    )
