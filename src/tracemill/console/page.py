"""What every page has: the templates, the headers, the twin as JSON, and an error that says cause, id and next step."""

from collections.abc import Callable, Coroutine
from typing import Any
from urllib.parse import quote

from fastapi import Request
from fastapi.routing import APIRoute
from jinja2 import Environment
from starlette.responses import HTMLResponse, Response

from tracemill.answers.page import BadCursor
from tracemill.console.session import NoSession, form_token, reader_of
from tracemill.hub.hub import Hub
from tracemill.model.record import encode
from tracemill.observe.logs import log

POLICY = "default-src 'none'; style-src 'self'; img-src 'self'; form-action 'self'; base-uri 'none'; frame-ancestors 'none'"
HEADERS = {
    "Content-Security-Policy": POLICY,
    "X-Content-Type-Options": "nosniff",
    "Referrer-Policy": "no-referrer",
    "Cache-Control": "no-store",
}
TWIN = ".json"


class NotShown(Exception):
    """A page that cannot be shown: why, and what to do next."""

    def __init__(self, status: int, title: str, cause: str, next_action: str = "") -> None:
        super().__init__(cause)
        self.status, self.title, self.cause, self.next_action = status, title, cause, next_action


CLOSED = NotShown(
    401,
    "These pages are closed",
    "They open with a link that works once, within ten minutes of being made. Yours is missing, used, or older than that; "
    "or your session is over.",
    "restart the hub: tracemill run prints a new link; or ask who runs it for one: POST /v1/console/links",
)


def hub_of(request: Request) -> Hub:
    hub: Hub = request.app.state.console_hub
    return hub


def page(request: Request, template: str, status: int = 200, **values: Any) -> Response:
    """Render a template with what every page shows."""
    pages: Environment = request.app.state.pages
    now = hub_of(request).runtime.clock()
    shown = {"reader": "", "q": "", "here": request.scope["path"], "twin": "", "form": form_token(request), "now": now, **values}
    return HTMLResponse(pages.get_template(template).render(shown), status, HEADERS)


def is_twin(request: Request) -> bool:
    return str(request.scope["path"]).endswith(TWIN)


def answer(request: Request, template: str, value: Any, status: int = 200, **values: Any) -> Response:
    """Show an answer as a page, or the same as JSON where `.json` is appended to its address."""
    if is_twin(request):
        return Response(encode(value), status, HEADERS, "application/json")
    query = f"?{request.url.query}" if request.url.query else ""
    twin = quote(request.scope["path"], safe="/") + TWIN + query
    return page(request, template, status, reader=reader_of(request), twin=twin, **values)


def askable(text: str) -> str:
    """Return a key that can be looked up; no stored key contains NUL."""
    if "\0" in text:
        shown = text.replace("\0", "\\0")
        raise NotShown(404, f"Nothing is called {shown}", "No key contains a NUL character.", "search for a part of it")
    return text


class PageRoute(APIRoute):
    """A route whose refusals and failures are pages too (or problems, for the twin)."""

    def get_route_handler(self) -> Callable[[Request], Coroutine[Any, Any, Response]]:
        show = super().get_route_handler()

        async def shown(request: Request) -> Response:
            try:
                return await show(request)
            except NoSession:
                return refused(request, CLOSED)
            except NotShown as reason:
                return refused(request, reason)
            except BadCursor as error:
                return refused(request, NotShown(400, "This page of the list is not there", str(error), "start at its beginning"))
            except Exception:
                log.exception("internal error in a page", path=request.url.path)
                cause = "The hub failed at this; nothing was half done."
                return refused(request, NotShown(500, "This page failed", cause, "look for the correlation id in the hub's log"))

        return shown


def refused(request: Request, reason: NotShown) -> Response:
    """Say why there is nothing to show."""
    correlation = getattr(request.state, "correlation", "")
    if is_twin(request):
        body = {"title": reason.title, "status": reason.status, "detail": reason.cause, "next": reason.next_action,
                "correlation": correlation}  # fmt: skip
        return Response(encode(body), reason.status, HEADERS, "application/problem+json")
    try:
        reader = reader_of(request)
    except NoSession:
        reader = ""
    return page(request, "refused.html", reason.status, reader=reader, reason=reason, correlation=correlation)
