"""Conditions within a time: which lots a machine is known to have made beyond a value, and which it is known not to have."""

from collections.abc import Iterable
from datetime import datetime
from decimal import Decimal

from sqlalchemy import Connection, select

from tracemill.model.process import Summary
from tracemill.model.recall import Origin
from tracemill.model.record import Record, decode, replaced
from tracemill.store.genealogy_tables import process_summary, transformation


class Ambiguous(ValueError):
    """A value that may be of several parameters or in several units, and what to say besides."""

    def __init__(self, cause: str, hint: str) -> None:
        super().__init__(cause)
        self.hint = hint


class Told(Record, frozen=True):
    """What was last told of one parameter of one lot."""

    lot: int
    summary: Summary


def within(c: Connection, origin: Origin) -> list[Told]:
    """Return what was last told of a machine within a time; a summary without a time may be of any time."""
    query = (
        select(process_summary)
        .join(transformation, transformation.c.id == process_summary.c.transformation_id)
        .where(transformation.c.machine == origin.machine)
        .order_by(process_summary.c.position, process_summary.c.ordinal, process_summary.c.number)
    )
    last = {(r.lot_id, r.transformation_id, r.parameter, r.started): r for r in c.execute(query)}
    told = (Told(lot=int(r.lot_id), summary=decode(r.data, Summary)) for r in last.values())
    return [t for t in told if _overlaps(t.summary, origin.since, origin.until)]


def _overlaps(summary: Summary, since: datetime | None, until: datetime | None) -> bool:
    start, end = summary.started, summary.ended or summary.started
    return (since is None or end is None or end >= since) and (until is None or start is None or start <= until)


def settled(c: Connection, origin: Origin) -> Origin:
    """Say of which parameter and in which unit a value is; raises Ambiguous where it may be of several."""
    told = [t.summary for t in within(c, origin) if not origin.parameter or t.summary.parameter == origin.parameter]
    parameters, units = sorted({s.parameter for s in told}), sorted({s.unit for s in told})
    if len(parameters) > 1:
        cause = f"machine {origin.machine} told {' and '.join(parameters)} in that time"
        raise Ambiguous(cause, f"say which the value is of: parameter {parameters[0]}")
    if not origin.unit and len(units) > 1:
        cause = f"{parameters[0]} was told in {' and '.join(u or 'no unit' for u in units)}"
        raise Ambiguous(cause, "say in which unit the value is")
    named = {"parameter": parameters[0] if parameters else origin.parameter, "unit": origin.unit or (units[0] if units else "")}
    return replaced(origin, **named)


def judged(origin: Origin, told: Iterable[Told]) -> dict[int, bool | None]:
    """Say of each lot whether it was beyond the value: yes, no, or (None) that nothing told can say so."""
    found: dict[int, bool | None] = {}
    for t in told:
        if origin.parameter and t.summary.parameter != origin.parameter:
            continue
        one, before = _beyond(origin, t.summary), found.get(t.lot, False)
        found[t.lot] = True if one or before else None if one is None or before is None else False
    return found


def _beyond(origin: Origin, summary: Summary) -> bool | None:
    """A mean of several readings clears nothing: one of them may have been beyond it."""
    if summary.unit != origin.unit:
        return None
    alone = summary.readings in (None, 1)
    over = _over(origin.above, summary.most, summary.maximum is not None or alone, 1)
    under = _over(origin.below, summary.least, summary.minimum is not None or alone, -1)
    return True if over or under else None if over is None or under is None else False


def _over(limit: Decimal | None, value: Decimal | None, sure: bool, sign: int) -> bool | None:
    if limit is None:
        return False
    if value is not None and sign * value > sign * limit:
        return True
    return False if value is not None and sure else None
