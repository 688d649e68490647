"""The positive control: proof, right now, that the system knows us; without it an empty answer says nothing."""

import time
from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime
from typing import Final

from tracemill.connectors.http.answer import Answer
from tracemill.connectors.http.client import Client
from tracemill.connectors.http.request import Request
from tracemill.connectors.http.template import stamp
from tracemill.mapping.cell import Cell, CellError
from tracemill.model.connector import InDoubt, Probe, Rejected, Unavailable

ROOTS: Final = frozenset({"now"})


@dataclass(frozen=True, slots=True)
class ProbePlan:
    """A compiled probe."""

    request: Request
    accept: Cell | None


class Control:
    """Probes one system."""

    def __init__(self, client: Client, plan: ProbePlan, clock: Callable[[], datetime]) -> None:
        self._client = client
        self._plan = plan
        self._clock = clock

    async def probe(self) -> Probe:
        """Say whether the system can be reached with our credentials."""
        started = time.monotonic()
        try:
            answer = await self._ask()
        except (Unavailable, Rejected, InDoubt) as error:
            return Probe(ok=False, detail=str(error), ms=_since(started))
        ok = self._plan.accept is None or self._accepted(answer)
        return Probe(ok=ok, detail="" if ok else self._refusal(answer), ms=_since(started))

    async def proven(self) -> bool:
        """Prove that our credentials work; raise Unavailable where they do not; False where the pack gives no way to tell."""
        if self._plan.accept is None:
            return False
        try:
            answer = await self._ask()
        except Rejected as error:
            raise Unavailable(f"the control read failed: {error}") from None
        if not self._accepted(answer):
            raise Unavailable(self._refusal(answer))
        return True

    async def _ask(self) -> Answer:
        return await self._client.call(self._plan.request.fill({"now": stamp(self._clock())}))

    def _accepted(self, answer: Answer) -> bool:
        try:
            return self._plan.accept is not None and bool(self._plan.accept.evaluate(answer.source()))
        except CellError:
            return False

    def _refusal(self, answer: Answer) -> str:
        return f"credentials refused: the probe answered {answer.status}, but does not accept us: {answer.shown()}"


def _since(started: float) -> float:
    return round((time.monotonic() - started) * 1000, 2)
