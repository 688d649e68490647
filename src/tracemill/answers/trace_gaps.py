"""Gaps: why a trace may not be complete, in words and with examples."""

from collections.abc import Mapping, Sequence

from sqlalchemy import Connection, func, select

from tracemill.answers.crossing import received_elsewhere
from tracemill.answers.trace_tolerance import tolerated
from tracemill.answers.trace_view import GapView
from tracemill.answers.words import counted, named
from tracemill.core.genealogy.completeness import Finding, Gap, completeness
from tracemill.core.genealogy.walk import Walk
from tracemill.model.policy import Tolerance
from tracemill.model.status import MessageState
from tracemill.store.genealogy_tables import transformation
from tracemill.store.lots import states
from tracemill.store.systems import paused, unfinished
from tracemill.store.tables import feed_cursor, lot, message

_WORDS = {
    Gap.MISSING_CONSUMPTION: "{n} of which nobody told what went in",
    Gap.MISSING_PRODUCTION: "{n} of which nobody told what came out",
    Gap.BACKFLUSHED: "{n} booked from the bill of materials, not from what was seen",
    Gap.INFERRED: "{n} inferred, not seen",
    Gap.MASS_BALANCE: "{n} out of balance beyond the tolerance",
    Gap.UNKNOWN_ORIGIN: "{n} of which nobody told where it comes from",
    Gap.UNKNOWN_LOT: "{n} without any genealogy: nobody told of its use or its making",
    Gap.BEFORE_CUTOVER: "{n} from before the hub",
    Gap.EVIDENCE_LEFT_OUT: "{n} left out by the evidence that was asked for",
    Gap.SILENT_SYSTEM: "systems that do not answer: {systems}",
    Gap.LAGGING_SYSTEM: "systems that have more to tell than is read: {systems}",
    Gap.BUDGET_REACHED: "the walk was stopped at its budget; more follows",
}
EXAMPLES = 5
_COUNTED = {
    Gap.BACKFLUSHED: "edge", Gap.INFERRED: "edge", Gap.EVIDENCE_LEFT_OUT: "edge", Gap.UNKNOWN_ORIGIN: "lot",
    Gap.UNKNOWN_LOT: "lot", Gap.BEFORE_CUTOVER: "lot",
}  # fmt: skip


def gaps(c: Connection, found: Walk, site: str, tolerances: Mapping[str, Tolerance]) -> tuple[GapView, ...]:
    """Judge a walk: every reason why it may not be all, in words."""
    silent, lagging = _silent(c), _lagging(c, site)
    systems = {Gap.SILENT_SYSTEM: silent, Gap.LAGGING_SYSTEM: lagging}
    judged = completeness(
        found,
        tolerance=tolerated(c, found, tolerances),
        explained=received_elsewhere(c, found, site),
        silent=bool(silent),
        lagging=bool(lagging),
    )
    findings = [f if f.gap is not Gap.UNKNOWN_LOT else _untold(c, found) for f in judged.findings]
    return (*(_gap(c, f, systems.get(f.gap, ())) for f in findings if f.count), *_unread(c, site))


def _untold(c: Connection, found: Walk) -> Finding:
    """Leave out what is known to be whole: it came from a supplier, and nothing of it was used."""
    whole = {i for i, state in states(c, found.unknown.tolist()).items() if state.received_at and "consumed" not in state.moved}
    left = [i for i in found.unknown.tolist() if i not in whole]
    return Finding(Gap.UNKNOWN_LOT, len(left), tuple(left[:EXAMPLES]))


def _gap(c: Connection, finding: Finding, systems: Sequence[str]) -> GapView:
    n = counted(finding.count, _COUNTED.get(finding.gap, "transformation"))
    text = _WORDS[finding.gap].format(n=n, systems=", ".join(map(named, systems)))
    lots = c.execute(select(lot.c.number).where(lot.c.id.in_(finding.lots))).scalars() if finding.lots else ()
    works = select(transformation.c.key).where(transformation.c.id.in_(finding.transformations))
    keys = c.execute(works).scalars() if finding.transformations else ()
    return GapView(gap=finding.gap, count=finding.count, text=text, examples=(*keys, *lots))


def _silent(c: Connection) -> list[str]:
    """Name the systems whose feeds fail."""
    return list(c.execute(select(feed_cursor.c.system).where(feed_cursor.c.failures > 0).distinct()).scalars())


def _lagging(c: Connection, site: str) -> list[str]:
    """Name the systems that are paused, in the middle of a list, or of whose messages some are not decided yet."""
    waiting = select(message.c.system).where(message.c.site == site, message.c.state == MessageState.RECEIVED).distinct()
    return sorted({*paused(c), *unfinished(c), *c.execute(waiting).scalars()})


def _unread(c: Connection, site: str) -> list[GapView]:
    """A message that nobody could read may tell of material."""
    parked = select(func.count()).select_from(message).where(message.c.site == site, message.c.state == MessageState.PARKED)
    count = int(c.execute(parked).scalar() or 0)
    if not count:
        return []
    return [GapView(gap="unread_messages", count=count, text=f"{counted(count, 'message')} that nobody has read yet")]
