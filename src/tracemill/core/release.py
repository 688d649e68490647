"""Release: what a lot that was made here still lacks, judged from what its record says. A missing fact is a reason."""

from collections.abc import Iterator, Sequence

from tracemill.core.inheritance import carried
from tracemill.model.identifier import derived
from tracemill.model.lot import Lot
from tracemill.model.policy import Policy, ReleaseRules
from tracemill.model.record import Record
from tracemill.model.release import Shortfall
from tracemill.model.status import RELEASING, Evidence, HoldReason, Lacking, QualityKind, ReleaseMode

SHOWN = 5


class Source(Record, frozen=True):
    """A lot that went into a transformation, and how that is known."""

    lot: Lot
    evidence: Evidence


class Making(Record, frozen=True):
    """A transformation that a lot came out of, with what went in and was not taken back."""

    key: str
    sources: tuple[Source, ...] = ()


class Lack(Record, frozen=True):
    """One kind of thing that is missing: who owns it, and what ends it."""

    kind: Lacking
    reason: HoldReason
    note: str
    owner: str
    step: str


def concerns(lot: Lot, rules: ReleaseRules) -> bool:
    """Say whether a lot is one that the site's rules are about. What was split, merged or relabelled was made before.

    What a vessel holds is nothing that anybody inspects or releases: whatever comes out of it is.
    """
    if lot.vessel or (lot.review is not None and lot.review.same):
        return False
    return lot.material_class in rules.classes if rules.classes else made_here(lot)


def made_here(lot: Lot) -> bool:
    """Say whether a lot came out of an order, also of one that nobody named."""
    return bool(lot.made_by) or "produced" in lot.moved


def release_hold(lot: str, kind: Lacking) -> str:
    """Return the id of the hold that says what is missing: one of each kind."""
    return derived("hold", lot, "release", kind)


def requirement(hold: str, lot: str) -> bool:
    """Say whether a hold says that something is missing: it ends when that is told, not when somebody lifts it."""
    return any(hold == release_hold(lot, kind) for kind in Lacking)


def standing(lot: Lot, rules: ReleaseRules) -> tuple[bool, bool]:
    """Return what a lot that was made from this one must know of it: whether it has an origin, and a decision.

    What restricts it is inherited anyway; what is made here and released by nobody needs no decision of its own.
    """
    decided = lot.disposition is not None or bool(carried(lot)) or (bool(lot.made_by) and not concerns(lot, rules))
    return lot.received_at is not None or bool(lot.made_by), decided


def shortfalls(lot: Lot, makings: Sequence[Making], rules: ReleaseRules, policy: Policy) -> tuple[Shortfall, ...]:
    """Say what the genealogy of a lot lacks: one step back, because what its inputs lack is inherited as their holds."""
    gone_in = {source.lot.item for making in makings for source in making.sources}
    wanted = policy.boms.get(lot.item, ()) if rules.bom and makings else ()
    found = {(Lacking.COMPONENTS, item) for item in wanted if item not in gone_in}
    if not makings and lot.received_at is None:
        found.add((Lacking.ORIGIN, lot.number))  # no order that made it is named, or all that it made was taken back
    for making in makings:
        if not making.sources:
            found.add((Lacking.CONSUMPTION, making.key))
        for source in making.sources:
            origin, decided = standing(source.lot, rules)
            found |= {
                (kind, source.lot.number) for kind, told in ((Lacking.ORIGIN, origin), (Lacking.INPUTS, decided)) if not told
            }
            if source.evidence not in (Evidence.SCANNED, Evidence.MEASURED):
                found.add((Lacking.EVIDENCE, f"{source.lot.number} ({source.evidence})"))
    return tuple(Shortfall(kind=kind, about=about) for kind, about in sorted(found))


def lacking(lot: Lot, rules: ReleaseRules, policy: Policy) -> list[Lack]:
    """List everything that a lot lacks. What its genealogy lacks restricts whatever is made here."""
    quality = policy.owner("quality", lot.material_class) or ""
    maker = policy.owner("movement", lot.material_class) or lot.named_by
    found = list(_genealogy(lot, rules, maker, quality))
    if concerns(lot, rules):
        found += _inspections(lot, rules, quality)
        found += _conditions(lot, rules, maker)
        found += _dossier(lot, rules, maker)
        found += _nonconformances(lot, quality)
    return found


def ready(lot: Lot, rules: ReleaseRules) -> bool:
    """Say whether the rule may release a lot by itself: it is all there, nobody holds it, and quality has not decided."""
    if rules.mode is not ReleaseMode.HUB or not concerns(lot, rules) or lot.disposition is not None or lot.holds:
        return False
    return lot.review is not None if made_here(lot) else lot.received_at is not None


def _genealogy(lot: Lot, rules: ReleaseRules, maker: str, quality: str) -> Iterator[Lack]:
    told: dict[Lacking, list[str]] = {}
    for found in lot.review.found if lot.review else ():
        if found.kind is not Lacking.EVIDENCE or not any(f"({e})" in found.about for e in rules.evidence):
            told.setdefault(found.kind, []).append(found.about)
    for kind, (text, reason, step) in _GENEALOGY.items():
        if kind in told:
            names, owner = _some(told[kind]), quality if kind is Lacking.INPUTS else maker
            yield Lack(
                kind=kind, reason=reason, note=text.format(names), owner=owner, step=step.format(owner=owner or "its source")
            )


_GENEALOGY = {
    Lacking.CONSUMPTION: (
        "nobody told what went into {}", HoldReason.INCOMPLETE_GENEALOGY,
        "book the consumption in {owner}, or have its message read: tracemill status",
    ),
    Lacking.COMPONENTS: (
        "its bill of materials wants {}, and nobody told of any that went in", HoldReason.INCOMPLETE_GENEALOGY,
        "book the consumption in {owner}, or have its message read: tracemill status",
    ),
    Lacking.ORIGIN: (
        "nobody told where {} comes from", HoldReason.INCOMPLETE_GENEALOGY,
        "let {owner} tell of its receipt or its making",
    ),
    Lacking.EVIDENCE: (
        "not seen, only booked: {}", HoldReason.INCOMPLETE_GENEALOGY,
        "confirm in {owner} what really went in",
    ),
    Lacking.INPUTS: (
        "nobody decided about {}, which it was made from", HoldReason.REQUIREMENT,
        "decide about it in {owner}",
    ),
}  # fmt: skip


def _inspections(lot: Lot, rules: ReleaseRules, quality: str) -> Iterator[Lack]:
    passed = {r.plan for r in lot.results.values() if r.passed}
    missing = [f"{plan} has not passed" for plan in rules.inspections if plan not in passed]
    missing += [f"{name} did not pass" for name, r in lot.results.items() if not r.passed and not _decided_since(lot, name)]
    missing += [f"{name} is open" for name in lot.inspections if name not in lot.results and not _decided_since(lot, name)]
    if missing:
        yield Lack(
            kind=Lacking.INSPECTIONS, reason=HoldReason.REQUIREMENT, note=f"inspection {_some(missing)}", owner=quality,
            step=f"complete it in {quality or 'the QMS'}; after one that did not pass, quality decides about the lot",
        )  # fmt: skip


def _decided_since(lot: Lot, inspection: str) -> bool:
    """Say whether quality released the lot knowing what this inspection came to."""
    last, result = lot.disposition, lot.results.get(inspection)
    if last is None or last.owner == "hub" or not all(p.decision in RELEASING for p in last.parts):
        return False
    return result is None or last.decided_at > result.at


def _conditions(lot: Lot, rules: ReleaseRules, maker: str) -> Iterator[Lack]:
    if missing := [name for name in rules.conditions if name not in lot.measured]:
        yield Lack(
            kind=Lacking.CONDITIONS, reason=HoldReason.REQUIREMENT, note=f"no process conditions told: {_some(missing)}",
            owner=maker, step=f"let {maker or 'the MES'} tell them",
        )  # fmt: skip


def _dossier(lot: Lot, rules: ReleaseRules, maker: str) -> Iterator[Lack]:
    if missing := [name for name in rules.dossier if not getattr(lot, name)]:
        yield Lack(
            kind=Lacking.DOSSIER, reason=HoldReason.REQUIREMENT, note=f"missing in its dossier: {_some(missing)}",
            owner=maker, step=f"let {maker or 'its source'} tell it",
        )  # fmt: skip


def _nonconformances(lot: Lot, quality: str) -> Iterator[Lack]:
    last = lot.disposition
    decided = last.decided_at if last and last.owner != "hub" and all(p.decision in RELEASING for p in last.parts) else None
    found = [r for r in lot.records.values() if r.kind is QualityKind.NONCONFORMANCE and r.closed_at is None]
    if missing := [r.id for r in found if decided is None or decided <= r.opened_at]:
        yield Lack(
            kind=Lacking.NONCONFORMANCES, reason=HoldReason.REQUIREMENT, note=f"nonconformance {_some(missing)} is open",
            owner=quality, step=f"close it in {quality or 'the QMS'}, or decide about the lot",
        )  # fmt: skip


def _some(names: list[str]) -> str:
    more = len(names) - SHOWN
    return ", ".join(names[:SHOWN]) + (f" and {more} more" if more > 0 else "")
