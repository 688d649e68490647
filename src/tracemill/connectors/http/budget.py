"""Budget: how many requests a system is asked to take, at once and per second."""

import asyncio
from types import TracebackType
from typing import Self

from tracemill.model.connector import Unavailable


class Budget:
    """A token bucket and a number of slots; used as `async with budget:` around each request."""

    def __init__(self, rate: float, burst: int, concurrency: int, patience: float) -> None:
        self._rate = rate
        self._burst = float(max(1, burst))
        self._patience = patience
        self._slots = asyncio.Semaphore(concurrency)
        self._tokens = self._burst
        self._filled_at: float | None = None

    async def __aenter__(self) -> Self:
        await self._slots.acquire()
        try:
            await self._pace()
        except BaseException:
            self._slots.release()
            raise
        return self

    async def __aexit__(self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None) -> None:
        self._slots.release()

    async def _pace(self) -> None:
        """Take a token, and wait for it in turn where the bucket is empty; tokens may be owed."""
        now = asyncio.get_running_loop().time()
        if self._filled_at is not None:
            self._tokens = min(self._burst, self._tokens + (now - self._filled_at) * self._rate)
        self._filled_at = now
        wait = (1.0 - self._tokens) / self._rate
        if wait <= 0:
            self._tokens -= 1.0
            return
        if wait > self._patience:
            raise Unavailable(f"its rate of {self._rate:g} requests a second is used up", wait)
        self._tokens -= 1.0
        try:
            await asyncio.sleep(wait)
        except asyncio.CancelledError:
            self._tokens += 1.0
            raise
