"""The board: every system's state, what systems disagree about, and every command that would be sent."""

from collections import defaultdict
from collections.abc import Mapping
from datetime import datetime
from typing import Any

from sqlalchemy import Column, Connection, func, select

from tracemill.answers.cases import CaseView
from tracemill.answers.cases import listed as cases_listed
from tracemill.answers.deliveries import DeliveryView, pending
from tracemill.answers.messages import last_received
from tracemill.answers.page import ALL, Sites, at_sites
from tracemill.answers.verdict import beyond
from tracemill.answers.words import counted, named
from tracemill.model.lot import Lot
from tracemill.model.policy import Policy
from tracemill.model.record import Record, decode
from tracemill.model.status import DispositionKind
from tracemill.store.tables import case, delivery, feed_cursor, hold, lot, message, system_state

EXAMPLES = 50


class FeedState(Record, frozen=True):
    feed: str
    read_at: datetime | None
    ok_at: datetime | None
    failures: int
    error: str


class SystemState(Record, frozen=True):
    """One connected system."""

    system: str
    mode: str
    paused: bool
    paused_by: str
    reason: str
    feeds: tuple[FeedState, ...]
    deliveries: dict[str, int]


class Disagreement(Record, frozen=True):
    """Lots that a system shows more usable than quality allows, for one reason."""

    system: str
    quality: str
    count: int
    sentence: str
    lots: tuple[str, ...]
    would_send: tuple[DeliveryView, ...]


class Board(Record, frozen=True):
    """What needs attention, and whether the hub itself is well."""

    at: datetime
    systems: tuple[SystemState, ...]
    disagreements: tuple[Disagreement, ...]
    unsafe: tuple[CaseView, ...]
    cases: int
    messages: dict[str, int]
    last_message: datetime | None
    lots: dict[str, int]


def board(c: Connection, policies: Mapping[str, Policy], now: datetime, sites: Sites = ALL) -> Board:
    """Return the board of the sites that the asker may see."""
    policies = {site: policy for site, policy in policies.items() if sites is None or site in sites}
    modes = {n: s.mode for p in policies.values() for n, s in p.systems.items()}
    return Board(
        at=now,
        systems=tuple(_system(c, name, mode) for name, mode in modes.items()),
        disagreements=tuple(_disagreements(c, policies)),
        unsafe=tuple(cases_listed(c, sites, consequence="unsafe", limit=EXAMPLES)),
        cases=sum(_counts(c, case.c.kind, case.c.site, sites, case.c.closed_at.is_(None)).values()),
        messages=_counts(c, message.c.state, message.c.site, sites),
        last_message=last_received(c, sites),
        lots=_counts(c, lot.c.verdict, lot.c.site, sites),
    )


def _counts(c: Connection, what: "Column[Any]", where: "Column[Any]", sites: Sites, *more: Any) -> dict[str, int]:
    query = at_sites(select(what, func.count()).where(*more), where, sites).group_by(what)
    return {row[0]: row[1] for row in c.execute(query)}


def _system(c: Connection, name: str, mode: str) -> SystemState:
    paused = c.execute(select(system_state).where(system_state.c.system == name, system_state.c.paused_at.is_not(None))).first()
    feeds = c.execute(select(feed_cursor).where(feed_cursor.c.system == name).order_by(feed_cursor.c.feed))
    counts = select(delivery.c.state, func.count()).where(delivery.c.system == name).group_by(delivery.c.state)
    return SystemState(
        system=name,
        mode=mode,
        paused=paused is not None,
        paused_by=paused.paused_by if paused else "",
        reason=paused.reason if paused else "",
        feeds=tuple(
            FeedState(feed=f.feed, read_at=f.read_at, ok_at=f.ok_at, failures=f.failures, error=f.error or "") for f in feeds
        ),
        deliveries={r[0]: r[1] for r in c.execute(counts)},
    )


def _disagreements(c: Connection, policies: Mapping[str, Policy]) -> list[Disagreement]:
    """Group the lots that some system shows more usable than it should. Only lots that are not wholly free can be among them."""
    found: dict[tuple[str, str], list[Lot]] = defaultdict(list)
    held = select(hold.c.lot_id).where(hold.c.lifted_at.is_(None))
    for row in c.execute(select(lot.c.state).where(lot.c.id.in_(held))):
        state = decode(row.state, Lot)
        policy = policies.get(state.site)
        if policy is None:
            continue
        for system, _ in beyond(state, policy):
            found[(system.name, _quality(state))].append(state)
    return [_disagreement(c, system, quality, lots, policies) for (system, quality), lots in sorted(found.items())]


def _quality(state: Lot) -> str:
    """Return what quality says about a lot, in one word."""
    if state.disposition is None:
        return "not inspected"
    kinds = {p.decision for p in state.disposition.parts}
    if DispositionKind.PENDING in kinds:
        return "pending"
    return "on hold" if DispositionKind.HOLD in kinds else "partly rejected" if len(kinds) > 1 else str(next(iter(kinds))) + "ed"


def _disagreement(c: Connection, system: str, quality: str, lots: list[Lot], policies: Mapping[str, Policy]) -> Disagreement:
    policy = policies[lots[0].site]
    owner = lots[0].disposition.owner if lots[0].disposition else policy.owner("quality", lots[0].material_class) or "quality"
    return Disagreement(
        system=system,
        quality=quality,
        count=len(lots),
        sentence=f"{counted(len(lots), 'lot')} free in {named(system)} and {quality} in {named(owner)}",
        lots=tuple(s.number for s in lots[:EXAMPLES]),
        would_send=tuple(pending(c, system, [s.id for s in lots])),
    )
