"""Genealogy: what a lot was made from, what was made of it, and whether that is all."""

from typing import Annotated, Literal

from fastapi import APIRouter, Query
from starlette.responses import Response

from tracemill.answers import lot as answers
from tracemill.answers import trace as traces
from tracemill.answers.trace_view import TraceView
from tracemill.api.access import HubOf, needs
from tracemill.api.answer import answer, returns
from tracemill.api.lots import found
from tracemill.api.past import TODAY, PastOf
from tracemill.api.problem import Problem
from tracemill.api.security import Caller

router = APIRouter(prefix="/v1/lots", tags=["genealogy"])
READ = needs("lots:read")


@router.get("/{ref:path}/trace", **returns(TraceView))
async def trace(
    hub: HubOf, ref: str, caller: Caller = READ, site: str = "", direction: Literal["forward", "back"] = "forward",
    past: PastOf = TODAY,
    limit: int = Query(traces.SHOWN, ge=1, le=10_000),
    to: Annotated[str, Query(description="a lot to which a shortest way is wanted")] = "",
    shares: Annotated[bool, Query(description="how much of the lot is in each of those made of it")] = False,
) -> Response:  # fmt: skip
    """Walk forward to what was made of a lot, or back to what it was made from; says whether the answer is complete."""
    uuid, runtime = await found(hub, ref, caller, site), hub.runtime
    then = await past.of(hub, uuid)
    state = await runtime.store.read(lambda c: answers.state(c, uuid))
    if state is None:
        raise Problem(404, f"there is no lot {uuid}")
    goal = await found(hub, to, caller, site) if to else ""
    view = await runtime.store.read(
        lambda c: traces.trace(
            c, runtime.adjacency, state, direction, as_of=then.as_of, known_at=then.known_at, limit=limit,
            to=answers.state(c, goal) if goal else None, shares=shares,
        )
    )  # fmt: skip
    return answer(view)
