"""Quality records: nonconformances, CAPAs, audit findings and complaints that are linked to lots."""

from typing import Annotated

from fastapi import APIRouter, Query
from starlette.responses import Response

from tracemill.answers import quality as answers
from tracemill.answers.page import Page
from tracemill.api.access import HubOf, needs
from tracemill.api.answer import answer, returns
from tracemill.api.problem import Problem
from tracemill.api.security import Caller
from tracemill.model.status import QualityKind

router = APIRouter(prefix="/v1", tags=["quality"])
READ = needs("lots:read")


@router.get("/quality-records", **returns(Page[answers.RecordView]))
async def listed(
    hub: HubOf, caller: Caller = READ, kind: QualityKind | None = None, supplier: str = "",
    id: Annotated[str, Query(description="what its system calls it")] = "",
    open: Annotated[bool, Query(description="only what is not closed")] = False,
) -> Response:  # fmt: skip
    """List quality records, the newest first."""
    asked = {"kind": kind or "", "supplier": supplier, "native": id}
    return answer(await hub.runtime.store.read(lambda c: answers.listed(c, caller.seen_sites, **asked, open_only=open)))


@router.get("/complaints/{complaint:path}", **returns(answers.ComplaintView))
async def one(
    hub: HubOf, complaint: str, caller: Caller = READ,
    lot: Annotated[str, Query(description="the number of the lot, where the complaint is about several")] = "",
) -> Response:  # fmt: skip
    """Show a complaint: what its lot was made from, and where that and what was made of it went."""
    runtime = hub.runtime
    called = await runtime.store.read(lambda c: answers.complaints(c, caller.seen_sites, complaint))
    found = [r for r in called if lot in ("", r.number, r.lot)]
    if not found:
        raise Problem(404, f"there is no complaint {complaint}", next_action="list them: GET /v1/quality-records?kind=complaint")
    about = {r.lot: {"id": r.lot, "number": r.number, "system": r.system, "site": r.site} for r in found}
    if len(about) > 1:
        step = f"tracemill complaint {complaint} --lot {found[0].number}"
        raise Problem(409, f"{complaint} is about {len(about)} lots", next_action=step, lots=list(about.values()))
    return answer(
        await runtime.store.read(lambda c: answers.complaint(c, runtime.adjacency, runtime.policies, found[0]))
    )  # fmt: skip
