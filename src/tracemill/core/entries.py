"""Entries: the movements of a lot as its ledger keeps them, each under its system and its own id."""

from collections.abc import Mapping
from decimal import Decimal

import msgspec

from tracemill.model.change import Moved
from tracemill.model.lot import Entry, Lot
from tracemill.model.status import MovementKind

ZERO = Decimal(0)
# What makes more of a lot than quality saw when it decided: it waits until quality decides again.
GAINS = ("adjusted", "returned", "transferred_in")
Entries = Mapping[str, Entry]


def entry_key(system: str, movement: str) -> str:
    """Return the key of a movement: ids are unique within a system. Without an id nothing can refer to it."""
    return f"{system}/{movement}" if movement else ""


def entered(entries: Entries, key: str, told: Entry) -> dict[str, Entry]:
    """Add an entry. An id told in several lines is one entry; under another kind, or without an id, it is one of its own."""
    known = entries.get(key)
    if known is not None and known.kind == told.kind:
        return {**entries, key: msgspec.structs.replace(known, quantity=known.quantity + told.quantity)}
    return {**entries, f"{key}#{len(entries)}" if known is not None or not key else key: told}


def after_movement(entries: Entries, ch: Moved) -> dict[str, Entry]:
    """Return the entries after a movement; a reversal also takes back what it refers to."""
    if ch.at is None:
        raise ValueError("an entry has its time")
    told = Entry(
        kind=ch.kind, quantity=ch.quantity, at=ch.at, account=ch.account, counts=ch.counts, reverses=ch.reverses, waits=ch.waits,
        told=ch.native if ch.kind == MovementKind.REVERSED else None, counted=ch.counted,
        undone_by=ch.undone_by,
        order=ch.order,
    )  # fmt: skip
    key = entry_key(ch.system, ch.movement)
    if ch.kind != MovementKind.REVERSED:
        return entered(entries, key, told)
    found = {**entries, key: told}  # one that waited is told again once it is known what it takes back
    original = entries.get(entry_key(ch.system, ch.reverses))
    if original is not None and (ch.quantity or original.counted is not None):
        back = original.taken_back + abs(ch.quantity)
        void = back == abs(original.quantity) or original.counted is not None
        found[entry_key(ch.system, ch.reverses)] = msgspec.structs.replace(original, taken_back=back, void=void)
    return found


def booked(lot: Lot) -> Decimal:
    """Return what the ledger has: received, less destroyed samples, plus signed movements. It may be below zero."""
    return lot.received - sum(lot.samples.values(), ZERO) + sum(lot.moved.values(), ZERO)


def came(lot: Lot) -> Decimal:
    """Return all that ever came of a lot: received, made here, arrived from another site, or found in a count."""
    brought = sum((lot.moved.get(account, ZERO) for account in ("received", "produced", "transferred_in")), ZERO)
    return lot.received + brought + max(ZERO, lot.moved.get("adjusted", ZERO))


def uncovered(lot: Lot, account: str) -> Decimal:
    """Return how much a lot gained on an account since quality decided: found in a count, sent back, come from elsewhere."""
    return max(ZERO, lot.moved.get(account, ZERO) - lot.covered.get(account, ZERO))


def unseen(lot: Lot) -> Decimal:
    """Return how much of a lot quality's last decision did not know of."""
    return sum((uncovered(lot, account) for account in GAINS), ZERO)
