"""Master data: items with their bills of materials and routings, and parties."""

from fastapi import APIRouter
from starlette.responses import Response

from tracemill.answers import master_data as answers
from tracemill.answers.page import Page
from tracemill.api.access import HubOf, needs
from tracemill.api.answer import answer, returns
from tracemill.api.problem import Problem
from tracemill.api.security import Caller

router = APIRouter(prefix="/v1", tags=["master data"])
READ = needs("lots:read")


@router.get("/items", **returns(Page[answers.ItemVersion]))
async def items(hub: HubOf, caller: Caller = READ) -> Response:
    """List the items that their owner told of, as they count now."""
    now = hub.runtime.clock()
    return answer(await hub.runtime.store.read(lambda c: answers.items(c, caller.seen_sites, now)))


@router.get("/items/{item:path}", **returns(answers.ItemView))
async def item(hub: HubOf, item: str, caller: Caller = READ) -> Response:
    """Show an item: what counts now, what counted before and begins later, its bills of materials and routings."""
    now = hub.runtime.clock()
    view = await hub.runtime.store.read(lambda c: answers.item(c, caller.seen_sites, item, now))
    if view is None:
        raise Problem(404, f"nobody told of an item {item}", next_action="list them: GET /v1/items")
    return answer(view)


@router.get("/parties", **returns(Page[answers.PartyView]))
async def parties(hub: HubOf, caller: Caller = READ) -> Response:
    """List suppliers, manufacturers, customers and carriers, with what they are approved as."""
    now = hub.runtime.clock()
    return answer(await hub.runtime.store.read(lambda c: answers.parties(c, caller.seen_sites, now)))
