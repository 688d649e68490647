"""EPCIS 2.0 query: captured events found again, by parameters, by id, by type, step or disposition."""

from collections.abc import Mapping
from typing import Any
from urllib.parse import quote, urlencode

from fastapi import APIRouter, Request
from starlette.responses import Response

from tracemill.answers import epcis_events
from tracemill.answers.epcis_events import CONTEXT, WORDS, epc_format
from tracemill.api.access import HubOf, caller_of, needs
from tracemill.api.answer import answer, returns
from tracemill.api.epcis_terms import LIMITS, EpcisRoute, exception
from tracemill.api.security import Caller
from tracemill.hub.hub import Hub

router = APIRouter(prefix="/epcis", tags=["epcis"], route_class=EpcisRoute)
MESSAGES = needs("messages:read")
TOP = ("capture", "events", "eventTypes", "bizSteps", "dispositions")


@router.get("/", **returns(dict[str, Any]))
async def top(caller: Caller = MESSAGES) -> Response:  # noqa: ARG001  the scope is what is needed
    """List the resources that there are."""
    return _collection(TOP)


@router.get("/events", **returns(dict[str, Any]))
async def found_events(request: Request, hub: HubOf, caller: Caller = MESSAGES) -> Response:
    """Find captured events, the newest first, by the first group of the standard's query parameters."""
    return await _events(request, hub, caller, "/epcis/events", {})


@router.get("/events/{event_id:path}", **returns(dict[str, Any]))
async def one_event(request: Request, hub: HubOf, event_id: str, caller: Caller = MESSAGES) -> Response:
    """Return one captured event by its eventID, which stands percent-encoded in the address."""
    given, now = epc_format(request.headers.get("gs1-epc-format", "")), _now(hub)
    body = await hub.runtime.store.read(lambda c: epcis_events.event(c, event_id, caller.seen_sites, now, given))
    if not body:
        raise exception("NoSuchResourceException", f"there is no event {event_id}")
    return Response(body, media_type="application/ld+json", headers={"GS1-EPC-Format": given})


@router.get("/{resource}", **returns(dict[str, Any]))
async def listed(resource: str, caller: Caller = MESSAGES) -> Response:  # noqa: ARG001  the scope is what is needed
    """List the event types, business steps or dispositions that the standard knows."""
    return _collection(_words(resource)[1])


@router.get("/{resource}/{word:path}/events", **returns(dict[str, Any]))
async def events_of(request: Request, hub: HubOf, resource: str, word: str, caller: Caller = MESSAGES) -> Response:
    """Find the captured events of one event type, business step or disposition."""
    parameter = _word(resource, word)
    if parameter in request.query_params:
        raise exception("QueryParameterException", f"{parameter} is said by the address already; leave it out")
    path = f"/epcis/{resource}/{quote(word, safe='')}/events"
    return await _events(request, hub, caller, path, {parameter: word})


@router.get("/{resource}/{word:path}", **returns(dict[str, Any]))
async def sub_resources(resource: str, word: str, caller: Caller = MESSAGES) -> Response:  # noqa: ARG001  likewise
    """Say what there is about one event type, business step or disposition: its events."""
    _word(resource, word)
    return _collection(["events"])


@router.get("/{rest:path}", include_in_schema=False)
async def unknown(rest: str, caller: Caller = MESSAGES) -> Response:  # noqa: ARG001  likewise
    """Refuse what there is not by the name of the standard."""
    raise exception("NoSuchResourceException", f"there is no /epcis/{rest}; there are {', '.join(TOP)}")


@router.options("/{rest:path}", status_code=204, include_in_schema=False)
async def options(request: Request, rest: str) -> Response:
    """Say what is spoken here, within which limits, and what may be done with a resource."""
    caller_of(request)
    allowed = _ALLOWED.get(rest.strip("/"), "GET")
    return Response(status_code=204, headers={**LIMITS, "Allow": f"{allowed}, OPTIONS"})


_ALLOWED = {"capture": "GET, POST", "events": "GET, POST"}


async def _events(request: Request, hub: Hub, caller: Caller, path: str, within: Mapping[str, str]) -> Response:
    asked = dict(request.query_params)
    given, now = epc_format(request.headers.get("gs1-epc-format", "")), _now(hub)
    page = await hub.runtime.store.read(lambda c: epcis_events.events(c, {**asked, **within}, caller.seen_sites, now, given))
    following = urlencode({**asked, "nextPageToken": page.token})
    more = {"Link": f'<{path}?{following}>; rel="next"'} if page.token else {}
    return Response(page.document, media_type="application/ld+json", headers={"GS1-EPC-Format": given, **more})


def _words(resource: str) -> tuple[str, list[str]]:
    if resource not in WORDS:
        hint = "ask /epcis/events by EQ_readPoint, EQ_bizLocation or MATCH_anyEPC instead"
        raise exception("NoSuchResourceException", f"there is no /epcis/{resource}", next_action=hint)
    return WORDS[resource]


def _word(resource: str, word: str) -> str:
    parameter, words = _words(resource)
    if word not in words and resource == "eventTypes":
        raise exception("NoSuchResourceException", f"there is no event type {word}; there are {', '.join(words)}")
    return parameter


def _collection(members: Any) -> Response:
    return answer({"@context": CONTEXT, "type": "Collection", "member": list(members)})


def _now(hub: Hub) -> str:
    return hub.runtime.clock().isoformat(timespec="milliseconds")
