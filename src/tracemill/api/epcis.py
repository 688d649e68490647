"""EPCIS 2.0: a trace as a document."""

from typing import Annotated, Any, Literal

from fastapi import APIRouter, Query
from starlette.responses import Response

from tracemill.answers import epcis
from tracemill.answers import lot as answers
from tracemill.api.access import HubOf, needs
from tracemill.api.answer import returns
from tracemill.api.epcis_terms import VERSIONS
from tracemill.api.lots import found
from tracemill.api.problem import Problem
from tracemill.api.security import Caller

router = APIRouter(prefix="/v1/lots", tags=["genealogy"])
READ = needs("lots:read")
BASE = Query(description="the address that your own ids stand under, the same in every document")
GLN = Query(description="your GLN, which the numbers of documents are named by")


@router.get("/{ref:path}/trace/epcis", **returns(dict[str, Any]))
async def exported(
    hub: HubOf, ref: str, base: Annotated[str, BASE], caller: Caller = READ, site: str = "",
    direction: Literal["forward", "back"] = "forward", gln: Annotated[str, GLN] = "",
) -> Response:  # fmt: skip
    """Write a trace as EPCIS 2.0: receipts, transformations, shipments; `hub:complete` and `hub:gaps` say whether it is all."""
    uuid, runtime = await found(hub, ref, caller, site), hub.runtime
    try:
        names = epcis.names(base, gln)
    except ValueError as error:
        raise Problem(422, str(error), next_action="write base=https://plant.example/id") from None
    state = await runtime.store.read(lambda c: answers.state(c, uuid))
    if state is None:
        raise Problem(404, f"there is no lot {uuid}")
    now = runtime.clock().isoformat(timespec="milliseconds")
    try:
        body = await runtime.store.read(
            lambda c: epcis.written(epcis.epcis_document(c, runtime.adjacency, [state], direction, names, now))
        )
    except epcis.TooMuch as error:
        raise Problem(422, str(error), next_action="ask for a lot nearer to what you look for") from None
    return Response(body, media_type="application/ld+json", headers=VERSIONS)
