"""Release: what stands between a lot that was made here and its use."""

from datetime import datetime

from tracemill.model.record import Record
from tracemill.model.reference import LotRef
from tracemill.model.status import Lacking


class Shortfall(Record, frozen=True):
    """One thing that the genealogy of a lot lacks, and the order or the lot that it is about."""

    kind: Lacking
    about: str


class GenealogyReviewed(Record, frozen=True):
    """The hub's own word: what the genealogy of a lot lacks, as its record stands now."""

    lot: LotRef
    found: tuple[Shortfall, ...] = ()
    same: bool = False  # it is the material that went in, under another number


class Review(Record, frozen=True):
    """What the last review of a lot's genealogy found."""

    at: datetime
    found: tuple[Shortfall, ...] = ()
    same: bool = False


class InspectionResult(Record, frozen=True):
    """What one inspection of a lot came to."""

    plan: str
    passed: bool
    at: datetime
    system: str
    signer: str = ""
