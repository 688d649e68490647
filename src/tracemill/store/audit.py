"""The audit trail: one entry per position, hash-chained over payload hashes, so that bodies may expire and the chain holds."""

import re
from collections.abc import Iterable, Sequence
from datetime import datetime
from hashlib import sha256
from typing import Any

import msgspec
from sqlalchemy import Connection, Select, Table, insert, select, update

from tracemill.model.record import Record
from tracemill.store import rows as sql
from tracemill.store.tables import audit, change, event, site_position

GENESIS = bytes(32)
BLOCK = 1000


class Entry(Record, frozen=True):
    """Who did what to which subject, when and why; and the hash of what exactly."""

    at: datetime
    actor: str
    action: str
    subject: str
    payload_hash: bytes
    reason: str = ""


def link(head: bytes, position: int, entry: Entry) -> bytes:
    """Return the hash of an entry: over the hash before it, its position and all that it says."""
    said = msgspec.json.encode(
        [position, entry.at.isoformat(), entry.actor, entry.action, entry.subject, entry.reason, entry.payload_hash.hex()]
    )
    return sha256(head + said).digest()


def claim_positions(tx: Connection, site: str) -> tuple[int, bytes]:
    """Lock a site's head row and return (the position before the first free one, the chain's head).

    Taken last before the commit, so that positions are handed out in commit order.
    """
    query = select(site_position.c.position, site_position.c.head).where(site_position.c.site == site).with_for_update()
    row = tx.execute(query).one_or_none()
    if row is None:
        tx.execute(insert(site_position), {"site": site, "position": 0, "head": GENESIS})
        return 0, GENESIS
    return int(row[0]), bytes(row[1])


def append(tx: Connection, site: str, start: int, head: bytes, entries: Sequence[Entry]) -> None:
    """Write entries at the positions after `start` and move the site's head."""
    rows = []
    for offset, entry in enumerate(entries, 1):
        head = link(head, start + offset, entry)
        rows.append(
            {"site": site, "position": start + offset, "hash": head, **{f: getattr(entry, f) for f in entry.__struct_fields__}}
        )
    sql.insert(tx, audit, rows)
    tx.execute(update(site_position).where(site_position.c.site == site).values(position=start + len(entries), head=head))


def record(tx: Connection, site: str, entry: Entry) -> int:
    """Write one entry on its own: an act of a person that is no event."""
    start, head = claim_positions(tx, site)
    append(tx, site, start, head, [entry])
    return start + 1


class Broken(Record, frozen=True):
    """Where the chain does not hold."""

    position: int
    why: str


def payload(event: str, changes: Iterable[str]) -> bytes:
    """Return the hash of an event and its changes, each as the text that is stored."""
    return sha256("\n".join([event, *changes]).encode()).digest()


def decided(action: str) -> bool:
    """Say whether an entry speaks of an event (its action is the type, `lot.received.v1`) or of another act."""
    return re.search(r"\.v\d+$", action) is not None


def verify(tx: Connection, site: str) -> tuple[int, Broken | None]:
    """Walk a site's chain from its beginning, with the events and changes it stands for.

    Returns (entries checked, first break).
    """
    head, position = GENESIS, 0
    while rows := tx.execute(_block(audit, site, position)).all():
        payloads = _payloads(tx, site, rows[0].position, rows[-1].position)
        for row in rows:
            position += 1
            if row.position != position:
                return position - 1, Broken(position=position, why=f"entry {position} is missing")
            entry = Entry(**{f: row._mapping[f] for f in Entry.__struct_fields__})
            head = link(head, position, entry)
            if head != bytes(row.hash):
                return position - 1, Broken(position=position, why=f"entry {position} was altered")
            if why := _unlike(entry, payloads.get(position)):
                return position - 1, Broken(position=position, why=f"{why} entry {position} ({entry.action})")
    stored = tx.execute(select(site_position.c.position, site_position.c.head).where(site_position.c.site == site)).one_or_none()
    if stored is not None and (stored[0] != position or bytes(stored[1]) != head):
        return position, Broken(position=position, why=f"the chain ends at {position}, its head says {stored[0]}")
    return position, None


def _block(table: Table, site: str, after: int) -> Select[Any]:
    query = select(table).where(table.c.site == site, table.c.position > after)
    return query.order_by(table.c.position).limit(BLOCK)


def _payloads(tx: Connection, site: str, first: int, last: int) -> dict[int, bytes]:
    """Hash what is stored at some positions."""

    def rows(table: Table, *order: Any) -> Iterable[Any]:
        here = select(table.c.position, table.c.data).where(table.c.site == site, table.c.position.between(first, last))
        return tx.execute(here.order_by(table.c.position, *order))

    changes: dict[int, list[str]] = {}
    for row in rows(change, change.c.ordinal):
        changes.setdefault(row.position, []).append(row.data)
    found = {row.position: payload(row.data, changes.pop(row.position, ())) for row in rows(event)}
    return {**found, **dict.fromkeys(changes, b"")}  # changes without an event belong to nothing


def _unlike(entry: Entry, stored: bytes | None) -> str:
    """Say how what is stored differs from what the entry stands for."""
    if not decided(entry.action):
        return "" if stored is None else "an event was put behind"
    if not stored:
        return "the event is missing of"
    return "" if stored == bytes(entry.payload_hash) else "the event or its changes were altered of"
