"""Master data: who may tell it, what it contradicts, and what decisions take from it."""

from collections.abc import Iterable
from datetime import datetime
from hashlib import sha256
from typing import Any

from tracemill.model.decision import Case
from tracemill.model.event import Event
from tracemill.model.identifier import opaque
from tracemill.model.master_data import BomDefined, Definition, ItemDefined, PartyDefined, RoutingDefined, Told, factors
from tracemill.model.policy import Policy
from tracemill.model.quantity import PACKAGES, UNITS, Conversion, show, unit_code
from tracemill.model.record import encode, replaced
from tracemill.model.status import CaseKind, Consequence

FACET = "master_data"


class Unusable(ValueError):
    """A definition that cannot mean anything."""

    hint = "correct it at its source, send it under a new id, then discard this message"


def defined(event: Event, policy: Policy) -> tuple[Told | None, tuple[Case, ...]]:
    """Decide whether a definition counts, and what people must look at. Only the owner's counts."""
    data: Definition = event.data
    opaque(data.key)
    owner = policy.owner(FACET, getattr(data, "material_class", ""), event.recorded)
    foreign = _foreign_key(event)
    if event.source != owner:
        return None, (_foreign(event, foreign, owner),)
    if isinstance(data, ItemDefined):
        data = _checked(data)
    told = Told(data=data, system=event.source, at=event.occurred.utc)  # type: ignore[arg-type]
    return told, _contradictions(event, data, policy)


def _checked(data: ItemDefined) -> ItemDefined:
    """Return an item with the codes of its units; raises Unusable, or UnknownUnit, for what is no unit or no factor."""
    made = []
    for c in data.conversions:
        unit, to = unit_code(c.unit), unit_code(c.to)
        if c.factor <= 0 or unit == to:
            raise Unusable(f"item {data.item}: 1 {c.unit} cannot be {show(c.factor)} {c.to}")
        made.append(Conversion(unit=unit, to=to, factor=c.factor))
    base = unit_code(data.base_unit) if data.base_unit else ""
    if base in PACKAGES and base not in UNITS:
        raise Unusable(f"item {data.item}: {base} is a package, not what something is counted in")
    return replaced(data, conversions=tuple(made), base_unit=base)


def _contradictions(event: Event, data: Definition, policy: Policy) -> tuple[Case, ...]:
    """The site's own file wins; where the owner says something else, somebody must look."""
    if not isinstance(data, ItemDefined):
        return ()
    written, key = factors(policy.conversions.get(data.item, ())), f"master:{event.site}:unit:{data.item}"[:400]
    said = [
        f"1 {unit} is {show(written[unit, to])} {to} in sites/{event.site}.yaml, {show(factor)} for {event.source}"
        for (unit, to), factor in factors(data.conversions).items()
        if written.get((unit, to), factor) != factor
    ]
    base = policy.base_units.get(data.item, data.base_unit)
    if data.base_unit and base != data.base_unit:
        said.append(f"it is counted in {base} in sites/{event.site}.yaml, in {data.base_unit} for {event.source}")
    if not said:
        return (Case(key=key, kind=CaseKind.CONFLICT, lot="", closes=True),)
    return (
        Case(
            key=key, kind=CaseKind.CONFLICT, lot="", title=f"item {data.item}: {'; '.join(said)}", consequence=Consequence.LATE,
            next_action=f"find out which is right; the site's file counts until it is changed and {event.source} tells it again",
            evidence={"system": event.source, "item": data.item, "said": said},
        ),
    )  # fmt: skip


def _foreign_key(event: Event) -> str:
    return f"master:{event.site}:{event.data.subject}:{event.source}"[:400]


def _foreign(event: Event, key: str, owner: str | None) -> Case:
    source, subject = event.source, event.data.subject
    who = f"{owner} owns master data" if owner else "nobody owns master data"
    what = (
        f"let {owner} tell it" if owner else f"add to authority.yaml: {{facet: master_data, owner: {source}}}, then tell it again"
    )
    return Case(
        key=key, kind=CaseKind.CONFLICT, lot="", title=f"{source} defined {subject}, but {who}: it does not count",
        consequence=Consequence.LATE, next_action=what, evidence={"source": source, "subject": subject, "owner": owner or ""},
    )  # fmt: skip


def in_force(found: Iterable[Told], at: datetime) -> dict[str, Told]:
    """Return, by kind and key, what counts at a time: of several, the one that began last."""
    chosen: dict[str, Told] = {}
    for told in sorted(found, key=lambda t: (t.data.valid_from is not None, t.data.valid_from or at, t.at)):
        if told.data.valid_from is None or told.data.valid_from <= at:
            chosen[told.data.subject] = told
    return chosen


def applied(policy: Policy, found: Iterable[Told], at: datetime) -> Policy:
    """Return a site's rules with what master data adds to them: units, approvals, what items are made from and by."""
    conversions, units = dict(policy.conversions), dict(policy.base_units)
    approvals, boms, routings = dict(policy.inspection.approvals), dict(policy.boms), dict(policy.routings)
    counts = list(in_force(found, at).values())
    for told in counts:
        data: Any = told.data
        if isinstance(data, ItemDefined):
            written = conversions.get(data.item, ())
            known = {*factors(written), *((to, unit) for unit, to in factors(written))}
            conversions[data.item] = (*written, *(c for c in data.conversions if (c.unit, c.to) not in known))
            if data.base_unit:
                units.setdefault(data.item, data.base_unit)
        elif isinstance(data, PartyDefined) and data.approval:
            approvals.setdefault(data.party, data.approval)
        elif isinstance(data, BomDefined) and not data.bom:
            boms[data.item] = tuple(c.item for c in data.components)
        elif isinstance(data, RoutingDefined) and not data.routing:  # of several, the order says which
            routings[data.item] = data.operations
    inspection = replaced(policy.inspection, approvals=approvals)
    return replaced(
        policy, conversions=conversions, base_units=units, inspection=inspection, boms=boms, routings=routings,
        version=f"{policy.version}+{sha256(encode([t.data for t in counts])).hexdigest()[:8]}",
    )  # fmt: skip
