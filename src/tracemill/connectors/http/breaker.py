"""Breaker: a system that failed several times in a row is left alone for a while, then tried with one request."""

from collections.abc import Callable

from tracemill.model.connector import Unavailable


class Breaker:
    """Closed: all pass. Open: none pass until the pause is over; then one may try, and its end decides."""

    def __init__(self, failures: int, pause: float, time: Callable[[], float]) -> None:
        self._limit = failures
        self._pause = pause
        self._time = time
        self._failures = 0
        self._open_until: float | None = None
        self._trying = False
        self._cause = ""

    @property
    def is_open(self) -> bool:
        return self._open_until is not None

    def check(self) -> None:
        """Raise Unavailable while the system is left alone."""
        if self._open_until is None:
            return
        left = self._open_until - self._time()
        if left > 0 or self._trying:
            cause = f"left alone after {self._failures} failures in a row; the last: {self._cause}"
            raise Unavailable(cause, max(left, 0.1))

    def enter(self) -> bool:
        """Let one request pass or raise Unavailable; tell whether it is the one that tries an open breaker."""
        self.check()
        if self._open_until is None:
            return False
        self._trying = True
        return True

    def succeeded(self) -> None:
        self._failures, self._open_until = 0, None

    def failed(self, cause: str) -> None:
        self._failures += 1
        self._cause = cause
        if self._failures >= self._limit:
            self._open_until = self._time() + self._pause

    def left(self, trying: bool) -> None:
        """End a request, however it ended; only the one that tried makes room for the next to try."""
        if trying:
            self._trying = False
