"""Idempotency keys: what a client asked under a key, and what it was answered."""

from datetime import datetime, timedelta
from typing import Literal

from sqlalchemy import Connection, delete, select, update

from tracemill.model.record import Record
from tracemill.store.rows import upsert
from tracemill.store.tables import idempotency

KEPT = timedelta(hours=24)
RUNS = timedelta(seconds=60)  # what runs longer died with its hub


class Claim(Record, frozen=True):
    """What a key stands for: new (ours to run), running elsewhere, done with an answer, or used for something else."""

    state: Literal["new", "running", "done", "other"]
    status: int = 0
    answer: str = ""


def claim(tx: Connection, client: str, key: str, fingerprint: str, now: datetime) -> Claim:
    """Take a key for a request, or say what it was used for."""
    mine = idempotency.c.client_id == client
    tx.execute(delete(idempotency).where(mine, idempotency.c.at < now - KEPT))
    row = tx.execute(select(idempotency).where(mine, idempotency.c.key == key)).one_or_none()
    if row is not None and row.fingerprint != fingerprint:
        return Claim(state="other")
    if row is not None and row.status is not None:
        return Claim(state="done", status=row.status, answer=row.answer or "")
    if row is not None and now - row.at < RUNS:
        return Claim(state="running")
    new = {"client_id": client, "key": key, "fingerprint": fingerprint, "status": None, "answer": None, "at": now}
    upsert(tx, idempotency, [new], ("client_id", "key"), ("at",))
    return Claim(state="new")


def finish(tx: Connection, client: str, key: str, status: int, answer: str) -> None:
    """Keep the answer, so that asking again gives the same."""
    mine = idempotency.c.client_id == client, idempotency.c.key == key
    tx.execute(update(idempotency).where(*mine).values(status=status, answer=answer))


def release(tx: Connection, client: str, key: str) -> None:
    """Give a key back: nothing came of the request."""
    mine = idempotency.c.client_id == client, idempotency.c.key == key, idempotency.c.status.is_(None)
    tx.execute(delete(idempotency).where(*mine))
