"""The lots: the list, and the page of one: where is it, may I use it, who says so, prove it."""

from datetime import datetime
from urllib.parse import quote
from zoneinfo import ZoneInfo

from fastapi import APIRouter, Request
from starlette.responses import RedirectResponse, Response

from tracemill.answers import lot as lot_answers
from tracemill.answers import messages, reference, timeline
from tracemill.answers.reference import Candidate
from tracemill.answers.then import Then, position_at
from tracemill.console import figures
from tracemill.console.page import HEADERS, TWIN, NotShown, PageRoute, answer, askable, hub_of
from tracemill.console.session import reader_of
from tracemill.console.words import address, lot_path
from tracemill.hub.hub import Hub
from tracemill.model.record import plain

router = APIRouter(include_in_schema=False, route_class=PageRoute)
VERDICTS = ("released", "conditional", "quarantine", "hold", "rejected", "unknown")


@router.get("/lots")
@router.get("/lots.json")
async def listed(
    request: Request, cursor: str = "", verdict: str = "", item: str = "", supplier_batch: str = "", unsafe: str = ""
) -> Response:
    """All lots, the newest first, filtered by what the address says."""
    reader_of(request)
    asked = {"verdict": verdict, "item": item, "supplier_batch": supplier_batch, "unsafe": unsafe}
    for text in asked.values():
        askable(text)
    found = await hub_of(request).runtime.store.read(
        lambda c: lot_answers.listed(
            c, None, cursor, 50, verdict_is=verdict, item=item, supplier_batch=supplier_batch, unsafe=True if unsafe else None
        )
    )
    following = address("/lots", **asked, cursor=found.next) if found.next else ""
    return answer(request, "lots.html", found, lots=found, asked=asked, verdicts=VERDICTS, following=following, first=not cursor)


@router.get("/lots/{ref:path}")
async def one(request: Request, ref: str, as_of: str = "", known_at: str = "", at: str = "", ask: str = "") -> Response:
    """One lot: now, as it was at a time, or as the hub knew it at a time."""
    reader_of(request)
    hub = hub_of(request)
    found = await _meant(hub, askable(ref))
    if not found:
        raise NotShown(404, f"Nothing is called {ref.removesuffix(TWIN)}", "No system calls any lot so, exactly or alike.",
                       "search for a part of it, or for another key")  # fmt: skip
    if len(found) > 1 and found[0].matched != "id":
        return answer(request, "which.html", {"lots": found}, 300, ref=ref.removesuffix(TWIN), lots=found)
    given = {"as_of": as_of, "known_at": known_at} | ({ask: at} if ask in ("as_of", "known_at") else {})
    past = {name: moment(name, text, request.app.state.pages.globals["zone"]) for name, text in given.items()}
    absolute = {name: when.isoformat() if when else "" for name, when in past.items()}
    if absolute != {"as_of": as_of, "known_at": known_at}:
        return RedirectResponse(address(quote(request.scope["path"], safe="/"), **absolute), 303, HEADERS)
    return await _lot(request, hub, found[0], past["as_of"], past["known_at"])


async def _lot(request: Request, hub: Hub, meant: Candidate, as_of: datetime | None, known_at: datetime | None) -> Response:
    now, when = hub.runtime.clock(), known_at or as_of
    known = await hub.runtime.store.read(lambda c: position_at(c, meant.site, known_at)) if known_at else None
    then = Then(as_of=as_of, known_at=known)
    view = await hub.runtime.store.read(lambda c: lot_answers.view(c, meant.id, hub.runtime.policies, now, then))
    if view is None:
        cause = f"Nothing was known of lot {meant.number} at {when.isoformat() if when else 'any time'}."
        raise NotShown(404, f"{meant.number} was not known then", cause, "choose a later time, or leave it out")
    told = await hub.runtime.store.read(lambda c: timeline.entries(c, view.id, then))
    came = await hub.runtime.store.read(lambda c: messages.listed(c, None, limit=20, lot_id=view.id))
    value = {**plain(view), "known_then": known_at, "timeline": told, "messages": came}
    return answer(
        request, "lot.html", value, lot=view, told=told, messages=came, path=lot_path(view.id), systems=view.systems,
        stale=figures.stale, balance=figures.balance(view, _capped(hub, view.site)), obstacles=figures.obstacles(view),
        known_then=known_at,
    )  # fmt: skip


def _capped(hub: Hub, site: str) -> set[str]:
    """Return the systems of a site that know no sums per status, only how much may be used."""
    policy = hub.runtime.policies.get(site)
    return {s.name for s in policy.systems.values() if s.expresses == "cap"} if policy else set()


async def _meant(hub: Hub, ref: str) -> list[Candidate]:
    """Return what a reference in an address means: any name of a lot, or site and number; the twin's ending aside."""
    bare = ref.removesuffix(TWIN)
    site, _, number = bare.partition("/")
    for name, sites in ((ref, None), (bare, None), (number, (site,))):
        if found := await _called(hub, name, sites):
            return found
    return []


async def _called(hub: Hub, name: str, sites: tuple[str, ...] | None) -> list[Candidate]:
    return await hub.runtime.store.read(lambda c: reference.find(c, name, sites))


def moment(name: str, text: str, zone: str) -> datetime | None:
    """Read a time from the address; one without an offset is the plant's own clock. What is no time is refused, never guessed."""
    if not text:
        return None
    try:
        read = datetime.fromisoformat(text)
    except ValueError:
        cause = f"{name} {text!r} is not an ISO 8601 time."
        raise NotShown(422, "This time cannot be read", cause, "write it as 2026-11-23T14:05:00+01:00") from None
    return read if read.tzinfo else read.replace(tzinfo=ZoneInfo(zone))
