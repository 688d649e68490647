"""EPCIS 2.0 capture: documents with their jobs, and single events."""

from typing import Annotated, Literal
from urllib.parse import quote

from fastapi import APIRouter, Header, Query, Request
from starlette.responses import Response

from tracemill.answers import epcis_jobs
from tracemill.answers.epcis_jobs import DEFAULT_PAGE, LARGEST_PAGE, CaptureJob
from tracemill.api.access import HubOf, by, needs
from tracemill.api.answer import answer, returns
from tracemill.api.epcis_terms import LIMITS, EpcisRoute, exception
from tracemill.api.events import SCOPE, source_of
from tracemill.api.security import Caller
from tracemill.hub.capture import AlreadyTold, capture, capture_one

router = APIRouter(prefix="/epcis", tags=["epcis"], route_class=EpcisRoute)
WRITE = needs(SCOPE)
MEDIA = ("application/ld+json", "application/json", "application/xml", "text/xml")
Size = Annotated[int, Query(alias="perPage", ge=1)]


@router.post("/capture", status_code=202)
async def captured(
    request: Request, hub: HubOf, caller: Caller = WRITE, system: str = "", site: str = "",
    gs1_capture_error_behaviour: Annotated[str, Header()] = "rollback",
) -> Response:  # fmt: skip
    """Capture an EPCIS document; `Location` says where to ask what became of its events."""
    _known_media(request, MEDIA)
    if gs1_capture_error_behaviour not in ("rollback", "proceed"):
        raise exception("ValidationException", "GS1-Capture-Error-Behaviour is neither rollback nor proceed")
    source, where = source_of(hub, caller, system, site)
    behaviour: Literal["rollback", "proceed"] = "proceed" if gs1_capture_error_behaviour == "proceed" else "rollback"
    job = await capture(hub.runtime, source, where, await request.body(), behaviour, by(request, caller))
    return Response(status_code=202, headers={**LIMITS, "Location": f"/epcis/capture/{job}"})


@router.post("/events", status_code=201)
async def captured_event(request: Request, hub: HubOf, caller: Caller = WRITE, system: str = "", site: str = "") -> Response:
    """Capture one event, as JSON-LD with its context; `Location` is its address."""
    _known_media(request, MEDIA[:2])
    source, where = source_of(hub, caller, system, site)
    try:
        event_id, body = await capture_one(hub.runtime, source, where, await request.body(), by(request, caller))
    except AlreadyTold as error:
        raise exception("ResourceAlreadyExistsException", str(error)) from None
    headers = {**LIMITS, "Location": f"/epcis/events/{quote(event_id, safe='')}"}
    return Response(body, 201, headers, "application/ld+json")


@router.get("/capture", **returns(list[CaptureJob]))
async def capture_jobs(
    hub: HubOf, caller: Caller = WRITE, per_page: Size = DEFAULT_PAGE,
    token: Annotated[str, Query(alias="nextPageToken")] = "",
) -> Response:  # fmt: skip
    """List capture jobs of the systems that the caller speaks for, the newest first."""
    size = min(per_page, LARGEST_PAGE)
    seen = (caller.seen_sites, caller.systems)
    found, following = await hub.runtime.store.read(lambda c: epcis_jobs.jobs(c, *seen, token, size))
    more = {"Link": f'</epcis/capture?perPage={size}&nextPageToken={following}>; rel="next"'} if following else {}
    return answer(found, headers=more)


@router.get("/capture/{job}", **returns(CaptureJob))
async def capture_job(hub: HubOf, job: str, caller: Caller = WRITE) -> Response:
    """Say what became of the events of one capture."""
    found = await hub.runtime.store.read(lambda c: epcis_jobs.job(c, job, caller.seen_sites))
    if found is None or not caller.speaks_for(found[0]):
        raise exception("NoSuchResourceException", f"there is no capture {job}")
    return answer(found[1])


def _known_media(request: Request, media: tuple[str, ...]) -> None:
    kind = request.headers.get("content-type", "").partition(";")[0].strip().lower()
    if kind not in media:
        detail = f"content type {kind or 'none'} is not taken here; send {', '.join(media)}"
        raise exception("UnsupportedMediaTypeException", detail)
