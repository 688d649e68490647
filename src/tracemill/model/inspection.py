"""Inspection: the plan of a lot, the results of first submissions, and what the responsible authority approved."""

from datetime import datetime

from tracemill.model.record import Record
from tracemill.model.status import ApprovalKind, Severity


class HistoryKey(Record, frozen=True):
    """What an inspection history is kept for: a supplier, an item of it, and the plan it is inspected by."""

    supplier: str
    item: str
    plan: str

    def __str__(self) -> str:
        return f"{self.supplier} {self.item} ({self.plan})"


class Planned(Record, frozen=True):
    """The plan that a lot is to be inspected by, in items; `skipped`: the lot was drawn to be accepted without inspection."""

    key: HistoryKey
    severity: Severity
    aql: str
    code_letter: str
    sample_size: int
    accept: int
    lot_size: int
    skipped: bool = False


class Submission(Record, frozen=True, tag=True):
    """The result of a lot's original inspection, never of a resubmission (ISO 2859-1:1999, 9.3).

    `nonconforming` is None where quality did not say how many items it found. `reinspected`: the lot was sent to be
    sorted or inspected again, so no later decision is about its first submission.
    """

    lot: str
    inspection: str
    decided_at: datetime
    accepted: bool
    severity: Severity
    code_letter: str
    aql: str
    sample_size: int
    accept: int
    nonconforming: int | None = None
    reinspected: bool = False

    @property
    def at(self) -> datetime:
        return self.decided_at


class Withdrawn(Record, frozen=True, tag=True):
    """Quality invalidated a result: the lot has no first submission until it is decided again."""

    lot: str
    at: datetime


class Approval(Record, frozen=True, tag=True):
    """What the responsible authority allows, or no longer allows (`revoked`): who, when, why and for how long."""

    what: ApprovalKind
    at: datetime
    by: str
    why: str
    until: datetime | None = None
    revoked: bool = False

    def holds(self, at: datetime) -> bool:
        """Say whether the approval counts at a time."""
        return not self.revoked and (self.until is None or at < self.until)


class Skipped(Record, frozen=True, tag=True):
    """A lot that was accepted without inspection, because it was not drawn."""

    lot: str
    at: datetime


Fact = Submission | Withdrawn | Approval | Skipped


class SkipRules(Record, frozen=True):
    """The figures of skip-lot inspection (ISO 2859-3:2005, clauses 5 and 6) as the site set them; lots and scores are counts.

    `frequencies` pairs the most lots that qualification may have taken with the initial frequency: (11, 4) is "up to
    11 lots: 1 lot in 4". `core/skip_lot.py` says where each figure stands and which are not certain.
    """

    seed: str
    qualify_score: int = 50
    qualify_lots: int = 20
    frequencies: tuple[tuple[int, int], ...] = ((11, 4), (14, 3), (20, 2))
    rarest: int = 5
    score_clean: int = 5
    score_near: int = 3
    requalify_score: int = 18
    requalify_lots: int = 4
    interrupted_lots: int = 10
    idle_days: int = 60

    def __repr__(self) -> str:
        return "SkipRules(seed=…)"  # who knows the seed knows which lots are not inspected
