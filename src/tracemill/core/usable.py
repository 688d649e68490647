"""Usable: how much of a lot may be used, and every reason why the rest may not."""

from datetime import datetime
from decimal import Decimal

from tracemill.core.entries import GAINS, booked, unseen
from tracemill.model.identifier import derived
from tracemill.model.lot import Hold, Lot, Target
from tracemill.model.quantity import show
from tracemill.model.record import Record
from tracemill.model.status import RELEASING, DispositionKind, HoldReason

ZERO = Decimal(0)
GAINED = (HoldReason.RETURNED, HoldReason.AWAITING_INSPECTION)
BEGINS = ("produced", "transferred_in")  # the accounts, beside the receipt, with which the ledger of a lot begins
UNDECIDED = (DispositionKind.HOLD, DispositionKind.PENDING, DispositionKind.REINSPECT)


class Allowance(Record, frozen=True):
    """What quality's owner and all open holds together allow: amounts in the lot's base unit."""

    known: bool  # False: nobody who may decide has said anything yet
    usable: Decimal
    blocked: Decimal
    total: Decimal
    retained: Decimal = ZERO  # kept aside as samples: systems go on counting it with what may be used

    @property
    def target(self) -> Target:
        return Target(available=self.usable + self.retained, blocked=self.blocked)


def on_hand(lot: Lot) -> Decimal:
    """Return what should exist: received, less destroyed samples, plus signed movements; else what systems claim."""
    if lot.received_at is None and not any(account in lot.moved for account in BEGINS):
        return max((claim.total for claim in lot.claims.values()), default=ZERO)
    return max(ZERO, booked(lot))


def rejected(lot: Lot) -> bool:
    """Say whether a lot, or a part of it, stands rejected for what it is: not for what it was made from."""
    return any(h.reason is HoldReason.REJECTED and not h.root for h in lot.holds.values())


def counted(lot: Lot) -> bool:
    """Say whether anybody has told how much of a lot there is: nothing told is not nothing there."""
    return lot.received_at is not None or bool(lot.claims) or any(account in lot.moved for account in BEGINS)


def used(lot: Lot) -> Decimal:
    """Return how much has left the lot since it began."""
    return -sum((q for q in lot.moved.values() if q < 0), ZERO)


def consumed(lot: Lot) -> Decimal:
    """Return how much of what has left the lot went into production, which is what a system that permits use counts itself."""
    return max(ZERO, -lot.moved.get("consumed", ZERO))


def decided(lot: Lot) -> tuple[Decimal, Decimal]:
    """Return (accepted, rejected) by quality's last decision; a part without quantity is the rest of the lot."""
    if lot.disposition is None:
        return ZERO, ZERO
    gone = used(lot)
    base = on_hand(lot) + gone - unseen(lot)
    named = sum((p.quantity.amount for p in lot.disposition.parts if p.quantity), ZERO)
    accepted = rejected = ZERO
    for part in lot.disposition.parts:
        amount = part.quantity.amount if part.quantity else max(ZERO, base - named)
        if part.decision in RELEASING:
            accepted += amount
        elif part.decision not in UNDECIDED:
            rejected += amount
    return max(ZERO, accepted - gone), rejected


def allowance(lot: Lot) -> Allowance:
    """Quality's owner decides; any hold restricts: one without a quantity restricts everything."""
    total = on_hand(lot)
    accepted, rejected = decided(lot)
    whole = [h for h in lot.holds.values() if h.quantity is None]
    others = _restricted_by_others(lot, rejected)
    doubted = sum((h.quantity or ZERO for h in _disputes(lot) if h.system != "hub"), ZERO)
    free = ZERO if whole else max(ZERO, min(min(accepted, total - unseen(lot)) - others, total - _shown_beyond(lot)))
    retained = min(free, sum(lot.retained.values(), ZERO))
    return Allowance(
        known=lot.disposition is not None or bool(whole),
        usable=free - retained,
        blocked=min(rejected + others - doubted, total),
        total=total,
        retained=retained,
    )  # what systems disagree about waits in quarantine: nobody decided to block it


def _disputes(lot: Lot) -> list[Hold]:
    return [h for h in lot.holds.values() if h.reason is HoldReason.CONFLICT and h.quantity is not None]


def _shown_beyond(lot: Lot) -> Decimal:
    """Return how much a system lets people use beyond what is allowed.

    That is material which is restricted already; only a system that shows more than there is makes it more.
    """
    return max((h.quantity or ZERO for h in _disputes(lot) if h.system == "hub"), default=ZERO)


def quality_hold(lot: str, reason: HoldReason) -> str:
    """Return the id of the hold that quality's own decision places for a reason: one of each kind."""
    return derived("hold", lot, "quality", reason)


def awaiting(lot: str, now: datetime) -> Hold:
    """Return the hold of a lot that quality has to look at: its decision lifts it."""
    hold_id = quality_hold(lot, HoldReason.AWAITING_INSPECTION)
    return Hold(id=hold_id, reason=HoldReason.AWAITING_INSPECTION, system="hub", placed_at=now)


def gain_hold(lot: str, account: str) -> str:
    """Return the id of the hold on what a lot gained since quality decided."""
    return derived("hold", lot, "gain", account)


def gained(hold: Hold, lot: Lot) -> bool:
    """Say whether a hold is on what quality has not seen yet: its next decision lifts it, nobody else."""
    return hold.reason in GAINED and any(hold.id == gain_hold(lot.id, account) for account in GAINS)


def dated_hold(lot: str, reason: HoldReason) -> str:
    """Return the id of the hold that the calendar places: a date has passed."""
    return derived("hold", lot, "date", reason)


def dated(hold: Hold, lot: Lot) -> bool:
    """Say whether the calendar placed a hold: its note is the day, and only quality moves that."""
    return hold.reason in (HoldReason.EXPIRED, HoldReason.RETEST) and hold.id == dated_hold(lot.id, hold.reason)


def _restricted_by_others(lot: Lot, rejected: Decimal) -> Decimal:
    """Sum the holds on quantities beside quality's own decision.

    Somebody's block "because it is rejected" is the same material that quality rejected; only what it exceeds is more.
    """
    found = [h for h in lot.holds.values() if h.quantity is not None]
    if not found:
        return ZERO
    decision = quality_hold(lot.id, HoldReason.REJECTED)
    found = [h for h in found if h.id != decision and not (h.reason is HoldReason.CONFLICT and h.system == "hub")]
    found = [h for h in found if not gained(h, lot)]  # quality has not accepted that
    echoes = sum((h.quantity or ZERO for h in found if h.reason is HoldReason.REJECTED), ZERO)
    return sum((h.quantity or ZERO for h in found if h.reason is not HoldReason.REJECTED), ZERO) + max(ZERO, echoes - rejected)


class Reason(Record, frozen=True):
    """One reason why (a part of) a lot is not released: who owns it, since when, what to do."""

    text: str
    owner: str
    since: datetime | None = None
    kind: str = ""
    next_action: str = ""


WORDS = {
    HoldReason.AWAITING_INSPECTION: "awaiting inspection",
    HoldReason.QUALITY: "on hold by quality",
    HoldReason.REJECTED: "rejected by quality",
    HoldReason.UNREAD: "a message about it could not be read",
    HoldReason.CONFLICT: "systems disagree",
    HoldReason.DAMAGE: "damaged",
    HoldReason.CUSTOMS: "held by customs",
    HoldReason.RECALL: "recalled",
    HoldReason.EXPIRED: "expired",
    HoldReason.RETEST: "retest due",
    HoldReason.MISSING_CERTIFICATE: "certificate missing",
    HoldReason.INCOMPLETE_GENEALOGY: "genealogy incomplete",
    HoldReason.DEVIATION: "made outside the limits of its process",
    HoldReason.RETURNED: "came back from a customer",
    HoldReason.IDENTITY: "its identity is not clear",
    HoldReason.REQUIREMENT: "not ready for release",
    HoldReason.SUSPECTED: "suspected, a customer complains",
    HoldReason.OTHER: "blocked",
}
_NEXT = {
    HoldReason.AWAITING_INSPECTION: "decide the inspection in {system}",
    HoldReason.UNREAD: "read it: tracemill msg show {native}",
    HoldReason.REJECTED: "quality decides again in {system}, or the goods are returned",
    HoldReason.QUALITY: "quality decides again in {system}",
    HoldReason.CONFLICT: "restrict it there; the hold lifts itself once that is read back",
    HoldReason.EXPIRED: "it is scrapped, or quality decides until when it may be used",
    HoldReason.DEVIATION: "look at what it was made under, then lift the hold",
    HoldReason.RETURNED: "quality looks at it and decides again in {system}",
    HoldReason.RETEST: "test it again and decide; quality may say until when it may be used",
    HoldReason.SUSPECTED: "look into the complaint, then lift the hold or recall the lot",
    HoldReason.REQUIREMENT: "see what is missing: tracemill why {origin}",
    HoldReason.INCOMPLETE_GENEALOGY: "see what is missing: tracemill why {origin}",
    HoldReason.IDENTITY: "compare both lots, say which it is, then lift the hold",
}


_OF_ORIGIN = (HoldReason.REQUIREMENT, HoldReason.INCOMPLETE_GENEALOGY)


def _next(hold: Hold, system: str, lot: Lot) -> str:
    """Say what ends a hold: a step of the one who can take it."""
    if hold.step:
        return hold.step
    placer = "people at the hub lift it" if hold.system == "hub" else "the placer lifts it in {system}"
    if hold.system == "hub" and hold.reason is HoldReason.QUALITY and hold.id != quality_hold(lot.id, hold.reason):
        return placer  # no decision of quality placed it, so none lifts it
    known = {} if hold.reason in _OF_ORIGIN and not hold.root else _NEXT
    return known.get(hold.reason, placer).format(system=system, native=hold.native, origin=hold.origin_number)


def said(amount: Decimal, lot: Lot) -> str:
    """Write an amount in the lot's unit; without one where nobody has told it, rather than in pieces."""
    return str(lot.quantity(amount)) if lot.unit else show(amount)


def named(system: str) -> str:
    """Write a system as people say it: erp is ERP, qms-cloud stays."""
    return system.upper() if system.isalpha() and len(system) <= 4 and system != "hub" else system or "nobody"


def hold_words(hold: Hold, lot: Lot) -> str:
    """Say a hold in words: what, how much, by whom."""
    unknown = hold.quantity == ZERO and not counted(lot)
    amount = "a quantity not known, " if unknown else "" if hold.quantity is None else f"{said(hold.quantity, lot)} "
    by = f" by {hold.by}" if hold.by and hold.by != hold.system else ""
    note = f"{' ' if dated(hold, lot) else ': '}{hold.note}" if hold.note else ""  # expired 2026-11-20
    placer = "" if hold.system == "hub" and not by else f" ({hold.system}{by})"
    source = f", made from {hold.origin_number}" if hold.root else ""
    return f"{amount}{WORDS[hold.reason]}{placer}{source}{note}"


UNDECIDED_TEXT = "nobody who may decide about its quality has said anything"


def obstacles(lot: Lot) -> list[str]:
    """Say what keeps all of a lot from being used: each hold on the whole of it, and that nobody has decided."""
    found = [hold_words(h, lot) for h in lot.holds.values() if h.quantity is None]
    return found if allowance(lot).known else [*found, UNDECIDED_TEXT]


def reasons(lot: Lot, quality: str = "") -> list[Reason]:
    """List every reason why a lot, or a part of it, is not released; the oldest first. `quality` is who owns quality."""
    found = [
        Reason(
            text=hold_words(h, lot),
            owner=who,
            since=h.placed_at,
            kind=h.reason,
            next_action=_next(h, who, lot),
        )
        for h in lot.holds.values()
        for who in [quality or h.system if h.reason is HoldReason.AWAITING_INSPECTION else h.owner or h.system]
    ]
    if lot.disposition is None and not any(h.reason is HoldReason.AWAITING_INSPECTION or h.step for h in lot.holds.values()):
        text = UNDECIDED_TEXT
        step = f"decide about it in {quality}" if quality else "say in authority.yaml who owns quality"
        found.append(Reason(text=text, owner=quality, kind="unknown", next_action=step))
    for system, wanted in lot.wanted.items():
        if wanted.state not in ("verified", "superseded") and wanted.target.available > ZERO:
            text = f"{system} was asked to release {lot.quantity(wanted.target.available)}: {wanted.state}"
            detail = f" ({wanted.detail})" if wanted.detail else ""
            found.append(Reason(text=text + detail, owner=system, since=wanted.decided_at, kind="delivery"))
    return sorted(found, key=lambda r: (r.since is None, r.since))


def verdict(lot: Lot) -> str:
    """Return the one word for a lot: released, conditional, quarantine, hold, rejected or unknown."""
    allowed = allowance(lot)
    kinds = {h.reason for h in lot.holds.values()}
    if not allowed.known:
        return "unknown"
    if allowed.usable > ZERO:
        return "released" if allowed.target.available == allowed.total and not kinds else "conditional"
    if kinds - {HoldReason.REJECTED, HoldReason.AWAITING_INSPECTION}:
        return "hold"
    if HoldReason.REJECTED in kinds:
        return "rejected"
    return "quarantine"
