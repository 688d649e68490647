"""Process summaries, beside the changes that told them, so that they can be asked for by lot, work and value."""

from collections.abc import Iterator, Sequence
from typing import Any

from sqlalchemy import Connection

from tracemill.model.change import Measured
from tracemill.model.record import encode
from tracemill.store import genealogy
from tracemill.store.genealogy_tables import process_summary
from tracemill.store.rows import Row, insert


class Measurement(genealogy.Placed, frozen=True, kw_only=True):
    """What was told of a process."""

    change: Measured


def record(tx: Connection, ids: Any, site: str, measured: Sequence[Measurement]) -> None:
    """Write the summaries of a commit."""
    if not measured:
        return
    known = genealogy.transformations(tx, ids, site, [m.change for m in measured])
    insert(tx, process_summary, [row for m in measured for row in _rows(site, m, known[m.change.transformation])])


def _rows(site: str, m: Measurement, transformation_id: int) -> Iterator[Row]:
    for number, summary in enumerate(m.change.summaries):
        yield {
            "site": site,
            "position": m.position,
            "ordinal": m.ordinal,
            "number": number,
            "lot_id": m.lot_id,
            "transformation_id": transformation_id,
            "parameter": summary.parameter,
            "started": summary.started.isoformat() if summary.started else "",
            "data": encode(summary).decode(),
        }
