"""Components: a serial (or a quantity of a lot) that is built into another one, and may be taken out again."""

from tracemill.model.material import Work
from tracemill.model.quantity import Quantity
from tracemill.model.record import Record
from tracemill.model.reference import LotRef
from tracemill.model.status import Evidence


class ComponentInstalled(Record, frozen=True):
    """A component was built into a parent."""

    lot: LotRef
    parent: LotRef
    quantity: Quantity
    position: str = ""  # where in the parent
    work: Work = Work()
    movement: str = ""
    evidence: Evidence = Evidence.SCANNED


class ComponentRemoved(Record, frozen=True):
    """A component was taken out of a parent: it is no longer in there, and once it was."""

    lot: LotRef
    parent: LotRef
    quantity: Quantity
    position: str = ""
    work: Work = Work()
    movement: str = ""
    evidence: Evidence = Evidence.SCANNED


ComponentTold = ComponentInstalled | ComponentRemoved
