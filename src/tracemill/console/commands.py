"""The commands that are not sent: what each would change, and a form in which a person approves them."""

from typing import Any

from fastapi import APIRouter, Request
from starlette.responses import RedirectResponse, Response

from tracemill.answers import status, waiting
from tracemill.console.page import HEADERS, NotShown, PageRoute, answer, askable, hub_of, page
from tracemill.console.session import form_of, reader_of
from tracemill.console.words import address
from tracemill.hub.approval import approve
from tracemill.hub.commands import By
from tracemill.hub.replay import NotPossible

router = APIRouter(include_in_schema=False, route_class=PageRoute)
LONGEST_REASON = 500
PAGE = 100
CHOSEN = "command."


@router.get("/commands")
@router.get("/commands.json")
async def listed(request: Request, system: str = "", cursor: str = "") -> Response:
    """What would be sent where a system is observed, and what waits for approval elsewhere."""
    reader_of(request)
    found, shown = await _shown(request, askable(system), cursor)
    return answer(request, "commands.html", found, **shown)


async def _shown(request: Request, system: str, cursor: str) -> tuple[Any, dict[str, Any]]:
    runtime = hub_of(request).runtime
    found = await runtime.store.read(lambda c: waiting.listed(c, runtime.policies, None, cursor, PAGE, system=system))
    now = runtime.clock()
    board = await runtime.store.read(lambda c: status.board(c, runtime.policies, now))
    asked = {"system": system}
    following = address("/commands", **asked, cursor=found.next) if found.next else ""
    return found, {
        "found": found, "counts": board.waiting, "asked": asked, "following": following, "systems": sorted(runtime.links),
        "problems": [], "typed": "", "chosen": set(),
    }  # fmt: skip


@router.post("/commands/approve")
async def approved(request: Request) -> Response:
    """Approve the commands that were chosen, with one reason; what cannot be approved is said."""
    reader, fields = reader_of(request), await form_of(request)
    if fields is None:
        raise NotShown(403, "This form is not one of ours", "It did not carry the token of your session; nothing was done.",
                       "open the commands again and send their own form")  # fmt: skip
    reason, chosen = fields.get("reason", "").strip(), [f.removeprefix(CHOSEN) for f in fields if f.startswith(CHOSEN)]
    problems = _missing(reason, chosen) or await _approve(request, chosen, By(name=reader), reason)
    if not problems:
        return RedirectResponse("/commands", 303, HEADERS)
    _, shown = await _shown(request, "", "")
    again = {"problems": problems, "typed": reason[:LONGEST_REASON], "chosen": set(chosen)}
    return page(request, "commands.html", 409, reader=reader, **{**shown, **again})


def _missing(reason: str, chosen: list[str]) -> list[str]:
    found = [] if chosen else ["choose at least one command"]
    if not reason or len(reason) > LONGEST_REASON:
        found.append(f"the reason is longer than {LONGEST_REASON} characters" if reason else "a reason is needed")
    return found


async def _approve(request: Request, chosen: list[str], by: By, reason: str) -> list[str]:
    """Approve one after another; return what was refused."""
    problems = []
    for uuid in chosen:
        try:
            await approve(hub_of(request).runtime, askable(uuid), by, reason)
        except NotPossible as error:
            problems.append(str(error))
    return problems
