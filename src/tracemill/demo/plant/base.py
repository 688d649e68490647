"""What all four applications share: a request is one transaction, `/ui`, `/plant` and `/health` are open.

- `GET /health` -> {"app": "erp", "status": "up"}
- `GET /plant/journal?after=<n>` -> {"journal": [{n, at, what, subject, reference, qty, detail}]}: every effect in order
- `POST|GET|DELETE /plant/faults`: see `faults`
- `POST /plant/throttle` {"per_second": 5 | null}: more requests in one second answer 429 with `Retry-After: 1`
"""

import json
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from decimal import Decimal
from urllib.parse import parse_qsl

from starlette.applications import Starlette
from starlette.exceptions import HTTPException
from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route

from .faults import Gate, fault_from
from .fields import Refused, count
from .ledger import Ledger

_OPEN = ("/ui/", "/plant/", "/health", "/oauth/")


@dataclass(frozen=True, slots=True)
class Call:
    """One request as an operation sees it; `user` is empty on the open paths."""

    method: str
    path: str
    user: str
    params: Mapping[str, str]
    query: Mapping[str, str]
    headers: Mapping[str, str]
    body: Mapping[str, object]


@dataclass(frozen=True, slots=True)
class Answer:
    body: Mapping[str, object]
    status: int = 200
    headers: Mapping[str, str] = field(default_factory=dict)


Operation = Callable[[Call], Answer]
Entry = tuple[str, str, Operation]


def _response(answer: Answer) -> Response:
    return Response(json.dumps(answer.body), answer.status, dict(answer.headers), "application/json")


def _object(raw: bytes, content_type: str) -> Mapping[str, object]:
    if not raw:
        return {}
    try:
        if content_type.startswith("application/x-www-form-urlencoded"):
            return dict(parse_qsl(raw.decode()))
        read = json.loads(raw, parse_float=Decimal)
    except (ValueError, RecursionError):
        raise Refused(400, "INVALID", "the body is not JSON", "body") from None
    if not isinstance(read, dict):
        raise Refused(400, "INVALID", "the body must be an object", "body")
    return read


class PlantApp:
    """An application of the plant; a product says its entries, its users and how its errors look."""

    name = ""

    def __init__(self, ledger: Ledger) -> None:
        self.ledger = ledger
        entries = [*self.entries(), *self._plant_entries()]
        routes = [Route(path, self._endpoint(operation), methods=[method]) for method, path, operation in entries]
        self.gate = Gate(Starlette(routes=routes, exception_handlers={HTTPException: self._lost}), self._throttled)

    def entries(self) -> Sequence[Entry]:
        raise NotImplementedError

    def user_of(self, headers: Mapping[str, str]) -> str | None:
        raise NotImplementedError

    def error(self, refused: Refused) -> Mapping[str, object]:
        raise NotImplementedError

    def stranger(self, call: Call) -> Answer:
        """Answer a caller whom `user_of` did not know."""
        return self.refusal(call, Refused(401, "UNAUTHORIZED", "credentials are missing or wrong", "auth"))

    def refusal(self, _call: Call, refused: Refused) -> Answer:
        return Answer(self.error(refused), refused.status)

    def settled(self, committed: bool) -> None:
        """Hear how the request's transaction ended."""

    async def stop(self) -> None:
        self.ledger.close()

    def _endpoint(self, operation: Operation) -> Callable[[Request], object]:
        async def endpoint(request: Request) -> Response:
            return await self._answer(request, operation)

        return endpoint

    async def _answer(self, request: Request, operation: Operation) -> Response:
        call = self._call(request, {})
        try:
            raw = await request.body()
            if not call.path.startswith(_OPEN):
                user = self.user_of(call.headers)
                if user is None:
                    return _response(self.stranger(call))
                call = self._call(request, _object(raw, call.headers.get("content-type", "")), user)
            else:
                call = self._call(request, _object(raw, call.headers.get("content-type", "")))
            with self.ledger.work():
                answer = operation(call)
        except Refused as refused:
            self.settled(False)
            return _response(self.refusal(call, refused))
        self.settled(True)
        return _response(answer)

    def _call(self, request: Request, body: Mapping[str, object], user: str = "") -> Call:
        params = {name: str(value) for name, value in request.path_params.items()}
        headers = {name.lower(): value for name, value in request.headers.items()}
        return Call(request.method, request.url.path, user, params, dict(request.query_params), headers, body)

    async def _lost(self, _request: Request, exception: Exception) -> Response:
        status = exception.status_code if isinstance(exception, HTTPException) else 500
        return _response(Answer(self.error(Refused(status, "NO_SUCH_PATH", "no such path or method", "path")), status))

    def _throttled(self) -> Response:
        refused = Refused(429, "THROTTLED", "too many requests", "rate")
        return _response(Answer(self.error(refused), 429, {"retry-after": "1"}))

    def _plant_entries(self) -> Sequence[Entry]:
        return (
            ("GET", "/health", lambda _call: Answer({"app": self.name, "status": "up"})),
            ("GET", "/plant/journal", self._journal),
            ("POST", "/plant/faults", self._arm),
            ("GET", "/plant/faults", self._armed),
            ("DELETE", "/plant/faults", self._disarm),
            ("POST", "/plant/throttle", self._throttle),
        )

    def _journal(self, call: Call) -> Answer:
        return Answer({"journal": self.ledger.journal(count(call.query, "after", 0))})

    def _arm(self, call: Call) -> Answer:
        self.gate.faults.append(fault_from(call.body))
        return Answer({"faults": [fault.shown() for fault in self.gate.faults]}, 201)

    def _armed(self, _call: Call) -> Answer:
        return Answer({"faults": [fault.shown() for fault in self.gate.faults]})

    def _disarm(self, _call: Call) -> Answer:
        self.gate.faults.clear()
        return Answer({"faults": []})

    def _throttle(self, call: Call) -> Answer:
        limit = call.body.get("per_second")
        if limit is not None and (not isinstance(limit, int) or limit < 1):
            raise Refused(400, "INVALID", "per_second must be a number from 1, or null", "per_second")
        self.gate.per_second = limit
        return Answer({"per_second": limit})
