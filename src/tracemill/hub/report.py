"""Reports: the hub's own events about its commands, committed together with the delivery they speak of."""

from datetime import datetime

from tracemill.model.event import CommandSettled, Event
from tracemill.model.identifier import derived
from tracemill.model.moment import at
from tracemill.model.reference import LotRef
from tracemill.store.deliveries import Delivery


def settled(d: Delivery, state: str, now: datetime, native: str = "", detail: str = "") -> Event:
    """Say that a command was verified, given up, or is in doubt."""
    data = CommandSettled(
        lot=LotRef(id=d.lot), system=d.system, verb=d.verb, state=state, purpose=d.purpose, native=native, detail=detail
    )
    return Event(
        id=derived("settled", d.uuid, state, d.fence, now.isoformat()),
        type="command.settled.v1",
        site=d.site,
        source="hub",
        data=data,
        occurred=at(now),
        recorded=now,
        actor="hub",
        correlation=d.correlation,
        causation=d.uuid,
    )
