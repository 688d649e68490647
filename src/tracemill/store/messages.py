"""Messages: stored once, immutable, found by any business key."""

import zlib
from collections.abc import Iterable, Sequence
from datetime import datetime
from hashlib import sha256
from secrets import randbits
from typing import Any

from sqlalchemy import Connection, bindparam, func, select, update

from tracemill.model.identifier import look, new_id
from tracemill.model.record import Record
from tracemill.model.status import FeedKind, MessageState
from tracemill.store.partitions import month
from tracemill.store.rows import chunks, insert, listed, upsert
from tracemill.store.tables import UtcTime, body, business_key, message, seen


class Incoming(Record, frozen=True):
    """One thing received, before it is stored."""

    site: str
    system: str
    feed: str
    kind: FeedKind
    key: str
    body: bytes
    content_type: str
    received_at: datetime
    read_started: datetime
    correlation: str = ""
    actor: str = ""


class Stored(Record, frozen=True):
    """A message as it is processed."""

    id: int
    uuid: str
    site: str
    system: str
    feed: str
    key: str
    received_at: datetime
    read_started: datetime
    content_type: str
    correlation: str
    actor: str
    body: bytes
    state: MessageState = MessageState.RECEIVED
    conflicting: bool = False  # a fact whose key came before with another body


class Receipt(Record, frozen=True):
    """What became of one incoming thing: stored, a duplicate, or the same key with another body."""

    uuid: str
    outcome: str  # "stored", "duplicate", "unchanged", "conflict"


def storable(key: str) -> str:
    """Return a source key as the database keeps it: itself, or its hash where it is too long or has a NUL."""
    return key if len(key) <= 400 and "\0" not in key else f"sha256:{sha256(key.encode(errors='surrogatepass')).hexdigest()}"


def receive(tx: Connection, ids: Any, incoming: Sequence[Incoming]) -> list[Receipt]:
    """Store what is new. Facts are new by key; snapshots are new where they differ from the last observation."""
    known = _known(tx, incoming)
    receipts: list[Receipt] = []
    rows, bodies, marks = [], {}, {}
    for item in incoming:
        digest = sha256(item.body).digest()
        mark = (item.system, item.feed, storable(item.key))
        last = known.get(mark)
        outcome = _outcome(item, digest, last)
        uuid = new_id(int(item.received_at.timestamp() * 1000), randbits(80))
        if outcome in ("stored", "conflict"):
            row = _row(item, digest, uuid, ids.next(), outcome == "conflict")
            rows.append(row)
            bodies[digest] = item
            if outcome == "stored":
                known[mark] = (digest, item.read_started, row["id"])
                marks[mark] = known[mark]
        elif outcome == "unchanged" and last is not None:
            known[mark] = marks[mark] = (digest, item.read_started, last[2])
        receipts.append(Receipt(uuid=uuid if rows and rows[-1]["uuid"] == uuid else "", outcome=outcome))
    _insert(tx, rows, bodies, marks)
    return receipts


def _outcome(item: Incoming, digest: bytes, last: tuple[bytes, datetime, int] | None) -> str:
    if last is None or not item.key:
        return "stored"
    if item.kind is FeedKind.FACTS:
        return "duplicate" if last[0] == digest else "conflict"
    if item.read_started <= last[1]:
        return "stale" if item.read_started < last[1] else ("unchanged" if last[0] == digest else "stored")
    return "unchanged" if last[0] == digest else "stored"


def _row(item: Incoming, digest: bytes, uuid: str, row_id: int, conflicting: bool) -> dict[str, Any]:
    return {
        "id": row_id,
        "received_at": item.received_at,
        "uuid": uuid,
        "site": item.site,
        "system": item.system,
        "feed": item.feed,
        "key": storable(item.key),
        "read_started": item.read_started,
        "state": MessageState.RECEIVED,
        "content_type": item.content_type,
        "body_hash": digest,
        "size": len(item.body),
        "correlation": item.correlation or uuid,
        "actor": item.actor,
        "conflicting": conflicting,
    }


def _known(tx: Connection, incoming: Sequence[Incoming]) -> dict[tuple[str, str, str], tuple[bytes, datetime, int]]:
    found: dict[tuple[str, str, str], tuple[bytes, datetime, int]] = {}
    for system, feed in {(i.system, i.feed) for i in incoming}:
        wanted = {storable(i.key) for i in incoming if (i.system, i.feed) == (system, feed)}
        for keys in chunks(wanted):
            for row in tx.execute(_SEEN, {"of": system, "by": feed, "keys": keys}):
                found[(system, feed, row.key)] = (bytes(row.body_hash), row.read_started, row.message_id)
    return found


def _insert(tx: Connection, rows: list[dict[str, Any]], bodies: dict[bytes, Incoming], marks: dict[Any, Any]) -> None:
    if rows:
        insert(tx, message, rows)
        content = [
            {"hash": digest, "month": month(i.received_at), "codec": "zlib", "key_id": None, "data": zlib.compress(i.body, 1)}
            for digest, i in bodies.items()
        ]
        upsert(tx, body, content, ("hash", "month"), ())
    made = [
        {"system": s, "feed": f, "key": k, "body_hash": d, "read_started": at, "message_id": m}
        for (s, f, k), (d, at, m) in marks.items()
    ]
    upsert(tx, seen, made, ("system", "feed", "key"), ("body_hash", "read_started", "message_id"))


_WITH_BODY = select(
    message.c.id,
    message.c.uuid,
    message.c.site,
    message.c.system,
    message.c.feed,
    message.c.key,
    message.c.received_at,
    message.c.read_started,
    message.c.content_type,
    message.c.correlation,
    message.c.actor,
    message.c.state,
    message.c.conflicting,
    body.c.data,
    body.c.codec,
).join(body, body.c.hash == message.c.body_hash)


_UNPROCESSED = (
    _WITH_BODY.where(message.c.state == MessageState.RECEIVED, message.c.id > bindparam("after"))
    .order_by(message.c.id)
    .limit(bindparam("most"))
)
_SEEN = select(seen).where(seen.c.system == bindparam("of"), seen.c.feed == bindparam("by"), seen.c.key.in_(listed("keys")))
_STILL = select(message.c.id).where(message.c.id.in_(listed("ids")), message.c.state.in_(listed("states")))
_SETTLED = (
    update(message)
    .where(message.c.id.in_(listed("ids")))
    .values(state=bindparam("to"), processed_at=bindparam("at", type_=UtcTime))
)


def unprocessed(tx: Connection, limit: int, after: int = 0) -> list[Stored]:
    """Return received messages in order of arrival, with their bodies."""
    found = {row.id: _stored(row) for row in tx.execute(_UNPROCESSED, {"after": after, "most": limit})}
    return list(found.values())


def one(tx: Connection, uuid: str) -> Stored | None:
    """Return one message with its body."""
    row = tx.execute(_WITH_BODY.where(message.c.uuid == uuid).limit(1)).one_or_none()
    return _stored(row) if row is not None else None


def _stored(row: Any) -> Stored:
    return Stored(
        id=row.id,
        uuid=row.uuid,
        site=row.site,
        system=row.system,
        feed=row.feed,
        key=row.key,
        received_at=row.received_at,
        read_started=row.read_started,
        content_type=row.content_type,
        correlation=row.correlation,
        actor=row.actor,
        state=MessageState(row.state),
        conflicting=row.conflicting,
        body=zlib.decompress(row.data) if row.codec == "zlib" else bytes(row.data),
    )


def still(tx: Connection, ids: Iterable[int], states: tuple[MessageState, ...]) -> set[int]:
    """Return which of these messages are still in one of the states: nobody settles a message twice."""
    found: set[int] = set()
    for some in chunks(ids):
        found.update(tx.execute(_STILL, {"ids": some, "states": list(states)}).scalars())
    return found


def settle(tx: Connection, ids: Iterable[int], state: MessageState, at: datetime, **who: str) -> None:
    """Mark messages as processed, or as replayed: then `settled_by` and `reason` say by whom and why."""
    for some in chunks(ids):
        tx.execute(_SETTLED.values(**who) if who else _SETTLED, {"ids": some, "to": state, "at": at})


def park(tx: Connection, message_id: int, code: str, cause: str, hint: str, at: datetime) -> None:
    """Put a message aside with its cause: it never stops its neighbours."""
    values = {"state": MessageState.PARKED, "cause_code": code, "cause": cause[:2000], "hint": hint[:500], "processed_at": at}
    tx.execute(update(message).where(message.c.id == message_id).values(**values))


def close_parked(tx: Connection, uuid: str, state: MessageState, by: str, reason: str) -> int:
    """Take a parked message off the list, with who and why. Returns how many were changed (0 or 1)."""
    change = update(message).where(message.c.uuid == uuid, message.c.state == MessageState.PARKED)
    return tx.execute(change.values(state=state, settled_by=by, reason=reason)).rowcount


def index(tx: Connection, keys: Iterable[tuple[int, str, str]]) -> None:
    """Make messages findable by (message id, kind, value)."""
    rows = [{"message_id": m, "kind": k, "value": v[:200], "look": look(v)} for m, k, v in keys]
    upsert(tx, business_key, rows, ("value", "kind", "message_id"), ())


def counts(tx: Connection) -> dict[str, int]:
    """Return how many messages are in each state."""
    return {row[0]: row[1] for row in tx.execute(select(message.c.state, func.count()).group_by(message.c.state))}


class Fate(Record, frozen=True):
    """What became of a message so far, and why."""

    uuid: str
    system: str
    site: str
    state: MessageState
    code: str = ""
    cause: str = ""
    hint: str = ""


def fate(tx: Connection, uuid: str) -> Fate | None:
    """Return where a message is, without its body."""
    columns = (message.c.system, message.c.site, message.c.state, message.c.cause_code, message.c.cause, message.c.hint)
    row = tx.execute(select(*columns).where(message.c.uuid == uuid).limit(1)).one_or_none()
    if row is None:
        return None
    said = {"code": row.cause_code or "", "cause": row.cause or "", "hint": row.hint or ""}
    return Fate(uuid=uuid, system=row.system, site=row.site, state=MessageState(row.state), **said)


def told_before(tx: Connection, system: str, feed: str, key: str) -> str:
    """Return the message that first carried a key; empty where none did."""
    query = select(message.c.uuid).join(seen, seen.c.message_id == message.c.id)
    found = tx.execute(query.where(seen.c.system == system, seen.c.feed == feed, seen.c.key == storable(key)).limit(1)).scalar()
    return str(found or "")
