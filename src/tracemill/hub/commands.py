"""What people and other programs ask of the hub. Acts on lots go through the same door as every message."""

import asyncio
from collections.abc import Mapping, Sequence
from datetime import datetime
from hashlib import sha256
from time import monotonic
from typing import Any, Literal

from sqlalchemy import Connection

from tracemill.core.evolve import evolve
from tracemill.hub.receive import receive
from tracemill.hub.replay import NotPossible, discard
from tracemill.hub.runtime import Runtime
from tracemill.mapping.cell import CellError, compile_cell
from tracemill.model.change import CaseClosed
from tracemill.model.decision import Decision, LotChange
from tracemill.model.event import Event
from tracemill.model.identifier import derived
from tracemill.model.lot import Lot
from tracemill.model.moment import at
from tracemill.model.record import Record, decode, encode
from tracemill.model.reference import LotRef
from tracemill.model.status import FeedKind, MessageState
from tracemill.observe.metrics import RECEIVED
from tracemill.store import audit, cases, decisions, idempotency, lots, messages, systems
from tracemill.store.idempotency import Claim
from tracemill.store.messages import Fate as Fate
from tracemill.store.messages import Incoming, Receipt
from tracemill.store.writer import Priority

HUB = "hub"
Kind = Literal["unknown", "forbidden", "conflict", "invalid"]
FEED = "events"
WAIT = 10.0


class Refused(ValueError):
    """An act that the hub will not do, and why."""

    def __init__(self, cause: str, kind: Kind = "conflict", hint: str = "") -> None:
        super().__init__(cause)
        self.kind, self.hint = kind, hint


class By(Record, frozen=True):
    """Who asks, under which key (the same key is the same act) and which correlation id."""

    name: str
    key: str = ""
    correlation: str = ""


class Pushed(Record, frozen=True):
    """A CloudEvent that a system pushed, with the key it is told once under."""

    system: str
    site: str
    key: str
    body: bytes
    content_type: str = "application/cloudevents+json"


async def accept(runtime: Runtime, pushed: Sequence[Pushed], by: By) -> list[Receipt]:
    """Store pushed events durably; only then may they be acknowledged. What was known before is named by its first message."""
    now = runtime.clock()
    items = [
        Incoming(site=p.site, system=p.system, feed=FEED, kind=FeedKind.FACTS, key=p.key, body=p.body, received_at=now,
                 content_type=p.content_type, read_started=now, correlation=by.correlation, actor=by.name)
        for p in pushed
    ]  # fmt: skip
    return await _accept(runtime, items)


async def _accept(runtime: Runtime, items: Sequence[Incoming]) -> list[Receipt]:
    receipts = await receive(runtime, items)
    known = {(i.system, i.feed, i.key) for i, r in zip(items, receipts, strict=True) if not r.uuid}
    found = await runtime.store.read(lambda c: {k: messages.told_before(c, *k) for k in known}) if known else {}
    for item, receipt in zip(items, receipts, strict=True):
        RECEIVED.labels(item.system, receipt.outcome).inc()
    first = [r.uuid or found[(i.system, i.feed, i.key)] for i, r in zip(items, receipts, strict=True)]
    return [Receipt(uuid=uuid, outcome=r.outcome) for uuid, r in zip(first, receipts, strict=True)]


async def webhook(runtime: Runtime, system: str, name: str, headers: Mapping[str, str], body: bytes, correlation: str) -> str:
    """Take a webhook whose signature is right: a hint wakes the poller, content goes through the door."""
    link = runtime.links.get(system)
    spec = link.pack.webhooks.get(name) if link else None
    if link is None or spec is None:
        raise Refused(f"there is no webhook {system}/{name}", "unknown")
    now = runtime.clock()
    if not link.connector.authentic(headers, body, now):
        raise Refused("the signature of the webhook is missing or wrong", "forbidden")
    feed = link.feeds.get(spec.feed)
    if spec.kind == "hint" or feed is None:
        link.hints.setdefault(spec.feed, asyncio.Event()).set()
        return "hint"
    item = Incoming(
        site=link.site, system=system, feed=spec.feed, kind=FeedKind(feed.kind), key=_key(getattr(feed, "key", ""), body),
        body=body, content_type=headers.get("content-type", "application/json")[:100], received_at=now, read_started=now,
        correlation=correlation, actor=f"webhook {name}",
    )  # fmt: skip
    return (await _accept(runtime, [item]))[0].outcome


def _key(cell: str, body: bytes) -> str:
    """Return a record's key by the feed's own rule; a body that has none is kept under its hash, to be parked and read."""
    try:
        found = compile_cell(cell).evaluate(decode(body, dict[str, Any])) if cell else None
    except (CellError, ValueError, RecursionError):
        found = None
    return str(found) if found not in (None, "", False) else sha256(body).hexdigest()


async def place(runtime: Runtime, lot: Lot, reason: str, quantity: dict[str, str] | None, note: str, by: By) -> Fate:
    """Restrict a lot, or a quantity of it."""
    data: dict[str, Any] = {"reason": reason, "note": note} | ({"quantity": quantity} if quantity else {})
    data["hold"] = derived("asked", by.name, by.key, lot.id, encode(data).decode())  # no two askers share a hold by chance
    return await _act(runtime, lot, "hold.requested.v1", data, by)


async def lift(runtime: Runtime, lot: Lot, hold_id: str, note: str, by: By) -> Fate:
    """Lift one hold, if people at the hub may lift it."""
    hold = lot.holds.get(hold_id)
    if hold is None:
        raise Refused(f"lot {lot.number} has no open hold {hold_id}", "unknown", "its open holds: GET /v1/lots/{ref}")
    lifters = runtime.policies[lot.site].lifters.get(hold.reason, ())
    if hold.system != HUB and HUB not in lifters:
        who = " or ".join(dict.fromkeys((hold.system, *lifters)))
        hint = f"lift it in {hold.system}, or allow it: lifters: {{{hold.reason}: [hub]}} in sites/{lot.site}.yaml"
        raise Refused(f"hold {hold.reason} of {hold.system} can be lifted by {who}, not by hub", "forbidden", hint)
    return await _act(runtime, lot, "hold.released.v1", {"hold": hold_id, "note": note}, by)


async def dispose(runtime: Runtime, lot: Lot, decision: dict[str, Any], by: By) -> Fate:
    """Decide about a lot as quality."""
    return await _act(runtime, lot, "disposition.decided.v1", {"inspection": "", "signer": by.name, **decision}, by)


async def approve_inspection(runtime: Runtime, lot: Lot, approval: dict[str, Any], by: By) -> Fate:
    """Allow a milder inspection of what this lot is one of, or revoke it: supplier, item and plan are the lot's."""
    if lot.planned is None:
        raise Refused(f"the hub planned no inspection of {lot.number}", hint="name a lot that the case is about")
    scope = {field: getattr(lot.planned.key, field) for field in ("supplier", "item", "plan")}
    return await _act(runtime, lot, "inspection.approved.v1", {**scope, **approval}, by)


async def _act(runtime: Runtime, lot: Lot, kind: str, data: dict[str, Any], by: By) -> Fate:
    """Send an act through the door and wait until it is decided. What is refused is put aside at once: the asker was told.

    The same act under the same key, asked again after its answer was lost, is found; only a refused one is tried anew.
    """
    now, mark = runtime.clock(), derived("act", by.name, by.key, kind, lot.id, encode(data).decode())
    before = await runtime.store.read(lambda c: messages.told_before(c, HUB, FEED, mark))
    known = await outcome(runtime, before, WAIT) if before else None
    if known is not None and known.state not in (MessageState.PARKED, MessageState.DISCARDED):
        return known
    body = {
        "specversion": "1.0", "id": by.key, "source": f"/{lot.site}/{HUB}", "type": kind, "time": now.isoformat(),
        "subject": lot.id, "datacontenttype": "application/json", "data": {"lot": {"id": lot.id}, **data},
    }  # fmt: skip
    pushed = Pushed(system=HUB, site=lot.site, key=f"{mark} {now.isoformat()}" if before else mark, body=encode(body))
    message = (await accept(runtime, [pushed], by))[0]
    fate = await outcome(runtime, message.uuid, WAIT)
    if fate is None or fate.state not in (MessageState.PARKED, MessageState.DISCARDED):
        return fate or Fate(uuid=message.uuid, system=HUB, site=lot.site, state=MessageState.RECEIVED)
    if fate.state is MessageState.PARKED:
        await discard(runtime, fate.uuid, HUB, f"refused, and {by.name} was told: {fate.cause}")
    cause = fate.cause.removeprefix("NotAllowed: ")
    raise Refused(cause, "conflict" if fate.code == "T320" else "invalid", fate.hint)


async def outcome(runtime: Runtime, uuid: str, seconds: float) -> Fate | None:
    """Return what became of a message, waiting a while for it to be decided."""
    until, pause = monotonic() + seconds, 0.005
    while True:
        fate = await runtime.store.read(lambda c: messages.fate(c, uuid))
        if fate is None or fate.state is not MessageState.RECEIVED or monotonic() >= until or runtime.stopping.is_set():
            return fate
        await asyncio.sleep(pause)
        pause = min(pause * 1.5, 0.1)


async def pause(runtime: Runtime, system: str, paused: bool, by: By, reason: str) -> None:
    """Stop sending to and reading from a system, or go on."""
    link, now = runtime.links[system], runtime.clock()

    def write(tx: Connection) -> None:
        systems.set_paused(tx, system, now if paused else None, by.name, reason)
        record(tx, link.site, by, now, "system.paused" if paused else "system.resumed", system, reason)

    await runtime.store.write(write, Priority.DELIVER)
    link.paused = paused
    link.wake.set()
    link.look.set()


class CaseResolved(Record, frozen=True):
    """A person says that a case is settled. While its cause lasts, the next look opens it again."""

    lot: LotRef
    case: str
    note: str


async def resolve(runtime: Runtime, key: str, site: str, lot: str, by: By, note: str) -> None:
    """Close a case, on the lot and on the list, in one commit."""
    now = runtime.clock()

    def write(tx: Connection) -> None:
        if not cases.close(tx, key, by.name, note, now):
            raise NotPossible(f"case {key} is not open")
        view = lots.load(tx, (), {lot} if lot else ())
        if lot not in view.lots:
            return record(tx, site, by, now, "case.resolved", key, note)
        closed = CaseClosed(key=key)
        view.put(evolve(view.lots[lot], closed))
        told = Event(
            id=derived("case.resolved", key, now.isoformat()), type="case.resolved.v1", site=site, source=HUB,
            data=CaseResolved(lot=LotRef(id=lot), case=key, note=note), occurred=at(now), recorded=now, actor=by.name,
            reason=note, correlation=by.correlation,
        )  # fmt: skip
        decided = decisions.Decided(event=told, decision=Decision(changes=(LotChange(lot=lot, change=closed),)))
        decisions.commit(tx, runtime.store.ids, view, [decided], runtime.policies[site], {}, now)
        return None

    await runtime.store.write(write, Priority.RECEIVE)


def record(tx: Connection, site: str, by: By, at_: datetime, action: str, subject: str, reason: str = "") -> None:
    digest = sha256(f"{action}:{subject}:{reason}".encode()).digest()
    said = audit.Entry(at=at_, actor=by.name, action=action, subject=subject[:300], payload_hash=digest, reason=reason)
    audit.record(tx, site, said)


async def begin(runtime: Runtime, client: str, key: str, fingerprint: str) -> Claim:
    """Take an idempotency key for a request, or say what it was used for."""
    return await runtime.store.write(lambda tx: idempotency.claim(tx, client, key, fingerprint, runtime.clock()))


async def finish(runtime: Runtime, client: str, key: str, status: int, answer: str) -> None:
    """Keep the answer under its key; status 0 gives the key back."""

    def write(tx: Connection) -> None:
        if status:
            idempotency.finish(tx, client, key, status, answer)
        else:
            idempotency.release(tx, client, key)

    await runtime.store.write(write)
