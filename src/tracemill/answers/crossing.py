"""Crossing: where a walk through the genealogy of one site goes on at another, by transfers that both sites told."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass

from sqlalchemy import Connection, func, select

from tracemill.answers.adjacency import Adjacency
from tracemill.core.genealogy.walk import Direction, Walk, walk
from tracemill.core.material import TRANSFER
from tracemill.model.status import Side
from tracemill.store.genealogy import SIDES, stands
from tracemill.store.genealogy_tables import edge, transformation
from tracemill.store.rows import chunks
from tracemill.store.tables import site_position

BUDGET = 1_000_000


@dataclass(frozen=True, slots=True)
class Leg:
    """A walk at one site. `deeper`: how far from where everything began its starts are."""

    site: str
    walk: Walk
    deeper: int = 0

    @property
    def depth(self) -> dict[int, int]:
        return {lot: self.deeper + depth for lot, depth in zip(self.walk.lots.tolist(), self.walk.depth.tolist(), strict=True)}


@dataclass(frozen=True, slots=True)
class Told:
    """One side of a transfer, as a site told it."""

    work: int
    side: int
    lot: int
    site: str


def legs(c: Connection, adjacency: Adjacency, first: Leg, as_of: int | None = None) -> list[Leg]:
    """Return a walk and all those that it goes on in, at whatever site."""
    done, waiting = [first], [first]
    met = {first.site: set(first.walk.lots.tolist())}
    while waiting:
        leg = waiting.pop()
        for site, starts in _onward(c, leg).items():
            if new := {lot: depth for lot, depth in starts.items() if lot not in met.setdefault(site, set())}:
                found = walk(adjacency.graph(c, site), list(new), leg.walk.direction, as_of=as_of, budget=BUDGET)
                met[site] |= set(found.lots.tolist()) | new.keys()
                on = Leg(site=site, walk=found, deeper=min(new.values()))
                done.append(on)
                waiting.append(on)
    return done


def onward(c: Connection, adjacency: Adjacency, starts: Mapping[int, str]) -> dict[int, str]:
    """Return the lots (and their sites) to which a walk forward from some lots goes on at other sites, and these lots."""
    found = dict(starts)
    for site in sorted(set(starts.values())):
        own = [lot for lot, at in starts.items() if at == site]
        first = Leg(site=site, walk=walk(adjacency.graph(c, site), own, Direction.FORWARD, budget=BUDGET))
        for leg in legs(c, adjacency, first)[1:]:
            reached = leg.walk.lots[leg.walk.depth == 0].tolist() + leg.walk.unknown.tolist()
            found |= {lot: leg.site for lot in reached if lot not in found}
    return found


def _onward(c: Connection, leg: Leg) -> dict[str, dict[int, int]]:
    """Return, by site, the lots on the far side of the transfers of a walk, each with its depth."""
    told, depth = transfers(c, leg.walk.transformations.tolist()), leg.depth
    far = SIDES[Side.OUTPUT if leg.walk.direction is Direction.FORWARD else Side.INPUT]
    near: dict[int, int] = {}
    for one in told:
        if one.side != far and one.lot in depth:
            near[one.work] = min(near.get(one.work, depth[one.lot]), depth[one.lot])
    found: dict[str, dict[int, int]] = {}
    for one in told:
        if one.side == far and one.site != leg.site and one.work in near:
            found.setdefault(one.site, {})[one.lot] = near[one.work] + 1
    return found


def received_elsewhere(c: Connection, found: Walk, site: str) -> list[int]:
    """Return the transfers of a walk of which another site told what went in."""
    told = transfers(c, found.transformations.tolist())
    return sorted({one.work for one in told if one.side == SIDES[Side.INPUT] and one.site != site})


def transfers(c: Connection, works: Iterable[int]) -> list[Told]:
    """Return both sides of those transformations that are transfers; where there is one site only, there are none."""
    if (c.execute(select(func.count()).select_from(site_position)).scalar() or 0) < 2:
        return []
    query = (
        select(edge.c.transformation_id, edge.c.side, edge.c.lot_id, edge.c.site)
        .join(transformation, (transformation.c.id == edge.c.transformation_id) & (transformation.c.kind == TRANSFER))
        .group_by(edge.c.transformation_id, edge.c.side, edge.c.lot_id, edge.c.site)
        .having(stands(edge.c.amount))
    )
    rows = (row for some in chunks(works) for row in c.execute(query.where(edge.c.transformation_id.in_(some))))
    return [Told(work=row.transformation_id, side=row.side, lot=row.lot_id, site=row.site) for row in rows]
