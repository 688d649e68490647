"""Work orders: what they are to use and to make, what they did, and why they may not run."""

from fastapi import APIRouter
from starlette.responses import Response

from tracemill.answers import work_order as answers
from tracemill.api.access import HubOf, needs
from tracemill.api.answer import answer, returns
from tracemill.api.problem import Problem
from tracemill.api.security import Caller

router = APIRouter(prefix="/v1/orders", tags=["orders"])
READ = needs("lots:read")


@router.get("/{order:path}", **returns(answers.OrderView))
async def one(hub: HubOf, order: str, caller: Caller = READ) -> Response:
    """Show a work order with its lots, its inspections, and each reason why it may not run."""
    view = await hub.runtime.store.read(lambda c: answers.view(c, order, caller.seen_sites))
    if view is None:
        raise Problem(404, f"nobody told of an order {order}", next_action="search by any key: GET /v1/search?q=")
    return answer(view)
