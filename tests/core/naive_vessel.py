"""What came out of a vessel may contain which charges, said as plainly as possible: no contents, no heels, no segments."""

from collections.abc import Sequence
from decimal import Decimal

from tracemill.model.status import VesselAct
from tracemill.model.vessel import VesselFact


def _cleaned_between(facts: Sequence[VesselFact], before: VesselFact, after: VesselFact) -> bool:
    charged = {f.at for f in facts if f.act is VesselAct.CHARGED}
    times = (f.at for f in facts if f.act is VesselAct.CLEANED and f.at not in charged)
    return any(before.at <= at < after.at for at in times)


def may_contain(facts: Sequence[VesselFact], discharge: VesselFact) -> list[VesselFact]:
    """Return the charges that a mixed vessel may give into a discharge."""
    return [
        f for f in facts
        if f.act is VesselAct.CHARGED and f.at <= discharge.at and not _cleaned_between(facts, f, discharge)
    ]  # fmt: skip


def overlapping(facts: Sequence[VesselFact], discharge: VesselFact, band: Decimal) -> list[VesselFact]:
    """Return the charges that a silo may give into a discharge: those that overlap it, give or take the band."""
    inside = sorted(may_contain(facts, discharge), key=lambda f: (f.at, f.id))
    others = [
        f for f in facts
        if f.act is VesselAct.DISCHARGED and (f.at, f.id) < (discharge.at, discharge.id)
        and not _cleaned_between(facts, f, discharge)
    ]  # fmt: skip
    before = sorted(others, key=lambda f: (f.at, f.id))
    gone = Decimal(0)
    for one in [*before, discharge]:
        gone += one.amount or 0
        if gone > sum(c.amount or 0 for c in may_contain(facts, one)):
            return inside  # more came out than went in: nobody can say what
    low, high = gone - (discharge.amount or 0) - band, gone + band
    found, level = [], Decimal(0)
    for charge in inside:
        start, level = level, level + (charge.amount or 0)
        if min(level, high) > max(start, low):
            found.append(charge)
    return found
