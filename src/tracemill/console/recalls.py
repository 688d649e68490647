"""The recalls: the list, and the page of one: how far is it, what escaped, whom to call, and the evidence of it."""

from decimal import Decimal

from fastapi import APIRouter, Request
from starlette.responses import Response

from tracemill.answers import recall as answers
from tracemill.answers.package import package, seal
from tracemill.answers.recall import RecallView, Totals
from tracemill.answers.scope import ScopeLot
from tracemill.console.page import HEADERS, TWIN, NotShown, PageRoute, answer, askable, hub_of
from tracemill.console.session import form_of, reader_of
from tracemill.hub import recall
from tracemill.hub.commands import By
from tracemill.model.recall import PARTS
from tracemill.model.record import Record

router = APIRouter(include_in_schema=False, route_class=PageRoute)
SHOWN = 200


class Part(Record, frozen=True):
    """One term of the sum: its amount, and its place in the bar in percent."""

    name: str
    amount: Decimal
    start: float
    width: float


@router.get("/recalls")
@router.get("/recalls.json")
async def listed(request: Request) -> Response:
    """All recalls, the newest first."""
    reader_of(request)
    found = await hub_of(request).runtime.store.read(answers.listed)
    return answer(request, "recalls.html", found, recalls=found)


@router.get("/recalls/{key}")
async def one(request: Request, key: str) -> Response:
    """One recall as it stands now."""
    reader_of(request)
    view = await _view(request, key.removesuffix(TWIN))
    lots = sorted(view.lots, key=_first)
    bars = {unit: parts(sums) for unit, sums in view.totals.items()}
    return answer(request, "recall.html", view, view=view, lots=lots[:SHOWN], bars=bars)


@router.post("/recalls/{key}/package")
async def packed(request: Request, key: str) -> Response:
    """Write the evidence package; who did so stands in the audit trail."""
    reader, fields = reader_of(request), await form_of(request)
    if fields is None:
        raise NotShown(403, "This form is not one of ours", "It did not carry the token of your session; nothing was done.",
                       "open the recall again and send its own form")  # fmt: skip
    view, runtime = await _view(request, key), hub_of(request).runtime
    body = await runtime.store.read(lambda c: package(c, view, runtime.clock()))
    await recall.packaged(runtime, view.recall, seal(body), By(name=reader))
    name = {"Content-Disposition": f'attachment; filename="{view.recall.id}.zip"'}
    return Response(body, headers={**HEADERS, **name}, media_type="application/zip")


async def _view(request: Request, key: str) -> RecallView:
    runtime = hub_of(request).runtime
    asked = askable(key)
    view = await runtime.store.read(lambda c: answers.view(c, runtime.adjacency, runtime.policies, asked))
    if view is None:
        raise NotShown(404, f"There is no recall {key}", "No recall has this number.", "look for it in the list of recalls")
    return view


def parts(sums: Totals) -> tuple[Part, ...]:
    """Lay the terms of the sum side by side."""
    found, start = [], 0.0
    for name in PARTS:
        amount: Decimal = getattr(sums, name)
        width = float(round(100 * amount / sums.requested, 3)) if sums.requested else 0.0
        found.append(Part(name=name, amount=amount, start=start, width=width))
        start += width
    return tuple(found)


def _first(x: ScopeLot) -> tuple[bool, bool, int]:
    """What is not contained comes first, what was left out last."""
    return bool(x.excluded_by), x.standing.contained, x.depth
