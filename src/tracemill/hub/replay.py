"""What people do about failures: replay or discard parked messages, send dead deliveries again, cancel."""

from collections.abc import Callable, Mapping
from datetime import datetime
from hashlib import sha256

from sqlalchemy import Connection, select

from tracemill.hub import report
from tracemill.hub.decider import Item, Poisoned
from tracemill.hub.process import Processor, Read, write_batch
from tracemill.hub.runtime import Runtime
from tracemill.model.decision import ORDER_VERB, SHIPMENT_VERB, STATE_VERBS, STATUS_VERB
from tracemill.model.event import Event, MessageRead
from tracemill.model.identifier import derived
from tracemill.model.lot import Block, Wanted
from tracemill.model.moment import at
from tracemill.model.reference import LotRef
from tracemill.model.status import DeliveryState, MessageState
from tracemill.store import audit, deliveries, lots, messages
from tracemill.store.decisions import Effects
from tracemill.store.deliveries import Delivery
from tracemill.store.messages import Stored
from tracemill.store.tables import hold, lot
from tracemill.store.writer import Priority


class NotPossible(ValueError):
    """What was asked cannot be done, and why."""


async def replay(runtime: Runtime, uuid: str, by: str, reason: str) -> str:
    """Read a parked message again with today's mappings. Its unread hold is lifted; what it says now counts."""
    message = await _parked(runtime, uuid)
    item = await Processor(runtime).read(message)
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

    try:
        runtime.announce(await runtime.store.write(write, Priority.RECEIVE))
    except Poisoned as error:
        raise NotPossible(f"it can be read, but not decided: {error.cause}") from None
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
    """Send a dead or doubtful delivery again, unless a newer decision has taken its place."""

    def again(tx: Connection, d: Delivery, now: datetime) -> Effects:
        if d.verb in STATE_VERBS and not _is_last(tx, d):
            raise NotPossible(f"delivery {uuid} is not sent again: a newer decision took its place")
        # What was given up is planned anew from what the target shows; what is in doubt goes on under its token.
        kept = d.cursor if d.state is DeliveryState.IN_DOUBT or d.verb != STATUS_VERB else {}
        detail = f"resent by {by}: {reason}"
        deliveries.override(tx, d, DeliveryState.RETRYING, next_at=now, detail=detail, cursor=deliveries.cursor_text(kept))
        return Effects(systems=(d.system,))

    return await _intervene(runtime, uuid, (DeliveryState.DEAD, DeliveryState.IN_DOUBT), again, by, reason, "resent")


async def cancel(runtime: Runtime, uuid: str, by: str, reason: str) -> str:
    """Withdraw a delivery that is dead, in doubt or not sent. A restriction is never withdrawn: quality decides again."""
    states = (DeliveryState.DEAD, DeliveryState.IN_DOUBT, DeliveryState.PENDING, DeliveryState.RETRYING)

    def withdraw(tx: Connection, d: Delivery, now: datetime) -> Effects:
        if d.verb in STATE_VERBS and d.restricts:
            raise NotPossible(f"delivery {uuid}: a restriction is not cancelled; whoever owns the decision decides again")
        detail = f"cancelled by {by}: {reason}"
        deliveries.override(tx, d, DeliveryState.CANCELLED, settled_at=now, detail=detail)
        return runtime.commit(tx, [(report.settled(d, DeliveryState.CANCELLED, now, detail=detail), 0)], now)

    return await _intervene(runtime, uuid, states, withdraw, by, reason, "cancelled")


def _is_last(tx: Connection, d: Delivery) -> bool:
    """Say whether a command for a state is still what was decided last."""
    if (state := lots.one(tx, d.lot)) is None:
        return False
    blocks: dict[str, Mapping[str, Block]] = {SHIPMENT_VERB: state.shipment_blocks, ORDER_VERB: state.order_blocks}
    wanted: Block | Wanted | None = blocks[d.verb].get(d.purpose) if d.verb in blocks else state.wanted.get(d.system)
    return wanted is not None and wanted.command == d.uuid


async def _intervene(
    runtime: Runtime, uuid: str, states: tuple[DeliveryState, ...], change: Callable[[Connection, Delivery, datetime], Effects],
    by: str, reason: str, word: str,
) -> str:  # fmt: skip
    now = runtime.clock()

    def write(tx: Connection) -> Effects:
        found = deliveries.one(tx, uuid)
        if found is None:
            raise NotPossible(f"there is no delivery {uuid}")
        if found.state not in states:
            raise NotPossible(f"delivery {uuid} is {found.state}; only {', '.join(states)} can be {word}")
        effects = change(tx, found, now)
        _record(tx, found.site, now, by, f"delivery.{word}", uuid, reason)
        return effects

    runtime.announce(await runtime.store.write(write, Priority.DELIVER))
    return word
