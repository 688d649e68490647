"""Vessels: tanks and silos, in which what goes in is no longer told apart from what comes out (ISA-95 storage units)."""

from datetime import date, datetime
from decimal import Decimal

import msgspec

from tracemill.model.material import Work
from tracemill.model.quantity import Quantity
from tracemill.model.record import Record
from tracemill.model.reference import LotRef
from tracemill.model.status import Evidence, VesselAct, VesselKind


class VesselMoved(Record, frozen=True):
    """What goes into a vessel, or comes out. A negative quantity takes an earlier booking back; tell it for the time of that."""

    vessel: str
    quantity: Quantity
    told: LotRef | None = msgspec.field(default=None, name="lot")
    work: Work = Work()
    movement: str = ""
    evidence: Evidence = Evidence.SCANNED

    @property
    def lot(self) -> LotRef:
        return self.told or LotRef(id=self.vessel)

    @property
    def alone(self) -> bool:
        """Say whether it names no lot, and so is about the vessel alone."""
        return self.told is None


class VesselCharged(VesselMoved, frozen=True):
    """A quantity went into a vessel: of a lot, or what an order has made and nobody gave a number.

    A negative quantity takes an earlier booking back; tell it for the time of that booking.
    """


class VesselDischarged(VesselMoved, frozen=True):
    """A quantity came out of a vessel: into a lot, into an order, or into a lot that an order makes of it.

    A negative quantity takes an earlier booking back; tell it for the time of that booking.
    """

    label: str = ""  # the number printed on the lot, where the source itself calls it something else
    item_text: str = ""  # and what else is told of a lot where it is made (`Described`; a struct has one base)
    material_class: str = ""
    place: str = ""
    manufactured: date | None = None
    expires: date | None = None
    retest: date | None = None


class VesselCleaned(Record, frozen=True):
    """A vessel was emptied and cleaned: what was in it is in nothing that comes out later."""

    vessel: str
    residual: Quantity | None = None  # what still stood in it, and was thrown away

    @property
    def lot(self) -> LotRef:
        return LotRef(id=self.vessel)

    @property
    def alone(self) -> bool:
        return True


VesselTold = VesselCharged | VesselDischarged | VesselCleaned


class VesselRule(Record, frozen=True):
    """How the content of a vessel mixes, as the site's data says."""

    kind: VesselKind = VesselKind.MIXED
    band: Decimal = Decimal(0)  # fifo_band: so much before and after may come out with it
    unit: str = ""  # in which the vessel is measured; empty: the unit of what was first told


class VesselFact(Record, frozen=True):
    """One thing that happened to a vessel; what is in it is the fold of these, in order of when they occurred."""

    id: str  # the event that told it
    act: VesselAct
    at: datetime
    lot: str = ""  # which went in, or came out; empty: an order's own, or none
    quantity: Decimal = Decimal(0)  # in the lot's base unit
    unit: str = ""
    amount: Decimal = Decimal(0)  # in the vessel's unit
    measured: str = ""  # the vessel's unit
    work: Work = Work()
    evidence: Evidence = Evidence.SCANNED
