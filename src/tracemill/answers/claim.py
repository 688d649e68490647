"""Claims side by side: what each system says about a lot, in its words and ours, and what it should say."""

from collections.abc import Mapping
from datetime import datetime
from decimal import Decimal
from typing import Any

from tracemill.answers.verdict import excess_of
from tracemill.answers.words import ZERO, age, ages, decided
from tracemill.core.comparison import should_show
from tracemill.core.usable import allowance
from tracemill.model.lot import Claim, Lot
from tracemill.model.policy import Policy, SystemPolicy
from tracemill.model.quantity import show
from tracemill.model.record import Record
from tracemill.model.status import Mode

FACETS = ("quality", "stock", "place", "movement", "item")


class WantedView(Record, frozen=True):
    """What a system was told to show, and how far that came."""

    available: str
    blocked: str
    state: str
    decided_at: datetime
    settled_at: datetime | None
    detail: str
    delivery: str


class SystemView(Record, frozen=True):
    """What one system says about a lot, in its own words and in ours, and what it should say."""

    system: str
    name: str
    mode: str
    roles: tuple[str, ...]
    owns: tuple[str, ...]
    decided: str  # what the owner of quality said, in words
    shows: str
    available: str | None
    quarantine: str | None
    blocked: str | None
    read_at: datetime | None
    unchanged_at: datetime | None  # the system was asked for changes since, and told of none
    age_seconds: float | None
    age: str
    should: str | None
    excess: str
    standing: str
    wanted: WantedView | None
    held_by: dict[str, str]  # what others have of it, by party
    owned_by: dict[str, str]  # what is another's


def systems(
    found: Lot, policy: Policy, at: datetime, moving: Mapping[str, str], asked: Mapping[str, datetime]
) -> tuple[SystemView, ...]:
    """Set the systems side by side that have, or should have, something to say about a lot, the owner of quality first.

    `moving`: the state of deliveries under way; `asked`: when each system was last asked for everything that changed.
    """
    names = dict.fromkeys((*policy.systems, *found.claims, *found.identities))
    known = [policy.systems.get(n) or SystemPolicy(name=n, mode=Mode.OBSERVE) for n in names]
    told = [_system(found, policy, system, at, moving, asked.get(system.name)) for system in known]
    views = [v for v in told if v.available is not None or v.wanted or v.owns or v.roles]
    return tuple(sorted(views, key=lambda v: ("quality" not in v.owns, v.available is None and not v.name)))


def _system(
    found: Lot, policy: Policy, system: SystemPolicy, at: datetime, moving: Mapping[str, str], asked: datetime | None
) -> SystemView:
    claim, wanted = found.claims.get(system.name), found.wanted.get(system.name)
    over = excess_of(found, system)
    owns = tuple(f for f in FACETS if policy.owner(f, found.material_class, at) == system.name)
    should = should_show(found, allowance(found).target, claim, system.expresses).available if claim else None
    return SystemView(
        system=system.name,
        name=found.native(system.name) or "",
        mode=system.mode,
        roles=system.roles,
        owns=owns,
        decided=_decided(found) if "quality" in owns else "",
        shows=claim.native if claim else "",
        available=show(claim.available) if claim else None,
        quarantine=show(claim.quarantine) if claim else None,
        blocked=show(claim.blocked) if claim else None,
        **_reading(claim, at, asked, found.disposition.decided_at if found.disposition and "quality" in owns else None),
        should=show(should) if should is not None else None,
        excess=show(over),
        standing=_standing(over, should, claim.available if claim else None, wanted.state if wanted else ""),
        wanted=_wanted(found, system.name, moving),
        held_by={party: show(q) for party, q in claim.held_by.items()} if claim else {},
        owned_by={party: show(q) for party, q in claim.owned_by.items()} if claim else {},
    )


def _decided(found: Lot) -> str:
    return decided(found.disposition.parts, found) if found.disposition else "no decision yet"


def _reading(claim: Claim | None, at: datetime, asked: datetime | None, decided_at: datetime | None) -> dict[str, Any]:
    """Say how old a reading is, and that nothing changed since where the system was asked and told of nothing.

    Who only decides is not read: its age is that of its decision.
    """
    if claim is None:
        told = f"decided {age(decided_at, at)} ago" if decided_at else "never read"
        seconds = ages(decided_at, at) if decided_at else None
        return {"read_at": None, "unchanged_at": None, "age_seconds": seconds, "age": told}
    since = asked if asked is not None and asked > claim.read_started else None
    told = f"read {age(claim.read_started, at)} ago" + (f", unchanged {age(since, at)} ago" if since else "")
    return {
        "read_at": claim.read_started, "unchanged_at": since, "age_seconds": ages(since or claim.read_started, at), "age": told,
    }  # fmt: skip


def _standing(over: Decimal, should: Decimal | None, shown: Decimal | None, state: str) -> str:
    """Say in one word how a system stands to what is allowed. Less with a command open is in flight, never a conflict."""
    if should is None or shown is None:
        return "silent"
    if over > ZERO:
        return "restricting" if state in ("pending", "delivered") else "beyond"
    if shown == should:
        return "agrees"
    return "in flight" if state and state != "verified" else "less"


def _wanted(found: Lot, system: str, moving: Mapping[str, str]) -> WantedView | None:
    wanted = found.wanted.get(system)
    if wanted is None:
        return None
    return WantedView(
        available=show(wanted.target.available),
        blocked=show(wanted.target.blocked),
        state=moving.get(wanted.command, wanted.state),
        decided_at=wanted.decided_at,
        settled_at=wanted.settled_at,
        detail=wanted.detail,
        delivery=wanted.command,
    )
