"""Process: under which conditions lots were made, by lot, or by machine, time and value."""

from collections.abc import Iterable
from datetime import datetime
from typing import Any

from sqlalchemy import Connection, select

from tracemill.answers.page import Sites, at_sites
from tracemill.model.process import Summary
from tracemill.model.quantity import show
from tracemill.model.record import Record, decode
from tracemill.store.genealogy_tables import process_summary, transformation
from tracemill.store.rows import chunks
from tracemill.store.tables import lot

MOST = 10_000


class TooMuch(Exception):
    """A search that reads more summaries than are told at once: some of them would look like all of them."""


class SummaryView(Record, frozen=True):
    """One parameter of a process, as it was last told. Amounts are decimal text in `unit`; empty where nothing was told."""

    lot: str
    number: str
    site: str
    work: str
    operation: str
    machine: str
    recipe: str
    parameter: str
    unit: str
    setpoint: str
    low: str
    high: str
    minimum: str
    mean: str
    maximum: str
    readings: int | None
    started: datetime | None
    ended: datetime | None
    beyond: str  # which limit was passed, and by what


class Search(Record, frozen=True):
    """Which summaries are wanted. `above` and `below`: what at least one reading was."""

    machine: str = ""
    parameter: str = ""
    above: float | None = None
    below: float | None = None
    since: datetime | None = None
    until: datetime | None = None
    beyond: bool = False


def of_lot(c: Connection, uuid: str) -> tuple[SummaryView, ...]:
    """Return the conditions under which one lot was made."""
    return _last(c.execute(_SUMMARIES.where(lot.c.uuid == uuid)))


def of_works(c: Connection, ids: Iterable[int]) -> dict[str, tuple[SummaryView, ...]]:
    """Return the conditions of transformations, given by row id, by their key."""
    found: dict[str, tuple[SummaryView, ...]] = {}
    for some in chunks(ids):
        for view in _last(c.execute(_SUMMARIES.where(transformation.c.id.in_(some)))):
            found[view.work] = (*found.get(view.work, ()), view)
    return found


def found(c: Connection, sites: Sites, asked: Search) -> tuple[SummaryView, ...]:
    """Return the conditions that a search asks for: "furnace 3 above 850 degrees, that afternoon".

    Raises TooMuch where machine and parameter leave more than 10,000 summaries to look at.
    """
    query = at_sites(_SUMMARIES, process_summary.c.site, sites)
    for column, wanted in ((transformation.c.machine, asked.machine), (process_summary.c.parameter, asked.parameter)):
        if wanted:
            query = query.where(column == wanted)
    rows = c.execute(query.limit(MOST + 1)).all()
    if len(rows) > MOST:
        raise TooMuch(f"more than {MOST} summaries would have to be looked at")
    return tuple(view for view in _last(rows) if _fits(view, asked))


def _fits(view: SummaryView, asked: Search) -> bool:
    """Judge what was last told: an older telling of the same summary does not count."""
    most = float(view.maximum or view.mean or "nan")
    least = float(view.minimum or view.mean or "nan")
    start, end = view.started, view.ended or view.started
    return (
        (asked.above is None or most > asked.above)
        and (asked.below is None or least < asked.below)
        and (asked.since is None or end is None or end >= asked.since)
        and (asked.until is None or start is None or start <= asked.until)
        and (not asked.beyond or bool(view.beyond))
    )


_SUMMARIES = (
    select(process_summary, lot.c.uuid, lot.c.number.label("lot_number"), transformation.c.key, transformation.c.operation,
           transformation.c.machine, transformation.c.recipe)
    .join(lot, lot.c.id == process_summary.c.lot_id)
    .join(transformation, transformation.c.id == process_summary.c.transformation_id)
    .order_by(process_summary.c.position, process_summary.c.ordinal, process_summary.c.number)
)  # fmt: skip


def _last(rows: Iterable[Any]) -> tuple[SummaryView, ...]:
    """Return each summary as it was last told."""
    last = {(r.lot_id, r.transformation_id, r.parameter, r.started): _view(r) for r in rows}
    return tuple(last.values())


def _view(r: Any) -> SummaryView:
    told = decode(r.data, Summary)
    amounts = {f: getattr(told, f) for f in ("setpoint", "low", "high", "minimum", "mean", "maximum")}
    same = {f: getattr(r, f) for f in ("site", "operation", "machine", "recipe", "parameter")}
    return SummaryView(
        lot=r.uuid, number=r.lot_number, work=r.key, unit=told.unit, readings=told.readings,
        started=told.started, ended=told.ended, beyond=told.beyond,
        **{f: "" if a is None else show(a) for f, a in amounts.items()}, **same,
    )  # fmt: skip
