"""Lots: what is known, why it is not released, and what people do about it."""

from typing import Annotated, Any

from fastapi import APIRouter, Query, Request
from pydantic import AfterValidator, AwareDatetime, BaseModel, ConfigDict, Field
from starlette.responses import Response

from tracemill.answers import deliveries as delivery_answers
from tracemill.answers import lot as answers
from tracemill.answers import messages as message_answers
from tracemill.answers import reference, timeline
from tracemill.answers.lot_parts import ReasonView
from tracemill.answers.page import Page
from tracemill.api.access import HubOf, by, needs
from tracemill.api.answer import answer, returns
from tracemill.api.once import once
from tracemill.api.past import TODAY, Past, PastOf
from tracemill.api.problem import Problem
from tracemill.api.security import Caller
from tracemill.hub import commands
from tracemill.hub.hub import Hub
from tracemill.model.lot import Lot
from tracemill.model.quantity import amount as exact
from tracemill.model.quantity import unit_code
from tracemill.model.record import Record
from tracemill.model.status import ApprovalKind, DispositionKind, HoldReason

router = APIRouter(prefix="/v1/lots", tags=["lots"])
READ, HOLD, RELEASE, DISPOSE = (needs(f"lots:{w}") for w in ("read", "hold", "release", "dispose"))


def _positive(text: str) -> str:
    if exact(text) <= 0:
        raise ValueError("an amount is more than nothing")
    return text


class Body(BaseModel):
    model_config = ConfigDict(extra="forbid")


class Amount(Body):
    amount: Annotated[str, AfterValidator(_positive)] = Field(examples=["20"])
    unit: Annotated[str, AfterValidator(unit_code)] = Field(examples=["KGM"])


class HoldBody(Body):
    reason: HoldReason
    quantity: Amount | None = None
    note: str = Field(min_length=1, max_length=500)


class LiftBody(Body):
    reason: str = Field(min_length=1, max_length=500)


class PartBody(Body):
    decision: DispositionKind
    quantity: Amount | None = None
    reason: str = ""


class DisposeBody(Body):
    parts: list[PartBody] = Field(min_length=1)
    meaning: str = Field(min_length=1)
    inspection: str = ""


class ApprovalBody(Body):
    what: ApprovalKind
    reason: str = Field(min_length=1, max_length=500)
    until: AwareDatetime | None = None
    revoked: bool = False


class WhyView(Record, frozen=True):
    """Each reason why a lot is not released: who owns it, how old it is, what to do next."""

    lot: str
    verdict: str
    sentence: str
    reasons: tuple[ReasonView, ...]


async def found(hub: Hub, ref: str, caller: Caller, site: str = "", exact_only: bool = False) -> str:
    """Return the id of the lot that a reference means; 404 or 409 where it means none or several."""
    sites = (site,) if site else caller.seen_sites
    if site and not caller.at(site):
        raise Problem(403, f"{caller.name} may not see site {site}")
    lots = await hub.runtime.store.read(lambda c: reference.find(c, ref, sites))
    if not lots:
        raise Problem(404, f"no system calls any lot {ref!r}", next_action="search by any key: GET /v1/search?q=")
    named = [{"id": f.id, "site": f.site, "number": f.number, "item": f.item, "matched": f.matched} for f in lots]
    if exact_only and not lots[0].exact:
        raise Problem(404, f"no lot is called exactly {ref!r}", next_action="name the lot exactly to act on it", lots=named)
    if len(lots) > 1 and lots[0].matched != "id":
        raise Problem(409, f"{ref!r} may mean {len(lots)} lots; use the id of one", lots=named)
    return lots[0].id


async def _meant(hub: Hub, ref: str, caller: Caller) -> Lot:
    """Return the lot to act on: named exactly, never one that only looks alike."""
    uuid = await found(hub, ref, caller, exact_only=True)
    state = await hub.runtime.store.read(lambda c: answers.state(c, uuid))
    if state is None:
        raise Problem(404, f"there is no lot {uuid}")
    return state


async def _done(hub: Hub, lot: Lot, fate: commands.Fate) -> answers.LotView:
    """Return the lot after an act; say so where the act is not decided yet, or does not count."""
    if fate.state == "received":
        detail = f"stored as message {fate.uuid}, not decided yet"
        next_action = "ask again with the same Idempotency-Key, or look at the message"
        raise Problem(503, detail, next_action=next_action, headers={"Retry-After": "5"}, message=fate.uuid)
    if why := await hub.runtime.store.read(lambda c: timeline.ignored(c, fate.uuid)):
        raise Problem(409, f"the decision does not count: {why}")
    return await _view(hub, lot.id)


async def _view(hub: Hub, uuid: str, past: Past = TODAY) -> answers.LotView:
    now, then = hub.runtime.clock(), await past.of(hub, uuid)
    view = await hub.runtime.store.read(lambda c: answers.view(c, uuid, hub.runtime.policies, now, then))
    if view is None:
        raise Problem(404, f"there is no lot {uuid}" if then.now else f"nothing was known of this lot {then.words()}")
    return view


@router.get("", **returns(Page[answers.LotLine]))
async def listed(
    hub: HubOf, caller: Caller = READ, cursor: str = "", limit: int = Query(50, ge=1, le=500), verdict: str = "",
    item: str = "", supplier_batch: str = "", unsafe: bool | None = None,
) -> Response:  # fmt: skip
    """List lots, the newest first."""
    return answer(
        await hub.runtime.store.read(
            lambda c: answers.listed(
                c, caller.seen_sites, cursor, limit, verdict_is=verdict, item=item, supplier_batch=supplier_batch, unsafe=unsafe
            )
        )
    )


@router.get("/{ref:path}/why", **returns(WhyView))
async def why(hub: HubOf, ref: str, caller: Caller = READ, site: str = "") -> Response:
    """Say each reason why a lot is not released, with its owner and age."""
    view = await _view(hub, await found(hub, ref, caller, site))
    return answer(WhyView(lot=view.number, verdict=view.verdict, sentence=view.sentence, reasons=view.reasons))


@router.get("/{ref:path}/timeline", **returns(list[timeline.Entry]))
async def told(hub: HubOf, ref: str, caller: Caller = READ, site: str = "", past: PastOf = TODAY) -> Response:
    """Tell a lot's changes in plain words, the newest first."""
    uuid = await found(hub, ref, caller, site)
    then = await past.of(hub, uuid)
    return answer(await hub.runtime.store.read(lambda c: timeline.entries(c, uuid, then)))


@router.get("/{ref:path}/messages", **returns(Page[message_answers.MessageLine]))
async def messages(hub: HubOf, ref: str, caller: Caller = READ, site: str = "", cursor: str = "", limit: int = 50) -> Response:
    """List the messages that said something about a lot."""
    uuid = await found(hub, ref, caller, site)
    page = await hub.runtime.store.read(lambda c: message_answers.listed(c, caller.seen_sites, cursor, limit, lot_id=uuid))
    return answer(page)


@router.get("/{ref:path}/deliveries", **returns(Page[delivery_answers.DeliveryView]))
async def deliveries(hub: HubOf, ref: str, caller: Caller = READ, site: str = "", cursor: str = "", limit: int = 50) -> Response:
    """List what systems were asked to do about a lot."""
    uuid = await found(hub, ref, caller, site)
    page = await hub.runtime.store.read(lambda c: delivery_answers.listed(c, caller.seen_sites, cursor, limit, lot_id=uuid))
    return answer(page)


@router.post("/{ref:path}/holds/{hold}/lift", **returns(answers.LotView))
async def lift(request: Request, hub: HubOf, ref: str, hold: str, body: LiftBody, caller: Caller = RELEASE) -> Response:
    """Lift one hold; only its placer, or a role that the site names, may."""
    lot = await _meant(hub, ref, caller)

    async def run(key: str) -> Any:
        fate = await commands.lift(hub.runtime, lot, hold, body.reason, by(request, caller, key))
        return await _done(hub, lot, fate)

    return await once(request, caller, run)


@router.post("/{ref:path}/holds", **returns(answers.LotView))
async def place(request: Request, hub: HubOf, ref: str, body: HoldBody, caller: Caller = HOLD) -> Response:
    """Restrict a lot, or a quantity of it, in every system."""
    lot = await _meant(hub, ref, caller)
    quantity = body.quantity.model_dump() if body.quantity else None

    async def run(key: str) -> Any:
        fate = await commands.place(hub.runtime, lot, body.reason, quantity, body.note, by(request, caller, key))
        return await _done(hub, lot, fate)

    return await once(request, caller, run)


@router.post("/{ref:path}/dispositions", **returns(answers.LotView))
async def dispose(request: Request, hub: HubOf, ref: str, body: DisposeBody, caller: Caller = DISPOSE) -> Response:
    """Decide about a lot as quality, signed with the caller's name."""
    lot = await _meant(hub, ref, caller)
    decision = body.model_dump(mode="json", exclude_none=True)

    async def run(key: str) -> Any:
        fate = await commands.dispose(hub.runtime, lot, decision, by(request, caller, key))
        return await _done(hub, lot, fate)

    return await once(request, caller, run)


@router.post("/{ref:path}/approvals", **returns(answers.LotView))
async def approve(request: Request, hub: HubOf, ref: str, body: ApprovalBody, caller: Caller = DISPOSE) -> Response:
    """Allow or revoke a milder inspection of the supplier's item that this lot is of, as the responsible authority."""
    lot = await _meant(hub, ref, caller)
    approval = body.model_dump(mode="json", exclude_none=True)

    async def run(key: str) -> Any:
        return await _done(hub, lot, await commands.approve_inspection(hub.runtime, lot, approval, by(request, caller, key)))

    return await once(request, caller, run)


@router.get("/{ref:path}", **returns(answers.LotView))
async def one(hub: HubOf, ref: str, caller: Caller = READ, site: str = "", past: PastOf = TODAY) -> Response:
    """Show one lot: verdict, claims side by side, holds, reasons. `ref`: its id, number, or what any system calls it."""
    return answer(await _view(hub, await found(hub, ref, caller, site), past))
