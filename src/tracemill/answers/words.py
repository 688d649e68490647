"""Words: how facts are said to people."""

from collections.abc import Sequence
from datetime import datetime, timedelta
from decimal import Decimal

from tracemill.core.usable import counted as counted_at_all
from tracemill.core.usable import dated, said
from tracemill.core.usable import named as named
from tracemill.model.lot import Hold, Lot
from tracemill.model.quality import Part
from tracemill.model.status import DispositionKind, HoldReason

ZERO = Decimal(0)

_HELD = {
    HoldReason.AWAITING_INSPECTION: "waiting for inspection",
    HoldReason.QUALITY: "on hold by {system}",
    HoldReason.REJECTED: "rejected by {system}",
    HoldReason.UNREAD: "held, because a message of {system} could not be read",
    HoldReason.CONFLICT: "held, because systems disagree",
    HoldReason.DAMAGE: "damaged in {system}",
    HoldReason.CUSTOMS: "held by customs in {system}",
    HoldReason.RECALL: "recalled",
    HoldReason.EXPIRED: "expired",
    HoldReason.RETEST: "due for its retest",
    HoldReason.MISSING_CERTIFICATE: "held, because its certificate is missing",
    HoldReason.INCOMPLETE_GENEALOGY: "held, because its genealogy is incomplete",
    HoldReason.DEVIATION: "held, because it was made outside the limits of its process",
    HoldReason.RETURNED: "back from a customer and not yet decided about",
    HoldReason.IDENTITY: "held, because it is not clear which lot it is",
    HoldReason.REQUIREMENT: "not ready for release",
    HoldReason.SUSPECTED: "suspected, a customer complains",
    HoldReason.OTHER: "blocked in {system}",
}

ACCOUNTS = {  # the sums of a ledger, where they are not called as the kind of movement
    "transferred_in": "transferred in", "transferred_out": "transferred out", "returned_to_supplier": "returned to the supplier",
}  # fmt: skip

_ASKED = {
    "post_sample": "sample posting", "set_status": "status", "notify": "mail", "block_shipment": "shipment block",
    "block_order": "order block",
}  # fmt: skip

DECIDED = {
    DispositionKind.ACCEPT: "accepted", DispositionKind.CONCESSION: "accepted by concession", DispositionKind.REJECT: "rejected",
    DispositionKind.REWORK: "to be reworked", DispositionKind.REGRADE: "regraded", DispositionKind.RETURN: "to be returned",
    DispositionKind.SCRAP: "to be scrapped", DispositionKind.REINSPECT: "to be inspected again",
    DispositionKind.INVALIDATED: "decision invalidated", DispositionKind.HOLD: "put on hold", DispositionKind.PENDING: "pending",
}  # fmt: skip


def decided(parts: Sequence[Part], lot: Lot) -> str:
    """Say a decision by its parts: 383 kg accepted, 96 kg rejected."""
    rest = "all" if len(parts) == 1 else "the rest"
    return ", ".join(f"{_part(p, lot) if p.quantity else rest} {DECIDED[p.decision]}{_until(p)}" for p in parts)


def _until(part: Part) -> str:
    return f" until {part.until}" if part.until else ""


def _part(part: Part, lot: Lot) -> str:
    return amount(part.quantity.amount, lot) if part.quantity and lot.unit else str(part.quantity)


def held(hold: Hold, lot: Lot) -> str:
    if hold.root:
        return f"held, made from {hold.origin_number}: {hold.reason.replace('_', ' ')}"
    words = _HELD[hold.reason].format(system=f"people at the {named('hub')}" if hold.system == "hub" else named(hold.system))
    words += f", in handling unit {hold.unit}" if hold.unit else ""
    return f"{words} {hold.note}" if dated(hold, lot) else words  # expired 2026-11-20


def held_clause(hold: Hold, lot: Lot) -> str:
    """Say a hold as a clause: 96 kg are rejected by QMS."""
    if hold.quantity is None:
        return f"all of it is {held(hold, lot)}"
    if hold.quantity == ZERO and not counted_at_all(lot):
        return f"a quantity not known is {held(hold, lot)}"
    return f"{amount(hold.quantity, lot)} {'is' if hold.quantity == 1 else 'are'} {held(hold, lot)}"


def asked(verb: str) -> str:
    """Say a verb of a command as people do."""
    return _ASKED.get(verb, verb.replace("_", " "))


def amount(value: Decimal, lot: Lot) -> str:
    return said(value, lot)


def age(since: datetime, now: datetime) -> str:
    """Say how long ago something was, to one unit."""
    seconds = max(0, int((now - since) / timedelta(seconds=1)))
    for size, name in ((86400, "d"), (3600, "h"), (60, "min")):
        if seconds >= size * (1 if name != "d" else 2):
            return f"{seconds // size} {name}"
    return f"{seconds} s"


def lasting(seconds: float) -> str:
    """Say how long something took, as exactly as people need it: 1.9 s, 4 min, 13 d."""
    for size, name in ((86400, "d"), (3600, "h"), (60, "min")):
        if seconds >= 2 * size:
            return f"{int(seconds // size)} {name}"
    return f"{seconds:.1f} s"


def ages(since: datetime, now: datetime) -> float:
    """Return an age in seconds, never negative."""
    return round(max(0.0, (now - since).total_seconds()), 3)


def counted(count: int, word: str) -> str:
    """Say how many: 1 lot, 43 lots."""
    return f"{count:,} {word}" + ("" if count == 1 else "s")
