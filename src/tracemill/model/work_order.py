"""Work orders as they are released to the floor: which lots they are to use and to make (ISA-95 job order)."""

from datetime import datetime
from decimal import Decimal

from tracemill.model.quantity import Quantity
from tracemill.model.record import Record
from tracemill.model.reference import LotRef
from tracemill.model.status import Side


class Operation(Record, frozen=True):
    """One step of the routing; with a plan, it is inspected in process."""

    operation: str
    machine: str = ""
    plan: str = ""


class WorkOrderReleased(Record, frozen=True):
    """An order was released that is to use a lot (`input`), or to make it (`output`); one event for each of its lots."""

    lot: LotRef
    order: str
    side: Side
    quantity: Quantity | None = None  # planned
    item: str = ""  # what the order makes
    operations: tuple[Operation, ...] = ()


class WorkOrderClosed(Record, frozen=True):
    """An order no longer wants a lot: it is finished, or cancelled, or takes another."""

    lot: LotRef
    order: str


class OrderLine(Record, frozen=True):
    """A lot on a work order, in its base unit: how much is planned, and how much of that was used."""

    side: Side
    at: datetime
    system: str
    planned: Decimal | None = None
    used: Decimal = Decimal(0)
    item: str = ""
    operations: tuple[Operation, ...] = ()
    closed: bool = False

    @property
    def left(self) -> Decimal:
        """How much the order still wants."""
        return Decimal(0) if self.planned is None else max(Decimal(0), self.planned - self.used)
