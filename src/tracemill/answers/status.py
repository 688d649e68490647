"""The board: every system's state, what systems disagree about, and every command that would be sent."""

from collections import defaultdict
from collections.abc import Mapping
from datetime import datetime
from typing import Any

from sqlalchemy import Column, Connection, and_, func, select

from tracemill.answers import cases, waiting
from tracemill.answers.cases import CaseView
from tracemill.answers.messages import last_received
from tracemill.answers.page import ALL, Sites, at_sites
from tracemill.answers.verdict import beyond
from tracemill.answers.words import counted, named
from tracemill.core.targets import excess_key
from tracemill.model.lot import Lot
from tracemill.model.policy import Policy
from tracemill.model.record import Record, decode
from tracemill.model.status import OPEN, Consequence, DeliveryState, DispositionKind
from tracemill.store.tables import case, delivery, feed_cursor, hold, lot, message, system_state

EXAMPLES = 50
MOVING = (*OPEN, DeliveryState.DEAD)  # what is dead waits for a person


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
    moving: dict[str, int]  # those of them that somebody or something still has to do with


class Disagreement(Record, frozen=True):
    """Lots that a system shows more usable than quality allows, for one reason; how many cases and commands are about them."""

    system: str
    quality: str
    count: int
    sentence: str
    lots: tuple[str, ...]
    cases: int
    would_send: int


class Board(Record, frozen=True):
    """What needs attention, and whether the hub itself is well."""

    at: datetime
    systems: tuple[SystemState, ...]
    disagreements: tuple[Disagreement, ...]
    unsafe: tuple[CaseView, ...]  # those that no disagreement speaks of
    unsafe_total: int
    cases: int
    waiting: dict[str, int]  # commands that are not sent: observe, they would be; propose, once a person approves
    messages: dict[str, int]
    last_message: datetime | None
    lots: dict[str, int]


def board(c: Connection, policies: Mapping[str, Policy], now: datetime, sites: Sites = ALL) -> Board:
    """Return the board of the sites that the asker may see."""
    policies = {site: policy for site, policy in policies.items() if sites is None or site in sites}
    modes = waiting.modes_of(policies, sites)
    unsafe = {k.key: k for k in cases.every(c, sites, consequence=Consequence.UNSAFE)}
    disagreements = tuple(_disagreements(c, policies, unsafe))
    return Board(
        at=now,
        systems=tuple(_system(c, name, mode) for name, mode in modes.items()),
        disagreements=disagreements,
        unsafe=tuple(unsafe.values())[:EXAMPLES],
        unsafe_total=len(unsafe),
        waiting=waiting.counts(c, modes, sites),
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
    settled = and_(delivery.c.state == DeliveryState.DELIVERED, delivery.c.settled_at.is_not(None))
    counts = select(delivery.c.state, settled, func.count()).where(delivery.c.system == name)
    found = c.execute(counts.group_by(delivery.c.state, settled)).all()
    made: dict[str, int] = defaultdict(int)
    for state, _, n in found:
        made[state] += n
    return SystemState(
        system=name,
        mode=mode,
        paused=paused is not None,
        paused_by=paused.paused_by if paused else "",
        reason=paused.reason if paused else "",
        feeds=tuple(
            FeedState(feed=f.feed, read_at=f.read_at, ok_at=f.ok_at, failures=f.failures, error=f.error or "") for f in feeds
        ),
        deliveries=dict(made),
        moving={state: n for state, done, n in found if state in MOVING and not done},
    )


def _disagreements(c: Connection, policies: Mapping[str, Policy], unsafe: dict[str, CaseView]) -> list[Disagreement]:
    """Group the lots that some system shows more usable than it should. Only lots that are not wholly free can be among them.

    The cases about them are counted with them, and taken out of `unsafe`.
    """
    found: dict[tuple[str, str], list[Lot]] = defaultdict(list)
    about: dict[tuple[str, str], int] = defaultdict(int)
    held = select(hold.c.lot_id).where(hold.c.lifted_at.is_(None))
    for row in c.execute(select(lot.c.state).where(lot.c.id.in_(held))):
        state = decode(row.state, Lot)
        policy = policies.get(state.site)
        if policy is None:
            continue
        for system, _ in beyond(state, policy):
            group = (system.name, _quality(state))
            found[group].append(state)
            about[group] += unsafe.pop(excess_key(state, system), None) is not None
    return [_disagreement(c, group, lots, about[group], policies) for group, lots in sorted(found.items(), key=lambda f: f[0])]


def _quality(state: Lot) -> str:
    """Return what quality says about a lot, in one word."""
    if state.disposition is None:
        return "not inspected"
    kinds = {p.decision for p in state.disposition.parts}
    if DispositionKind.PENDING in kinds:
        return "pending"
    return "on hold" if DispositionKind.HOLD in kinds else "partly rejected" if len(kinds) > 1 else str(next(iter(kinds))) + "ed"


def _disagreement(
    c: Connection, group: tuple[str, str], lots: list[Lot], about: int, policies: Mapping[str, Policy]
) -> Disagreement:
    system, quality = group
    policy = policies[lots[0].site]
    owner = lots[0].disposition.owner if lots[0].disposition else policy.owner("quality", lots[0].material_class) or "quality"
    return Disagreement(
        system=system,
        quality=quality,
        count=len(lots),
        sentence=f"{counted(len(lots), 'lot')} free in {named(system)} and {quality} in {named(owner)}",
        lots=tuple(s.number for s in lots[:EXAMPLES]),
        cases=about,
        would_send=waiting.about(c, system, [s.id for s in lots]),
    )
