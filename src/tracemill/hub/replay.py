"""What people do about failures: replay or discard parked messages, send dead deliveries again, cancel."""

from datetime import datetime
from hashlib import sha256

from sqlalchemy import Connection, select, update

from tracemill.hub.decider import Item
from tracemill.hub.process import Processor, Read, write_batch
from tracemill.hub.runtime import Runtime
from tracemill.model.event import Event, LotRef, MessageRead
from tracemill.model.identifier import derived
from tracemill.model.moment import at
from tracemill.model.status import DeliveryState, MessageState
from tracemill.store import audit, lots, messages
from tracemill.store.decisions import Effects
from tracemill.store.messages import Stored
from tracemill.store.tables import delivery, hold, lot
from tracemill.store.writer import Priority


class NotPossible(ValueError):
    """What was asked cannot be done, and why."""


async def replay(runtime: Runtime, uuid: str, by: str, reason: str) -> str:
    """Read a parked message again with today's mappings. Its unread hold is lifted; what it says now counts."""
    message = await _parked(runtime, uuid)
    item = Processor(runtime).read(message)
    if item.problem is not None:
        raise NotPossible(f"it still cannot be read: {item.problem}")
    now = runtime.clock()

    def write(tx: Connection) -> Effects:
        effects = write_batch(runtime, tx, [Read(message, item.keys, item.events, None)], now, MessageState.REPLAYED)
        more = runtime.commit(tx, _lift(tx, message, by, reason, now), now)
        messages.settle(tx, [message.id], MessageState.REPLAYED, now, settled_by=by, reason=reason)
        lots.stop_waiting(tx, message.uuid)
        _record(tx, message.site, now, by, "message.replayed", uuid, reason)
        return Effects(systems=(*effects.systems, *more.systems))

    runtime.announce(await runtime.store.write(write, Priority.RECEIVE))
    return f"replayed: {len(item.events)} events"


async def discard(runtime: Runtime, uuid: str, by: str, reason: str) -> str:
    """Put a parked message aside for good. Someone has read it, so its unread hold is lifted."""
    if not reason.strip():
        raise NotPossible("a reason is needed to discard a message")
    message = await _parked(runtime, uuid)
    now = runtime.clock()

    def write(tx: Connection) -> Effects:
        if not messages.close_parked(tx, uuid, MessageState.DISCARDED, by, reason):
            raise NotPossible(f"message {uuid} is no longer parked")
        lots.stop_waiting(tx, uuid)
        effects = runtime.commit(tx, _lift(tx, message, by, reason, now), now)
        _record(tx, message.site, now, by, "message.discarded", uuid, reason)
        return effects

    runtime.announce(await runtime.store.write(write, Priority.RECEIVE))
    return "discarded"


async def _parked(runtime: Runtime, uuid: str) -> Stored:
    message = await runtime.store.read(lambda c: messages.one(c, uuid))
    if message is None:
        raise NotPossible(f"there is no message {uuid}")
    if message.state is not MessageState.PARKED:
        raise NotPossible(f"message {uuid} is {message.state}, not parked")
    return message


def _lift(tx: Connection, message: Stored, by: str, reason: str, now: datetime) -> list[Item]:
    """Return the events that lift the unread holds a message placed."""
    query = select(lot.c.uuid).join(hold, hold.c.lot_id == lot.c.id).where(hold.c.lifted_at.is_(None), hold.c.reason == "unread")
    found: list[Item] = []
    for row in tx.execute(query.distinct()):
        state = lots.one(tx, row.uuid)
        if state is None or not any(h.native == message.uuid for h in state.holds.values()):
            continue
        event = Event(
            id=derived("read", message.uuid, row.uuid),
            type="message.read.v1",
            site=message.site,
            source="hub",
            data=MessageRead(lot=LotRef(id=row.uuid), message=message.uuid, note=reason),
            occurred=at(now),
            recorded=now,
            actor=by,
            reason=reason,
            correlation=message.correlation,
        )
        found.append((event, message.id))
    return found


def _record(tx: Connection, site: str, now: datetime, by: str, action: str, subject: str, reason: str) -> None:
    digest = sha256(f"{action}:{subject}:{reason}".encode()).digest()
    audit.record(tx, site, audit.Entry(at=now, actor=by, action=action, subject=subject, payload_hash=digest, reason=reason))


async def resend(runtime: Runtime, uuid: str, by: str, reason: str) -> str:
    """Send a dead delivery again, unless a newer decision has taken its place."""
    return await _move(runtime, uuid, (DeliveryState.DEAD, DeliveryState.IN_DOUBT), DeliveryState.RETRYING, by, reason, "resent")


async def cancel(runtime: Runtime, uuid: str, by: str, reason: str) -> str:
    """Withdraw a delivery that is dead, in doubt or not sent."""
    states = (DeliveryState.DEAD, DeliveryState.IN_DOUBT, DeliveryState.PENDING, DeliveryState.RETRYING)
    return await _move(runtime, uuid, states, DeliveryState.CANCELLED, by, reason, "cancelled")


async def _move(
    runtime: Runtime, uuid: str, states: tuple[DeliveryState, ...], to: DeliveryState, by: str, reason: str, word: str
) -> str:
    now = runtime.clock()

    def write(tx: Connection) -> str:
        row = tx.execute(select(delivery).where(delivery.c.uuid == uuid)).one_or_none()
        if row is None:
            raise NotPossible(f"there is no delivery {uuid}")
        if row.state not in states:
            raise NotPossible(f"delivery {uuid} is {row.state}; only {', '.join(states)} can be {word}")
        values = {"state": to, "next_at": now, "fence": delivery.c.fence + 1, "detail": f"{word} by {by}: {reason}"}
        tx.execute(update(delivery).where(delivery.c.id == row.id).values(**values))
        _record(tx, row.site, now, by, f"delivery.{word}", uuid, reason)
        return str(row.system)

    runtime.announce(Effects(systems=(await runtime.store.write(write, Priority.DELIVER),)))
    return word
