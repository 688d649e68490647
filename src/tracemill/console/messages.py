"""The messages: what could not be read, by cause, with what it holds back; any other message by its state or key; and one."""

from collections.abc import Awaitable, Callable
from typing import Any

from fastapi import APIRouter, Request
from starlette.responses import RedirectResponse, Response

from tracemill.answers import deliveries, status, timeline
from tracemill.answers import messages as message_answers
from tracemill.console.page import HEADERS, TWIN, NotShown, PageRoute, answer, askable, hub_of, page
from tracemill.console.session import form_of, reader_of
from tracemill.console.words import address
from tracemill.hub import replay
from tracemill.hub.runtime import Runtime
from tracemill.model.status import MessageState

router = APIRouter(include_in_schema=False, route_class=PageRoute)
Act = Callable[[Runtime, str, str, str], Awaitable[str]]
ACTS: dict[str, Act] = {"replay": replay.replay, "discard": replay.discard}
LONGEST_REASON = 500
ALL = "all"


@router.get("/messages")
@router.get("/messages.json")
async def listed(
    request: Request, state: str = "", system: str = "", key: str = "", code: str = "", cursor: str = ""
) -> Response:
    """What could not be read, grouped by cause; with a state or a key in the address, the messages that have it."""
    reader_of(request)
    asked = {"state": state, "system": askable(system), "key": askable(key), "code": code}
    hub = hub_of(request)
    systems = sorted(hub.runtime.links)
    if state or key:
        known = "" if state == ALL else state
        found = await hub.runtime.store.read(
            lambda c: message_answers.listed(c, None, cursor, 50, state=known, system=system, key=key)
        )
        following = address("/messages", **asked, cursor=found.next) if found.next else ""
        states = [*MessageState, ALL]
        return answer(request, "message_list.html", found, found=found, asked=asked, states=states, systems=systems,
                      following=following)  # fmt: skip
    return await _failures(request, asked, systems)


async def _failures(request: Request, asked: dict[str, str], systems: list[str]) -> Response:
    runtime = hub_of(request).runtime
    groups = await runtime.store.read(lambda c: message_answers.groups(c, None, system=asked["system"]))
    groups = [g for g in groups if asked["code"] in ("", g.code)]
    last = await runtime.store.read(message_answers.last_received)
    failing = [] if groups else await _unreachable(runtime)
    value = {"groups": groups, "last_message": last, "unreachable": failing}
    states = [*MessageState, ALL]
    return answer(request, "messages.html", value, groups=groups, last=last, asked=asked, states=states, systems=systems,
                  failing=failing)  # fmt: skip


async def _unreachable(runtime: Runtime) -> list[status.SystemState]:
    """Return the systems that cannot be read: where they are silent, no failures is no good news."""
    now = runtime.clock()
    board = await runtime.store.read(lambda c: status.board(c, runtime.policies, now))
    return [s for s in board.systems if any(f.failures for f in s.feeds)]


@router.get("/messages/{uuid}")
async def one(request: Request, uuid: str) -> Response:
    """One message: body, cause, keys, events, deliveries with every try."""
    return await _message(request, uuid.removesuffix(TWIN), "")


async def _message(request: Request, uuid: str, problem: str, reason: str = "") -> Response:
    reader, store = reader_of(request), hub_of(request).runtime.store
    found = await store.read(lambda c: message_answers.one(c, askable(uuid)))
    if found is None:
        raise NotShown(404, f"There is no message {uuid}", "No message has this id.", "search for one of its keys")
    tried = await store.read(lambda c: [deliveries.one(c, d.id) for d in found.deliveries])
    sent = [d for d in tried if d is not None]
    ignored = await store.read(lambda c: timeline.ignored(c, uuid))
    shown: dict[str, Any] = {"message": found, "sent": sent, "ignored": ignored, "problem": problem, "typed": reason}
    if problem:
        return page(request, "message.html", 409, reader=reader, **shown)
    value = {"message": found, "deliveries": sent, "ignored": ignored}
    return answer(request, "message.html", value, **shown)


@router.post("/messages/{uuid}/{act}")
async def settle(request: Request, uuid: str, act: str) -> Response:
    """Replay or discard a parked message, with a reason."""
    reader, fields = reader_of(request), await form_of(request)
    if fields is None:
        raise NotShown(403, "This form is not one of ours", "It did not carry the token of your session; nothing was done.",
                       "open the message again and send its own form")  # fmt: skip
    if act not in ACTS:
        raise NotShown(404, f"A message cannot be asked to {act}", "It can be replayed or discarded.")
    reason = fields.get("reason", "").strip()
    if not reason or len(reason) > LONGEST_REASON:
        problem = "a reason is needed" if not reason else f"the reason is longer than {LONGEST_REASON} characters"
        return await _message(request, uuid, problem, reason[:LONGEST_REASON])
    try:
        await ACTS[act](hub_of(request).runtime, askable(uuid), reader, reason)
    except replay.NotPossible as error:
        return await _message(request, uuid, str(error), reason)
    return RedirectResponse(address(f"/messages/{uuid}"), 303, HEADERS)
