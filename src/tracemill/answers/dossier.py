"""The dossier of a lot: everything that a person who releases it, or answers for it later, must see on one page."""

from collections.abc import Mapping
from datetime import datetime

from sqlalchemy import Connection

from tracemill.answers import process, timeline
from tracemill.answers.adjacency import Adjacency
from tracemill.answers.lot import LotView, view
from tracemill.answers.process import SummaryView
from tracemill.answers.timeline import Entry
from tracemill.answers.trace import trace
from tracemill.answers.trace_view import GapView, LinkView, LotNode, WorkNode
from tracemill.model.lot import Lot
from tracemill.model.policy import Policy
from tracemill.model.record import Record


class Dossier(Record, frozen=True):
    """What a lot is, what it was made from and how, what quality decided, what happened to it, and what is missing."""

    lot: LotView
    works: tuple[WorkNode, ...]  # that made it
    made_from: tuple[LotNode, ...]  # the nearest first
    links: tuple[LinkView, ...]
    process: tuple[SummaryView, ...]  # of the lot itself
    deviations: tuple[str, ...]
    complete: bool
    gaps: tuple[GapView, ...]
    history: tuple[Entry, ...]  # the oldest first, without technical entries
    position: int


def dossier(c: Connection, adjacency: Adjacency, policies: Mapping[str, Policy], state: Lot, now: datetime) -> Dossier:
    """Put the dossier of a lot together. Nothing is cut: a lot made from more than 10,000 others is told with that gap."""
    shown = view(c, state.id, policies, now)
    if shown is None:
        raise LookupError(state.id)
    back, told = trace(c, adjacency, state, "back", limit=10_000), process.of_lot(c, state.id)
    gaps = back.gaps
    if back.found_lots >= len(back.lots):
        gaps = (*gaps, GapView(gap="not_shown", count=back.found_lots, text=f"only {len(back.lots)} lots are shown here"))
    return Dossier(
        lot=shown, works=back.works, made_from=back.lots[1:], links=back.links, process=told, deviations=_deviations(shown, told),
        complete=not gaps, gaps=gaps, position=back.position,
        history=tuple(e for e in reversed(timeline.entries(c, state.id)) if not e.technical),
    )  # fmt: skip


def _deviations(lot: LotView, told: tuple[SummaryView, ...]) -> tuple[str, ...]:
    """Name what did not go as it should: what is held, what passed its limits, and each nonconformance."""
    beyond = [f"{s.parameter} {s.beyond} {s.unit}".rstrip() + f" in {s.work}" for s in told if s.beyond]
    return (*beyond, *(h.text for h in lot.holds), *(f"nonconformance {n.id} in {n.system}" for n in lot.nonconformances))
