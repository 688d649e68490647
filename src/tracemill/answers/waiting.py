"""Waiting: commands that are decided and not sent, because a system is only observed or a person must approve them."""

from collections.abc import Mapping
from datetime import datetime
from decimal import Decimal
from typing import Any

from sqlalchemy import ColumnElement, Connection, and_, func, or_, select

from tracemill.answers.page import Page, Sites, at_sites, paged
from tracemill.answers.words import ZERO, asked
from tracemill.core.transfers import transfers
from tracemill.core.unbooked import unbooked
from tracemill.model.decision import STATUS_VERB
from tracemill.model.lot import Claim, Lot, Target
from tracemill.model.policy import Policy
from tracemill.model.quantity import NAMES, show
from tracemill.model.record import Record, decode
from tracemill.model.status import UNSETTLED, DeliveryState, Mode
from tracemill.store.rows import chunks
from tracemill.store.tables import delivery, lot

UNREAD = "not read yet"


class Move(Record, frozen=True):
    """A quantity that changes its status in a system."""

    source: str
    to: str
    quantity: str


class Waiting(Record, frozen=True):
    """A command that is not sent yet: what the system shows now, and what it would be told. Amounts are in `unit`."""

    id: str
    site: str
    system: str
    mode: str
    lot: str
    lot_number: str
    verb: str
    text: str
    shows: str
    read_at: datetime | None
    moves: tuple[Move, ...]
    available: str | None
    blocked: str | None
    unit: str
    decided_at: datetime
    approved_by: str
    behind: str  # what goes out before it, and why that has not gone yet


def listed(
    c: Connection, policies: Mapping[str, Policy], sites: Sites, cursor: str = "", limit: int = 50, *, system: str = ""
) -> Page[Waiting]:
    """List what waits, in the order decided."""
    modes = modes_of(policies, sites)
    query = select(delivery, lot.c.uuid.label("lot"), lot.c.number.label("lot_number"), lot.c.state.label("lot_state"))
    query = query.join(lot, lot.c.id == delivery.c.lot_id).where(_waits(modes))
    if system:
        query = query.where(delivery.c.system == system)
    page = paged(c, at_sites(query, delivery.c.site, sites), delivery.c.id, lambda row: row, cursor, limit, newest=False)
    ahead = _ahead(c, page.items)
    items = tuple(_view(r, policies, modes[r.system], ahead.get(r.uuid, "")) for r in page.items)
    return Page(items=items, total=page.total, showing=page.showing, next=page.next)


def modes_of(policies: Mapping[str, Policy], sites: Sites) -> dict[str, Mode]:
    """Return the mode of every system at the sites that the asker may see."""
    return {n: s.mode for site, p in policies.items() if sites is None or site in sites for n, s in p.systems.items()}


def counts(c: Connection, modes: Mapping[str, Mode], sites: Sites) -> dict[str, int]:
    """Count what waits by the mode of its system: observe (would be sent), propose (waits for approval)."""
    query = select(delivery.c.system, func.count()).where(_waits(modes), delivery.c.approved_by.is_(None))
    found: dict[str, int] = {}
    for system, n in c.execute(at_sites(query, delivery.c.site, sites).group_by(delivery.c.system)):
        found[modes[system]] = found.get(modes[system], 0) + n
    return found


def about(c: Connection, system: str, lots: list[str]) -> int:
    """Count the status commands for a system about some lots that are not sent."""
    query = select(func.count()).select_from(delivery).join(lot, lot.c.id == delivery.c.lot_id)
    waits = and_(delivery.c.system == system, delivery.c.state == DeliveryState.PENDING, delivery.c.verb == STATUS_VERB)
    return sum(int(c.execute(query.where(waits, lot.c.uuid.in_(some))).scalar() or 0) for some in chunks(lots))


def _waits(modes: Mapping[str, Mode]) -> ColumnElement[bool]:
    held = [system for system, mode in modes.items() if mode is not Mode.ACT]
    return and_(delivery.c.system.in_(held), delivery.c.state == DeliveryState.PENDING)


def behind(c: Connection, uuid: str) -> str:
    """Say what a delivery waits behind; empty where nothing is before it."""
    return _ahead(c, c.execute(select(delivery).where(delivery.c.uuid == uuid)).all()).get(uuid, "")


def _ahead(c: Connection, rows: Any) -> dict[str, str]:
    """Find what is first for the same lot in the same system: only a restriction goes before what was decided earlier."""
    first, later = delivery.alias("first"), delivery.alias("later")
    before = or_(
        and_(first.c.id < later.c.id, later.c.restricts.is_(False)),
        and_(first.c.state == DeliveryState.SENDING, first.c.restricts.is_(True), first.c.id != later.c.id),
    )
    same = and_(first.c.system == later.c.system, first.c.lot_id == later.c.lot_id, first.c.state.in_(UNSETTLED))
    query = select(later.c.uuid.label("of"), first).join(first, and_(same, before)).order_by(first.c.id.desc())
    found: dict[str, str] = {}
    for some in chunks([r.id for r in rows]):
        for r in c.execute(query.where(later.c.id.in_(some))):
            found[r.of] = f"waits behind {asked(r.verb)} ({r.uuid}), which {_standing(r)}"
    return found


def _standing(r: Any) -> str:
    if r.state == DeliveryState.PENDING and r.mode != Mode.ACT:
        return f"{r.approved_by} approved" if r.approved_by else "nobody has approved"
    return f"is {r.state.replace('_', ' ')}"


def _view(r: Any, policies: Mapping[str, Policy], mode: Mode, ahead: str) -> Waiting:
    state, value = decode(r.lot_state, Lot), decode(r.value, dict[str, Any])
    claim = state.claims.get(r.system)
    unit = NAMES.get(value.get("unit") or state.unit, value.get("unit") or state.unit)
    policy = policies[r.site].systems.get(r.system)
    moves = _moves(state, value, claim, policy.expresses if policy else "split") if r.verb == STATUS_VERB else ()
    status = r.verb == STATUS_VERB
    return Waiting(
        id=r.uuid, site=r.site, system=r.system, mode=mode, lot=r.lot, lot_number=r.lot_number, verb=r.verb,
        text=_state_text(value, claim, moves, unit) if status else _act_text(r.verb, value, unit),
        shows=(claim.native or f"0 {unit}".strip()) if claim else UNREAD if status else "",
        read_at=claim.read_started if claim else None,
        moves=moves, available=value.get("available"), blocked=value.get("blocked"), unit=unit,
        decided_at=r.decided_at, approved_by=r.approved_by or "", behind=ahead,
    )  # fmt: skip


def _moves(lot: Lot, value: Mapping[str, Any], claim: Claim | None, expresses: str) -> tuple[Move, ...]:
    """Plan as a sender would, from what the system shows now; one that knows only a limit moves nothing."""
    if claim is None or expresses == "cap":
        return ()
    target = Target(available=Decimal(value["available"]), blocked=Decimal(value["blocked"]))
    plan = transfers(target, claim, unbooked(lot, claim, expresses))
    return tuple(Move(source=t.source, to=t.to, quantity=show(t.quantity)) for t in plan)


def _state_text(value: Mapping[str, Any], claim: Claim | None, moves: tuple[Move, ...], unit: str) -> str:
    if moves:
        return ", ".join(f"{m.quantity} {unit} {m.source} → {m.to}" for m in moves)
    if claim is not None and show(claim.available) == value["available"]:
        return "nothing to change: it shows so already"
    now = f"{show(claim.available)} {unit} usable → " if claim else ""
    blocked = f", {value['blocked']} {unit} blocked" if Decimal(value["blocked"]) > ZERO else ""
    return f"{now}{value['available']} {unit} usable{blocked}"


def _act_text(verb: str, value: Mapping[str, Any], unit: str) -> str:
    told = value.get("quantity", "")
    quantity = f", {told} {unit}".rstrip() if told not in ("", "0") else ", quantity not known" if told else ""
    return f"{asked(verb)}{quantity}" + (f", to {value['to']}" if value.get("to") else "")
