"""Movements: what is booked into the ledger of a lot, by whom it counts, and what takes it back.

Whatever the order in which movements, counts and reversals are told, the ledger ends the same.
"""

from collections.abc import Iterable
from decimal import Decimal

from tracemill.core.descent import descend
from tracemill.core.draft import Draft
from tracemill.core.entries import entry_key
from tracemill.core.evolve import replace
from tracemill.core.inheritance import Bond
from tracemill.core.ledger import base_unit, in_base, owned
from tracemill.core.material import edge, inherit, transfer
from tracemill.model.change import Moved
from tracemill.model.decision import Case
from tracemill.model.lot import Entry, Lot
from tracemill.model.material import MovementRecorded
from tracemill.model.quantity import Quantity
from tracemill.model.status import CaseKind, Consequence, Direction, Evidence, MovementKind, Side

K = MovementKind
BRINGS = frozenset({K.RECEIVED, K.PRODUCED})
EITHER_WAY = frozenset({K.ADJUSTED, K.TRANSFERRED, K.RETURNED})
TOLD_ELSEWHERE = frozenset({K.RECEIVED, K.SAMPLED})  # the ledger has these from other events
ACCOUNTS = {
    (K.TRANSFERRED, Direction.IN): "transferred_in",
    (K.TRANSFERRED, Direction.OUT): "transferred_out",
    (K.RETURNED, Direction.OUT): "returned_to_supplier",
}


class Unbookable(ValueError):
    """A movement that does not say what it moved; `hint` is what mends it."""

    def __init__(self, text: str, hint: str) -> None:
        super().__init__(text)
        self.hint = hint


def movement(draft: Draft, data: MovementRecorded) -> None:
    """Book a movement. It counts if it comes from the owner of movements; others are shown."""
    kind = _kind(data)
    if not data.movement:
        raise Unbookable("a movement without an id", "map its id at the source: a movement is told once")
    if kind is K.REVERSED:
        _reversal(draft, data)
    elif data.counted is not None:
        _count(draft, data, kind)
    else:
        _plain(draft, data, kind)


def _kind(data: MovementRecorded) -> MovementKind:
    try:
        return MovementKind(data.kind)
    except ValueError:
        raise Unbookable(
            f"movement kind {data.kind!r} is not known", f"map it to one of: {', '.join(MovementKind)}; then replay this message"
        ) from None


def _plain(draft: Draft, data: MovementRecorded, kind: MovementKind) -> None:
    if data.quantity is None:
        raise Unbookable(f"a movement {kind} without a quantity", "map quantity, then replay this message")
    amount = in_base(draft, data.quantity)
    quantity = amount if _direction(data, kind) is Direction.IN else -amount
    within = kind is K.TRANSFERRED and data.direction is None
    if kind is K.TRANSFERRED and bool(data.transfer) is within:
        raise Unbookable(
            "a transfer to or from another site says both its direction and its number",
            "map direction and transfer (the order or delivery that both sites name), then replay this message",
        )
    if _told_before(draft, data, kind, quantity):
        return
    draft.add(
        Moved(
            movement=data.movement, kind=kind, quantity=quantity, system=draft.event.source, order=data.order,
            counts=owned(draft) and kind not in TOLD_ELSEWHERE and not within,
            account=ACCOUNTS.get((kind, data.direction), "") if data.direction else "",
            at=draft.event.occurred.utc, native=data.quantity,
        )
    )  # fmt: skip
    if data.transfer:
        side = Side.OUTPUT if quantity > 0 else Side.INPUT
        edge(draft, side, amount, base_unit(draft, data.quantity), transfer(data.transfer), Evidence.SCANNED,
             draft.event.occurred.utc, draft.event.source, data.movement)  # fmt: skip
        draft.spread()


def arrived(draft: Draft, data: MovementRecorded, parents: Iterable[Lot], origins: dict[str, Lot]) -> None:
    """Book what came from another site: the same material, with what restricts it there; quality here decides about it here."""
    parents = list(parents)
    descend(draft, parents)
    movement(draft, data)
    inherit(draft, parents, origins, Bond.SAME)


def _direction(data: MovementRecorded, kind: MovementKind) -> Direction:
    """Return the direction of a movement: that of its kind, or the one that was told."""
    if kind not in EITHER_WAY:
        return Direction.IN if kind in BRINGS else Direction.OUT
    if kind is K.ADJUSTED and data.direction is None:
        raise Unbookable(
            "an adjustment that says neither its direction nor what was counted",
            "map direction (in: more is there than booked; out: less) or counted, then replay this message",
        )
    return data.direction or Direction.IN  # a return is a customer's, unless it goes out


def _told_before(draft: Draft, data: MovementRecorded, kind: MovementKind, quantity: Decimal) -> bool:
    """Say whether this very movement is known; raises Unbookable where the same id was told as another one."""
    known = draft.lot.entries.get(entry_key(draft.event.source, data.movement))
    if known is None:
        return False
    if (known.kind, known.quantity) == (kind, quantity):
        return True
    raise Unbookable(
        f"movement {data.movement} was told before as {known.kind} of {draft.lot.quantity(abs(known.quantity))}",
        "a movement is told once: book what is to change as a reversal (reverses) and a new movement, then discard this message",
    )


def _count(draft: Draft, data: MovementRecorded, kind: MovementKind) -> None:
    """Note how much was found; the difference to what the ledger has as of then follows, see `settle`."""
    if kind is not K.ADJUSTED or data.quantity is not None or data.direction is not None or data.counted is None:
        raise Unbookable(
            "what was counted comes as adjusted, without quantity and direction: the hub finds the difference",
            "map kind: adjusted and counted only, then replay this message",
        )
    found = in_base(draft, data.counted)
    known = draft.lot.entries.get(entry_key(draft.event.source, data.movement))
    if known is not None and known.counted == found:
        return
    if known is not None:
        _told_before(draft, data, kind, found)
    draft.add(
        Moved(
            movement=data.movement, kind=kind, quantity=Decimal(0), system=draft.event.source, order=data.order,
            counts=owned(draft), at=draft.event.occurred.utc, native=data.counted, counted=found,
        )
    )  # fmt: skip


def _reversal(draft: Draft, data: MovementRecorded) -> None:
    if not data.reverses:
        raise Unbookable("a reversal that does not say what it takes back", "map reverses: the id of that movement")
    known = draft.lot.entries.get(entry_key(draft.event.source, data.movement))
    if known is not None and (known.kind, known.reverses, known.told) == (K.REVERSED, data.reverses, data.quantity):
        return
    if known is not None:
        _told_before(draft, data, K.REVERSED, Decimal(0))
    if data.quantity is not None:
        in_base(draft, data.quantity)  # what cannot be compared is refused now, not when its original comes
    original = draft.lot.entries.get(entry_key(draft.event.source, data.reverses))
    if original is not None and original.undone_by:
        raise Unbookable(
            f"a reversal of {data.reverses}, by which more changed than {draft.lot.number}",
            f"tell {original.undone_by}; then discard this message",
        )
    take_back(draft, draft.event.source, data.movement, data.reverses, data.quantity)


def take_back(draft: Draft, system: str, movement: str, reverses: str, told: Quantity | None) -> None:
    """Take a movement back, or a part of it: the opposite sign, as of when it happened, and its edge of the genealogy."""
    original = draft.lot.entries.get(entry_key(system, reverses))
    change = Moved(
        movement=movement, kind=K.REVERSED, quantity=Decimal(0), system=system, counts=False, at=draft.event.occurred.utc,
        native=told, reverses=reverses,
    )  # fmt: skip
    if original is None:
        draft.add(replace(change, waits=True))
        draft.case(_unknown(draft, system, movement, reverses))
        return
    left = abs(original.net)
    amount = left if told is None else in_base(draft, told)
    if original.void or original.kind == K.REVERSED or original.undone_by or amount > left:
        draft.add(change)
        draft.case(_not_taken_back(draft, system, movement, reverses, original))
        return
    opposite = -amount if original.quantity > 0 else amount
    account = original.account or original.kind
    draft.add(
        replace(change, quantity=opposite, account=account, counts=original.counts, at=original.at, order=original.order)
    )  # fmt: skip
    _unlink(draft, original, system, movement, opposite)


def _unlink(draft: Draft, original: Entry, system: str, movement: str, opposite: Decimal) -> None:
    """Take the edge back, too: what was made from it no longer was."""
    if original.work is None or original.side is None:
        return
    quantity = -opposite if original.side is Side.INPUT else opposite
    edge(draft, original.side, quantity, draft.lot.unit, original.work, original.evidence, original.at, system, movement)
    if original.side is Side.INPUT:
        draft.spread()


def _unknown(draft: Draft, system: str, movement: str, reverses: str) -> Case:
    return Case(
        key=reversal_key(draft.lot.id, system, movement),
        kind=CaseKind.CONFLICT,
        lot=draft.lot.id,
        title=f"{movement} takes back {reverses} of {draft.lot.number}, which nobody told; nothing is taken back yet",
        consequence=Consequence.LATE,
        next_action=f"find {reverses} in {system}: the case closes itself once that movement is told",
        evidence={"system": system, "movement": movement, "reverses": reverses},
    )


def _not_taken_back(draft: Draft, system: str, movement: str, reverses: str, original: Entry) -> Case:
    done = "was taken back already" if original.void else "is a reversal itself" if original.reverses else "is less than that"
    step = f"compare both in {system} and book there what is true"
    if original.undone_by:
        done, step = f"changed more than {draft.lot.number}", f"let {system} tell {original.undone_by}"
    return Case(
        key=reversal_key(draft.lot.id, system, movement),
        kind=CaseKind.CONFLICT,
        lot=draft.lot.id,
        title=f"{movement} takes back {reverses} of {draft.lot.number}, but that {done}; nothing is taken back",
        consequence=Consequence.LATE,
        next_action=step,
        evidence={"system": system, "movement": movement, "reverses": reverses},
    )


def reversal_key(lot: str, system: str, movement: str) -> str:
    return f"reversal:{lot}:{system}:{movement}"[:400]
