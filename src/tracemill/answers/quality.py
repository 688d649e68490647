"""Quality records: nonconformances, CAPAs, audit findings and complaints, each with the lot that it is about."""

from collections.abc import Mapping

from sqlalchemy import Connection, select

from tracemill.answers.adjacency import Adjacency
from tracemill.answers.lot import state
from tracemill.answers.page import MOST, Page, Sites, at_sites, count, said
from tracemill.answers.trace import trace
from tracemill.answers.trace_view import GapView, LotNode, Sent
from tracemill.answers.verdict import sentence
from tracemill.model.policy import Policy
from tracemill.model.quality_record import QualityRecord
from tracemill.model.record import Record, decode
from tracemill.model.status import QualityKind
from tracemill.store.quality_tables import quality_record as table


class RecordView(QualityRecord, frozen=True, kw_only=True):
    """A quality record, with the site of its lot."""

    site: str = ""


class SentLot(Record, frozen=True):
    """A shipment with the lot, or with something made of it."""

    number: str
    sent: Sent


class ComplaintView(Record, frozen=True):
    """A complaint with what the lot was made from and where it went; `complete` is about both."""

    record: RecordView
    sentence: str
    made_from: tuple[LotNode, ...]
    went_to: tuple[SentLot, ...]
    complete: bool
    gaps: tuple[GapView, ...]


def listed(
    c: Connection, sites: Sites, *, kind: str = "", supplier: str = "", native: str = "", open_only: bool = False
) -> Page[RecordView]:
    """List quality records, the newest first; says how many there are where not all are shown."""
    query = at_sites(select(table), table.c.site, sites)
    for column, wanted in ((table.c.kind, kind), (table.c.supplier, supplier), (table.c.native, native)):
        if wanted:
            query = query.where(column == wanted)
    if open_only:
        query = query.where(table.c.closed_at.is_(None))
    total = count(c, query)
    rows = c.execute(query.order_by(table.c.opened_at.desc(), table.c.key).limit(MOST)).all()
    found = tuple(_view(row.data, row.site) for row in rows)
    return Page(items=found, total=total, showing=said(len(found), total), next=None)


def _view(text: str, site: str) -> RecordView:
    found = decode(text, QualityRecord)
    return RecordView(**{f: getattr(found, f) for f in QualityRecord.__struct_fields__}, site=site)


def complaints(c: Connection, sites: Sites, native: str) -> tuple[RecordView, ...]:
    """Return the complaints that are called this: one per lot, and per system that calls one so."""
    return listed(c, sites, kind=QualityKind.COMPLAINT, native=native).items


def complaint(c: Connection, adjacency: Adjacency, policies: Mapping[str, Policy], record: RecordView) -> ComplaintView:
    """Tell of one complaint: what the lot was made from, and where it and what was made of it went."""
    found = state(c, record.lot)
    if found is None:
        raise LookupError(record.lot)
    back = trace(c, adjacency, found, "back", limit=10_000)
    forward = trace(c, adjacency, found, "forward", limit=10_000)
    gaps = {g.text: g for g in (*back.gaps, *forward.gaps)}
    for view in (back, forward):
        if view.found_lots >= len(view.lots):
            text = f"only {len(view.lots)} of {view.found_lots + 1} lots are shown {view.direction}"
            gaps[text] = GapView(gap="not_shown", count=view.found_lots, text=text)
    policy = policies.get(record.site) or Policy(site=record.site, version="")
    return ComplaintView(
        record=record,
        sentence=sentence(found, policy),
        made_from=back.lots[1:],
        went_to=tuple(SentLot(number=n.number, sent=s) for n in forward.lots for s in n.shipments),
        complete=not gaps,
        gaps=tuple(gaps.values()),
    )
