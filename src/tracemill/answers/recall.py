"""A recall as it stands: its clock, scope versions, lots, totals, whom to call, and whether that is all."""

from collections import Counter
from collections.abc import Iterable, Mapping
from datetime import datetime
from decimal import Decimal

from sqlalchemy import Connection

from tracemill.answers import scope
from tracemill.answers.adjacency import Adjacency
from tracemill.answers.clean_point import CleanPoint, clean_points
from tracemill.answers.scope import Delivered, ScopeLot
from tracemill.answers.trace_view import GapView
from tracemill.model.policy import Policy
from tracemill.model.recall import Contained, Recall
from tracemill.model.record import Record
from tracemill.model.reference import Contact
from tracemill.model.status import DeliveryState, ShipmentState
from tracemill.store import recalls
from tracemill.store.lots import states

ZERO = Decimal(0)


class Totals(Record, frozen=True, omit_defaults=False):
    """The sums of a scope in one unit: `held + not yet held + consumed + shipped + escaped = requested`."""

    requested: Decimal = ZERO
    on_hand: Decimal = ZERO
    held: Decimal = ZERO
    consumed: Decimal = ZERO
    shipped: Decimal = ZERO
    escaped: Decimal = ZERO
    not_yet_held: Decimal = ZERO
    in_transit: Decimal = ZERO
    staged: Decimal = ZERO
    in_process: Decimal = ZERO


class Exclusion(Record, frozen=True):
    """A lot that was left out of a scope, by whom and why."""

    lot: str
    by: str
    because: str


class VersionView(Record, frozen=True):
    """A frozen scope: how many lots it had, and the position of each site that it was made at."""

    version: int
    at: datetime
    actor: str
    why: str
    lots: int
    positions: dict[str, int]
    excluded: tuple[Exclusion, ...] = ()


class WouldSend(Record, frozen=True):
    """What a mock recall would ask of a system."""

    lot: str
    system: str
    available: Decimal
    unit: str


class SystemHolds(Record, frozen=True, omit_defaults=False):
    """How many lots of a scope one system has, and how far their holds are there: each lot counts once."""

    system: str
    lots: int = 0
    not_asked: int = 0
    requested: int = 0  # on its way
    accepted: int = 0  # taken by the system, not read back yet
    read_back: int = 0  # and nothing of it is loose there
    failed: int = 0  # not delivered, in doubt, or held by a status that does not block


class Destination(Record, frozen=True):
    """A customer, and how much of the scope went there or is staged for it."""

    customer: str
    customer_name: str
    place: str
    unit: str
    state: ShipmentState
    quantity: Decimal
    shipments: tuple[str, ...]
    lots: tuple[str, ...]
    contacts: tuple[Contact, ...] = ()


class RecallView(Record, frozen=True):
    """Everything about a recall, as the hub knows it now."""

    recall: Recall
    sentence: str
    complete: bool
    contained: bool
    gaps: tuple[GapView, ...]
    versions: tuple[VersionView, ...]
    lots: tuple[ScopeLot, ...]
    totals: dict[str, Totals]
    customers: tuple[Destination, ...]
    would_send: tuple[WouldSend, ...] = ()
    holds: tuple[SystemHolds, ...] = ()
    clean_points: tuple[CleanPoint, ...] = ()
    doubts: tuple[GapView, ...] = ()  # lots that are in because nothing clears them


def view(c: Connection, adjacency: Adjacency, policies: Mapping[str, Policy], key: str) -> RecallView | None:
    """Tell a recall; None where there is none."""
    known = recalls.one(c, key)
    if known is None:
        return None
    left_out = recalls.excluded(c, key)
    found = scope.current(c, adjacency, known)
    asked = None if known.mock else known.hold_asked_at
    lots = scope.described(c, found, policies, asked, left_out)
    counted = [x for x in lots if not x.excluded_by]
    why = (*found.gaps, *_uncounted(counted))
    contained = all(x.standing.contained for x in counted)
    return RecallView(
        recall=known, sentence=_sentence(known, counted, contained, not why), complete=not why, contained=contained, gaps=why,
        doubts=found.doubts, clean_points=clean_points(c, adjacency, known.origin, found, left_out),
        versions=_versions(c, key), lots=lots, totals=_totals(counted), holds=_holds(counted, asked is not None),
        customers=_customers(counted),
        would_send=_would_send(counted) if known.mock else (),
    )  # fmt: skip


def _uncounted(lots: Iterable[ScopeLot]) -> tuple[GapView, ...]:
    unknown = [x.number for x in lots if not x.standing.known]
    text = f"{len(unknown)} lot{'' if len(unknown) == 1 else 's'} of which nobody told how much there is"
    return (GapView(gap="unknown_quantity", count=len(unknown), text=text, examples=tuple(unknown[:5])),) if unknown else ()


def _versions(c: Connection, key: str) -> tuple[VersionView, ...]:
    frozen = recalls.versions(c, key)
    numbers = {i: state.number for i, state in states(c, {i for v in frozen for i in v.excluded}).items()}
    return tuple(
        VersionView(
            version=v.version, at=v.at, actor=v.actor, why=v.why, lots=len(v.lots), positions=v.positions,
            excluded=tuple(Exclusion(lot=numbers[i], by=by, because=why) for i, (by, why) in v.excluded.items()),
        )
        for v in frozen
    )  # fmt: skip


def _sentence(known: Recall, lots: list[ScopeLot], contained: bool, complete: bool) -> str:
    reached = f"{len(lots)} lot{'' if len(lots) == 1 else 's'}"
    said = f"{known.id}{' MOCK' if known.mock else ''}: {known.origin.words()} reaches {reached}"
    open_ = sum(not x.standing.contained for x in lots)
    waits = "nothing is sent" if known.mock else "nothing held yet" if known.hold_asked_at is None else ""
    held = waits or ("all contained" if contained else f"{open_} not contained")
    return f"{said}, {held}; {'complete' if complete else 'INCOMPLETE'}"


def _totals(lots: Iterable[ScopeLot]) -> dict[str, Totals]:
    """Sum a scope by unit: kilograms and pieces do not add up."""
    sums: dict[str, dict[str, Decimal]] = {}
    for x in lots:
        unit = sums.setdefault(x.unit or "C62", dict.fromkeys(Totals.__struct_fields__, ZERO))
        for field in unit:
            unit[field] += x.in_process if field == "in_process" else getattr(x.standing, field)
    return {unit: Totals(**found) for unit, found in sorted(sums.items())}


def _customers(lots: Iterable[ScopeLot]) -> tuple[Destination, ...]:
    by: dict[tuple[str, ...], list[tuple[ScopeLot, Delivered]]] = {}
    for x in lots:
        for s in x.shipments:
            by.setdefault((s.customer, s.customer_name, s.place, s.unit, s.state), []).append((x, s))
    return tuple(
        Destination(
            customer=k[0], customer_name=k[1], place=k[2], unit=k[3], state=ShipmentState(k[4]),
            quantity=sum((s.quantity for _, s in found), ZERO),
            shipments=tuple(sorted({s.shipment for _, s in found})), lots=tuple(sorted({x.number for x, _ in found})),
            contacts=_contacts(s for _, s in found),
        )
        for k, found in sorted(by.items())
    )  # fmt: skip


def _holds(lots: Iterable[ScopeLot], asked: bool) -> tuple[SystemHolds, ...]:
    """Count the lots of which a system shows something, or was asked for something, by how far their hold is there."""
    sums: dict[str, Counter[str]] = {}
    for x in lots:
        for s in x.standing.systems:
            if s.total or s.state:
                sums.setdefault(s.system, Counter()).update(("lots", _how_far(s, asked)))
    return tuple(SystemHolds(system=name, **found) for name, found in sorted(sums.items()))


def _how_far(s: Contained, asked: bool) -> str:
    if asked and s.contained:
        return "read_back"
    if not asked or not s.state:
        return "not_asked"
    if s.state in (DeliveryState.DEAD, DeliveryState.IN_DOUBT, DeliveryState.CANCELLED, DeliveryState.VERIFIED):
        return "failed"
    return "accepted" if s.state == DeliveryState.DELIVERED else "requested"


def _contacts(sent: Iterable[Delivered]) -> tuple[Contact, ...]:
    """Name whom to call: what the newest shipment tells comes first."""
    newest = sorted(sent, key=lambda s: s.at, reverse=True)
    return tuple(dict.fromkeys(contact for s in newest for contact in s.contacts))


def _would_send(lots: Iterable[ScopeLot]) -> tuple[WouldSend, ...]:
    return tuple(
        WouldSend(lot=x.number, system=s.system, available=s.available, unit=x.unit)
        for x in lots for s in x.standing.systems if s.available > ZERO
    )  # fmt: skip


def listed(c: Connection) -> list[Recall]:
    """List all recalls, the newest first."""
    return recalls.every(c)
