"""The client of one system: a call within its budget, past its breaker, with our credentials, and judged."""

import time
from collections.abc import Callable, Mapping
from datetime import datetime
from typing import Final

from tracemill.connectors.http.answer import Answer
from tracemill.connectors.http.auth import authorization
from tracemill.connectors.http.breaker import Breaker
from tracemill.connectors.http.budget import Budget
from tracemill.connectors.http.request import Outgoing
from tracemill.connectors.http.secret import Redactor, Secret
from tracemill.connectors.http.spec import AuthSpec, HttpSystemSpec, LimitSpec
from tracemill.connectors.http.transport import Lost, NotSent, Transport
from tracemill.connectors.http.verdict import Judge, Rule
from tracemill.model.connector import InDoubt, Unavailable

NOTHING: Final[frozenset[int]] = frozenset()
_TELLING: Final = ("auth", "key", "token", "secret", "cookie")


class Client:
    """Calls one system; raises only Unavailable, Rejected or InDoubt. The connector takes secrets out of them."""

    def __init__(
        self,
        auth: AuthSpec,
        limits: LimitSpec,
        rules: tuple[Rule, ...],
        system: HttpSystemSpec,
        clock: Callable[[], datetime],
    ) -> None:
        credentials = {name: Secret(value) for name, value in system.credentials.items()}
        self.redactor = Redactor([*credentials.values(), *_secret_headers(system.headers)])
        self.breaker = Breaker(limits.breaker_failures, limits.breaker_pause, time.monotonic)
        self._budget = Budget(limits.rate, limits.burst, limits.concurrency, limits.timeout)
        self._transport = Transport(system.url, system.headers, limits.timeout, system.verify_tls)
        self._authorization = authorization(auth, credentials, self.redactor, time.monotonic)
        self._judge = Judge(rules, clock)

    async def call(self, request: Outgoing, changes: bool = False, tolerated: frozenset[int] = NOTHING) -> Answer:
        """Send a request. `changes` says whether it may change something: a lost answer is then in doubt.

        Statuses in `tolerated` are answers like others.
        """
        self.breaker.check()
        async with self._budget:
            trying = self.breaker.enter()
            try:
                return await self._judged(request, changes, tolerated)
            finally:
                self.breaker.left(trying)

    async def close(self) -> None:
        await self._transport.close()

    async def _judged(self, request: Outgoing, changes: bool, tolerated: frozenset[int]) -> Answer:
        try:
            answer = await self._authorized(request)
        except NotSent as error:
            cause = f"{request.shown}: {error}"
            self.breaker.failed(cause)
            raise Unavailable(cause) from None
        except Lost as error:
            cause = f"{request.shown}: {error}"
            self.breaker.failed(cause)
            raise (InDoubt(cause) if changes else Unavailable(cause)) from None
        verdict = self._judge.verdict(answer, changes, tolerated)
        if verdict.failing:
            self.breaker.failed(verdict.cause)
        else:
            self.breaker.succeeded()
        if verdict.kind == "fine":
            return answer
        raise verdict.error(request.shown)

    async def _authorized(self, request: Outgoing) -> Answer:
        headers = await self._entry()
        answer = await self._transport.exchange(request, headers)
        if answer.status == 401 and self._authorization.renewed(headers):
            # A 401 means that nothing was done: with a new token the request may go out again.
            answer = await self._transport.exchange(request, await self._entry())
        return answer

    async def _entry(self) -> Mapping[str, str]:
        """Give the headers that let us in; fetching them changes nothing, so a failure there is never in doubt."""
        try:
            return await self._authorization.headers(self._transport.exchange)
        except Lost as error:
            raise NotSent(f"no token: {error}") from None


def _secret_headers(headers: Mapping[str, str]) -> list[Secret]:
    return [Secret(value) for name, value in headers.items() if any(word in name.lower() for word in _TELLING)]
