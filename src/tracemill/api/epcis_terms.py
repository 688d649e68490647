"""The terms of EPCIS over HTTP (EPCIS 2.0, section 12): versions in every answer, named exceptions in every refusal."""

import re
from collections.abc import Callable, Coroutine
from typing import Any

from fastapi import Request
from fastapi.routing import APIRoute
from starlette.responses import Response

from tracemill import __version__
from tracemill.answers.page import BadCursor
from tracemill.api.problem import Problem, problem_of
from tracemill.hub.capture import MOST, Refusal
from tracemill.hub.receive import MAX_BODY

VERSION = "2.0"
VERSIONS = {"GS1-EPCIS-Version": VERSION, "GS1-CBV-Version": VERSION, "GS1-Vendor-Version": f"tracemill/{__version__}"}
LIMITS = {
    **VERSIONS, "GS1-EPCIS-Min": VERSION, "GS1-EPCIS-Max": VERSION, "GS1-CBV-Min": VERSION, "GS1-CBV-Max": VERSION,
    "GS1-EPC-Format": "Always_GS1_Digital_Link", "GS1-Capture-Error-Behaviour": "all",
    "GS1-EPCIS-Capture-Limit": str(MOST), "GS1-EPCIS-Capture-File-Size-Limit": str(MAX_BODY),
}  # fmt: skip
LONGEST = 8000  # of an address, in characters
GIVEN = ("application/ld+json", "application/json", "application/*", "*/*")
STATUSES = {
    "ValidationException": 400, "QueryParameterException": 400, "NoSuchResourceException": 404, "NotAcceptableException": 406,
    "ResourceAlreadyExistsException": 409, "CaptureLimitExceededException": 413, "QueryTooLargeException": 413,
    "URITooLongException": 414, "UnsupportedMediaTypeException": 415,
}  # fmt: skip
_NAMES = {status: name for name, status in reversed(STATUSES.items())} | {
    401: "SecurityException", 403: "SecurityException", 413: "CaptureLimitExceededException",
    422: "ValidationException", 500: "ImplementationException",
}  # fmt: skip
_RANGES = (("GS1-EPCIS-Min", "GS1-EPCIS-Max"), ("GS1-CBV-Min", "GS1-CBV-Max"))
_NUMBERS = re.compile(r"\d{1,3}(?:\.\d{1,3}){0,3}", re.ASCII)


class EpcisRoute(APIRoute):
    """A route of the standard: it says its version with every answer, and refuses by the names of the standard."""

    def get_route_handler(self) -> Callable[[Request], Coroutine[Any, Any, Response]]:
        handle = super().get_route_handler()

        async def spoken(request: Request) -> Response:
            try:
                _acceptable(request)
                answer = await handle(request)
            except Exception as error:
                raise _named(error) from error
            for name, value in VERSIONS.items():
                answer.headers.setdefault(name, value)
            return answer

        return spoken


def exception(name: str, detail: str, **more: Any) -> Problem:
    """Refuse by a name of the standard."""
    return Problem(STATUSES[name], detail, type=f"epcisException:{name}", **more)


def _named(error: Exception) -> Problem:
    """Give any refusal the name that the standard has for it."""
    if isinstance(error, Refusal):
        faults = [str(fault) for fault in error.faults]
        return exception(error.name, f"{len(faults)} faults, the first: {faults[0]}", errors=faults[:100], headers=VERSIONS)
    if isinstance(error, BadCursor):
        return exception("QueryParameterException", str(error), headers=VERSIONS)
    said = problem_of(error)
    more = {"type": f"epcisException:{_NAMES.get(said.status, 'ImplementationException')}"} | said.more
    status = 400 if said.status == 422 else said.status
    return Problem(status, said.detail, next_action=said.next_action, headers={**VERSIONS, **said.headers}, **more)


def _acceptable(request: Request) -> None:
    """Refuse an address that is too long, and a form or version of the answer that cannot be given."""
    if len(str(request.url)) > LONGEST:
        raise exception("URITooLongException", f"the address is longer than {LONGEST} characters; ask for fewer values at once")
    for low, high in _RANGES:
        least, most = (_version(request, name) for name in (low, high))
        if not least <= _numbers(VERSION) <= most:
            raise exception("NotAcceptableException", f"{low} and {high} leave out {VERSION}, the version that is spoken here")
    kinds = [part.partition(";")[0].strip().lower() for part in request.headers.get("accept", "*/*").split(",")]
    if request.method == "GET" and not any(kind in GIVEN for kind in kinds):
        raise exception("NotAcceptableException", f"there is no {kinds[0]} here; accept {GIVEN[0]} or {GIVEN[1]}")


def _version(request: Request, name: str) -> tuple[int, ...]:
    text = request.headers.get(name, VERSION).strip()
    if _NUMBERS.fullmatch(text) is None:
        raise exception("ValidationException", f"{name} {text[:20]!r} is no version, such as {VERSION}")
    return _numbers(text)


def _numbers(text: str) -> tuple[int, ...]:
    """Read a version so that 2 and 2.0 are the same."""
    parts = [int(part) for part in text.split(".")]
    while parts and not parts[-1]:
        parts.pop()
    return tuple(parts)
