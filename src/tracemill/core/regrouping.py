"""Regrouping: what is told of several lots at once, as what went in and what came out: one lot each, the inputs first."""

from collections.abc import Iterator

from tracemill.core.evolve import replace
from tracemill.model.event import NAMES, Event
from tracemill.model.identifier import MAX_LENGTH, derived
from tracemill.model.material import MaterialConsumed, MaterialProduced, Work
from tracemill.model.reference import LotRef
from tracemill.model.regrouping import LotMerged, LotRelabelled, LotSplit, Piece

Half = MaterialConsumed | MaterialProduced
Regrouping = LotSplit | LotMerged | LotRelabelled


def facts(event: Event) -> list[Event]:
    """Return the events that are decided for one that was told: itself, or the halves of a regrouping."""
    if not isinstance(event.data, Regrouping):
        return [event]
    return [
        replace(event, id=derived(event.id, "half", n), type=NAMES[type(half)], data=half)
        for n, half in enumerate(_halves(event, event.data))
    ]


def _halves(event: Event, data: Regrouping) -> Iterator[Half]:
    match data:
        case LotSplit():
            work = _work(event, data, "split", data.lot.id)
            whole = [replace(piece, lot=data.lot, place="") for piece in data.into]
            yield from _parted(work, whole, [_as(piece, data.lot) for piece in data.into])
        case LotMerged():
            work = _work(event, data, "merge", data.lot.id)
            item = next((p.lot.item for p in data.of), "") if len({p.lot.item for p in data.of}) == 1 else ""
            target = data.lot if data.lot.item else replace(data.lot, item=item)
            yield from _parted(work, data.of, [replace(piece, lot=target, place=data.place) for piece in data.of])
        case LotRelabelled():
            work = _work(event, data, "relabel", f"{data.lot.id} to {data.becomes.id}")
            old = Piece(lot=data.lot, quantity=data.quantity)
            yield from _parted(work, [old], [_as(replace(old, lot=data.becomes, place=data.place), data.lot)])


def _work(event: Event, data: Regrouping, kind: str, what: str) -> Work:
    own = data.transformation or f"{kind} {event.id[:8]} of {what}"
    return Work(transformation=own[:MAX_LENGTH], order=data.order, kind=kind)


def _as(piece: Piece, lot: LotRef) -> Piece:
    """Take the item from the lot that a piece comes from, where none was told."""
    return piece if piece.lot.item else replace(piece, lot=replace(piece.lot, item=lot.item))


def _parted(work: Work, went_in: Iterator[Piece] | list[Piece] | tuple[Piece, ...], came_out: list[Piece]) -> Iterator[Half]:
    for piece in went_in:
        yield MaterialConsumed(lot=piece.lot, quantity=piece.quantity, work=work, movement=work.key)
    for piece in came_out:
        yield MaterialProduced(lot=piece.lot, quantity=piece.quantity, work=work, movement=work.key, place=piece.place)
