"""Genealogy: which lot went into and came out of which transformation; append-only, a reversal is a row below zero."""

from collections.abc import Iterable, Sequence
from typing import Any

from sqlalchemy import ColumnElement, Connection, delete, func, select, update

from tracemill.core.components import ASSEMBLY
from tracemill.core.genealogy.edges import ROUNDING
from tracemill.core.inheritance import Bond, bond
from tracemill.model.change import Linked, Measured
from tracemill.model.record import Record
from tracemill.model.status import Evidence, Side
from tracemill.store.genealogy_tables import edge, spread, transformation
from tracemill.store.rows import Row, chunks, insert, listed, upsert
from tracemill.store.tables import lot

SIDES = {Side.INPUT: 0, Side.OUTPUT: 1}
EVIDENCE = {evidence: code for code, evidence in enumerate(Evidence)}


def stands(amount: ColumnElement[Any]) -> ColumnElement[bool]:
    """Say, of bookings added up, that not all was taken back: what a sum of floats leaves over is nothing."""
    return func.sum(amount) > ROUNDING * func.sum(func.abs(amount))


TOLD = ("operation", "machine", "recipe")
_KNOWN = select(transformation).where(transformation.c.uuid.in_(listed("uuids")))
_into, _out = edge.alias("into"), edge.alias("out")
_FAMILY = (
    select(_into.c.lot_id.label("parent"), _out.c.lot_id.label("child"))
    .join(_out, _out.c.transformation_id == _into.c.transformation_id)
    .where(_into.c.side == SIDES[Side.INPUT], _out.c.side == SIDES[Side.OUTPUT], _into.c.lot_id != _out.c.lot_id)
)
_LIVING = (
    _FAMILY.add_columns(transformation.c.kind)
    .join(transformation, transformation.c.id == _into.c.transformation_id)
    .group_by(_into.c.transformation_id, _into.c.lot_id, _out.c.lot_id, transformation.c.kind)
    .having(stands(_into.c.amount), stands(_out.c.amount))
)  # what was not taken back

_RELABELLED = (
    select(_out.c.lot_id)
    .join(transformation, (transformation.c.id == _out.c.transformation_id) & (transformation.c.kind == "relabel"))
    .join(_into, _into.c.transformation_id == transformation.c.id)
    .where(_into.c.lot_id.in_(listed("lots")))
    .distinct()
)


_MADE = (
    select(_out.c.lot_id.label("child"), _out.c.transformation_id.label("work"), transformation.c.key, transformation.c.kind)
    .join(transformation, transformation.c.id == _out.c.transformation_id)
    .where(_out.c.side == SIDES[Side.OUTPUT])
    .group_by(_out.c.lot_id, _out.c.transformation_id, transformation.c.key, transformation.c.kind)
    .having(stands(_out.c.amount))
)
_WENT = (
    select(edge.c.transformation_id, edge.c.lot_id, func.max(edge.c.evidence).label("evidence"))  # the weakest counts
    .where(edge.c.side == SIDES[Side.INPUT])
    .group_by(edge.c.transformation_id, edge.c.lot_id)
    .having(stands(edge.c.amount))
)
_EVIDENCE = tuple(Evidence)


class Placed(Record, frozen=True):
    """A change at its place in the record."""

    position: int
    ordinal: int
    lot_id: int


class Link(Placed, frozen=True, kw_only=True):
    """One half of an edge."""

    change: Linked


def record(tx: Connection, ids: Any, site: str, links: Sequence[Link]) -> None:
    """Write the edges of a commit, and the transformations that are new."""
    if not links:
        return
    known = transformations(tx, ids, site, [link.change for link in links])
    insert(tx, edge, [_edge(site, link, known[link.change.transformation]) for link in links])


def transformations(tx: Connection, ids: Any, site: str, changes: Sequence[Linked | Measured]) -> dict[str, int]:
    """Return the row ids of transformations by their id; those that are new are written, and what was not told of others."""
    wanted = {c.transformation: c for c in changes}
    rows = {row.uuid: row for some in chunks(wanted) for row in tx.execute(_KNOWN, {"uuids": some})}
    for change in changes:
        if (row := rows.get(change.transformation)) is not None:
            _complete(tx, row, change)
    known = {uuid: int(row.id) for uuid, row in rows.items()}
    new = {uuid: ids.next() for uuid in wanted if uuid not in known}
    insert(tx, transformation, [_transformation(row_id, site, wanted[uuid]) for uuid, row_id in new.items()])
    return known | new


def _complete(tx: Connection, row: Any, change: Linked | Measured) -> None:
    """Add what one source tells of a transformation and the one before did not."""
    new = {name: told[:200] for name in TOLD if (told := getattr(change.work, name)) and not getattr(row, name)}
    if new:
        tx.execute(update(transformation).where(transformation.c.id == row.id).values(new))


def _transformation(row_id: int, site: str, change: Linked | Measured) -> Row:
    work = change.work
    told = {name: getattr(work, name)[:200] for name in TOLD}
    return {"id": row_id, "uuid": change.transformation, "site": site, "key": work.key[:400], "kind": work.kind[:20],
            "work_order": work.order[:200], **told, "first_at": change.occurred_at}  # fmt: skip


def _edge(site: str, link: Link, transformation_id: int) -> Row:
    c = link.change
    return {"site": site, "position": link.position, "ordinal": link.ordinal, "lot_id": link.lot_id,
            "transformation_id": transformation_id, "side": SIDES[c.side], "quantity": str(c.quantity),
            "amount": float(c.quantity), "unit": c.unit, "evidence": EVIDENCE[c.evidence],
            "occurred_at": c.occurred_at}  # fmt: skip


def inputs(tx: Connection, transformations: Iterable[str]) -> dict[str, set[str]]:
    """Return, by transformation, the lots that went into it and were not taken back."""
    found: dict[str, set[str]] = {}
    for some in chunks(transformations):
        query = (
            select(transformation.c.uuid.label("work"), lot.c.uuid)
            .join(edge, edge.c.transformation_id == transformation.c.id)
            .join(lot, lot.c.id == edge.c.lot_id)
            .where(transformation.c.uuid.in_(some), edge.c.side == SIDES[Side.INPUT])
            .group_by(transformation.c.uuid, lot.c.uuid)
            .having(stands(edge.c.amount))
        )
        for row in tx.execute(query):
            found.setdefault(row.work, set()).add(row.uuid)
    return found


def once_in(tx: Connection, lots: Iterable[int]) -> dict[int, str]:
    """Return, with their sites, the lots into which some of these were built and from which all of that was taken out."""
    found: dict[int, str] = {}
    for some in chunks(lots):
        query = (
            select(_out.c.lot_id, _out.c.site)
            .join(_into, _into.c.transformation_id == _out.c.transformation_id)
            .join(transformation, transformation.c.id == _into.c.transformation_id)
            .where(_into.c.lot_id.in_(some), transformation.c.kind == ASSEMBLY)
            .where(_into.c.side == SIDES[Side.INPUT], _out.c.side == SIDES[Side.OUTPUT])
            .group_by(_out.c.lot_id, _out.c.site, _into.c.lot_id)
            .having(~stands(_into.c.amount))  # also where only the removal was told: it was in there
        )
        found |= {int(r.lot_id): str(r.site) for r in tx.execute(query)}
    return found


class MadeIn(Record, frozen=True):
    """A transformation that a lot came out of, and what went into it."""

    key: str
    kind: str
    went: tuple["Went", ...]


class Went(Record, frozen=True):
    """A lot (by row id) that went into a transformation, and how that is known."""

    lot_id: int
    evidence: Evidence


def makings(tx: Connection, lot_ids: Iterable[int]) -> dict[int, list[MadeIn]]:
    """Return, by lot, each transformation that it came out of with what went in; what was taken back did not."""
    made = [row for some in chunks(set(lot_ids)) for row in tx.execute(_MADE.where(_out.c.lot_id.in_(some)))]
    went: dict[int, list[Went]] = {}
    for works in chunks({row.work for row in made}):
        for r in tx.execute(_WENT.where(edge.c.transformation_id.in_(works))):
            went.setdefault(r.transformation_id, []).append(Went(lot_id=r.lot_id, evidence=_EVIDENCE[r.evidence]))
    found: dict[int, list[MadeIn]] = {}
    for row in made:
        others = tuple(w for w in went.get(row.work, ()) if w.lot_id != row.child)
        found.setdefault(row.child, []).append(MadeIn(key=row.key, kind=row.kind, went=others))
    return found


def ask_spread(tx: Connection, lot_ids: Iterable[int]) -> None:
    """Note lots whose holds are to be carried on to all that was made from them, from the beginning."""
    upsert(tx, spread, [{"lot_id": i, "after": 0} for i in lot_ids], ("lot_id",), ("after",))


def spreads_wait(tx: Connection) -> bool:
    """Say whether any lot waits for its holds to be carried on."""
    return tx.execute(select(spread.c.lot_id).limit(1)).first() is not None


class Round(Record, frozen=True):
    """Some lots made from lots whose holds are to be carried on, with all their parents."""

    children: tuple[int, ...]
    parents: dict[int, tuple[int, ...]]
    bonds: dict[int, dict[int, Bond]]  # by child and parent


def take_spread(tx: Connection, most: int) -> Round | None:
    """Take up to `most` children of lots that wait, in order of id, and note how far that came; None where none waits."""
    waiting = tx.execute(select(spread).order_by(spread.c.lot_id).limit(most)).all()
    if not waiting:
        return None
    children: set[int] = set()
    done: list[int] = []
    for row in waiting:
        found = _children(tx, row.lot_id, row.after, most - len(children))
        children.update(found)
        if len(children) >= most:
            tx.execute(update(spread).where(spread.c.lot_id == row.lot_id).values(after=max(found, default=row.after)))
            break
        done.append(row.lot_id)
    for some in chunks(done):
        tx.execute(delete(spread).where(spread.c.lot_id.in_(some)))
    bonds = _bonds(tx, children)
    parents = {child: tuple(sorted(found)) for child, found in bonds.items()}
    return Round(children=tuple(sorted(children)), parents=parents, bonds=bonds)


def _children(tx: Connection, parent: int, after: int, most: int) -> list[int]:
    """Return who was made from a lot. Also from what was taken back: whoever inherited from it must be looked at again."""
    made = _FAMILY.with_only_columns(_out.c.lot_id).where(_into.c.lot_id == parent, _out.c.lot_id > after).distinct()
    return list(tx.execute(made.order_by(_out.c.lot_id).limit(most)).scalars())


def _bonds(tx: Connection, children: Iterable[int]) -> dict[int, dict[int, Bond]]:
    found: dict[int, dict[int, Bond]] = {}
    for some in chunks(children):
        for row in tx.execute(_LIVING.where(_out.c.lot_id.in_(some))):
            parents = found.setdefault(row.child, {})
            parents[row.parent] = max(parents.get(row.parent, Bond.TREATED), bond(row.kind))
    return found


def relabelled(tx: Connection, uuids: Iterable[str], most: int) -> set[int]:
    """Return the lots that are these under another number, before or since, and these: at most about so many."""
    found: set[int] = set()
    for some in chunks(uuids):
        found.update(tx.execute(select(lot.c.id).where(lot.c.uuid.in_(some))).scalars())
    known: set[int] = set()
    while (new := found - known) and len(found) < most:
        known |= new
        for ids in chunks(new):
            found.update(tx.execute(_RELABELLED, {"lots": ids}).scalars())
    return found
