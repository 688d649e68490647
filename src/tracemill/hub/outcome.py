"""Outcomes: what one try of a delivery led to, and when to look again."""

from datetime import datetime, timedelta
from random import Random

from tracemill.model.record import Record
from tracemill.model.status import DeliveryState

GIVE_UP = timedelta(hours=24)
_jitter = Random()  # noqa: S311  spreads retries; nothing secret


class Outcome(Record, frozen=True):
    """The state a delivery goes to after a try."""

    state: DeliveryState
    detail: str = ""
    native: str = ""
    retry_after: float | None = None
    replan: bool = False  # refused as planned: read again, plan again, under a new token


def backoff(attempts: int, retry_after: float | None = None) -> timedelta:
    """Return how long to wait before the next try: 0.25 s doubling to 5 min, never before the target's Retry-After."""
    wait = min(300.0, 0.25 * float(2 ** min(attempts - 1, 12))) * _jitter.uniform(0.9, 1.2)
    return timedelta(seconds=max(wait, retry_after or 0.0))


def given_up(decided_at: datetime, now: datetime, *, restricts: bool) -> bool:
    """A relaxation or an act is given up after a day; a restriction never is."""
    return not restricts and now - decided_at > GIVE_UP
