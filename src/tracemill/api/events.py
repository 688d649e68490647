"""Events in: structured, batched and binary CloudEvents 1.0, and signed webhooks. Accepted means durable."""

import json
from hashlib import sha256
from typing import Annotated, Any
from urllib.parse import unquote

import msgspec
from fastapi import APIRouter, Query, Request
from starlette.requests import ClientDisconnect
from starlette.responses import Response
from starlette.types import Receive, Scope, Send

from tracemill.api.access import HubOf, by, hub_of, needs, permitted
from tracemill.api.answer import answer, returns
from tracemill.api.problem import Problem, refusal
from tracemill.api.security import Caller
from tracemill.hub import commands
from tracemill.hub.commands import Pushed
from tracemill.hub.hub import Hub
from tracemill.model.event import INTERNAL, TYPES, json_schemas
from tracemill.model.record import Record

router = APIRouter(prefix="/v1")
ONE, BATCH = "application/cloudevents+json", "application/cloudevents-batch+json"
SCOPE = "events:write"
MOST = 1000
DEEPEST = 100
_NO_BRACKETS = bytes(b for b in range(256) if b not in b"[]{}")


class Accepted(Record, frozen=True):
    """A stored event. `outcome`: stored, duplicate, or conflict (the same id came with another body: parked)."""

    id: str
    outcome: str


class Receipts(Record, frozen=True):
    """What was stored, in the order it was sent. GET /v1/events/{id}?wait=10 says what became of it."""

    messages: tuple[Accepted, ...]


@router.post("/events", tags=["events"], **returns(Receipts, 202))
async def events(request: Request, hub: HubOf, caller: Caller = needs(SCOPE), system: str = "", site: str = "") -> Response:
    """Take CloudEvents from a system. `system` names it where the caller speaks for several; its events are told once by id."""
    return await _take(request, hub, caller, system, site)


async def _door(request: Request) -> Response:
    asked = request.query_params
    return await _take(request, hub_of(request), permitted(request, SCOPE), asked.get("system", ""), asked.get("site", ""))


async def door(scope: Scope, receive: Receive, send: Send) -> None:
    """Take events as the route above does, past FastAPI, which costs more than storing an event (bench/README.md)."""
    request = Request(scope, receive)
    try:
        response = await _door(request)
    except ClientDisconnect:
        return  # nobody is there to be told
    except Exception as error:
        response = refusal(request, error)
    await response(scope, receive, send)


async def _take(request: Request, hub: Hub, caller: Caller, system: str, site: str) -> Response:
    found = _bodies(request, await request.body())
    source, where = source_of(hub, caller, system, site)
    for _, body in found:
        _same_site(hub, caller, body)
    pushed = [Pushed(system=source, site=where, key=_key(raw, body), body=raw) for raw, body in found]
    receipts = await commands.accept(hub.runtime, pushed, by(request, caller))
    return answer(Receipts(messages=tuple(Accepted(id=r.uuid, outcome=r.outcome) for r in receipts)), 202)


def source_of(hub: Hub, caller: Caller, system: str, site: str) -> tuple[str, str]:
    """Return the system that speaks and the site it speaks about; refuse what the account does not cover."""
    name = system or (caller.systems[0] if len(caller.systems) == 1 and caller.systems[0] != "*" else "")
    if not name:
        raise Problem(422, f"{caller.name} speaks for several systems; say which", next_action="add ?system=NAME")
    if not caller.speaks_for(name) or name == commands.HUB:
        raise Problem(403, f"{caller.name} does not speak for system {name}")
    link = hub.runtime.links.get(name)
    where = site or (link.site if link else "") or (hub.runtime.sites[0] if len(hub.runtime.sites) == 1 else "")
    if where not in hub.runtime.policies:
        raise Problem(422, f"site {where!r} is not known", next_action=f"add ?site= with one of {', '.join(hub.runtime.sites)}")
    if not caller.at(where):
        raise Problem(403, f"{caller.name} may not write to site {where}")
    return name, where


def _same_site(hub: Hub, caller: Caller, event: dict[str, Any]) -> None:
    """An event may name its site itself: it counts for the same sites as its sender."""
    data = event.get("data")
    named = str(data.get("site") or "") if isinstance(data, dict) else ""
    if named and not caller.at(named):
        raise Problem(403, f"{caller.name} may not write to site {named}")
    if named and named not in hub.runtime.policies:
        raise Problem(422, f"site {named!r} is not known", next_action=f"known sites: {', '.join(hub.runtime.sites)}")


def _bodies(request: Request, body: bytes) -> list[tuple[bytes, dict[str, Any]]]:
    kind = request.headers.get("content-type", "").partition(";")[0].strip().lower()
    if kind == BATCH:
        return _batch(body)
    if kind == ONE:
        return [(body, _object(body))]
    if "ce-specversion" in request.headers:
        return [_binary(request, body)]
    raise Problem(415, f"content type {kind or 'none'} is no CloudEvent", next_action=f"send {ONE}, {BATCH}, or ce-* headers")


def _depth(body: bytes) -> int:
    """Return how deep a body may be nested at most, without parsing it: brackets in texts count too, which is rare and safe."""
    depth = deepest = 0
    for byte in body.translate(None, _NO_BRACKETS):
        depth += 1 if byte in b"[{" else -1
        deepest = max(deepest, depth)
    return deepest


def _object(body: bytes) -> dict[str, Any]:
    """Parse one event; a body that is no JSON object is refused at the door, because nobody could find it again."""
    try:
        if _depth(body) > DEEPEST:
            raise ValueError(f"it is nested more than {DEEPEST} deep")
        found: dict[str, Any] = msgspec.json.decode(body, type=dict[str, Any])
        json.loads(body, object_pairs_hook=_once)
    except (ValueError, RecursionError) as error:
        raise Problem(
            400, f"the body is not a JSON object: {error}", next_action="it may be cut off; send it again whole"
        ) from None
    missing = [a for a in ("id", "source", "specversion", "type") if not found.get(a)]
    if missing:
        raise Problem(422, f"not a CloudEvent 1.0: {', '.join(missing)} missing")
    if found["specversion"] != "1.0":
        raise Problem(422, f"CloudEvents version {found['specversion']!r} is not understood; send 1.0")
    if str(found["type"]) not in TYPES or found["type"] in INTERNAL:
        raise Problem(
            422, f"event type {found['type']!r} is not taken", next_action="known types and their schemas: GET /v1/schemas"
        )
    return found


def _once(pairs: list[tuple[str, Any]]) -> None:
    """Refuse an object that says the same name twice: nobody knows which of the two is meant."""
    names = [name for name, _ in pairs]
    if len(set(names)) < len(names):
        twice = next(name for name in names if names.count(name) > 1)
        raise ValueError(f"the name {twice[:50]!r} stands twice in one object")


def _batch(body: bytes) -> list[tuple[bytes, dict[str, Any]]]:
    try:
        raws = msgspec.json.decode(body, type=list[msgspec.Raw])
    except (ValueError, RecursionError) as error:
        raise Problem(400, f"the body is not a JSON array: {error}") from None
    if len(raws) > MOST:
        raise Problem(413, f"a batch of {len(raws)} events is over the limit of {MOST}")
    return [(bytes(raw), _object(bytes(raw))) for raw in raws]


def _binary(request: Request, body: bytes) -> tuple[bytes, dict[str, Any]]:
    """Turn ce-* headers and a data body into the structured form."""
    attributes = {k[3:]: _header(v) for k, v in request.headers.items() if k.startswith("ce-")}
    try:
        msgspec.json.decode(body or b"null")
    except (ValueError, RecursionError) as error:
        raise Problem(400, f"the data is not JSON: {error}") from None
    made = {**attributes, "data": msgspec.Raw(body or b"null")}
    raw = msgspec.json.encode(made)
    return raw, _object(raw)


def _header(value: str) -> str:
    """Decode a header value (CloudEvents HTTP binding 3.1.3.2): percent-encoded UTF-8, maybe quoted."""
    text = value[1:-1].replace('\\"', '"').replace("\\\\", "\\") if value[:1] == value[-1:] == '"' and len(value) > 1 else value
    try:
        return unquote(text, errors="strict")
    except UnicodeDecodeError:
        raise Problem(400, f"the header value {value!r} is not UTF-8") from None


def _key(raw: bytes, event: dict[str, Any]) -> str:
    """Return the key under which an event is told once: its source and id (CloudEvents 1.0)."""
    return f"{event['source']} {event['id']}" if event.get("id") else sha256(raw).hexdigest()


class Settled(Record, frozen=True):
    """What became of an event: its state, and why where it was parked."""

    id: str
    state: str
    code: str
    cause: str
    hint: str


@router.get("/events/{uuid}", tags=["events"], **returns(Settled))
async def fate(hub: HubOf, uuid: str, caller: Caller = needs(SCOPE), wait: Annotated[float, Query(ge=0, le=30)] = 0) -> Response:
    """Say what became of an event that was accepted, waiting up to `wait` seconds for it to be decided."""
    found = await commands.outcome(hub.runtime, uuid, wait)
    if found is None or not caller.speaks_for(found.system) or not caller.at(found.site):
        raise Problem(404, f"there is no event {uuid}")
    return answer(Settled(id=uuid, state=found.state, code=found.code, cause=found.cause, hint=found.hint))


@router.post("/webhooks/{system}/{name}", tags=["events"], status_code=202, openapi_extra={"security": []})
async def webhook(request: Request, hub: HubOf, system: str, name: str) -> Response:
    """Take a webhook; its signature is its credential."""
    headers = {k.lower(): v for k, v in request.headers.items()}
    outcome = await commands.webhook(hub.runtime, system, name, headers, await request.body(), request.state.correlation)
    return answer({"outcome": outcome}, 202)


@router.get("/schemas", tags=["events"])
async def schemas(caller: Caller = needs("lots:read")) -> Response:  # noqa: ARG001  the scope is what is needed
    """Return the JSON Schema of every event type."""
    return answer(json_schemas())
