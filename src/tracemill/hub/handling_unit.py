"""Handling units across lots: what ends for one lot by what was told of another, as the hub's own events."""

from collections.abc import Iterable
from datetime import datetime

from tracemill.core.handling_units import Ended
from tracemill.model.event import Event
from tracemill.model.handling_unit import UnitAgreed
from tracemill.model.identifier import derived
from tracemill.model.moment import at
from tracemill.model.reference import LotRef


def agreements(found: Iterable[Ended], cause: str, now: datetime) -> list[Event]:
    """Return one event for each lot whose case is over, because what was told of another lot settled it."""
    return [
        Event(
            id=derived("unit agreed", end.unit, end.lot, cause),
            type="unit.agreed.v1",
            site=end.site,
            source="hub",
            data=UnitAgreed(lot=LotRef(id=end.lot), unit=end.unit),
            occurred=at(now),
            recorded=now,
            actor="hub",
            causation=cause,
        )
        for end in found
    ]
