"""Messages, deliveries, cases, audit and search: what support staff and auditors ask for."""

from fastapi import APIRouter, Query, Request
from pydantic import BaseModel, ConfigDict, Field
from starlette.responses import Response

from tracemill.answers import audit as audit_answers
from tracemill.answers import cases as case_answers
from tracemill.answers import deliveries as delivery_answers
from tracemill.answers import messages as message_answers
from tracemill.answers import search as search_answers
from tracemill.answers import waiting as waiting_answers
from tracemill.answers.page import Page
from tracemill.api.access import HubOf, by, needs
from tracemill.api.answer import answer, returns
from tracemill.api.problem import Problem
from tracemill.api.security import Caller
from tracemill.hub import approval, commands, replay
from tracemill.model.record import Record

router = APIRouter(prefix="/v1")


class ReasonBody(BaseModel):
    model_config = ConfigDict(extra="forbid")
    reason: str = Field(min_length=1, max_length=500)


class Outcome(Record, frozen=True):
    """What came of an act on a message, delivery or case."""

    id: str
    outcome: str


@router.get("/search", tags=["search"], **returns(search_answers.Found))
async def search(hub: HubOf, q: str = Query(min_length=1, max_length=200), caller: Caller = needs("lots:read")) -> Response:
    """Say what a number is: any business key finds its lots and messages."""
    return answer(await hub.runtime.store.read(lambda c: search_answers.search(c, q, caller.seen_sites)))


@router.get("/messages", tags=["messages"], **returns(Page[message_answers.MessageLine]))
async def messages(
    hub: HubOf, caller: Caller = needs("messages:read"), state: str = "", system: str = "", key: str = "", cursor: str = "",
    limit: int = Query(50, ge=1, le=500),
) -> Response:  # fmt: skip
    """List messages, the newest first."""
    page = await hub.runtime.store.read(
        lambda c: message_answers.listed(c, caller.seen_sites, cursor, limit, state=state, system=system, key=key)
    )
    return answer(page)


@router.get("/messages/groups", tags=["messages"], **returns(list[message_answers.Group]))
async def groups(hub: HubOf, caller: Caller = needs("messages:read"), system: str = "") -> Response:
    """Group what could not be read by its cause, with what it holds back."""
    return answer(await hub.runtime.store.read(lambda c: message_answers.groups(c, caller.seen_sites, system=system)))


@router.get("/messages/{uuid}", tags=["messages"], **returns(message_answers.MessageView))
async def message(hub: HubOf, uuid: str, caller: Caller = needs("messages:read")) -> Response:
    """Show one message: body, keys, cause, events, deliveries, impact."""
    found = await hub.runtime.store.read(lambda c: message_answers.one(c, uuid))
    if found is None or not caller.at(found.line.site):
        raise Problem(404, f"there is no message {uuid}")
    return answer(found)


async def _message(hub: HubOf, uuid: str, caller: Caller) -> str:
    """Return the id of a message that the caller may settle."""
    fate = await commands.outcome(hub.runtime, uuid, 0)
    if fate is None or not caller.at(fate.site):
        raise Problem(404, f"there is no message {uuid}")
    return uuid


@router.post("/messages/{uuid}/replay", tags=["messages"], **returns(Outcome))
async def replayed(hub: HubOf, uuid: str, body: ReasonBody, caller: Caller = needs("messages:replay")) -> Response:
    """Read a parked message again with today's mappings."""
    await _message(hub, uuid, caller)
    return answer(Outcome(id=uuid, outcome=await replay.replay(hub.runtime, uuid, caller.name, body.reason)))


@router.post("/messages/{uuid}/discard", tags=["messages"], **returns(Outcome))
async def discarded(hub: HubOf, uuid: str, body: ReasonBody, caller: Caller = needs("messages:replay")) -> Response:
    """Put a parked message aside for good; its unread hold is lifted."""
    await _message(hub, uuid, caller)
    return answer(Outcome(id=uuid, outcome=await replay.discard(hub.runtime, uuid, caller.name, body.reason)))


@router.get("/deliveries", tags=["deliveries"], **returns(Page[delivery_answers.DeliveryView]))
async def deliveries(
    hub: HubOf, caller: Caller = needs("deliveries:read"), state: str = "", system: str = "", cursor: str = "",
    limit: int = Query(50, ge=1, le=500),
) -> Response:  # fmt: skip
    """List commands on their way, the newest first."""
    page = await hub.runtime.store.read(
        lambda c: delivery_answers.listed(c, caller.seen_sites, cursor, limit, state=state, system=system)
    )
    return answer(page)


@router.get("/deliveries/waiting", tags=["deliveries"], **returns(Page[waiting_answers.Waiting]))
async def waiting(
    hub: HubOf, caller: Caller = needs("deliveries:read"), system: str = "", cursor: str = "",
    limit: int = Query(50, ge=1, le=500),
) -> Response:  # fmt: skip
    """List commands that are not sent: what would be sent where a system is observed, what waits for approval elsewhere."""
    policies = hub.runtime.policies
    page = await hub.runtime.store.read(
        lambda c: waiting_answers.listed(c, policies, caller.seen_sites, cursor, limit, system=system)
    )
    return answer(page)


@router.get("/deliveries/{uuid}", tags=["deliveries"], **returns(delivery_answers.DeliveryView))
async def delivery(hub: HubOf, uuid: str, caller: Caller = needs("deliveries:read")) -> Response:
    """Show one delivery with every try."""
    return answer(await _delivery(hub, uuid, caller))


async def _delivery(hub: HubOf, uuid: str, caller: Caller) -> delivery_answers.DeliveryView:
    found = await hub.runtime.store.read(lambda c: delivery_answers.one(c, uuid))
    if found is None or not caller.at(found.site):
        raise Problem(404, f"there is no delivery {uuid}")
    return found


@router.post("/deliveries/{uuid}/approve", tags=["deliveries"], **returns(Outcome))
async def approve(
    request: Request, hub: HubOf, uuid: str, body: ReasonBody, caller: Caller = needs("deliveries:approve")
) -> Response:
    """Let a proposed command go out; says what it waits behind, where something must go first."""
    await _delivery(hub, uuid, caller)
    return answer(Outcome(id=uuid, outcome=await approval.approve(hub.runtime, uuid, by(request, caller), body.reason)))


@router.post("/deliveries/{uuid}/resend", tags=["deliveries"], **returns(Outcome))
async def resend(hub: HubOf, uuid: str, body: ReasonBody, caller: Caller = needs("messages:replay")) -> Response:
    """Send a dead delivery, or one in doubt, again."""
    await _delivery(hub, uuid, caller)
    return answer(Outcome(id=uuid, outcome=await replay.resend(hub.runtime, uuid, caller.name, body.reason)))


@router.post("/deliveries/{uuid}/cancel", tags=["deliveries"], **returns(Outcome))
async def cancel(hub: HubOf, uuid: str, body: ReasonBody, caller: Caller = needs("messages:replay")) -> Response:
    """Withdraw a delivery that is not under way."""
    await _delivery(hub, uuid, caller)
    return answer(Outcome(id=uuid, outcome=await replay.cancel(hub.runtime, uuid, caller.name, body.reason)))


@router.get("/cases", tags=["cases"], **returns(Page[case_answers.CaseView]))
async def cases(
    hub: HubOf, caller: Caller = needs("cases:read"), state: str = Query("open", pattern="^(open|all)$"), consequence: str = "",
    cursor: str = "", limit: int = Query(50, ge=1, le=500),
) -> Response:  # fmt: skip
    """List cases, unsafe ones first, the oldest first."""
    page = await hub.runtime.store.read(
        lambda c: case_answers.listed(c, caller.seen_sites, cursor, limit, open_only=state == "open", consequence=consequence)
    )
    return answer(page)


async def _case(hub: HubOf, ref: str, caller: Caller) -> case_answers.CaseView:
    found = await hub.runtime.store.read(lambda c: case_answers.one(c, ref))
    if found is None or not caller.at(found.site):
        raise Problem(404, f"there is no case {ref}")
    return found


@router.get("/cases/{ref:path}", tags=["cases"], **returns(case_answers.CaseView))
async def case(hub: HubOf, ref: str, caller: Caller = needs("cases:read")) -> Response:
    """Show one case by its id or key."""
    return answer(await _case(hub, ref, caller))


@router.post("/cases/{ref:path}/resolve", tags=["cases"], **returns(Outcome))
async def resolve(request: Request, hub: HubOf, ref: str, body: ReasonBody, caller: Caller = needs("cases:write")) -> Response:
    """Close a case with a reason; while its cause lasts, the next look opens it again."""
    found = await _case(hub, ref, caller)
    await commands.resolve(hub.runtime, found.key, found.site, found.lot, by(request, caller), body.reason)
    return answer(Outcome(id=found.id, outcome="resolved"))


@router.get("/audit", tags=["audit"], **returns(list[audit_answers.Entry]))
async def audit(
    hub: HubOf, caller: Caller = needs("audit:read"), site: str = "", after: int = 0, limit: int = Query(100, ge=1, le=1000)
) -> Response:
    """List the audit trail of a site by position."""
    where = site or next(iter(caller.seen_sites or hub.runtime.sites))
    if not caller.at(where):
        raise Problem(403, f"{caller.name} may not see site {where}")
    return answer(await hub.runtime.store.read(lambda c: audit_answers.listed(c, where, after, limit)))


@router.get("/audit/verify", tags=["audit"], **returns(list[audit_answers.Verified]))
async def verify(hub: HubOf, caller: Caller = needs("audit:read")) -> Response:
    """Walk the audit chain of every site and say whether it holds."""
    return answer(await hub.runtime.store.read(lambda c: audit_answers.verified(c, caller.seen_sites)))
