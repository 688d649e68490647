"""The first pages: installed into an application; the one-time link, and the start with its search."""

from importlib.resources import files

from fastapi import APIRouter, FastAPI, Request
from starlette.responses import RedirectResponse, Response

from tracemill.answers import cases, search, status
from tracemill.answers import lot as lot_answers
from tracemill.console import commands, lots, messages, recalls
from tracemill.console.page import CLOSED, HEADERS, PageRoute, answer, askable, hub_of, is_twin, page, refused
from tracemill.console.session import Sessions, reader_of, remember
from tracemill.console.words import environment, lot_path
from tracemill.hub.hub import Hub
from tracemill.model.status import Consequence

STYLE = files("tracemill.console").joinpath("static/style.css").read_bytes()
ICON = files("tracemill.console").joinpath("static/icon.svg").read_bytes()
STATIC = {**HEADERS, "Cache-Control": "max-age=3600"}
router = APIRouter(include_in_schema=False, route_class=PageRoute)


def install(app: FastAPI, hub: Hub, sessions: Sessions, zone: str) -> None:
    """Add the pages to an application; times are shown in this zone."""
    app.state.sessions, app.state.pages, app.state.console_hub = sessions, environment(zone), hub
    for part in (router, lots.router, commands.router, messages.router, recalls.router):
        app.include_router(part)


@router.get("/static/style.css")
async def style() -> Response:
    return Response(STYLE, headers=STATIC, media_type="text/css")


@router.get("/static/icon.svg")
async def icon() -> Response:
    return Response(ICON, headers=STATIC, media_type="image/svg+xml")


@router.get("/open")
async def opened(request: Request, token: str = "") -> Response:
    """Use up a one-time link and open a session."""
    sessions: Sessions = request.app.state.sessions
    cookie = sessions.open(token)
    if cookie is None:
        return refused(request, CLOSED)
    # A page that leads on by itself: a browser that came here from another site sends a strict cookie only with its next step.
    response = page(request, "opened.html")
    remember(request, response, cookie)
    return response


@router.get("/")
@router.get("/.json")
async def start(request: Request, q: str = "") -> Response:
    """Search; what is unsafe first, what could not be read, how the systems are, and the newest lots."""
    reader_of(request)
    hub = hub_of(request)
    if q.strip():
        return await _searched(request, hub, q.strip())
    now = hub.runtime.clock()
    board = await hub.runtime.store.read(lambda c: status.board(c, hub.runtime.policies, now))
    newest = await hub.runtime.store.read(lambda c: lot_answers.listed(c, None, limit=15))
    late = await hub.runtime.store.read(lambda c: cases.listed(c, None, limit=8, consequence=Consequence.LATE))
    value = {"board": board, "late": late, "lots": newest}
    return answer(request, "start.html", value, board=board, lots=newest, late=late)


async def _searched(request: Request, hub: Hub, q: str) -> Response:
    found = await hub.runtime.store.read(lambda c: search.search(c, askable(q), None))
    exact = [lot for lot in found.lots if lot.exact]
    others = found.deliveries or found.cases or [h for h in found.messages if h.kind != "lot"]
    if len(exact) == 1 and not is_twin(request) and (exact[0].number == q or not others):
        return RedirectResponse(lot_path(exact[0].id), 303, HEADERS)
    return answer(request, "search.html", found, found=found, q=q)
