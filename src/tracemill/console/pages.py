"""The first pages: the start, a lot, and the messages that could not be read."""

from collections.abc import Awaitable, Callable
from datetime import datetime
from importlib.resources import files
from typing import Any
from urllib.parse import parse_qs, quote

from fastapi import APIRouter, FastAPI, Request
from jinja2 import Environment
from starlette.responses import HTMLResponse, RedirectResponse, Response

from tracemill.answers import cases as case_answers
from tracemill.answers import lot as lot_answers
from tracemill.answers import messages as message_answers
from tracemill.answers import reference, search, status, timeline
from tracemill.console.session import NoSession, Sessions, form_is_ours, form_token, reader_of, remember
from tracemill.console.words import environment
from tracemill.hub import replay
from tracemill.hub.hub import Hub
from tracemill.model.record import encode

HEADERS = {
    "Content-Security-Policy": "default-src 'none'; style-src 'self'; img-src 'self'; form-action 'self'; base-uri 'none'; "
    "frame-ancestors 'none'",
    "X-Content-Type-Options": "nosniff",
    "Referrer-Policy": "no-referrer",
    "Cache-Control": "no-store",
}
STYLE = files("tracemill.console").joinpath("static/style.css").read_bytes()
router = APIRouter(include_in_schema=False)


def install(app: FastAPI, hub: Hub, sessions: Sessions, zone: str) -> None:
    """Add the pages to an application."""
    app.state.sessions, app.state.pages, app.state.console_hub = sessions, environment(zone), hub
    app.include_router(router)
    app.add_exception_handler(NoSession, _closed)


async def _closed(request: Request, _: Exception) -> Response:
    return _page(request, "closed.html", 401)


def _hub(request: Request) -> Hub:
    hub: Hub = request.app.state.console_hub
    return hub


def _page(request: Request, template: str, status_code: int = 200, **values: Any) -> Response:
    pages: Environment = request.app.state.pages
    shown = {"reader": "", "form": form_token(request), "q": "", **values}
    return HTMLResponse(pages.get_template(template).render(**shown), status_code, HEADERS)


def _answer(request: Request, template: str, value: Any, **values: Any) -> Response:
    """Show an answer as a page, or as JSON where the address ends so."""
    if request.url.path.endswith(".json"):
        return Response(encode(value), headers=HEADERS, media_type="application/json")
    return _page(request, template, reader=reader_of(request), **values)


@router.get("/static/style.css")
async def style() -> Response:
    return Response(STYLE, headers={"Cache-Control": "max-age=3600"}, media_type="text/css")


@router.get("/open")
async def opened(request: Request, token: str = "") -> Response:
    """Use up a one-time link and open a session."""
    sessions: Sessions = request.app.state.sessions
    cookie = sessions.open(token)
    if cookie is None:
        return _page(request, "closed.html", 401)
    # A page that leads on by itself: a redirect straight from the terminal's link would not send a strict cookie along.
    response = _page(request, "opened.html")
    remember(response, cookie)
    return response


@router.get("/")
async def start(request: Request, q: str = "") -> Response:
    """Search, what is unsafe, what could not be read, and the newest lots."""
    reader, hub = reader_of(request), _hub(request)
    if q:
        return await _searched(request, hub, q, reader)
    now = hub.runtime.clock()
    board = await hub.runtime.store.read(lambda c: status.board(c, hub.runtime.policies, now))
    lots = await hub.runtime.store.read(lambda c: lot_answers.listed(c, None, limit=25))
    found = await hub.runtime.store.read(lambda c: case_answers.listed(c, None))
    return _page(request, "start.html", reader=reader, board=board, lots=lots, cases=found)


async def _searched(request: Request, hub: Hub, q: str, reader: str) -> Response:
    found = await hub.runtime.store.read(lambda c: search.search(c, q.strip(), None))
    exact = [lot for lot in found.lots if lot.exact]
    if len(exact) == 1 and not any(h.kind != "lot" for h in found.messages):
        return RedirectResponse(f"/lots/{quote(exact[0].id)}", 303, HEADERS)
    return _page(request, "search.html", reader=reader, found=found, q=q)


@router.get("/lots/{ref:path}")
async def lot(request: Request, ref: str, as_of: str = "") -> Response:
    """A lot: where it is, may I use it, who says so, prove it."""
    reader_of(request)
    hub, ref = _hub(request), ref.removesuffix(".json")
    found = await hub.runtime.store.read(lambda c: reference.find(c, ref) or reference.find(c, ref.rpartition("/")[2]))
    if len(found) != 1 and not (found and found[0].matched == "id"):
        return _page(request, "which.html", 404 if not found else 300, reader=reader_of(request), ref=ref, lots=found)
    then = _moment(as_of)
    now = hub.runtime.clock()
    view = await hub.runtime.store.read(lambda c: lot_answers.view(c, found[0].id, hub.runtime.policies, now, then))
    if view is None:
        return _page(request, "which.html", 404, reader=reader_of(request), ref=f"{ref} at {as_of}", lots=[])
    told = await hub.runtime.store.read(lambda c: timeline.entries(c, view.id, then))
    sent = await hub.runtime.store.read(lambda c: message_answers.listed(c, None, limit=20, lot_id=view.id))
    return _answer(request, "lot.html", view, lot=view, told=told, messages=sent, as_of=as_of)


def _moment(text: str) -> datetime | None:
    """Read an absolute time from the address; what is none is ignored rather than guessed."""
    try:
        found = datetime.fromisoformat(text) if text else None
    except ValueError:
        return None
    return found if found is not None and found.tzinfo else None


@router.get("/messages")
@router.get("/messages.json")
async def messages(request: Request, system: str = "") -> Response:
    """What could not be read, grouped by cause, with what it holds back."""
    reader_of(request)
    hub = _hub(request)
    groups = await hub.runtime.store.read(lambda c: message_answers.groups(c, None, system=system))
    last = await hub.runtime.store.read(message_answers.last_received)
    return _answer(request, "messages.html", groups, groups=groups, last=last, system=system)


@router.get("/messages/{uuid}")
async def message(request: Request, uuid: str) -> Response:
    """One message: body, cause, keys, events, deliveries."""
    reader_of(request)
    found = await _hub(request).runtime.store.read(lambda c: message_answers.one(c, uuid.removesuffix(".json")))
    if found is None:
        return _page(request, "which.html", 404, reader=reader_of(request), ref=f"message {uuid}", lots=[])
    return _answer(request, "message.html", found, message=found, problem="")


Act = Callable[..., Awaitable[str]]
ACTS: dict[str, Act] = {"replay": replay.replay, "discard": replay.discard}


@router.post("/messages/{uuid}/{act}")
async def settle(request: Request, uuid: str, act: str) -> Response:
    """Replay or discard a parked message, with a reason."""
    reader, hub = reader_of(request), _hub(request)
    form = {k: v[0] for k, v in parse_qs((await request.body()).decode("utf-8", "replace")).items()}
    if not form_is_ours(request, form.get("form", "")) or act not in ACTS:
        return _page(request, "closed.html", 403)
    problem = "" if form.get("reason", "").strip() else "a reason is needed"
    if not problem:
        try:
            await ACTS[act](hub.runtime, uuid, reader, form["reason"])
            return RedirectResponse(f"/messages/{quote(uuid)}", 303, HEADERS)
        except replay.NotPossible as error:
            problem = str(error)
    found = await hub.runtime.store.read(lambda c: message_answers.one(c, uuid))
    return _page(request, "message.html", 409, reader=reader, message=found, problem=problem)
