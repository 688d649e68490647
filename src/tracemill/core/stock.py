"""Stock: what a system says it holds of a lot, and the blocks that its own people placed."""

from datetime import datetime
from decimal import Decimal

from tracemill.core.draft import Draft
from tracemill.core.ledger import base_unit, in_base, signed_in_base
from tracemill.core.usable import allowance
from tracemill.model.change import Exposed, HoldLifted, HoldPlaced, StockClaimed
from tracemill.model.identifier import derived
from tracemill.model.lot import Claim, Hold
from tracemill.model.material import Restriction, StockObserved, StockRow
from tracemill.model.status import StockStatus

ZERO = Decimal(0)
_NOTHING = dict.fromkeys(StockStatus, ZERO)


def observation(draft: Draft, data: StockObserved, written_at: datetime | None = None) -> bool:
    """Record a reading of one system's stock of a lot. Return False where the reading is too old to say anything.

    A read that began before the last applied one, or before our own write ended, is ignored.
    """
    system = draft.event.source
    started = data.read_started or draft.event.occurred.utc
    last = draft.lot.claims.get(system)
    if last is not None and started <= last.read_started and data.read_started is not None:
        return False
    if written_at is not None and started <= written_at:
        return False
    if draft.policy.owner("quality", draft.lot.material_class, draft.now) != system:
        _foreign_holds(draft, data)
    draft.add(StockClaimed(system=system, claim=_claim(draft, data, started), unit=_unit(draft, data)))
    return True


def _unit(draft: Draft, data: StockObserved) -> str:
    return base_unit(draft, data.rows[0].quantity) if data.rows else draft.lot.unit


def _claim(draft: Draft, data: StockObserved, started: datetime) -> Claim:
    sums = dict(_NOTHING)
    foreign = ZERO
    held_by: dict[str, Decimal] = {}
    owned_by: dict[str, Decimal] = {}
    native: list[str] = []
    for row in data.rows:
        amount = signed_in_base(draft, row.quantity)  # a pack may show a total and what went off it as two rows
        sums[row.status] += amount
        if row.restriction and not _is_ours(draft, row.restriction):
            foreign += amount
        for party, parties in ((row.holder, held_by), (row.owner, owned_by)):
            if party and amount:
                parties[party] = parties.get(party, ZERO) + amount
        if amount:
            native.append(f"{row.native or row.status} {row.quantity}")
    return Claim(
        available=sums[StockStatus.AVAILABLE],
        quarantine=sums[StockStatus.QUARANTINE],
        blocked=sums[StockStatus.BLOCKED],
        read_started=started,
        native=", ".join(native),
        revision=data.revision,
        foreign_blocked=foreign,
        held_by=held_by,
        owned_by=owned_by,
    )


def _is_ours(draft: Draft, restriction: Restriction) -> bool:
    """An echo is recognised by our own write (our user, our token), never by an equal value."""
    tokens = {w.command for w in draft.lot.wanted.values()} | set(draft.lot.acts)
    return bool(restriction.by and restriction.by == draft.source.user) or any(t and t in restriction.token for t in tokens)


def _foreign_holds(draft: Draft, data: StockObserved) -> None:
    """Turn blocks that people of that system placed into holds; lift those that the placer took away."""
    system = draft.event.source
    shown: dict[str, tuple[StockRow, Restriction, Decimal]] = {}
    for row in data.rows:
        if row.restriction and not _is_ours(draft, row.restriction):
            hold_id = derived("hold", draft.lot.id, system, row.restriction.id)
            before = shown[hold_id][2] if hold_id in shown else ZERO
            shown[hold_id] = (row, row.restriction, before + in_base(draft, row.quantity))
    for hold_id, (row, restriction, amount) in shown.items():
        known = draft.lot.holds.get(hold_id)
        if known is None or known.quantity != amount:
            draft.add(HoldPlaced(hold=_foreign(draft, hold_id, row, restriction, amount)))
    for hold in list(draft.lot.holds.values()):
        if hold.system == system and hold.native and hold.id not in shown and hold.place != "message":
            draft.add(HoldLifted(hold=hold.id, reason=hold.reason, by=system, note=f"no longer shown by {system}"))


def _foreign(draft: Draft, hold_id: str, row: StockRow, restriction: Restriction, amount: Decimal) -> Hold:
    return Hold(
        id=hold_id,
        reason=restriction.reason,
        system=draft.event.source,
        placed_at=draft.now,
        quantity=amount,
        by=restriction.by,
        place=row.place,
        native=restriction.id,
    )


def close_exposure(draft: Draft) -> None:
    """End the exposure of a receipt once a reading shows no more free stock than is allowed."""
    system = draft.event.source
    exposure, claim = draft.lot.exposures.get(system), draft.lot.claims.get(system)
    if exposure and exposure.until is None and claim and claim.available <= allowance(draft.lot).target.available:
        draft.add(Exposed(system=system, since=exposure.since, until=claim.read_started))
