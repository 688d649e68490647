"""Transfers of a lot to and from other sites: how much is on its way, and what it is called where it arrived."""

from decimal import Decimal

from sqlalchemy import Connection, select

from tracemill.core.material import TRANSFER
from tracemill.model.lot import Lot
from tracemill.model.quantity import show
from tracemill.model.record import Record
from tracemill.model.status import Direction, Side
from tracemill.store.genealogy import SIDES
from tracemill.store.genealogy_tables import edge, transformation
from tracemill.store.tables import lot

ZERO = Decimal(0)


class TransferView(Record, frozen=True):
    """A quantity of the lot that left for another site, or came from one."""

    transfer: str
    direction: str
    quantity: str
    in_transit: str  # of all that left under this number: what nobody has told to have arrived
    lots: tuple[str, ...]  # on the other side
    sites: tuple[str, ...]


def of_lot(c: Connection, found: Lot) -> tuple[TransferView, ...]:
    """Return the transfers of a lot, as they are now."""
    if not any(entry.work and entry.work.kind == TRANSFER for entry in found.entries.values()):
        return ()
    own = (
        select(edge.c.transformation_id)
        .join(lot, lot.c.id == edge.c.lot_id)
        .join(transformation, (transformation.c.id == edge.c.transformation_id) & (transformation.c.kind == TRANSFER))
        .where(lot.c.uuid == found.id)
    )
    query = (
        select(transformation.c.key, edge.c.side, edge.c.quantity, edge.c.site, lot.c.uuid, lot.c.number)
        .join(transformation, transformation.c.id == edge.c.transformation_id)
        .join(lot, lot.c.id == edge.c.lot_id)
        .where(edge.c.transformation_id.in_(own))
        .order_by(edge.c.transformation_id, edge.c.position, edge.c.ordinal)
    )
    works: dict[str, list[tuple[int, Decimal, str, str, str]]] = {}
    for row in c.execute(query):
        works.setdefault(row.key, []).append((row.side, Decimal(row.quantity), row.site, row.uuid, row.number))
    return tuple(_view(key.removeprefix(f"{TRANSFER} "), sides, found.id) for key, sides in works.items())


def _view(number: str, sides: list[tuple[int, Decimal, str, str, str]], own: str) -> TransferView:
    gone = sum((q for side, q, *_ in sides if side == SIDES[Side.INPUT]), ZERO)
    came = sum((q for side, q, *_ in sides if side == SIDES[Side.OUTPUT]), ZERO)
    mine = [(side, q) for side, q, _, uuid, _ in sides if uuid == own]
    left = mine[0][0] == SIDES[Side.INPUT]
    far = [(site, name) for side, _, site, _, name in sides if (side == SIDES[Side.INPUT]) is not left]
    return TransferView(
        transfer=number, direction=Direction.OUT if left else Direction.IN, quantity=show(sum((q for _, q in mine), ZERO)),
        in_transit=show(max(ZERO, gone - came)), lots=tuple(dict.fromkeys(name for _, name in far)),
        sites=tuple(dict.fromkeys(site for site, _ in far)),
    )  # fmt: skip
