"""Serials in bulk: many serials that one work made, told at once."""

from collections.abc import Iterator
from datetime import date

from tracemill.model.material import Work
from tracemill.model.quantity import Quantity
from tracemill.model.record import Record
from tracemill.model.reference import LotRef
from tracemill.model.status import Evidence

MOST = 20_000  # in one message


class BadSeries(ValueError):
    """A range of serials that does not say which ones are in it."""


class Series(Record, frozen=True):
    """Every serial from the first to the last: they differ in the digits at their end, and are of one length."""

    first: str
    last: str

    def serials(self) -> Iterator[str]:
        """Return each serial, its zeros kept; raises BadSeries."""
        stem = self.first.rstrip("0123456789")
        digits = len(self.first) - len(stem)
        low, high = self.first[len(stem) :], self.last[len(stem) :]
        if not digits or len(self.last) != len(self.first) or not self.last.startswith(stem) or not high.isdecimal():
            raise BadSeries(f"{self.first!r} to {self.last!r} is no range: only digits at the end may differ, of one length")
        if not int(low) <= int(high) < int(low) + MOST:
            raise BadSeries(f"{self.first!r} to {self.last!r} is not a range of 1 to {MOST} serials")
        return (f"{stem}{n:0{digits}}" for n in range(int(low), int(high) + 1))


class SerialsProduced(Record, frozen=True):
    """Serials came out of one transformation, each one piece: listed, as ranges, or both. Each becomes a lot of its own."""

    work: Work
    serials: tuple[str, ...] = ()
    series: tuple[Series, ...] = ()
    item: str = ""
    each: Quantity | None = None  # of one serial, where it is not one piece
    known_to: tuple[str, ...] = ()  # other systems that call them the same
    movement: str = ""
    evidence: Evidence = Evidence.SCANNED
    item_text: str = ""
    material_class: str = ""
    place: str = ""
    manufactured: date | None = None
    expires: date | None = None
    retest: date | None = None

    @property
    def lot(self) -> LotRef:
        """The first of them stands for all."""
        first = self.serials[0] if self.serials else self.series[0].first if self.series else ""
        return LotRef(id=first, item=self.item)
