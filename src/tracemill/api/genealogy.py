"""Genealogy: what a lot was made from, what was made of it, and whether that is all."""

from typing import Annotated, Literal

from fastapi import APIRouter, Query
from pydantic import AwareDatetime
from starlette.responses import Response

from tracemill.answers import lot as answers
from tracemill.answers import process
from tracemill.answers import trace as traces
from tracemill.answers.dossier import Dossier, dossier
from tracemill.answers.trace_view import TraceView
from tracemill.api.access import HubOf, needs
from tracemill.api.answer import answer, returns
from tracemill.api.lots import found
from tracemill.api.past import TODAY, PastOf
from tracemill.api.problem import Problem
from tracemill.api.security import Caller

router = APIRouter(prefix="/v1/lots", tags=["genealogy"])
search = APIRouter(prefix="/v1/process", tags=["genealogy"])
READ = needs("lots:read")


@router.get("/{ref:path}/process", **returns(list[process.SummaryView]))
async def conditions(hub: HubOf, ref: str, caller: Caller = READ, site: str = "") -> Response:
    """Tell the conditions under which a lot was made: what was set, what is allowed, and what really was."""
    uuid = await found(hub, ref, caller, site)
    return answer(await hub.runtime.store.read(lambda c: process.of_lot(c, uuid)))


@router.get("/{ref:path}/dossier", **returns(Dossier))
async def one(hub: HubOf, ref: str, caller: Caller = READ, site: str = "") -> Response:
    """Put the dossier of a lot together: orders, consumptions, conditions, inspections, deviations, signatures, completeness."""
    uuid, runtime = await found(hub, ref, caller, site), hub.runtime
    state = await runtime.store.read(lambda c: answers.state(c, uuid))
    if state is None:
        raise Problem(404, f"there is no lot {uuid}")
    now = runtime.clock()
    return answer(await runtime.store.read(lambda c: dossier(c, runtime.adjacency, runtime.policies, state, now)))


@search.get("", **returns(list[process.SummaryView]))
async def searched(
    hub: HubOf, caller: Caller = READ, machine: str = "", parameter: str = "", above: float | None = None,
    below: float | None = None, beyond: Annotated[bool, Query(description="only what passed its limits")] = False,
    since: Annotated[AwareDatetime | None, Query(description="needs an offset")] = None,
    until: Annotated[AwareDatetime | None, Query(description="needs an offset")] = None,
) -> Response:  # fmt: skip
    """Find what was made on a machine, at a time, beyond a value: each with its lot."""
    asked = process.Search(
        machine=machine, parameter=parameter, above=above, below=below, since=since, until=until, beyond=beyond
    )
    try:
        return answer(await hub.runtime.store.read(lambda c: process.found(c, caller.seen_sites, asked)))
    except process.TooMuch as error:
        raise Problem(422, str(error), next_action="name a machine and a parameter") from None


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
