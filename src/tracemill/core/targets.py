"""Targets: what each system should let people use, derived from holds and disposition after every event.

No flow sends a status. Flows change what is known; the target of each system follows, and a command is decided only
where the target is new or a system shows something else than it should.
"""

from datetime import timedelta
from decimal import Decimal

from tracemill.core.comparison import complies, excess
from tracemill.core.draft import Draft
from tracemill.core.evolve import replace
from tracemill.core.unbooked import unbooked
from tracemill.core.usable import Allowance, allowance, consumed, used
from tracemill.model.change import HoldLifted, HoldPlaced, TargetWanted
from tracemill.model.decision import STATUS_VERB, Case, Command, Timer
from tracemill.model.identifier import derived
from tracemill.model.lot import Claim, Hold, Lot, Target, Wanted
from tracemill.model.policy import SystemPolicy
from tracemill.model.quantity import show
from tracemill.model.status import CaseKind, Consequence, HoldReason, Mode

ZERO = Decimal(0)
ENDED = ("dead", "cancelled")


def align(draft: Draft) -> None:
    """Judge what every system shows, then decide a status command wherever the target is new or not kept."""
    lot, allowed = draft.lot, allowance(draft.lot)
    if not allowed.known or lot.vessel:  # no system keeps stock of what a vessel holds
        return
    systems = [s for s in draft.policy.systems.values() if s.can(STATUS_VERB) and (s.name in draft.lot.identities or s.assigns)]
    kept = {s.name: _judge(draft, s, allowed if draft.lot is lot else allowance(draft.lot)) for s in systems}
    target = (allowed if draft.lot is lot else allowance(draft.lot)).target
    for system in systems:
        _pursue(draft, system, target, kept[system.name])


def _pursue(draft: Draft, system: SystemPolicy, target: Target, kept: bool) -> None:
    wanted, claim = draft.lot.wanted.get(system.name), draft.lot.claims.get(system.name)
    if claim is not None and (why := _stands(draft.lot, system, target, wanted, claim)):
        permitted = _permitted(draft.lot, system, target)
        at = claim.read_started
        draft.add(TargetWanted(system=system.name, target=target, permitted=permitted, command="", at=at, why=why))
    elif wanted is None or wanted.target != target:
        _want(draft, system, target, wanted, claim)
    elif not kept:
        _want(draft, system, target, None, claim, why=f"{system.name} no longer keeps what it was told")
    elif wanted.state in ENDED and claim is not None and excess(draft.lot, target, claim, system.expresses) > ZERO:
        _want(draft, system, target, wanted, claim, why=f"the last command for {system.name} ended as {wanted.state}")
    _look_again(draft, system, target)


def _stands(lot: Lot, system: SystemPolicy, target: Target, wanted: Wanted | None, claim: Claim) -> str:
    """Say why a system needs no command for a target that is new: it was so, or only use made it new."""
    complying = complies(lot, target, claim, system.expresses)
    if wanted is None:
        return "it was so" if complying else ""
    used_only = wanted.permitted == _permitted(lot, system, target) and wanted.target.blocked == target.blocked
    if wanted.target == target or wanted.state != "verified" or not used_only:
        return ""
    return "only use made it less" if complying or system.expresses == "cap" else ""


def _permitted(lot: Lot, system: SystemPolicy, target: Target) -> Decimal:
    """Return what may be used and what was used already: use alone never changes it."""
    return target.available + (consumed(lot) if system.expresses == "cap" else used(lot))


def _look_again(draft: Draft, system: SystemPolicy, target: Target) -> None:
    """Give a system time where it shows less than it may, or has not posted what others told of."""
    wanted, claim = draft.lot.wanted.get(system.name), draft.lot.claims.get(system.name)
    if wanted is None or wanted.state != "verified" or claim is None:
        return
    if not complies(draft.lot, target, claim, system.expresses) or unbooked(draft.lot, claim, system.expresses) > ZERO:
        _watch(draft, f"drift:{system.name}")
    else:
        draft.close(drift_key(draft.lot, system))


def drift_key(lot: Lot, system: SystemPolicy) -> str:
    return f"drift:{lot.id}:{system.name}"


def _want(draft: Draft, system: SystemPolicy, target: Target, last: Wanted | None, claim: Claim | None, why: str = "") -> None:
    command_id = derived("status", draft.event.id, draft.lot.id, system.name)
    restricts = restricting(target, last.target if last else None, claim)
    permitted = _permitted(draft.lot, system, target)
    draft.add(TargetWanted(system=system.name, target=target, permitted=permitted, command=command_id, at=draft.now, why=why))
    value = {
        "available": show(target.available),
        "blocked": show(target.blocked),
        "permitted": show(target.available + consumed(draft.lot)),
        "unit": draft.lot.unit,
    }
    draft.commands.append(
        Command(
            id=command_id,
            system=system.name,
            verb=STATUS_VERB,
            lot=draft.lot.id,
            value=value,
            restricts=restricts,
            why=why,
        )
    )
    if restricts:
        _watch(draft, f"overdue:{system.name}")


def restricting(target: Target, last: Target | None, claim: Claim | None) -> bool:
    """Say whether a command takes something away: it then goes to the head and never waits behind a relaxation."""
    shows_more = claim is not None and target.available < claim.available
    return shows_more or target.available == ZERO or (last is not None and not target.relaxes(last))


def _watch(draft: Draft, name: str) -> None:
    due = draft.now + timedelta(seconds=draft.policy.grace_seconds)
    draft.timers.append(Timer(key=f"{name}:{draft.lot.id}", lot=draft.lot.id, due=due))


def _judge(draft: Draft, system: SystemPolicy, allowed: Allowance) -> bool:
    """Compare what a system shows with what is allowed, one-sidedly. Return False where it breaks what it had kept.

    More usable than allowed, with no command of ours under way, is a violation: a hold on the excess and an unsafe case.
    """
    claim, wanted = draft.lot.claims.get(system.name), draft.lot.wanted.get(system.name)
    if claim is None:
        return True
    over = excess(draft.lot, undisputed(draft.lot, allowed), claim, system.expresses)
    if over == ZERO:
        _settle(draft, system)
        return True
    if system.mode is Mode.ACT and not _broken(draft.lot, wanted, claim, system):
        return True
    exposure = draft.lot.exposures.get(system.name)
    if (
        system.mode is not Mode.ACT or exposure is None or exposure.until is not None
    ):  # a receipt lands free: that is no violation
        _violation(draft, system, claim, over)
    return wanted is None or wanted.state != "verified"


def _broken(lot: Lot, wanted: Wanted | None, claim: Claim, system: SystemPolicy) -> bool:
    """Say whether a system shows more than it was last told and had kept. What is only decided now is in flight."""
    if wanted is None or wanted.state != "verified" or claim.read_started <= wanted.decided_at:
        return False
    return excess(lot, wanted.target, claim, system.expresses) > ZERO


def undisputed(lot: Lot, allowed: Allowance) -> Target:
    """Return the target apart from the hub's own conflict holds: else two systems would keep each other in conflict."""
    others = {k: h for k, h in lot.holds.items() if not _is_conflict(h)}
    return (allowed if len(others) == len(lot.holds) else allowance(replace(lot, holds=others))).target


def _is_conflict(hold: Hold) -> bool:
    return hold.reason is HoldReason.CONFLICT and hold.system == "hub"


def _conflict_hold(lot: Lot, system: SystemPolicy) -> str:
    return derived("hold", lot.id, "conflict", system.name)


def _violation(draft: Draft, system: SystemPolicy, claim: Claim, over: Decimal) -> None:
    hold_id = _conflict_hold(draft.lot, system)
    known = draft.lot.holds.get(hold_id)
    if known is None or known.quantity != over:
        hold = Hold(
            id=hold_id,
            reason=HoldReason.CONFLICT,
            system="hub",
            placed_at=draft.now,
            quantity=over,
            note=f"{system.name} shows {claim.native}",
        )
        draft.add(HoldPlaced(hold=hold))
    draft.case(unsafe_case(draft.lot, system, claim, over))


def _settle(draft: Draft, system: SystemPolicy) -> None:
    hold_id = _conflict_hold(draft.lot, system)
    if hold_id in draft.lot.holds:
        draft.add(HoldLifted(hold=hold_id, reason=HoldReason.CONFLICT, by="hub", note=f"{system.name} keeps it again"))
    draft.close(excess_key(draft.lot, system))


def excess_key(lot: Lot, system: SystemPolicy) -> str:
    return f"excess:{lot.id}:{system.name}"


def unsafe_case(lot: Lot, system: SystemPolicy, claim: Claim, over: Decimal) -> Case:
    """Return the case of a system that lets people use more than the owner allows."""
    act = f"restrict it in {system.name}, or let the hub do it: mode: act in systems/{system.name}.yaml"
    watch = f"watch the restriction arrive in {system.name}; block it there by hand if it does not"
    return Case(
        key=excess_key(lot, system),
        kind=CaseKind.CONFLICT,
        lot=lot.id,
        title=f"{lot.quantity(over)} of {lot.number} usable in {system.name} beyond what quality allows",
        consequence=Consequence.UNSAFE,
        next_action=watch if system.mode is Mode.ACT else act,
        evidence={"system": system.name, "shows": claim.native, "read": claim.read_started.isoformat()},
    )
