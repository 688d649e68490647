"""EPCIS 2.0: documents captured, captured events found again, and a trace as a document."""

from typing import Annotated, Any, Literal
from urllib.parse import urlencode

from fastapi import APIRouter, Header, Query, Request
from starlette.responses import Response

from tracemill.answers import epcis, epcis_events
from tracemill.answers import lot as answers
from tracemill.answers.epcis_events import CaptureJob
from tracemill.api.access import HubOf, by, needs
from tracemill.api.answer import answer, returns
from tracemill.api.events import SCOPE, source_of
from tracemill.api.lots import found
from tracemill.api.problem import Problem
from tracemill.api.security import Caller
from tracemill.hub.capture import MOST, Refusal, capture
from tracemill.hub.receive import MAX_BODY, TooLarge

router = APIRouter(prefix="/v1/lots", tags=["genealogy"])
READ = needs("lots:read")
exchange = APIRouter(prefix="/epcis", tags=["epcis"])
WRITE, MESSAGES = needs(SCOPE), needs("messages:read")
VERSIONS = {"GS1-EPCIS-Version": "2.0", "GS1-CBV-Version": "2.0"}
LIMITS = {
    **VERSIONS, "GS1-EPCIS-Min": "2.0", "GS1-EPCIS-Max": "2.0", "GS1-CBV-Min": "2.0", "GS1-CBV-Max": "2.0",
    "GS1-EPCIS-Capture-Limit": str(MOST), "GS1-EPCIS-Capture-File-Size-Limit": str(MAX_BODY),
}  # fmt: skip
MEDIA = ("application/ld+json", "application/json", "application/xml", "text/xml")
STATUSES = {"CaptureLimitExceededException": 413, "UnsupportedMediaTypeException": 415, "NoSuchResourceException": 404}
BASE = Query(description="the address that your own ids stand under, the same in every document")
GLN = Query(description="your GLN, which the numbers of documents are named by")


@router.get("/{ref:path}/trace/epcis", **returns(dict[str, Any]))
async def exported(
    hub: HubOf, ref: str, base: Annotated[str, BASE], caller: Caller = READ, site: str = "",
    direction: Literal["forward", "back"] = "forward", gln: Annotated[str, GLN] = "",
) -> Response:  # fmt: skip
    """Write a trace as EPCIS 2.0: receipts, transformations, shipments; `hub:complete` and `hub:gaps` say whether it is all."""
    uuid, runtime = await found(hub, ref, caller, site), hub.runtime
    try:
        names = epcis.names(base, gln)
    except ValueError as error:
        raise Problem(422, str(error), next_action="write base=https://plant.example/id") from None
    state = await runtime.store.read(lambda c: answers.state(c, uuid))
    if state is None:
        raise Problem(404, f"there is no lot {uuid}")
    now = runtime.clock().isoformat(timespec="milliseconds")
    try:
        body = await runtime.store.read(
            lambda c: epcis.written(epcis.epcis_document(c, runtime.adjacency, [state], direction, names, now))
        )
    except epcis.TooMuch as error:
        raise Problem(422, str(error), next_action="ask for a lot nearer to what you look for") from None
    return Response(body, media_type="application/ld+json", headers=VERSIONS)


@exchange.post("/capture", status_code=202)
async def captured(
    request: Request, hub: HubOf, caller: Caller = WRITE, system: str = "", site: str = "",
    gs1_capture_error_behaviour: Annotated[str, Header()] = "rollback",
) -> Response:  # fmt: skip
    """Capture an EPCIS document; `Location` says where to ask what became of its events."""
    kind = request.headers.get("content-type", "").partition(";")[0].strip().lower()
    if kind not in MEDIA:
        raise _problem("UnsupportedMediaTypeException", f"content type {kind or 'none'} is not EPCIS; send {', '.join(MEDIA)}")
    if gs1_capture_error_behaviour not in ("rollback", "proceed"):
        raise _problem("ValidationException", "GS1-Capture-Error-Behaviour is neither rollback nor proceed")
    source, where = source_of(hub, caller, system, site)
    behaviour: Literal["rollback", "proceed"] = "proceed" if gs1_capture_error_behaviour == "proceed" else "rollback"
    try:
        body = await request.body()
        job = await capture(hub.runtime, source, where, body, behaviour, by(request, caller))
    except TooLarge as error:
        raise _problem("CaptureLimitExceededException", str(error)) from None
    except Refusal as error:
        raise _refused(error) from None
    return Response(status_code=202, headers={**LIMITS, "Location": f"/epcis/capture/{job}"})


@exchange.get("/capture/{job}", **returns(CaptureJob))
async def capture_job(hub: HubOf, job: str, caller: Caller = WRITE) -> Response:
    """Say what became of the events of one capture."""
    found = await hub.runtime.store.read(lambda c: epcis_events.job(c, job, caller.seen_sites))
    if found is None or not caller.speaks_for(found[0]):
        raise _problem("NoSuchResourceException", f"there is no capture {job}")
    return answer(found[1], headers=VERSIONS)


@exchange.get("/events", **returns(dict[str, Any]))
async def found_events(request: Request, hub: HubOf, caller: Caller = MESSAGES) -> Response:
    """Find captured events, the newest first, by the first group of the standard's query parameters."""
    asked, now = dict(request.query_params), hub.runtime.clock().isoformat(timespec="milliseconds")
    try:
        page = await hub.runtime.store.read(lambda c: epcis_events.events(c, asked, caller.seen_sites, now))
    except Refusal as error:
        raise _refused(error) from None
    following = urlencode({**asked, "nextPageToken": page.token})
    more = {"Link": f'</epcis/events?{following}>; rel="next"'} if page.token else {}
    return Response(page.document, media_type="application/ld+json", headers=VERSIONS | more)


@exchange.get("/events/{event_id:path}", **returns(dict[str, Any]))
async def one_event(hub: HubOf, event_id: str, caller: Caller = MESSAGES) -> Response:
    """Return one captured event by its eventID, which stands percent-encoded in the address."""
    now = hub.runtime.clock().isoformat(timespec="milliseconds")
    body = await hub.runtime.store.read(lambda c: epcis_events.event(c, event_id, caller.seen_sites, now))
    if not body:
        raise _problem("NoSuchResourceException", f"there is no event {event_id}")
    return Response(body, media_type="application/ld+json", headers=VERSIONS)


def _problem(name: str, detail: str, **more: Any) -> Problem:
    return Problem(STATUSES.get(name, 400), detail, type=f"epcisException:{name}", **more)


def _refused(error: Refusal) -> Problem:
    """Name every fault, up to a hundred, and say how many there are."""
    faults = [str(fault) for fault in error.faults]
    return _problem(error.name, f"{len(faults)} faults, the first: {faults[0]}", errors=faults[:100])
