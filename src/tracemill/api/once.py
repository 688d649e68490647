"""Idempotency-Key (draft-ietf-httpapi-idempotency-key-header): the same key and request is the same act, answered the same."""

from collections.abc import Awaitable, Callable
from hashlib import sha256
from typing import Any

from fastapi import Request
from starlette.responses import Response

from tracemill.api.access import hub_of
from tracemill.api.answer import answer
from tracemill.api.problem import Problem
from tracemill.api.security import Caller
from tracemill.hub import commands
from tracemill.model.record import encode


async def once(request: Request, caller: Caller, run: Callable[[str], Awaitable[Any]], status: int = 200) -> Response:
    """Run an act under the caller's idempotency key, or under a fresh one."""
    runtime = hub_of(request).runtime
    key = request.headers.get("idempotency-key", "").strip().strip('"')
    if not key:
        return answer(await run(runtime.fresh_id(runtime.clock())), status)
    if len(key) > 200:
        raise Problem(400, "the Idempotency-Key is longer than 200 characters")
    said = b"\0".join([request.method.encode(), request.url.path.encode(), await request.body()])
    claim = await commands.begin(runtime, caller.client_id, key, sha256(said).hexdigest())
    if claim.state == "other":
        raise Problem(422, f"Idempotency-Key {key} was used for another request")
    if claim.state == "running":
        raise Problem(409, f"the request with Idempotency-Key {key} is still running", headers={"Retry-After": "1"})
    if claim.state == "done":
        return Response(claim.answer, claim.status, {"Idempotent-Replayed": "true"}, "application/json")
    try:
        made = encode(await run(key))
    except BaseException:
        await commands.finish(runtime, caller.client_id, key, 0, "")
        raise
    await commands.finish(runtime, caller.client_id, key, status, made.decode())
    return Response(made, status, media_type="application/json")
