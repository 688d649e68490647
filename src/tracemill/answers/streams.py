"""Streams: lots that came one after another from the same source: receipts of an item from a supplier, or a machine's output."""

from collections.abc import Iterable
from datetime import datetime
from typing import Any

from sqlalchemy import Connection, select

from tracemill.model.lot import Lot
from tracemill.model.record import Record
from tracemill.model.status import Side
from tracemill.store.genealogy import SIDES
from tracemill.store.genealogy_tables import edge, transformation
from tracemill.store.lots import states
from tracemill.store.rows import chunks
from tracemill.store.tables import lot

OUT = SIDES[Side.OUTPUT]
NEAREST = 200  # neighbours that are looked at on each side


class Stream(Record, frozen=True):
    """One source of one item, and from when to when it gave what a recall starts from."""

    site: str
    item: str
    first: datetime
    last: datetime
    lots: tuple[int, ...]
    supplier: str = ""
    machine: str = ""

    def words(self) -> str:
        source = f"from machine {self.machine}" if self.machine else f"received from {self.supplier}"
        return f"{f'item {self.item}' if self.item else 'lots without an item'} {source} at {self.site}"


class Neighbour(Record, frozen=True):
    """A lot of a stream, and when it came."""

    row: int
    at: datetime
    state: Lot


def streams(c: Connection, ids: Iterable[int]) -> tuple[Stream, ...]:
    """Return the streams that lots are of; a lot that is neither received nor made on a named machine is of none."""
    found: dict[tuple[str, ...], list[tuple[datetime, int]]] = {}
    for some in chunks(sorted(ids)):
        known, made = states(c, some), _made(c, edge.c.lot_id.in_(some))
        for i, state in known.items():
            if state.received_at is not None and state.supplier is not None:
                found.setdefault((state.site, state.item, state.supplier.id, ""), []).append((state.received_at, i))
            for at, machine in made.get(i, ()):
                found.setdefault((state.site, state.item, "", machine), []).append((at, i))
    return tuple(
        Stream(site=site, item=item, supplier=supplier, machine=machine, first=min(came)[0], last=max(came)[0],
               lots=tuple(sorted({i for _, i in came})))
        for (site, item, supplier, machine), came in sorted(found.items())
    )  # fmt: skip


def _made(c: Connection, *where: Any) -> dict[int, list[tuple[datetime, str]]]:
    query = select(edge.c.lot_id, edge.c.occurred_at, transformation.c.machine).join(
        transformation, transformation.c.id == edge.c.transformation_id
    )
    found: dict[int, list[tuple[datetime, str]]] = {}
    for r in c.execute(query.where(edge.c.side == OUT, transformation.c.machine != "", *where)):
        found.setdefault(int(r.lot_id), []).append((r.occurred_at, str(r.machine)))
    return found


def beside(c: Connection, stream: Stream, after: bool) -> tuple[list[Neighbour], bool]:
    """Return the lots of a stream before its first or after its last, the nearest first; and whether there may be more."""
    rows = _output(c, stream, after) if stream.machine else _receipts(c, stream, after)
    found = {n.row: n for n in rows if n.row not in stream.lots and (n.at > stream.last if after else n.at < stream.first)}
    return sorted(found.values(), key=lambda n: (n.at, n.row), reverse=not after), len(rows) >= NEAREST


def _receipts(c: Connection, stream: Stream, after: bool) -> list[Neighbour]:
    """Look along the order in which the hub learned of lots, which is near to the order in which they came."""
    query = select(lot.c.id).where(lot.c.site == stream.site, lot.c.item == stream.item)
    near = query.where(lot.c.id > min(stream.lots)).order_by(lot.c.id) if after else (
        query.where(lot.c.id < max(stream.lots)).order_by(lot.c.id.desc())
    )  # fmt: skip
    known = states(c, c.execute(near.limit(NEAREST)).scalars().all())
    return [
        Neighbour(row=i, at=state.received_at, state=state)
        for i, state in known.items()
        if state.received_at is not None and state.supplier is not None and state.supplier.id == stream.supplier
    ]


def _output(c: Connection, stream: Stream, after: bool) -> list[Neighbour]:
    out = edge.c.side == OUT, edge.c.transformation_id == transformation.c.id, lot.c.id == edge.c.lot_id
    of = transformation.c.machine == stream.machine, transformation.c.site == stream.site, lot.c.item == stream.item
    query = select(edge.c.lot_id, edge.c.occurred_at).where(*out, *of)
    near = query.where(edge.c.occurred_at > stream.last).order_by(edge.c.occurred_at) if after else (
        query.where(edge.c.occurred_at < stream.first).order_by(edge.c.occurred_at.desc())
    )  # fmt: skip
    rows = c.execute(near.limit(NEAREST)).all()
    known = states(c, {int(r.lot_id) for r in rows})
    return [Neighbour(row=int(r.lot_id), at=r.occurred_at, state=known[int(r.lot_id)]) for r in rows]
