"""Lots: their folded state, who calls them what, and the holds on them."""

from collections.abc import Iterable
from functools import lru_cache
from typing import Any

from sqlalchemy import Connection, func, select

from tracemill.core.identity import Key, View
from tracemill.core.inspection_history import History
from tracemill.core.usable import rejected, verdict
from tracemill.core.vessel import Vessel
from tracemill.model.change import AnyChange, HoldLifted, HoldPlaced, IdentityBound
from tracemill.model.identifier import derived, look
from tracemill.model.inspection import HistoryKey
from tracemill.model.lot import Hold, Lot
from tracemill.model.record import decode, encode
from tracemill.model.status import HoldReason
from tracemill.store import genealogy
from tracemill.store.rows import Row, chunks, insert, listed, update, upsert
from tracemill.store.tables import delivery, hold, identity, lot, waiting_hold

_IDENTITIES = select(identity.c.system, identity.c.scope, identity.c.native, identity.c.lot_id, identity.c.look).where(
    identity.c.system.in_(listed("systems")), identity.c.look.in_(listed("looks"))
)
_LOTS = select(lot.c.id, lot.c.uuid, lot.c.state).order_by(lot.c.id).with_for_update()
_LOTS_BY_ID, _LOTS_BY_UUID = _LOTS.where(lot.c.id.in_(listed("ids"))), _LOTS.where(lot.c.uuid.in_(listed("uuids")))
_STATES = select(lot.c.id, lot.c.state).where(lot.c.id.in_(listed("ids")))
_REJECTED = (
    select(lot.c.uuid, lot.c.state)
    .join(hold, hold.c.lot_id == lot.c.id)
    .where(lot.c.supplier_batch.in_(listed("batches")), hold.c.reason == HoldReason.REJECTED, hold.c.lifted_at.is_(None))
    .order_by(hold.c.placed_at)
)
_WAITING = select(waiting_hold).where(waiting_hold.c.native.in_(listed("natives")))
_WRITTEN = (
    select(delivery.c.lot_id, delivery.c.system, func.max(delivery.c.sent_ended).label("ended"))
    .where(delivery.c.lot_id.in_(listed("lots")), delivery.c.sent_ended.is_not(None), delivery.c.verb == "set_status")
    .group_by(delivery.c.lot_id, delivery.c.system)
)


class Loaded(View):
    """The state of a batch, with the inside ids of its lots."""

    def __init__(self) -> None:
        super().__init__()
        self.row_ids: dict[str, int] = {}
        self.as_read: dict[str, Lot] = {}
        self.histories_as_read: dict[HistoryKey, History] = {}
        self.vessels_as_read: dict[str, Vessel] = {}


@lru_cache(maxsize=4096)
def _read(text: str) -> Lot:
    """Read a lot's state; what is sent, verified and decided about one lot reads the same text several times."""
    return decode(text, Lot)


def load(tx: Connection, keys: Iterable[Key], lot_ids: Iterable[str] = (), made_in: Iterable[str] = ()) -> Loaded:
    """Load, in a few queries and in order of id, all that decisions about these keys need; locks the lots.

    `made_in`: transformations whose outputs are told, and inherit what restricts the lots that went into them.
    """
    view = Loaded()
    wanted = set(keys)
    rows = _identities(tx, wanted, view)
    view.inputs = genealogy.inputs(tx, set(made_in))
    _lots(tx, set(rows), {*lot_ids, *(p for parents in view.inputs.values() for p in parents)}, view, rows)
    _waiting(tx, wanted, view)
    _written(tx, view)
    return view


def _identities(tx: Connection, wanted: set[Key], view: Loaded) -> dict[int, list[Key]]:
    found: dict[int, list[Key]] = {}
    looks = {look(native) for _, _, native in wanted}
    for some in chunks(looks):
        for row in tx.execute(_IDENTITIES, {"systems": list({k[0] for k in wanted}), "looks": some}):
            key = (row.system, row.scope, row.native)
            if key in wanted:
                found.setdefault(row.lot_id, []).append(key)
            view.lookalikes.setdefault((row.system, row.scope, row.look), row.native)
    return found


def _lots(tx: Connection, row_ids: set[int], uuids: set[str], view: Loaded, keys: dict[int, list[Key]]) -> None:
    queries: list[tuple[Any, Row]] = [(_LOTS_BY_ID, {"ids": some}) for some in chunks(row_ids)]
    queries += [(_LOTS_BY_UUID, {"uuids": some}) for some in chunks(uuids)]
    for query, given in queries:
        for row in tx.execute(query, given):
            view.row_ids[row.uuid] = row.id
            state = view.as_read[row.uuid] = _read(row.state)
            view.put(state)
            for key in keys.get(row.id, ()):
                view.known[key] = row.uuid


def _waiting(tx: Connection, wanted: set[Key], view: Loaded) -> None:
    for some in chunks({native for system, scope, native in wanted if (system, scope, native) not in view.known}):
        for row in tx.execute(_WAITING, {"natives": some}):
            held = Hold(
                id=derived("hold", row.native, "unread", row.message),
                reason=HoldReason.UNREAD,
                system=row.system,
                placed_at=row.at,
                native=row.message,
                place="message",
                note=row.cause,
            )
            view.waiting[row.native] = (*view.waiting.get(row.native, ()), held)


def load_rejected(tx: Connection, view: Loaded, batches: Iterable[str]) -> None:
    """Load the lots of these supplier batches, at any site, that stand rejected. They are only looked at, so not locked."""
    for some in chunks({batch for batch in batches if batch}):
        for row in tx.execute(_REJECTED, {"batches": some}):
            if row.uuid not in view.lots and rejected(state := _read(row.state)):
                view.rejected[row.uuid] = state


def _written(tx: Connection, view: Loaded) -> None:
    """Note when our own last write to each system ended: a reading that began before says nothing."""
    uuid_of = {row_id: uuid for uuid, row_id in view.row_ids.items()}
    for some in chunks(uuid_of):
        for row in tx.execute(_WRITTEN, {"lots": some}):
            view.written[uuid_of[row.lot_id], row.system] = row.ended


def save(tx: Connection, ids: Any, view: Loaded, at: Any) -> None:
    """Write back the lots that changed."""
    new, old = [], []
    for uuid, state in view.lots.items():
        if state == view.as_read.get(uuid):
            continue
        if uuid not in view.row_ids:
            view.row_ids[uuid] = ids.next()
            new.append(_row(view.row_ids[uuid], state, at))
        else:
            old.append(_row(view.row_ids[uuid], state, at))
    insert(tx, lot, new)
    update(tx, lot, old, ("id",))


def _row(row_id: int, state: Lot, at: Any) -> Row:
    return {
        "id": row_id,
        "uuid": state.id,
        "site": state.site,
        "number": state.number,
        "look": look(state.number),
        "item": state.item,
        "supplier_batch": state.supplier_batch,
        "verdict": verdict(state),
        "unsafe": state.unsafe,
        "state": encode(state).decode(),
        "updated_at": at,
        "received": state.received_at is not None,
    }


def bind(tx: Connection, found: Iterable[tuple[int, AnyChange]], at: Any) -> None:
    """Keep the tables that are searched by other keys in step with the changes of lots: identities and holds."""
    changes = list(found)
    names = [
        {
            "system": c.system,
            "scope": c.scope,
            "native": c.id,
            "lot_id": lot_id,
            "look": look(c.id),
            "since": at,
            "until": None,
        }
        for lot_id, c in changes
        if isinstance(c, IdentityBound)
    ]
    upsert(tx, identity, names, ("system", "scope", "native"), ())
    _holds(tx, changes, at)


def _holds(tx: Connection, changes: list[tuple[int, AnyChange]], at: Any) -> None:
    placed: dict[str, Row] = {}
    lifted: list[Row] = []
    for lot_id, c in changes:
        if isinstance(c, HoldPlaced):
            amount = None if c.hold.quantity is None else str(c.hold.quantity)
            placed[c.hold.id] = {
                "id": c.hold.id, "lot_id": lot_id, "reason": c.hold.reason, "system": c.hold.system, "quantity": amount,
                "placed_at": c.hold.placed_at, "lifted_at": None, "lifted_by": None,
            }  # fmt: skip
        elif isinstance(c, HoldLifted) and c.hold in placed:
            placed[c.hold].update(lifted_at=at, lifted_by=c.by)
        elif isinstance(c, HoldLifted):
            lifted.append({"id": c.hold, "lifted_at": at, "lifted_by": c.by})
    update(tx, hold, lifted, ("id",))  # first: what was lifted and then placed again in this batch stands
    upsert(tx, hold, list(placed.values()), ("id",), ("quantity", "placed_at", "lifted_at", "lifted_by"))


def wait(tx: Connection, system: str, native: str, message_uuid: str, cause: str, at: Any) -> None:
    """Remember a hold for a lot that nobody has told us about yet."""
    row = {"system": system, "native": native, "message": message_uuid, "cause": cause[:500], "at": at}
    upsert(tx, waiting_hold, [row], ("system", "native", "message"), ())


def stop_waiting(tx: Connection, message_uuid: str) -> None:
    tx.execute(waiting_hold.delete().where(waiting_hold.c.message == message_uuid))


def states(tx: Connection, row_ids: Iterable[int]) -> dict[int, Lot]:
    """Return the current state of lots by inside id."""
    found: dict[int, Lot] = {}
    for some in chunks(set(row_ids)):
        for row in tx.execute(_STATES, {"ids": some}):
            found[row.id] = _read(row.state)
    return found


def by_site(tx: Connection, row_ids: Iterable[int]) -> dict[str, list[int]]:
    """Return lots, given by inside id, by their site."""
    found: dict[str, list[int]] = {}
    for row_id, state in states(tx, row_ids).items():
        found.setdefault(state.site, []).append(row_id)
    return found


def by_uuid(tx: Connection, uuids: Iterable[str]) -> dict[str, Lot]:
    """Return the current state of lots by their id."""
    found: dict[str, Lot] = {}
    for some in chunks(uuids):
        rows = tx.execute(select(lot.c.uuid, lot.c.state).where(lot.c.uuid.in_(some)))
        found.update({row.uuid: _read(row.state) for row in rows})
    return found


def named(tx: Connection, system: str, native: str) -> list[str]:
    """Return the lots that are called this: by that system, or else by any."""
    query = select(identity.c.system, lot.c.uuid).join(lot, lot.c.id == identity.c.lot_id).where(identity.c.native == native)
    found = tx.execute(query).all()
    own = [row.uuid for row in found if row.system == system]
    return list(dict.fromkeys(own or [row.uuid for row in found]))


def one(tx: Connection, uuid: str) -> Lot | None:
    """Return the current state of one lot."""
    found = tx.execute(select(lot.c.state).where(lot.c.uuid == uuid)).scalar_one_or_none()
    return None if found is None else decode(found, Lot)
