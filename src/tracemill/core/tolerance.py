"""Tolerance: how far a balance may be off, by item, before somebody must look; and the case when it stays so."""

from collections.abc import Mapping
from datetime import timedelta
from decimal import Decimal

from tracemill.core.balance import Balance, balance
from tracemill.core.draft import Draft
from tracemill.model.decision import Case, Timer
from tracemill.model.event import TimerDue
from tracemill.model.lot import Lot
from tracemill.model.policy import Policy, Tolerance
from tracemill.model.status import CaseKind, Consequence

TIMER = "balance"
ANY = "*"  # every other item


def tolerated(lot: Lot, policy: Policy, came: Decimal) -> Decimal | None:
    """Return how far the balance of a lot may be off, in its base unit; None where the site demands nothing."""
    rule = rule_for(lot.item, policy.tolerances)
    return None if rule is None else allowed(rule, came)


def rule_for(item: str, rules: Mapping[str, Tolerance]) -> Tolerance | None:
    """Return the rule of an item, else that of every other item."""
    return rules.get(item) or rules.get(ANY)


def allowed(rule: Tolerance, of: Decimal) -> Decimal:
    """Return what a rule allows of an amount: the larger, where it gives both."""
    percent = of * rule.percent / 100 if rule.percent is not None else Decimal(0)
    return max(percent, rule.quantity or Decimal(0))


def watch(draft: Draft) -> None:
    """Open a case where a balance is off for longer than the grace time; close it once that is explained.

    Systems book one after another, so a gap is looked at again before anybody is told.
    """
    key, demanded = f"balance:{draft.lot.id}", rule_for(draft.lot.item, draft.policy.tolerances) is not None
    found = balance(draft.lot, draft.policy) if demanded else None
    limit = tolerated(draft.lot, draft.policy, found.came) if found is not None else None
    if found is None or limit is None or abs(found.gap) <= limit:
        return draft.close(key)
    data = draft.event.data
    if key in draft.lot.cases or (isinstance(data, TimerDue) and data.timer.partition(":")[0] == TIMER):
        return draft.case(_case(draft, key, found, limit))
    due = draft.now + timedelta(seconds=draft.policy.grace_seconds)
    draft.timers.append(Timer(key=f"{TIMER}:{draft.now:%Y-%m-%dT%H}:{draft.lot.id}", lot=draft.lot.id, due=due))
    return None


def _case(draft: Draft, key: str, found: Balance, limit: Decimal) -> Case:
    lot = draft.lot
    gone = f"{lot.quantity(abs(found.gap))} of {lot.number}"
    title = f"{gone} cannot be accounted for" if found.gap > 0 else f"{gone} more are there than ever came"
    claim = lot.claims[found.system]
    return Case(
        key=key,
        kind=CaseKind.DRIFT,
        lot=lot.id,
        title=title,
        consequence=Consequence.LATE,
        next_action=f"count it, book the count in the system that owns movements, and compare with {found.system}",
        evidence={
            "balance": found.sentence, "unit": lot.unit, "tolerance": str(lot.quantity(limit)), "system": found.system,
            "shows": claim.native, "read": claim.read_started.isoformat(),
        },
    )  # fmt: skip
