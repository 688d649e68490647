"""Serials in bulk: one message tells of thousands; each is decided as a lot of its own, some in a transaction."""

from collections import Counter
from collections.abc import Iterable, Iterator
from decimal import Decimal

from tracemill.core.serial_range import BadRange, between
from tracemill.hub.translate import Untranslatable
from tracemill.model.event import Event
from tracemill.model.identifier import BadIdentifier, derived, opaque
from tracemill.model.material import MaterialProduced
from tracemill.model.quantity import Quantity
from tracemill.model.record import replaced
from tracemill.model.reference import Alias, LotRef
from tracemill.model.serials import MOST, SerialsProduced

_MEND = "correct it at its source, then discard this message"
ONE = Quantity(amount=Decimal(1), unit="C62")


def expanded(events: Iterable[Event]) -> list[Event]:
    """Return the events with each of many serials told by an event of its own; raises Untranslatable."""
    return [one for event in events for one in (_each(event) if isinstance(event.data, SerialsProduced) else (event,))]


def _each(event: Event) -> Iterator[Event]:
    data: SerialsProduced = event.data
    for serial in _serials(data):
        ref = LotRef(id=serial, item=data.item, aliases=tuple(Alias(system=s, id=serial) for s in data.known_to))
        made = MaterialProduced(
            lot=ref, quantity=data.each or ONE, work=data.work, movement=data.movement, evidence=data.evidence, serial=True,
            item_text=data.item_text, material_class=data.material_class, place=data.place, manufactured=data.manufactured,
            expires=data.expires, retest=data.retest,
        )  # fmt: skip
        yield replaced(event, id=derived(event.id, serial), type="material.produced.v1", data=made)


def _serials(data: SerialsProduced) -> list[str]:
    try:
        found = [*data.serials, *(serial for series in data.series for serial in between(series.first, series.last))]
        for serial in found:
            opaque(serial)
    except BadRange as error:
        raise Untranslatable("T317", str(error), f"{error.hint}; then discard this message") from None
    except BadIdentifier as error:
        raise Untranslatable("T317", str(error), _MEND) from None
    if len(found) > MOST:
        raise Untranslatable(
            "T317", f"{len(found)} serials are more than {MOST}", "send them in parts; then discard this message"
        )
    if len(set(found)) < len(found):
        twice = next(serial for serial, times in Counter(found).items() if times > 1)
        raise Untranslatable("T317", f"serial {twice!r} is told twice", _MEND)
    return found
