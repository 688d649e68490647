"""Items and parties as their owner told of them, with what counts now and what begins later."""

from collections.abc import Iterable
from datetime import datetime
from typing import Any

from sqlalchemy import Connection, select

from tracemill.answers.page import MOST, Page, Sites, at_sites, said
from tracemill.model.master_data import BomDefined, ItemDefined, PartyDefined, RoutingDefined, Told
from tracemill.model.record import Record
from tracemill.store.master_data import ALWAYS, read
from tracemill.store.master_tables import master_data as table


class ItemVersion(Record, frozen=True):
    """What was told of an item from a day on."""

    site: str
    item: ItemDefined
    system: str
    told_at: datetime
    in_force: bool


class BomVersion(Record, frozen=True):
    bom: BomDefined
    system: str
    in_force: bool


class RoutingVersion(Record, frozen=True):
    routing: RoutingDefined
    system: str
    in_force: bool


class PartyView(Record, frozen=True):
    """A party as it counts now."""

    site: str
    party: PartyDefined
    system: str
    told_at: datetime


class ItemView(Record, frozen=True):
    """An item with all that was told of it; the newest first."""

    item: str
    versions: tuple[ItemVersion, ...]
    boms: tuple[BomVersion, ...]
    routings: tuple[RoutingVersion, ...]


def items(c: Connection, sites: Sites, now: datetime) -> Page[ItemVersion]:
    """List the items as they count now; those that only begin later are shown as such."""
    found = _rows(c, sites, kind="item")
    shown = [ItemVersion(site=s, item=_item(t), system=t.system, told_at=t.at, in_force=f) for s, t, f in _latest(found, now)]
    return Page(items=tuple(shown[:MOST]), total=len(shown), showing=said(min(MOST, len(shown)), len(shown)), next=None)


def parties(c: Connection, sites: Sites, now: datetime) -> Page[PartyView]:
    """List suppliers, manufacturers, customers and carriers as they count now."""
    found = [(s, t) for s, t, in_force in _latest(_rows(c, sites, kind="party"), now) if in_force]
    shown = [PartyView(site=s, party=t.data, system=t.system, told_at=t.at) for s, t in found if isinstance(t.data, PartyDefined)]
    return Page(items=tuple(shown[:MOST]), total=len(shown), showing=said(min(MOST, len(shown)), len(shown)), next=None)


def item(c: Connection, sites: Sites, name: str, now: datetime) -> ItemView | None:
    """Return everything that was told of an item; None where nothing was."""
    found = _rows(c, sites, item=name)
    if not found:
        return None
    counts = {(s, t.data.subject, t.data.valid_from) for s, t, in_force in _latest(found, now) if in_force}
    told = [(s, t, (s, t.data.subject, t.data.valid_from) in counts) for s, t in reversed(found)]
    return ItemView(
        item=name,
        versions=tuple(
            ItemVersion(site=s, item=t.data, system=t.system, told_at=t.at, in_force=f)
            for s, t, f in told
            if isinstance(t.data, ItemDefined)
        ),
        boms=tuple(BomVersion(bom=t.data, system=t.system, in_force=f) for _, t, f in told if isinstance(t.data, BomDefined)),
        routings=tuple(
            RoutingVersion(routing=t.data, system=t.system, in_force=f) for _, t, f in told if isinstance(t.data, RoutingDefined)
        ),
    )


def _item(told: Told) -> ItemDefined:
    data: Any = told.data
    return data  # type: ignore[no-any-return]


def _rows(c: Connection, sites: Sites, *, kind: str = "", item: str = "") -> list[tuple[str, Told]]:
    query = at_sites(select(table), table.c.site, sites)
    if kind:
        query = query.where(table.c.kind == kind)
    if item:
        query = query.where(table.c.item == item)
    rows = c.execute(query.order_by(table.c.site, table.c.kind, table.c.key, table.c.valid_from))
    return [(row.site, read(row)) for row in rows]


def _latest(found: Iterable[tuple[str, Told]], now: datetime) -> list[tuple[str, Told, bool]]:
    """Return of each thing what counts now, else what begins first; the rows come by day."""
    chosen: dict[tuple[str, str], tuple[str, Told, bool]] = {}
    for site, told in found:
        key, begun = (site, told.data.subject), (told.data.valid_from or ALWAYS) <= now
        if begun or key not in chosen:
            chosen[key] = site, told, begun
    return list(chosen.values())
