"""Recalls: what they reach, how far they are, and what people do about them."""

from decimal import Decimal
from typing import Annotated, Any

from fastapi import APIRouter, Request
from pydantic import AwareDatetime, BaseModel, ConfigDict, Field, model_validator
from starlette.responses import Response

from tracemill.answers import recall as answers
from tracemill.answers.package import package, seal
from tracemill.answers.package_epcis import named
from tracemill.answers.recall import RecallView
from tracemill.api.access import HubOf, by, needs
from tracemill.api.answer import answer, returns
from tracemill.api.lots import found
from tracemill.api.once import once
from tracemill.api.problem import Problem
from tracemill.api.security import Caller
from tracemill.hub import recall
from tracemill.hub.hub import Hub
from tracemill.model.recall import Origin, Recall
from tracemill.model.status import OriginKind

router = APIRouter(prefix="/v1/recalls", tags=["recalls"])
READ, WRITE = needs("recalls:read"), needs("recalls:write")
Text = Annotated[str, Field(min_length=1, max_length=500)]


class Body(BaseModel):
    model_config = ConfigDict(extra="forbid")


class StartBody(Body):
    """One of: a lot, a supplier batch, a complaint, serials from `first` to `last`, or a machine from `since` to `until`.

    `above` and `below` narrow a machine to lots of which a parameter was told to be so, or of which nothing clears them.
    """

    lot: str = ""
    supplier_batch: str = ""
    maker: str = Field("", description="manufacturer or supplier of the batch")
    machine: str = ""
    since: AwareDatetime | None = None
    until: AwareDatetime | None = None
    parameter: str = Field("", description="of the machine; needed where it told several")
    above: Decimal | None = None
    below: Decimal | None = None
    unit: str = Field("", description="of the value; needed where it was told in several")
    first: str = Field("", description="the first serial: as it is, or as GS1 element string, Digital Link or EPC URI")
    last: str = Field("", description="the last serial, included; it differs from the first in one run of digits")
    complaint: str = Field("", description="every lot that was complained about under this number")
    item: str = Field("", description="whose serials they are; needed where several items have such serials")
    site: str = ""
    reason: Text
    mock: bool = False
    detected_at: AwareDatetime | None = None

    @model_validator(mode="after")
    def _one_origin(self) -> "StartBody":
        if sum(map(bool, (self.lot, self.supplier_batch, self.machine, self.complaint, self.first or self.last))) != 1:
            raise ValueError("name one of lot, supplier_batch, machine, complaint, and first with last")
        if bool(self.first) != bool(self.last):
            raise ValueError("serials need a first and a last one")
        if not self.machine and (self.parameter or self.unit or self.above is not None or self.below is not None):
            raise ValueError("parameter, unit, above and below need a machine")
        if self.item and not self.first:
            raise ValueError("item needs serials")
        if self.machine and (self.since is None or self.until is None or self.since > self.until):
            raise ValueError("a machine needs since and until, in this order")
        return self


class WhyBody(Body):
    reason: Text


class ExcludeBody(Body):
    lot: str = Field(min_length=1)
    reason: Text


def _allowed(caller: Caller, sites: tuple[str, ...], what: str) -> None:
    """A recall is seen whole or not at all: part of one would be a silently short list."""
    if hidden := [s for s in sites if not caller.at(s)]:
        raise Problem(403, f"{what} is also about {', '.join(hidden)}, which {caller.name} may not see")


async def _view(hub: Hub, caller: Caller, key: str) -> RecallView:
    runtime = hub.runtime
    view = await runtime.store.read(lambda c: answers.view(c, runtime.adjacency, runtime.policies, key))
    if view is None:
        raise Problem(404, f"there is no recall {key}", next_action="tracemill recall list")
    _allowed(caller, view.recall.sites, key)
    return view


@router.get("", **returns(list[Recall]))
async def listed(hub: HubOf, caller: Caller = READ) -> Response:
    """List recalls, the newest first."""
    every = await hub.runtime.store.read(answers.listed)
    return answer([r for r in every if all(caller.at(s) for s in r.sites)])


@router.post("", **returns(RecallView, 201))
async def start(request: Request, hub: HubOf, body: StartBody, caller: Caller = WRITE) -> Response:
    """Open a recall and freeze its first scope. Nothing is held yet; a mock recall never holds anything."""
    origin = await _origin(hub, body, caller)
    _allowed(caller, tuple((await recall.reached(hub.runtime, origin)).lots), "this recall")

    async def run(key: str) -> Any:
        asker = by(request, caller, key)
        opened = await recall.start(hub.runtime, origin, body.reason, asker, mock=body.mock, detected=body.detected_at)
        return await _view(hub, caller, opened.id)

    return await once(request, caller, run, 201)


async def _origin(hub: Hub, body: StartBody, caller: Caller) -> Origin:
    if body.lot:
        return Origin(kind=OriginKind.LOT, lot=await found(hub, body.lot, caller, body.site, exact_only=True), name=body.lot)
    if body.supplier_batch:
        return Origin(kind=OriginKind.SUPPLIER_BATCH, batch=body.supplier_batch, maker=body.maker, site=body.site)
    if body.complaint:
        return Origin(kind=OriginKind.COMPLAINT, complaint=body.complaint, site=body.site)
    if body.first:
        serials = Origin(kind=OriginKind.SERIALS, first=body.first, last=body.last, item=body.item, site=body.site)
        return await recall.settled(hub.runtime, serials)
    made = Origin(kind=OriginKind.MACHINE, machine=body.machine, since=body.since, until=body.until, parameter=body.parameter,
                  above=body.above, below=body.below, unit=body.unit, site=body.site)  # fmt: skip
    return await recall.settled(hub.runtime, made)


@router.get("/{key}", **returns(RecallView))
async def one(hub: HubOf, key: str, caller: Caller = READ) -> Response:
    """Show a recall: clock, scope versions, every lot and how it stands, totals, customers, and every gap."""
    return answer(await _view(hub, caller, key))


@router.post("/{key}/exclusions", **returns(RecallView))
async def exclude(request: Request, hub: HubOf, key: str, body: ExcludeBody, caller: Caller = WRITE) -> Response:
    """Leave a lot out, with a reason. What it inherits from a lot that is recalled, it keeps."""
    await _view(hub, caller, key)
    lot = await found(hub, body.lot, caller, exact_only=True)

    async def run(once_key: str) -> Any:
        await recall.exclude(hub.runtime, key, lot, body.reason, by(request, caller, once_key))
        return await _view(hub, caller, key)

    return await once(request, caller, run)


@router.post("/{key}/freeze", **returns(RecallView))
async def freeze(request: Request, hub: HubOf, key: str, body: WhyBody, caller: Caller = WRITE) -> Response:
    """Freeze the scope as it is now as the next version."""
    return await _act(recall.freeze, request, hub, key, body, caller)


@router.post("/{key}/hold", **returns(RecallView))
async def hold(request: Request, hub: HubOf, key: str, body: WhyBody, caller: Caller = WRITE) -> Response:
    """Hold whatever the recall reaches in every owning system; ask again to see what was read back."""
    return await _act(recall.hold, request, hub, key, body, caller)


@router.post("/{key}/close", **returns(RecallView))
async def close(request: Request, hub: HubOf, key: str, body: WhyBody, caller: Caller = WRITE) -> Response:
    """Close a recall. No hold is lifted by that."""
    return await _act(recall.close, request, hub, key, body, caller)


async def _act(do: Any, request: Request, hub: Hub, key: str, body: WhyBody, caller: Caller) -> Response:
    await _view(hub, caller, key)

    async def run(once_key: str) -> Any:
        await do(hub.runtime, key, body.reason, by(request, caller, once_key))
        return await _view(hub, caller, key)

    return await once(request, caller, run)


@router.post("/{key}/package", responses={200: {"content": {"application/zip": {}}}})
async def packed(request: Request, hub: HubOf, key: str, base: str = "", gln: str = "", caller: Caller = WRITE) -> Response:
    """Return the evidence package as a ZIP; its seal stands in the audit trail.

    `base`: the address that your own ids stand under in its EPCIS documents; `gln`: yours, which documents are named by.
    """
    try:
        own = named(base, gln)
    except ValueError as error:
        raise Problem(422, str(error), next_action="write base=https://plant.example/id") from None
    view, runtime = await _view(hub, caller, key), hub.runtime
    body = await runtime.store.read(lambda c: package(c, view, runtime.clock(), own))
    await recall.packaged(runtime, view.recall, seal(body), by(request, caller))
    return Response(body, media_type="application/zip", headers={"Content-Disposition": f'attachment; filename="{key}.zip"'})
