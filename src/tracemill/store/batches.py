"""Supplier batches: rejected lots whose rejection is still to be carried on to whatever else there is of their batch."""

from collections.abc import Iterable

from sqlalchemy import Connection, delete, select, update

from tracemill.model.lot import Lot
from tracemill.model.record import Record
from tracemill.store import lots
from tracemill.store.genealogy_tables import batch_spread
from tracemill.store.rows import upsert
from tracemill.store.tables import lot


class Batch(Record, frozen=True):
    """A rejected lot, and some of the other lots of its supplier batch, at whatever site."""

    rejected: Lot
    others: tuple[Lot, ...]


def ask(tx: Connection, lot_ids: Iterable[int]) -> None:
    """Note lots whose rejection is to be carried on, from the beginning."""
    upsert(tx, batch_spread, [{"lot_id": i, "after": 0} for i in lot_ids], ("lot_id",), ("after",))


def wait(tx: Connection) -> bool:
    """Say whether any rejection is still to be carried on."""
    return tx.execute(select(batch_spread.c.lot_id).limit(1)).first() is not None


def take(tx: Connection, most: int) -> Batch | None:
    """Take up to `most` other lots of the batch of one rejected lot, and note how far that came; None where none waits."""
    waiting = tx.execute(select(batch_spread).order_by(batch_spread.c.lot_id).limit(1)).first()
    if waiting is None:
        return None
    rejected = lots.states(tx, [waiting.lot_id])[waiting.lot_id]
    same = (lot.c.supplier_batch == rejected.supplier_batch, lot.c.id > waiting.after, lot.c.id != waiting.lot_id)
    found = list(tx.execute(select(lot.c.id).where(*same).order_by(lot.c.id).limit(most)).scalars())
    mine = batch_spread.c.lot_id == waiting.lot_id
    tx.execute(
        update(batch_spread).where(mine).values(after=found[-1]) if len(found) == most else delete(batch_spread).where(mine)
    )
    return Batch(rejected=rejected, others=tuple(lots.states(tx, found).values()))
