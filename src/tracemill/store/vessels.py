"""Vessels: what happened to them, read only as far back as a decision must look."""

from collections.abc import Mapping
from datetime import datetime

from sqlalchemy import Connection, Select, select

from tracemill.core.vessel import RANK, Vessel, layout
from tracemill.core.vessel_flow import Standing
from tracemill.model.record import decode, encode
from tracemill.model.status import VesselKind
from tracemill.model.vessel import VesselFact, VesselRule
from tracemill.store.lots import Loaded
from tracemill.store.rows import Row, upsert
from tracemill.store.vessel_tables import vessel_fact as table

_LATEST = (table.c.at.desc(), table.c.rank.desc(), table.c.id.desc())


def load(
    tx: Connection, site: str, since: Mapping[str, datetime], rules: Mapping[str, VesselRule]
) -> tuple[dict[str, Vessel], set[str]]:
    """Return these vessels from a time on, and the lots that what is told then may concern; locks their facts."""
    vessels: dict[str, Vessel] = {}
    lots: set[str] = set()
    for name, at in sorted(since.items()):
        rule = rules.get(name, VesselRule())
        vessels[name] = found = tail(tx, site, name, rule, at)
        flow = layout(found)
        lots |= {found.opening.content, *flow.names}
        lots |= {f.lot for f in found.facts if rule.kind is VesselKind.FIFO_BAND or f.at >= at}
    return vessels, lots - {""}


def tail(tx: Connection, site: str, name: str, rule: VesselRule, at: datetime) -> Vessel:
    """Return a vessel from the content on that it held at a time, and how it stood before."""
    here = _of(site, name)
    last = tx.execute(here.where(table.c.at <= at).order_by(*_LATEST).limit(1)).first()
    if last is not None:
        here = here.where(table.c.at >= last.since)
    rows = tx.execute(here.order_by(table.c.at, table.c.rank, table.c.id).with_for_update()).all()
    opening = Standing()
    if last is not None:
        before = _of(site, name).where(table.c.at < last.since)
        if (row := tx.execute(before.order_by(*_LATEST).limit(1)).first()) is not None:
            opening = decode(row.standing, Standing)
    facts = tuple(decode(row.data, VesselFact) for row in rows)
    return Vessel(site=site, name=name, rule=rule, opening=opening, facts=facts)


def _of(site: str, name: str) -> Select[tuple[object, ...]]:
    return select(table.c.since, table.c.data, table.c.standing).where(table.c.site == site, table.c.vessel == name)


def contents(c: Connection, name: str) -> list[str]:
    """Return what a vessel of this name holds now, at each site that has one."""
    sites = c.execute(select(table.c.site).where(table.c.vessel == name).distinct()).scalars().all()
    last = (c.execute(select(table.c.content).where(table.c.site == site, table.c.vessel == name).order_by(*_LATEST).limit(1))
            for site in sites)  # fmt: skip
    return [content for found in last for content in found.scalars() if content]


def save(tx: Connection, site: str, view: Loaded) -> None:
    """Write what is new, and the facts that leave their vessel otherwise than was known."""
    rows = [row for name, v in view.vessels.items() for row in _changed(site, v, view.vessels_as_read.get(name))]
    upsert(tx, table, rows, ("id",), ("content", "since", "standing"))


def _changed(site: str, vessel: Vessel, before: Vessel | None) -> list[Row]:
    if vessel == before:
        return []
    known = {row["id"]: row for row in _rows(site, before)} if before else {}
    return [row for row in _rows(site, vessel) if known.get(row["id"]) != row]


def _rows(site: str, vessel: Vessel) -> list[Row]:
    rows, now, standings = [], vessel.opening, layout(vessel).standings
    for fact in vessel.facts:
        now = standings.get(fact.id, now)
        rows.append(
            {"id": fact.id, "site": site, "vessel": vessel.name, "at": fact.at, "rank": RANK[fact.act], "lot": fact.lot,
             "content": now.content, "since": now.since or fact.at, "data": encode(fact).decode(),
             "standing": encode(now).decode()}
        )  # fmt: skip
    return rows
