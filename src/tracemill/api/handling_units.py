"""Handling units: which lots are in them, and where they stand."""

from fastapi import APIRouter
from starlette.responses import Response

from tracemill.answers import handling_unit as answers
from tracemill.api.access import HubOf, needs
from tracemill.api.answer import answer, returns
from tracemill.api.problem import Problem
from tracemill.api.security import Caller

router = APIRouter(prefix="/v1/units", tags=["units"])
READ = needs("lots:read")


@router.get("/{unit:path}", **returns(answers.UnitView))
async def one(hub: HubOf, unit: str, caller: Caller = READ) -> Response:
    """Show a handling unit by its SSCC (18 digits, element string, Digital Link, EPC URN) or by the source's own id."""
    view = await hub.runtime.store.read(lambda c: answers.view(c, unit, caller.seen_sites))
    if view is None:
        raise Problem(404, f"nobody tells of anything in a unit {unit}", next_action="search by any key: GET /v1/search?q=")
    return answer(view)
