"""Recording a fact in an inspection history: what switches is said on the lot's timeline, what needs approval is a case."""

from tracemill.core.draft import Draft
from tracemill.core.inspection_history import tell
from tracemill.model.change import HistoryRecorded, Noted
from tracemill.model.decision import Case
from tracemill.model.identifier import derived
from tracemill.model.inspection import Fact, HistoryKey
from tracemill.model.status import ApprovalKind, CaseKind, Consequence

_ASKED = {
    ApprovalKind.REDUCED: "reduced inspection of {key} is possible and waits for approval (ISO 2859-1, 9.3.3)",
    ApprovalKind.RESUMPTION: "inspection of {key} is discontinued: its lots are not to be accepted (ISO 2859-1, 9.4)",
    ApprovalKind.SKIP_LOT: "{key} has the score for skip-lot inspection, which waits for approval (ISO 2859-3, 5)",
}
_NEXT = {
    ApprovalKind.REDUCED: "if production is steady and it is desirable",
    ApprovalKind.RESUMPTION: "once the supplier has acted and it is likely to be effective",
    ApprovalKind.SKIP_LOT: "if supplier and product are qualified",
}


def record(draft: Draft, key: HistoryKey, fact: Fact) -> None:
    """Record a fact and what follows from it. Where severity does not follow the history, it is only remembered."""
    rules = draft.policy.inspection
    before = draft.history(key)
    after, transitions = tell(before, fact, rules.skip)
    draft.histories[key] = after
    draft.add(HistoryRecorded(key=key, fact=fact))
    if not rules.switching:
        return
    draft.add(*(Noted(text=f"inspection of {key}{': ' + t.to if t.to else ''}: {t.why}") for t in transitions))
    old, new = before.standing.asks, after.standing.asks
    draft.cases += [_asked(draft, key, what) for what in sorted(new - old)]
    draft.cases += [_settled(draft, key, what) for what in sorted(old - new)]


def case_key(site: str, key: HistoryKey, what: ApprovalKind) -> str:
    """Return the key of the case that asks for an approval: one per history, whichever lot brought it up."""
    return f"approval:{what}:{derived('history', site, key.supplier, key.item, key.plan)}"


def _asked(draft: Draft, key: HistoryKey, what: ApprovalKind) -> Case:
    number = draft.lot.number
    return Case(
        key=case_key(draft.policy.site, key, what),
        kind=CaseKind.APPROVAL,
        lot=draft.lot.id,
        title=_ASKED[what].format(key=key),
        consequence=Consequence.LATE,
        next_action=f"{_NEXT[what]}: tracemill inspection approve {number} {what} --reason …",
        evidence={"supplier": key.supplier, "item": key.item, "plan": key.plan, "what": what},
    )


def _settled(draft: Draft, key: HistoryKey, what: ApprovalKind) -> Case:
    return Case(key=case_key(draft.policy.site, key, what), kind=CaseKind.APPROVAL, lot=draft.lot.id, closes=True)
