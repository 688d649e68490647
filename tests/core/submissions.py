"""Results of first submissions, as the switching rules read them."""

from datetime import UTC, datetime, timedelta
from typing import Any

from tracemill.model.inspection import Approval, HistoryKey, SkipRules, Submission
from tracemill.model.status import ApprovalKind, Severity

START = datetime(2026, 11, 23, 9, tzinfo=UTC)
KEY = HistoryKey("ACME", "4711", "incoming")
RULES = SkipRules(seed="a seed that only the site knows")


def on(day: float) -> datetime:
    return START + timedelta(days=day)


def lot(day: float, accepted: bool = True, severity: Severity = Severity.NORMAL, accept: int = 1, found: int | None = 0,
        **more: Any) -> Submission:  # fmt: skip
    """The lot that was decided on a day: 50 items of it, code letter H, AQL 1.0."""
    return Submission(lot=more.pop("lot", f"L-{day}"), inspection=f"SG-{day}", decided_at=on(day), accepted=accepted,
                      severity=severity, code_letter="H", aql="1.0", sample_size=50, accept=accept, nonconforming=found,
                      **more)  # fmt: skip


def approval(day: float, what: ApprovalKind, until: float | None = None, revoked: bool = False) -> Approval:
    end = None if until is None else on(until)
    return Approval(what=what, at=on(day), by="lena", why="audit of 12 May", until=end, revoked=revoked)
