"""Inspection history: what first submissions of a supplier's item showed, and what is due for the next lot.

Its state is the fold of its facts in order of decision. A fact that comes late and a result that is corrected are folded
again with all others, never patched in. The last `KEPT` facts are kept, what is older is folded into `base`.
"""

from collections.abc import Iterable
from datetime import datetime
from typing import Final

from tracemill.core import skip_lot, switching
from tracemill.core.skip_lot import SkipLot
from tracemill.core.switching import Switching, Transition
from tracemill.model.inspection import Approval, Fact, HistoryKey, Skipped, SkipRules, Submission, Withdrawn
from tracemill.model.record import Record
from tracemill.model.status import ApprovalKind, Severity, SkipPhase

KEPT: Final = 200
LATELY: Final = 10  # first submissions that count as lately where an inspection table asks for defects
_ORDER = {Submission: 0, Skipped: 1, Approval: 2}


class Standing(Record, frozen=True):
    """What is due: the severity of ISO 2859-1, and where skip-lot inspection of ISO 2859-3 stands."""

    switching: Switching = Switching()
    skip: SkipLot = SkipLot()

    @property
    def asks(self) -> frozenset[ApprovalKind]:
        """The approvals that the next relaxations wait for."""
        found = (switching.asks(self.switching), skip_lot.asks(self.skip))
        return frozenset(a for a in found if a is not None)


class History(Record, frozen=True):
    """The facts of one supplier, item and plan, and where they lead."""

    key: HistoryKey
    base: Standing = Standing()
    facts: tuple[Submission | Approval | Skipped, ...] = ()
    standing: Standing = Standing()
    since: datetime | None = None  # what was decided before is in `base`


Told = tuple[History, tuple[Transition, ...]]


def begun(key: HistoryKey, start: Severity = Severity.NORMAL) -> History:
    """Return an empty history. Inspection starts normal, unless the site directs otherwise (ISO 2859-1:1999, 9.1)."""
    standing = Standing(switching=Switching(severity=start))
    return History(key=key, base=standing, standing=standing)


def step(standing: Standing, fact: Fact, rules: SkipRules | None) -> tuple[Standing, tuple[Transition, ...]]:
    """Fold one fact. Without rules the site does not skip lots: every lot is inspected."""
    now, skip = standing.switching, standing.skip if rules else SkipLot()
    turned: Transition | None = None
    moved: Transition | None = None
    match fact:
        case Submission():
            now, turned = switching.after(now, fact)
            if rules:
                skip, moved = skip_lot.after(skip, fact, now.severity, rules)
        case Approval():
            now, turned = switching.approved(now, fact)
            if rules:
                skip, moved = skip_lot.approved(skip, fact, rules)
        case Skipped() if rules:
            skip, moved = skip_lot.skipped(skip, fact, rules)
    return Standing(switching=now, skip=skip), tuple(t for t in (turned, moved) if t)


def tell(history: History, fact: Fact, rules: SkipRules | None) -> Told:
    """Return the history with one more fact, and the switches that follow.

    A result of a lot that has one already takes its place; `Withdrawn` takes it out. What is folded again is folded by
    the rules of today. A fact from before the oldest that is
    kept changes nothing, and a transition without an aim says so.
    """
    if history.since is not None and fact.at < history.since:
        kept = f"it was decided before the last {KEPT} that are kept"
        return history, (Transition("", f"{kept}: it changes neither severity nor skip-lot"),)
    others = history.facts
    if isinstance(fact, Submission | Withdrawn):
        others = tuple(f for f in others if not (isinstance(f, Submission) and f.lot == fact.lot))
    if others == history.facts and not isinstance(fact, Withdrawn) and (not others or _order(others[-1]) <= _order(fact)):
        standing, transitions = step(history.standing, fact, rules)
        return _kept(_with(history, (*others, fact), standing), rules), transitions
    facts = others if isinstance(fact, Withdrawn) else tuple(sorted((*others, fact), key=_order))
    standing = _fold(history.base, facts, rules)
    return _kept(_with(history, facts, standing), rules), _compared(history.standing, standing)


def rebuilt(key: HistoryKey, facts: Iterable[Fact], start: Severity, rules: SkipRules | None) -> History:
    """Return the history that the recorded facts, in the order they were recorded, lead to."""
    history = begun(key, start)
    for fact in facts:
        history = tell(history, fact, rules)[0]
    return history


def due(history: History, at: datetime, rules: SkipRules | None) -> Standing:
    """Return what is due for a lot that arrives at a time: approvals may have ended since the last fact."""
    now = switching.lapsed(history.standing.switching, at)[0]
    skip = skip_lot.lapsed(history.standing.skip, at, rules)[0] if rules else SkipLot()
    return Standing(switching=now, skip=skip)


def skips(standing: Standing, key: HistoryKey, lot: str, rules: SkipRules | None) -> bool:
    """Say whether a lot is accepted without inspection: the product skips, and the lot is not drawn."""
    skip = standing.skip
    if rules is None or skip.phase is not SkipPhase.SKIPPING or standing.switching.severity is Severity.TIGHTENED:
        return False
    return not skip_lot.drawn(rules, key, lot, skip.frequency)


def defects(histories: Iterable[History], supplier: str, item: str, last: int = LATELY) -> int:
    """Count the lots that were not acceptable among the last first submissions of a supplier's item, by whatever plan."""
    found = [
        (f.decided_at, f.lot, f.accepted)
        for h in histories
        if (h.key.supplier, h.key.item) == (supplier, item)
        for f in h.facts
        if isinstance(f, Submission)
    ]
    return sum(not accepted for _, _, accepted in sorted(found)[-last:])


def _order(fact: Submission | Approval | Skipped) -> tuple[datetime, int, str]:
    return fact.at, _ORDER[type(fact)], fact.what if isinstance(fact, Approval) else fact.lot


def _with(history: History, facts: tuple[Submission | Approval | Skipped, ...], standing: Standing) -> History:
    return History(key=history.key, base=history.base, facts=facts, standing=standing, since=history.since)


def _fold(base: Standing, facts: Iterable[Fact], rules: SkipRules | None) -> Standing:
    for fact in facts:
        base = step(base, fact, rules)[0]
    return base


def _kept(history: History, rules: SkipRules | None) -> History:
    """Fold the oldest facts into the base once there are too many."""
    over = len(history.facts) - KEPT
    if over <= 0:
        return history
    base, kept = _fold(history.base, history.facts[:over], rules), history.facts[over:]
    return History(key=history.key, base=base, facts=kept, standing=history.standing, since=history.facts[over - 1].at)


def _compared(old: Standing, new: Standing) -> tuple[Transition, ...]:
    """Say what a fold of all facts in their right order changed."""
    why = "folded again with a result that came late or was corrected"
    found = []
    if _word(old.switching) != _word(new.switching):
        found.append(Transition(_word(new.switching), why))
    if (old.skip.phase, old.skip.frequency) != (new.skip.phase, new.skip.frequency):
        rate = f", 1 in {new.skip.frequency}" if new.skip.phase is SkipPhase.SKIPPING else ""
        found.append(Transition(f"skip-lot {new.skip.phase.replace('_', ' ')}{rate}", why))
    return tuple(found)


def _word(state: Switching) -> str:
    return "discontinued" if state.discontinued else str(state.severity)
