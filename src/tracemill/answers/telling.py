"""Telling: one change of a lot in plain words, and whether it is business or technical."""

from collections.abc import Callable
from typing import Any

from tracemill.answers.words import amount, held, named
from tracemill.model import change as ch
from tracemill.model.lot import Lot
from tracemill.model.quantity import show
from tracemill.model.status import DispositionKind

Told = tuple[str, bool]  # the sentence; True: technical, shown collapsed

_DECISIONS = {
    DispositionKind.ACCEPT: "accepted", DispositionKind.CONCESSION: "accepted by concession", DispositionKind.REJECT: "rejected",
    DispositionKind.REWORK: "to be reworked", DispositionKind.REGRADE: "regraded", DispositionKind.RETURN: "to be returned",
    DispositionKind.SCRAP: "to be scrapped", DispositionKind.REINSPECT: "to be inspected again",
    DispositionKind.INVALIDATED: "decision invalidated", DispositionKind.HOLD: "put on hold", DispositionKind.PENDING: "pending",
}  # fmt: skip


def tell(change: ch.AnyChange, before: Lot) -> Told:
    """Say one change in words, given the lot before it."""
    return _SAID[type(change)](change, before)


def _created(x: ch.LotCreated, _: Lot) -> Told:
    return f"{named(x.named_by)} named lot {x.number}" + (f", item {x.item}" if x.item else ""), False


def _described(x: ch.LotDescribed, lot: Lot) -> Told:
    who = f" from {x.supplier.name or x.supplier.id}" if x.supplier else ""
    batch = f", supplier batch {x.supplier_batch}" if x.supplier_batch else ""
    order = f", purchase order {x.purchase_order}" if x.purchase_order else ""
    return f"received {show(x.received)} {x.unit and lot_unit(x.unit)}{who}{batch}{order}", False


def lot_unit(unit: str) -> str:
    return str(ch.LotDescribed and Lot(id="", site="", number="", named_by="", unit=unit).quantity(ch.Decimal(0))).partition(" ")[2]
