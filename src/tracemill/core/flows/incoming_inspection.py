"""Incoming inspection: a received lot waits for quality, which is told what it needs to inspect it."""

from decimal import ROUND_CEILING
from typing import Any

from tracemill.core.decision_table import DecisionTable, NoRule
from tracemill.core.draft import Draft
from tracemill.core.sampling import plan
from tracemill.core.usable import quality_hold
from tracemill.model.change import Disposed, HoldPlaced, Noted
from tracemill.model.event import Part, SampleTaken
from tracemill.model.lot import Hold
from tracemill.model.policy import InspectionPolicy
from tracemill.model.quantity import show
from tracemill.model.record import plain
from tracemill.model.status import DispositionKind, HoldReason


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
    draft.add(HoldPlaced(hold=_awaiting(draft)))
    system = draft.policy.systems.get(owner)
    if system is not None and system.can("open_inspection"):
        draft.act(owner, "open_inspection", f"receipt:{draft.lot.receipt or draft.lot.number}", _order(draft, requirement))
    return None


def _awaiting(draft: Draft) -> Hold:
    return Hold(
        id=quality_hold(draft.lot.id, HoldReason.AWAITING_INSPECTION),
        reason=HoldReason.AWAITING_INSPECTION,
        system="hub",
        placed_at=draft.now,
    )


def _accept_without(draft: Draft, requirement: dict[str, str]) -> None:
    """The site's table says that this supplier and material are not inspected: accepted by rule, and said so."""
    draft.add(
        Disposed(
            parts=(Part(decision=DispositionKind.ACCEPT),),
            decided_at=draft.event.occurred.utc,
            recorded_at=draft.now,
            owner="hub",
            meaning=f"accepted without inspection by rule {requirement.get('rule', '')}".strip(),
        )
    )


def _requirement(draft: Draft, rules: InspectionPolicy) -> dict[str, str]:
    """Return what is to be inspected. The owner of the plan is the QMS, or the hub by its decision table and ISO 2859-1."""
    if rules.plan_owner != "hub":
        return {"plan": "incoming"}
    found = _rule(draft, rules)
    if found.get("inspect") == "no":
        return found
    size = _lot_size(draft, rules)
    sampling = plan(size, found.get("level", rules.level), found.get("aql", rules.aql), found.get("severity", rules.severity))
    return {
        **found,
        "plan": found.get("plan", "incoming"),
        "code_letter": sampling.code_letter,
        "sample_size": str(sampling.sample_size),
        "acceptance_number": str(sampling.accept),
        "lot_size": str(size),
    }


def _rule(draft: Draft, rules: InspectionPolicy) -> dict[str, str]:
    if not isinstance(rules.table, DecisionTable):
        return {}
    supplier = draft.lot.supplier.id if draft.lot.supplier else ""
    outcome = rules.table.decide(
        {
            "approval": rules.approvals.get(supplier, "none"),
            "risk": rules.risks.get(supplier, "high"),
            "material_class": draft.lot.material_class,
            "defects": rules.defects.get(supplier, 0),
        }
    )
    if isinstance(outcome, NoRule):
        draft.add(Noted(text="no rule of the inspection table matches; the default plan of the site is used"))
        return {}
    return {name: str(value) for name, value in outcome.outputs.items()} | {"rule": str(outcome.rule_index + 1)}


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
    if not data.destroyed:
        return
    for system in draft.policy.systems.values():
        if system.can("post_sample") and system.name != draft.event.source and system.name in draft.lot.identities:
            value = {"quantity": show(draft.lot.samples[data.sample]), "unit": draft.lot.unit, "sample": data.sample}
            draft.act(system.name, "post_sample", f"sample:{data.sample}", value)
