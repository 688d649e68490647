"""Process facts: under which conditions something was made (ISA-95 segment data)."""

from datetime import datetime
from decimal import Decimal

from tracemill.model.material import Work
from tracemill.model.record import Record
from tracemill.model.reference import LotRef


class Summary(Record, frozen=True):
    """What a checkpoint makes of the readings of one parameter: what was set, what is allowed, and what really was.

    Amounts are in `unit`. A single reading has only a mean.
    """

    parameter: str
    unit: str = ""
    setpoint: Decimal | None = None
    low: Decimal | None = None
    high: Decimal | None = None
    minimum: Decimal | None = None
    mean: Decimal | None = None
    maximum: Decimal | None = None
    readings: int | None = None
    started: datetime | None = None
    ended: datetime | None = None

    @property
    def least(self) -> Decimal | None:
        return self.mean if self.minimum is None else self.minimum

    @property
    def most(self) -> Decimal | None:
        return self.mean if self.maximum is None else self.maximum

    @property
    def beyond(self) -> str:
        """Say which limit was passed, and by what; empty where none was, or where nothing was measured."""
        if self.high is not None and self.most is not None and self.most > self.high:
            return f"{self.most} above {self.high}"
        if self.low is not None and self.least is not None and self.least < self.low:
            return f"{self.least} below {self.low}"
        return ""


class ProcessRecorded(Record, frozen=True):
    """The conditions under which a lot was made in a transformation. Told again, a summary takes the place of the older one."""

    lot: LotRef
    work: Work
    summaries: tuple[Summary, ...]
