"""Problem details (RFC 9457): every refusal says what, why and what to do next."""

from collections.abc import Awaitable, Callable
from typing import Any

from fastapi import FastAPI, Request
from fastapi.exceptions import RequestValidationError
from starlette.exceptions import HTTPException
from starlette.responses import Response

from tracemill.answers.page import BadCursor
from tracemill.hub.commands import Refused
from tracemill.hub.receive import TooLarge
from tracemill.hub.replay import NotPossible
from tracemill.model.record import encode
from tracemill.observe.logs import log

TITLES = {
    400: "Bad request", 401: "Not authenticated", 403: "Not permitted", 404: "Not found", 405: "Method not allowed",
    406: "Not acceptable", 409: "Conflict", 413: "Too large", 414: "Address too long", 415: "Unsupported media type",
    422: "Cannot be processed", 429: "Too many requests",
    500: "Internal error", 503: "Not ready",
}  # fmt: skip
KINDS = {"unknown": 404, "forbidden": 403, "conflict": 409, "invalid": 422}


class Problem(Exception):
    """A refusal with its status; `next` says what to do about it."""

    def __init__(
        self, status: int, detail: str, *, next_action: str = "", headers: dict[str, str] | None = None, **more: Any
    ) -> None:
        super().__init__(detail)
        self.status, self.detail, self.next_action, self.headers, self.more = status, detail, next_action, headers or {}, more


def response(request: Request, problem: Problem) -> Response:
    body: dict[str, Any] = {
        "type": "about:blank",
        "title": TITLES.get(problem.status, "Error"),
        "status": problem.status,
        "detail": problem.detail,
        "instance": request.url.path,
        "correlation": getattr(request.state, "correlation", ""),
        **problem.more,
    }
    if problem.next_action:
        body["next"] = problem.next_action
    headers = {"X-Correlation-Id": body["correlation"], **problem.headers}
    return Response(encode(body), problem.status, headers, "application/problem+json")


def problem_of(error: Exception) -> Problem:
    """Say what is refused, whatever refuses it."""
    match error:
        case Problem():
            return error
        case Refused():
            return Problem(KINDS[error.kind], str(error), next_action=error.hint)
        case NotPossible():
            return Problem(404 if str(error).startswith("there is no") else 409, str(error))
        case BadCursor():
            return Problem(400, str(error))
        case TooLarge():
            return Problem(413, str(error))
        case RequestValidationError():
            return Problem(422, "the request does not fit its schema", errors=[_field(e) for e in error.errors()])
        case HTTPException(__cause__=TooLarge()):  # FastAPI wraps what goes wrong while it reads a body
            return Problem(413, str(error.__cause__))
        case HTTPException():
            return Problem(error.status_code, str(error.detail), headers=dict(error.headers or {}))
    log.exception("internal error in the API", exc_info=error)
    return Problem(500, "the hub failed at this; nothing was half done", next_action="look for the correlation id in the log")


def refusal(request: Request, error: Exception) -> Response:
    """Answer with what went wrong."""
    return response(request, problem_of(error))


def _field(error: Any) -> dict[str, str]:
    where = ".".join(str(p) for p in error["loc"])
    return {"field": where, "problem": str(error["msg"])}


def install(app: FastAPI) -> None:
    """Make every error a problem document."""
    kinds: tuple[type[Exception], ...] = (
        Problem, Refused, NotPossible, BadCursor, TooLarge, RequestValidationError, HTTPException, Exception,
    )  # fmt: skip

    def handler() -> Callable[[Request, Exception], Awaitable[Response]]:
        async def handle(request: Request, error: Exception) -> Response:
            return refusal(request, error)

        return handle

    for kind in kinds:
        app.add_exception_handler(kind, handler())
