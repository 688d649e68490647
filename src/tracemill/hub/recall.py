"""Recalls: what people ask for, each with its audit entry in the same transaction."""

from collections.abc import Mapping
from datetime import datetime
from hashlib import sha256

from sqlalchemy import Connection

from tracemill.answers import conditions, roots, scope, serials
from tracemill.answers.conditions import Ambiguous
from tracemill.answers.scope import Reach
from tracemill.core.serial_range import BadRange
from tracemill.hub.commands import By, Refused
from tracemill.hub.runtime import Runtime
from tracemill.model.recall import Origin, Recall
from tracemill.model.record import encode
from tracemill.model.status import OriginKind
from tracemill.store import audit, lots, recalls
from tracemill.store.recalls import Version
from tracemill.store.writer import Priority

_NOBODY: Mapping[int, tuple[str, str]] = {}


async def start(
    runtime: Runtime, origin: Origin, reason: str, by: By, *, mock: bool = False, detected: datetime | None = None
) -> Recall:
    """Open a recall and freeze its first scope. Nothing is held before somebody asks for it."""
    origin = await settled(runtime, origin)
    now, found = runtime.clock(), await reached(runtime, origin)
    if not found.roots:
        hint = "search by any key: tracemill find KEY"
        raise Refused(f"nothing is known of {origin.words()}", "unknown", hint)
    made = Recall(id="", mock=mock, origin=origin, sites=tuple(found.lots), reason=reason, opened_by=by.name,
                  detected_at=detected or now, opened_at=now)  # fmt: skip

    def write(tx: Connection) -> Recall:
        opened = recalls.open_new(tx, made)
        recalls.name_roots(tx, opened.id, found.roots)
        recalls.freeze(tx, opened.id, version(1, now, by.name, reason, found))
        record(tx, opened, by.name, now, "recall.opened", f"{origin.words()}: {reason}", encode(found.every))
        return opened

    return await runtime.store.write(write, Priority.RESTRICT)


async def settled(runtime: Runtime, origin: Origin) -> Origin:
    """Return an origin that can mean one thing only; refuses one that may mean several."""

    def read(c: Connection) -> Origin:
        if origin.kind is OriginKind.SERIALS:
            serials.found(c, serials.asked(origin), origin.site)
        beyond = origin.above is not None or origin.below is not None
        return conditions.settled(c, origin) if beyond else origin

    try:
        return await runtime.store.read(read)
    except (BadRange, Ambiguous) as error:
        raise Refused(str(error), "invalid", error.hint) from None


async def reached(runtime: Runtime, origin: Origin) -> Reach:
    """Return what a recall from here reaches, as the hub knows it now."""
    return await runtime.store.read(lambda c: scope.reach(c, runtime.adjacency, roots.roots(c, origin)))


def version(
    n: int, at: datetime, actor: str, why: str, found: Reach, left_out: Mapping[int, tuple[str, str]] = _NOBODY
) -> Version:
    """Freeze what is in scope, and who left out what and why."""
    counted = tuple(i for i in found.every if i not in left_out)
    return Version(version=n, at=at, actor=actor, why=why, positions=found.positions, lots=counted, excluded=dict(left_out))


async def exclude(runtime: Runtime, key: str, lot: str, reason: str, by: By) -> Recall:
    """Leave a lot out of a recall: it is not asked to be held, and not counted. What it inherits, it keeps.

    Where the recall started from it, what was made of it is in scope only as far as another lot leads there. The scope without it
    is the next version.
    """
    now, known = runtime.clock(), await _running(runtime, key)
    found = await runtime.store.read(lambda c: scope.current(c, runtime.adjacency, known))
    rows = await runtime.store.read(lambda c: scope.row_ids(c, found.every))
    if lot not in rows:
        raise Refused(f"lot {lot} is not in the scope of {key}", "unknown", f"tracemill recall scope {key}")

    def write(tx: Connection) -> None:
        recalls.exclude(tx, key, rows[lot], now, by.name, reason)
        record(tx, known, by.name, now, "recall.lot_excluded", reason, lot.encode())
        number = lots.states(tx, [rows[lot]])[rows[lot]].number
        _freeze(tx, runtime, known, f"{number} excluded: {reason}", by.name, now)

    await runtime.store.write(write)
    return known


async def freeze(runtime: Runtime, key: str, why: str, by: By) -> Recall:
    """Freeze the scope as it is now as the next version."""
    now, known = runtime.clock(), await _running(runtime, key)
    await runtime.store.write(lambda tx: _freeze(tx, runtime, known, why, by.name, now))
    return known


def _freeze(tx: Connection, runtime: Runtime, known: Recall, why: str, actor: str, now: datetime) -> None:
    left_out = recalls.excluded(tx, known.id)
    found = scope.current(tx, runtime.adjacency, known)
    made = version(recalls.last_version(tx, known.id) + 1, now, actor, why, found, left_out)
    recalls.freeze(tx, known.id, made)
    record(
        tx,
        known,
        actor,
        now,
        "recall.scope_frozen",
        f"v{made.version}: {why}",
        encode((made.lots, sorted(made.excluded.items()))),
    )


async def hold(runtime: Runtime, key: str, why: str, by: By) -> Recall:
    """Ask every owning system to hold whatever the recall reaches; a mock asks nobody. Goes on by itself, also after a crash."""
    now, known = runtime.clock(), await _running(runtime, key)
    if known.hold_asked_at is not None:
        return known

    def write(tx: Connection) -> None:
        recalls.mark(tx, key, hold_asked_at=now, hold_asked_by=by.name)
        record(tx, known, by.name, now, "recall.mock_hold_asked" if known.mock else "recall.hold_asked", why, b"")

    await runtime.store.write(write, Priority.RESTRICT)
    runtime.recalling.set()
    return await _running(runtime, key)


async def close(runtime: Runtime, key: str, why: str, by: By) -> Recall:
    """Close a recall: it is no longer watched. No hold is lifted by that."""
    now, known = runtime.clock(), await _running(runtime, key)

    def write(tx: Connection) -> None:
        recalls.mark(tx, key, closed_at=now)
        record(tx, known, by.name, now, "recall.closed", why, b"")

    await runtime.store.write(write)
    return known


async def packaged(runtime: Runtime, known: Recall, seal: str, by: By) -> None:
    """Note that an evidence package was written, and the seal by which it is known again."""
    now = runtime.clock()

    def write(tx: Connection) -> None:
        record(tx, known, by.name, now, "recall.packaged", f"seal {seal}", seal.encode())

    await runtime.store.write(write)


async def _running(runtime: Runtime, key: str) -> Recall:
    found = await runtime.store.read(lambda c: recalls.one(c, key))
    if found is None:
        raise Refused(f"there is no recall {key}", "unknown", "tracemill recall list")
    if found.closed_at is not None:
        raise Refused(f"{key} is closed", "conflict", "tracemill recall list")
    return found


def record(tx: Connection, known: Recall, actor: str, at: datetime, action: str, why: str, what: bytes) -> None:
    """Write an act into the audit trail of every site that the recall is about."""
    digest = sha256(b"\0".join((known.id.encode(), action.encode(), why.encode(), what))).digest()
    for site in known.sites:
        said = audit.Entry(at=at, actor=actor, action=action, subject=known.id, payload_hash=digest, reason=why)
        audit.record(tx, site, said)
