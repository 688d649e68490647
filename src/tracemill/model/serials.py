"""Serials in bulk: many serials that one work made, told at once."""

from tracemill.model.material import Described, Work
from tracemill.model.quantity import Quantity
from tracemill.model.record import Record
from tracemill.model.reference import LotRef
from tracemill.model.status import Evidence

MOST = 20_000  # in one message


class Series(Record, frozen=True):
    """Every serial from the first to the last one, both included; see core/serial_range.py for which lie between."""

    first: str
    last: str


class SerialsProduced(Described, frozen=True):
    """Serials came out of one transformation, each one piece: listed, as ranges, or both. Each becomes a lot of its own."""

    work: Work
    serials: tuple[str, ...] = ()
    series: tuple[Series, ...] = ()
    item: str = ""
    each: Quantity | None = None  # of one serial, where it is not one piece
    known_to: tuple[str, ...] = ()  # other systems that call them the same
    movement: str = ""
    evidence: Evidence = Evidence.SCANNED

    @property
    def lot(self) -> LotRef:
        """The first of them stands for all."""
        first = self.serials[0] if self.serials else self.series[0].first if self.series else ""
        return LotRef(id=first, item=self.item)
