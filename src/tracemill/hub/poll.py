"""Polling: a webhook is a hint, polling is the truth. Each feed of each system is read on its own."""

import asyncio

from tracemill.hub.link import Link
from tracemill.hub.receive import counts, receive_page
from tracemill.hub.runtime import Runtime
from tracemill.model.connector import InDoubt, Rejected, Unavailable
from tracemill.observe.logs import log
from tracemill.observe.metrics import POLLS, RECEIVED
from tracemill.store import systems
from tracemill.store.writer import Priority

PAGES = 200


class Poller:
    """Reads one feed of one system, from where it stopped."""

    def __init__(self, runtime: Runtime, link: Link, feed: str) -> None:
        self._runtime, self.link, self.feed = runtime, link, feed
        self.failures = 0
        self.tried = asyncio.Event()
        self.hint = link.hints.setdefault(feed, asyncio.Event())

    @property
    def every(self) -> float:
        """Seconds until the next poll: the feed's own pace, slower while the system fails."""
        pace: float = self.link.feeds[self.feed].every
        return min(pace * float(2 ** min(self.failures, 6)), max(pace, 60.0))

    async def run_once(self) -> int:
        """Read all pages that are there; return how many records were new."""
        if self.link.paused:
            return 0
        system, feed, new = self.link.name, self.feed, 0
        try:
            for _ in range(PAGES):
                cursor = await self._runtime.store.read(lambda c: systems.cursor(c, system, feed))
                now = self._runtime.clock()
                page = await self.link.connector.poll(feed, cursor, now)
                receipts = await receive_page(self._runtime, system, feed, page, now)
                for outcome, count in counts(receipts).items():
                    RECEIVED.labels(system, outcome).inc(count)
                new += sum(bool(r.uuid) for r in receipts)
                if not page.more:
                    break
        except (Unavailable, Rejected, InDoubt) as error:
            await self._failed(str(error))
            return new
        self.failures = 0
        self.link.last_ok, self.link.last_error = self._runtime.clock(), ""
        POLLS.labels(system, feed, "ok").inc()
        return new

    async def _failed(self, error: str) -> None:
        self.failures += 1
        self.link.last_error = error
        now = self._runtime.clock()
        POLLS.labels(self.link.name, self.feed, "failed").inc()
        if self.failures in (1, 10, 100):
            log.warning("poll failed", system=self.link.name, feed=self.feed, error=error, failures=self.failures)
        await self._runtime.store.write(
            lambda tx: systems.failed(tx, self.link.name, self.feed, error, now), Priority.POLL, shared=True
        )
