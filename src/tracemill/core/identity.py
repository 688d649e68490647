"""Identity: which lot is meant. Ids are opaque; a collision makes a new, restricted lot, because merging later is easier."""

from datetime import datetime

from tracemill.core.inspection_history import History
from tracemill.core.usable import rejected
from tracemill.core.vessel import Vessel
from tracemill.model.event import Event
from tracemill.model.handling_unit import Standing
from tracemill.model.identifier import derived, look
from tracemill.model.inspection import HistoryKey
from tracemill.model.lot import Hold, Lot
from tracemill.model.material import LotReceived
from tracemill.model.policy import Policy
from tracemill.model.quality_record import QualityRecord
from tracemill.model.record import Record
from tracemill.model.reference import LotRef

Key = tuple[str, str, str]  # system, scope (item, or ""), id


class View:
    """The state that a batch of events is decided on: lots by id, and who calls them what."""

    def __init__(self) -> None:
        self.lots: dict[str, Lot] = {}
        self.known: dict[Key, str] = {}
        self.waiting: dict[str, tuple[Hold, ...]] = {}  # by what any system calls the lot
        self.lookalikes: dict[Key, str] = {}
        self.written: dict[tuple[str, str], datetime] = {}
        self.inputs: dict[str, set[str]] = {}  # by transformation: the lots that went into it
        self.histories: dict[HistoryKey, History] = {}
        self.vessels: dict[str, Vessel] = {}  # as far back as what is told of them reaches
        self.records: dict[str, QualityRecord] = {}  # nonconformances of the suppliers whose lots these are, by their key
        self.units: dict[str, dict[tuple[str, str], Standing]] = {}  # what is told of a handling unit, by lot and system
        self.rejected: dict[str, Lot] = {}  # lots that stand rejected: of batches that are received, and of this batch of events

    def put(self, lot: Lot) -> None:
        self.lots[lot.id] = lot
        if rejected(lot):
            self.rejected[lot.id] = lot
        else:
            self.rejected.pop(lot.id, None)


class Match(Record, frozen=True):
    """What an id resolves to: a known lot or a new one, and what is not clear about it."""

    lot: Lot
    is_new: bool = False
    problem: str = ""
    others: tuple[str, ...] = ()


def key(system: str, ref_id: str, item: str, policy: Policy) -> Key:
    """Return the identity key of an id, in the scope in which that system keeps ids unique."""
    scoped = system in policy.systems and policy.systems[system].scope == "item+lot"
    return system, item if scoped else "", ref_id


def keys(ref: LotRef, source: str, policy: Policy) -> list[Key]:
    """Return all identity keys of a reference; the source's own first."""
    return [key(source, ref.id, ref.item, policy), *(key(a.system, a.id, a.item or ref.item, policy) for a in ref.aliases)]


def resolve(event: Event, view: View, policy: Policy, named: LotRef | None = None) -> Match:
    """Find the lot that an event is about (or another one that it names), or make a new one."""
    ref = named or event.lot
    if ref.id in view.lots and event.source == "hub":
        return Match(lot=view.lots[ref.id])
    wanted = keys(ref, event.source, policy)
    found = [view.known[k] for k in wanted if k in view.known]
    distinct = tuple(dict.fromkeys(found))
    if not distinct:
        return Match(lot=_new_lot(event, ref, wanted[0]), is_new=True, problem=_lookalike(wanted[0], view))
    lot = view.lots[distinct[0]]
    if clash := _clash(event, ref, lot):
        fresh = _new_lot(event, ref, wanted[0], "collision", event.id)
        return Match(lot=fresh, is_new=True, problem=clash, others=(lot.id,))
    if len(distinct) > 1:
        names = " and ".join(view.lots[i].number for i in distinct)
        return Match(lot=lot, problem=f"{ref.id} refers to different lots: {names}", others=distinct[1:])
    return Match(lot=lot)


def _new_lot(event: Event, ref: LotRef, own: Key, *more: str) -> Lot:
    return Lot(id=derived("lot", event.site, *own, *more), site=event.site, number=ref.id, named_by=event.source)


def _clash(event: Event, ref: LotRef, lot: Lot) -> str:
    """Say why a known id cannot mean the known lot."""
    if ref.item and lot.item and ref.item != lot.item and event.source == lot.named_by:
        return f"{ref.id} is known as item {lot.item}, now it comes as item {ref.item}"
    data = event.data
    if isinstance(data, LotReceived) and lot.supplier_batch and data.supplier_batch and data.supplier_batch != lot.supplier_batch:
        return f"{event.lot.id} is supplier batch {lot.supplier_batch}, now it is received as {data.supplier_batch}"
    return ""


def _lookalike(own: Key, view: View) -> str:
    other = view.lookalikes.get((own[0], own[1], look(own[2])))
    if other is None or other == own[2]:
        return ""
    return f"{own[2]!r} looks like {other!r} of the same system: zeros, separators or letters may have been lost"
