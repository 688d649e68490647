"""The audit trail: one entry per position, hash-chained over payload hashes, so that bodies may expire and the chain holds."""

from collections.abc import Sequence
from datetime import datetime
from hashlib import sha256

import msgspec
from sqlalchemy import Connection, insert, select, update

from tracemill.model.record import Record
from tracemill.store import rows as sql
from tracemill.store.tables import audit, site_position

GENESIS = bytes(32)


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


def verify(tx: Connection, site: str) -> tuple[int, Broken | None]:
    """Walk a site's chain from its beginning; return (entries checked, first break)."""
    head, position = GENESIS, 0
    for row in tx.execute(select(audit).where(audit.c.site == site).order_by(audit.c.position)):
        position += 1
        if row.position != position:
            return position - 1, Broken(position=position, why=f"entry {position} is missing")
        entry = Entry(
            at=row.at,
            actor=row.actor,
            action=row.action,
            subject=row.subject,
            reason=row.reason,
            payload_hash=bytes(row.payload_hash),
        )
        head = link(head, position, entry)
        if head != bytes(row.hash):
            return position - 1, Broken(position=position, why=f"entry {position} was altered")
    stored = tx.execute(select(site_position.c.position, site_position.c.head).where(site_position.c.site == site)).one_or_none()
    if stored is not None and (stored[0] != position or bytes(stored[1]) != head):
        return position, Broken(position=position, why=f"the chain ends at {position}, its head says {stored[0]}")
    return position, None
