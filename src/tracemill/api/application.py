"""The application: routes, problem details, limits and correlation ids around one hub."""

from typing import Any

import structlog
from fastapi import FastAPI
from fastapi.openapi.utils import get_openapi
from starlette.datastructures import Headers, MutableHeaders
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from tracemill import __version__
from tracemill.api import (
    docs,
    epcis,
    epcis_capture,
    epcis_query,
    events,
    genealogy,
    lots,
    master_data,
    problem,
    quality,
    recalls,
    records,
    systems,
    work_orders,
)
from tracemill.api.answer import components
from tracemill.api.security import Security
from tracemill.hub.hub import Hub
from tracemill.hub.receive import MAX_BODY, TooLarge
from tracemill.observe.trace import trace_id

DESCRIPTION = "Traceability hub: what every system says about every lot, who owns it, and what was done about it."


class Edge:
    """The outermost layer: gives every request a correlation id and refuses bodies that are too large while they arrive."""

    def __init__(self, app: ASGIApp) -> None:
        self._app = app

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] != "http":
            return await self._app(scope, receive, send)
        headers = Headers(scope=scope)
        correlation = trace_id(headers.get("traceparent", "")) or headers.get("x-correlation-id", "")[:100]
        runtime = scope["app"].state.hub.runtime
        correlation = correlation or runtime.fresh_id(runtime.clock())
        scope.setdefault("state", {})["correlation"] = correlation
        structlog.contextvars.clear_contextvars()
        structlog.contextvars.bind_contextvars(correlation=correlation)

        async def named(message: Message) -> None:
            if message["type"] == "http.response.start":
                found = MutableHeaders(scope=message)
                found["X-Correlation-Id"] = correlation
                found.setdefault("X-Content-Type-Options", "nosniff")
            await send(message)

        return await self._app(scope, _limited(headers, receive), named)


def _limited(headers: Headers, receive: Receive) -> Receive:
    declared = headers.get("content-length", "0")
    size = 0

    async def limited() -> Message:
        nonlocal size
        if declared.isdigit() and int(declared) > MAX_BODY:
            raise TooLarge(f"a body of {declared} bytes is over the limit of {MAX_BODY}; send it in parts")
        message = await receive()
        size += len(message.get("body", b""))
        if size > MAX_BODY:
            raise TooLarge(f"the body is over the limit of {MAX_BODY} bytes; send it in parts")
        return message

    return limited


class Application(FastAPI):
    """The application, with a way of its own for the one request that comes in thousands."""

    _door = Edge(events.door)

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] == "http" and scope["method"] == "POST" and scope["path"] == "/v1/events":
            scope["app"] = self
            return await self._door(scope, receive, send)
        return await super().__call__(scope, receive, send)


def create_app(hub: Hub, security: Security) -> FastAPI:
    """Make the application of a hub."""
    app = Application(
        title="Tracemill", version=__version__, description=DESCRIPTION, docs_url=None, redoc_url=None, openapi_url=None
    )
    app.state.hub, app.state.security = hub, security
    problem.install(app)
    lot_routers = (epcis.router, genealogy.router, genealogy.search, lots.router)
    linked = (quality.router, work_orders.router, master_data.router)
    others = (recalls.router, records.router, events.router, systems.router, docs.router)
    for router in (*lot_routers, *linked, *others, epcis_capture.router, epcis_query.router):
        app.include_router(router)
    app.add_middleware(Edge)
    app.openapi = lambda: _document(app)  # type: ignore[method-assign]
    return app


def _document(app: FastAPI) -> dict[str, Any]:
    """Return the OpenAPI 3.1 document, with the schemas of our records in it."""
    if app.openapi_schema is None:
        made = get_openapi(title=app.title, version=app.version, description=DESCRIPTION, routes=app.routes)
        parts = made.setdefault("components", {})
        parts.setdefault("schemas", {}).update(components())
        parts.setdefault("securitySchemes", {})["oauth2"] = {
            "type": "oauth2",
            "flows": {"clientCredentials": {"tokenUrl": "/oauth/token", "scopes": {}}},
        }
        app.openapi_schema = made
    return app.openapi_schema
