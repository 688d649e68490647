"""Incoming inspection: a received lot waits for quality, which is told what it needs to inspect it."""

from decimal import ROUND_CEILING
from typing import Any

from tracemill.core.decision_table import DecisionTable, NoRule
from tracemill.core.draft import Draft
from tracemill.core.inspection_history import Standing, defects, skips
from tracemill.core.inspection_record import record
from tracemill.core.sampling import SamplingPlan, plan
from tracemill.core.switching import stricter
from tracemill.core.usable import awaiting
from tracemill.model.change import Disposed, HoldPlaced, InspectionPlanned, Noted
from tracemill.model.identifier import BadIdentifier, opaque
from tracemill.model.inspection import HistoryKey, Planned, Skipped
from tracemill.model.material import SampleTaken
from tracemill.model.policy import InspectionPolicy
from tracemill.model.quality import Part
from tracemill.model.quantity import show
from tracemill.model.record import plain
from tracemill.model.status import DispositionKind, SampleState, Severity, SkipPhase


def react(draft: Draft) -> None:
    """Hold the lot for inspection and have its plan opened, unless a decision or an inspection already exists."""
    if draft.lot.disposition is not None or draft.lot.inspections:
        return
    rules = draft.policy.inspection
    owner = draft.policy.owner("quality", draft.lot.material_class, draft.now)
    if owner is None:
        return
    requirement = _requirement(draft, rules)
    if requirement.get("inspect") == "no":
        return _accept_without(draft, requirement)
    draft.add(HoldPlaced(hold=awaiting(draft.lot.id, draft.now)))
    system = draft.policy.systems.get(owner)
    if system is not None and system.can("open_inspection"):
        draft.act(owner, "open_inspection", f"receipt:{draft.lot.receipt or draft.lot.number}", _order(draft, requirement))
    return None


def _accept_without(draft: Draft, requirement: dict[str, str]) -> None:
    """The site's table, or skip-lot inspection, says that this lot is not inspected: accepted by rule, and said so."""
    why = requirement.get("skip_lot") or f"by rule {requirement.get('rule', '')}".strip()
    draft.add(
        Disposed(
            parts=(Part(decision=DispositionKind.ACCEPT),),
            decided_at=draft.event.occurred.utc,
            recorded_at=draft.now,
            owner="hub",
            meaning=f"accepted without inspection {why}",
        )
    )


def _requirement(draft: Draft, rules: InspectionPolicy) -> dict[str, str]:
    """Return what is to be inspected. The owner of the plan is the QMS, or the hub by its decision table and ISO 2859-1."""
    if rules.plan_owner != "hub":
        return {"plan": "incoming"}
    found = _rule(draft, rules)
    if found.get("inspect") == "no":
        return found
    key = _key(draft, found)
    standing = draft.due(key) if key and rules.switching else None
    severity = _severity(found, rules, standing)
    size, aql = _lot_size(draft, rules), found.get("aql", rules.aql)
    sampling = plan(size, found.get("level", rules.level), aql, severity)
    told = {
        **found,
        "plan": found.get("plan", "incoming"),
        "severity": str(severity),
        "code_letter": sampling.code_letter,
        "sample_size": str(sampling.sample_size),
        "acceptance_number": str(sampling.accept),
        "lot_size": str(size),
    }
    if key is None:
        return told
    told |= _standing_words(draft, key, standing, found)
    draft.add(InspectionPlanned(plan=_planned(key, severity, aql, sampling, size, skipped=told.get("inspect") == "no")))
    if told.get("inspect") == "no":
        record(draft, key, Skipped(lot=draft.lot.id, at=draft.now))
    return told


def _key(draft: Draft, found: dict[str, str]) -> HistoryKey | None:
    """Return which history the lot belongs to; None where nobody said, in an id that can be kept, whose item it is."""
    supplier, plan_name = draft.lot.supplier, found.get("plan", "incoming")
    try:
        return HistoryKey(opaque(supplier.id if supplier else ""), opaque(draft.lot.item), opaque(plan_name))
    except BadIdentifier:
        return None


def _severity(found: dict[str, str], rules: InspectionPolicy, standing: Standing | None) -> Severity:
    """Return the severity: the state's, the rule's where there is no state, else the stricter of both.

    Lots that are drawn for skip-lot inspection are inspected normal at least (ISO 2859-3:2005, 6.4).
    """
    said = found.get("severity")
    if standing is None:
        return Severity(said or rules.severity)
    due = standing.switching.severity
    if standing.skip.phase is not SkipPhase.LOT_BY_LOT:
        due = stricter(due, Severity.NORMAL)
    return stricter(due, Severity(said)) if said else due


def _standing_words(draft: Draft, key: HistoryKey, standing: Standing | None, found: dict[str, str]) -> dict[str, str]:
    """Say what the history adds to the requirement. A rule that sets the severity is stricter than skipping the lot."""
    if standing is None:
        return {}
    if standing.switching.discontinued:
        draft.add(Noted(text=f"inspection of {key} is discontinued and waits for approval to resume (ISO 2859-1, 9.4)"))
        return {"discontinued": "yes"}
    if standing.skip.phase is not SkipPhase.SKIPPING or found.get("severity"):
        return {}
    rate = f"skip-lot, 1 in {standing.skip.frequency} (ISO 2859-3)"
    fresh = draft.lot.planned is None  # a lot that waits for its inspection is not skipped by a second receipt
    if fresh and skips(standing, key, draft.lot.id, draft.policy.inspection.skip):
        return {"inspect": "no", "skip_lot": f"{rate}: not drawn"}
    return {"skip_lot": f"{rate}: drawn"}


def _planned(key: HistoryKey, severity: Severity, aql: str, sampling: SamplingPlan, lot_size: int, *, skipped: bool) -> Planned:
    return Planned(
        key=key, severity=severity, aql=aql, code_letter=sampling.code_letter, sample_size=sampling.sample_size,
        accept=sampling.accept, lot_size=lot_size, skipped=skipped,
    )  # fmt: skip


def _rule(draft: Draft, rules: InspectionPolicy) -> dict[str, str]:
    if not isinstance(rules.table, DecisionTable):
        return {}
    supplier = draft.lot.supplier.id if draft.lot.supplier else ""
    outcome = rules.table.decide(
        {
            "approval": rules.approvals.get(supplier, "none"),
            "risk": rules.risks.get(supplier, "high"),
            "material_class": draft.lot.material_class,
            "defects": _defects(draft, rules, supplier),
        }
    )
    if isinstance(outcome, NoRule):
        draft.add(Noted(text="no rule of the inspection table matches; the default plan of the site is used"))
        return {}
    said = {name: str(value) for name, value in outcome.outputs.items() if value not in (None, "")}
    return said | {"rule": str(outcome.rule_index + 1)}


def _defects(draft: Draft, rules: InspectionPolicy, supplier: str) -> int:
    """Return the rejected lots lately: the site's number where it sets one, else what first submissions showed."""
    if supplier in rules.defects:
        return rules.defects[supplier]
    return defects(draft.histories.values(), supplier, draft.lot.item)


def _lot_size(draft: Draft, rules: InspectionPolicy) -> int:
    """Return the number of units of product: pieces, or containers where the material is continuous (ISO 2859-1, 3.1.13)."""
    if rules.container:
        return max(2, int((draft.lot.received / rules.container).to_integral_value(ROUND_CEILING)))
    return max(2, int(draft.lot.received.to_integral_value(ROUND_CEILING)))


def _order(draft: Draft, requirement: dict[str, str]) -> dict[str, Any]:
    lot = draft.lot
    return {
        "item": lot.item,
        "item_text": lot.item_text,
        "supplier": plain(lot.supplier) if lot.supplier else {},
        "supplier_batch": lot.supplier_batch,
        "manufacturer": lot.manufacturer,
        "purchase_order": lot.purchase_order,
        "certificate": lot.certificate,
        "requirement": requirement,
        "quantity": show(lot.received),
        "unit": lot.unit,
    }


def sampled(draft: Draft) -> None:
    """A destroyed sample leaves the stock of every system that keeps quantities."""
    data: SampleTaken = draft.event.data
    if data.became is not SampleState.DESTROYED:
        return
    for system in draft.policy.systems.values():
        if system.can("post_sample") and system.name != draft.event.source and system.name in draft.lot.identities:
            value = {"quantity": show(draft.lot.samples[data.sample]), "unit": draft.lot.unit, "sample": data.sample}
            draft.act(system.name, "post_sample", f"sample:{data.sample}", value)
