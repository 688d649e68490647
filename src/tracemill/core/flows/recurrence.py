"""Recurrence: the same defect of the same supplier, again within the time that the site names, is a case with the list."""

from datetime import timedelta

from tracemill.core.draft import Draft
from tracemill.model.change import RecordKept
from tracemill.model.decision import Case
from tracemill.model.quality_record import QualityRecord
from tracemill.model.status import CaseKind, Consequence, QualityKind

_ORDINALS = {2: "second", 3: "third", 4: "fourth", 5: "fifth"}


def watch(draft: Draft) -> None:
    """After every event: count each nonconformance that this one told of with those before it."""
    for change in [c.change for c in draft.changes if isinstance(c.change, RecordKept)]:
        found = change.record
        if found.kind is QualityKind.NONCONFORMANCE and found.supplier and found.defect and found.closed_at is None:
            _count(draft, found)


def _count(draft: Draft, found: QualityRecord) -> None:
    rules = draft.policy.recurrence
    earliest = found.opened_at - timedelta(days=rules.days)
    same = {
        r.key: r
        for r in (*draft.recorded, found)
        if (r.kind, r.supplier, r.defect) == (found.kind, found.supplier, found.defect)
        and earliest <= r.opened_at <= found.opened_at
    }
    if len(same) < rules.times:
        return
    step = f"open a CAPA with {found.supplier} in {found.system}; until it works, inspect what it delivers more strictly"
    listed = sorted(same.values(), key=lambda r: (r.opened_at, r.key))
    nth = _ORDINALS.get(len(same), f"{len(same)}.")
    draft.case(
        Case(
            key=f"recurrence:{draft.lot.site}:{found.supplier}:{found.defect}"[:400],
            kind=CaseKind.RECURRENCE,
            lot=draft.lot.id,
            title=f"{nth} {found.defect} nonconformance of {found.supplier} in {rules.days} days",
            consequence=Consequence.LATE,
            next_action=step,
            evidence={
                "system": found.system,
                "supplier": found.supplier,
                "defect": found.defect,
                "nonconformances": [f"{r.id} of {r.number}, {r.opened_at:%Y-%m-%d}" for r in listed],
            },
        )
    )
