"""What goes wrong between a client and an application: lost answers, hangs, wrong bodies, throttling.

`POST /plant/faults` {"match": {"method": "POST", "path": "/wms/status-changes"}, "times": 1, "do": ..., "seconds": 0}
arms a fault. `method` may be "*"; `path` may hold `*`; `body` is a text that the request's body must hold. The first armed fault
that matches a request is used up once.

| do          | work done | the client sees                                                            |
|-------------|-----------|----------------------------------------------------------------------------|
| lose_answer | yes       | a closed connection without a byte of answer (after `seconds`, if given)   |
| error_500   | no        | 500 with an HTML page                                                      |
| hang        | no        | nothing, for `seconds` (default 3600), then a closed connection            |
| wrong_body  | yes       | 200 with an HTML page in place of the answer                               |
| delay       | yes       | the true answer; request and work begin after `seconds` (default 1)        |

`GET /plant/faults` lists what is still armed, `DELETE /plant/faults` disarms. Faults are forgotten at a restart.
`/plant/*` itself is never hit.
"""

import asyncio
import time
from collections import deque
from collections.abc import Callable, Mapping
from contextlib import suppress
from dataclasses import dataclass
from decimal import Decimal
from fnmatch import fnmatchcase

from starlette.responses import HTMLResponse, Response
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from .fields import Refused, part, text

KINDS = ("lose_answer", "error_500", "hang", "wrong_body", "delay")
_WAITS = {"hang": 3600.0, "delay": 1.0}
_PAGE = "<html><head><title>{0}</title></head><body><h1>{0}</h1></body></html>"


@dataclass(slots=True)
class Fault:
    method: str
    path: str
    do: str
    seconds: float
    times: int
    body: str = ""

    def hits(self, scope: Scope, body: bytes) -> bool:
        there = self.method in ("*", scope["method"]) and fnmatchcase(scope["path"], self.path)
        return there and self.body.encode() in body

    def shown(self) -> Mapping[str, object]:
        match = {"method": self.method, "path": self.path} | ({"body": self.body} if self.body else {})
        return {"match": match, "do": self.do, "seconds": self.seconds, "times": self.times}


def _number(body: Mapping[str, object], field: str, default: float) -> float:
    value = body.get(field, default)
    if isinstance(value, bool) or not isinstance(value, int | float | Decimal) or value < 0:
        raise Refused(400, "INVALID", f"{field} must be a number from 0", field)
    return float(value)


def fault_from(body: Mapping[str, object]) -> Fault:
    """Read the body of `POST /plant/faults`."""
    do = text(body, "do")
    if do not in KINDS:
        raise Refused(400, "INVALID", f"do must be one of {', '.join(KINDS)}", "do")
    match = part(body, "match")
    seconds = _number(body, "seconds", _WAITS.get(do, 0.0))
    times = int(_number(body, "times", 1))
    return Fault(text(match, "method", "*"), text(match, "path", "*"), do, seconds, times, text(match, "body", ""))


class Gate:
    """Stands before an application; lets requests through, or not."""

    def __init__(self, app: ASGIApp, throttled: Callable[[], Response]) -> None:
        self.faults: list[Fault] = []
        self.per_second: int | None = None
        self.drop: Callable[[Scope], None] | None = None
        self._app = app
        self._throttled = throttled
        self._recent: deque[float] = deque()

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] != "http" or scope["path"].startswith("/plant/"):
            await self._app(scope, receive, send)
            return
        if self._too_many(scope["path"]):
            await self._throttled()(scope, receive, send)
            return
        body = b""
        if any(fault.body for fault in self.faults):
            body, receive = await _looked_into(receive)
        fault = self._armed(scope, body)
        if fault is None:
            await self._app(scope, receive, send)
        else:
            await self._spoil(fault, scope, receive, send)

    def _too_many(self, path: str) -> bool:
        if self.per_second is None or path == "/health" or path.startswith("/ui/"):
            return False
        now = time.monotonic()
        while self._recent and self._recent[0] <= now - 1:
            self._recent.popleft()
        if len(self._recent) >= self.per_second:
            return True
        self._recent.append(now)
        return False

    def _armed(self, scope: Scope, body: bytes) -> Fault | None:
        for fault in self.faults:
            if fault.times > 0 and fault.hits(scope, body):
                fault.times -= 1
                self.faults = [left for left in self.faults if left.times > 0]
                return fault
        return None

    async def _spoil(self, fault: Fault, scope: Scope, receive: Receive, send: Send) -> None:
        match fault.do:
            case "error_500":
                await HTMLResponse(_PAGE.format("500 Internal Server Error"), 500)(scope, receive, send)
            case "wrong_body":
                await self._app(scope, receive, _swallow)
                await HTMLResponse(_PAGE.format("Please log in to the network"))(scope, receive, send)
            case "delay":
                await asyncio.sleep(fault.seconds)
                await self._app(scope, receive, send)
            case "hang":
                with suppress(TimeoutError):
                    await asyncio.wait_for(_left(receive), fault.seconds)
                await self._cut(scope, receive)
            case _:
                await self._app(scope, receive, _swallow)
                await asyncio.sleep(fault.seconds)
                await self._cut(scope, receive)

    async def _cut(self, scope: Scope, receive: Receive) -> None:
        if self.drop is None:
            raise ConnectionResetError("the answer is lost")
        self.drop(scope)
        # The server writes a 500 of its own for a request left unanswered, unless it knows the client is gone.
        await _left(receive)


async def _swallow(message: Message) -> None:
    """Take the answer and tell nobody."""


async def _left(receive: Receive) -> None:
    while (await receive())["type"] != "http.disconnect":
        pass


async def _looked_into(receive: Receive) -> tuple[bytes, Receive]:
    """Read the body of a request, and return a way to read it again."""
    messages: list[Message] = []
    while not messages or messages[-1].get("more_body"):
        messages.append(await receive())
    kept = iter(messages)

    async def again() -> Message:
        return next(kept, None) or await receive()

    return b"".join(message.get("body", b"") for message in messages), again
