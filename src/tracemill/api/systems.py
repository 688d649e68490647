"""Systems, the board, accounts, tokens and the hub's own health."""

from base64 import b64decode
from typing import Any
from urllib.parse import parse_qs, unquote

from fastapi import APIRouter, Request
from pydantic import BaseModel, ConfigDict, Field
from starlette.responses import Response

from tracemill.answers.status import Board, SystemState, board
from tracemill.api.access import HubOf, by, needs, security_of
from tracemill.api.answer import answer, returns
from tracemill.api.problem import Problem
from tracemill.api.records import Outcome, ReasonBody
from tracemill.api.security import SCOPES, Caller
from tracemill.hub import commands
from tracemill.hub.accounts import Account
from tracemill.model.record import Record
from tracemill.observe.metrics import exposition

router = APIRouter()
RESERVED = ("hub", "local administrator")


class AccountView(Record, frozen=True):
    """A service account. `secret` is shown once, when it is made."""

    client_id: str
    name: str
    scopes: tuple[str, ...]
    sites: tuple[str, ...]
    systems: tuple[str, ...]
    created_at: Any
    disabled_at: Any = None
    secret: str = ""


class AccountBody(BaseModel):
    model_config = ConfigDict(extra="forbid")
    name: str = Field(min_length=1, max_length=200)
    scopes: list[str] = Field(min_length=1)
    sites: list[str] = Field(default=["*"], min_length=1)
    systems: list[str] = []


@router.get("/health", tags=["health"], openapi_extra={"security": []})
async def health() -> Response:
    """Say that the process answers."""
    return answer({"status": "ok"})


@router.get("/ready", tags=["health"], openapi_extra={"security": []})
async def ready(hub: HubOf) -> Response:
    """Say whether the hub takes messages: its store answers and its loops run."""
    if hub.runtime.failure is not None or hub.runtime.stopping.is_set():
        raise Problem(503, "the hub is stopping", headers={"Retry-After": "5"})
    await hub.runtime.store.read(lambda c: c.exec_driver_sql("SELECT 1"))
    return answer({"status": "ready"})


@router.get("/metrics", tags=["health"])
async def metrics(caller: Caller = needs("metrics:read")) -> Response:  # noqa: ARG001  the scope is what is needed
    """Return metrics in the Prometheus text format."""
    return Response(exposition(), media_type="text/plain; version=0.0.4")


@router.post("/oauth/token", tags=["security"], openapi_extra={"security": []})
async def token(request: Request) -> Response:
    """Give an access token for client credentials (RFC 6749 section 4.4), sent as a form or by HTTP Basic."""
    form = {k: v[0] for k, v in parse_qs((await request.body()).decode("utf-8", "replace")).items()}
    if "grant_type" not in form:
        return answer({"error": "invalid_request", "error_description": "grant_type is missing"}, 400)
    if form["grant_type"] != "client_credentials":
        return answer({"error": "unsupported_grant_type", "error_description": "use client_credentials"}, 400)
    client_id, secret = _basic(request) or (form.get("client_id", ""), form.get("client_secret", ""))
    security = security_of(request)
    account = security.accounts.check(client_id, secret)
    if account is None:
        challenge = {"WWW-Authenticate": 'Basic realm="tracemill"', "Cache-Control": "no-store"}
        return answer({"error": "invalid_client"}, 401, challenge)
    wanted = form.get("scope", "").split()
    if unknown := [s for s in wanted if s not in account.scopes]:
        return answer({"error": "invalid_scope", "error_description": f"not granted: {' '.join(unknown)}"}, 400)
    made, seconds, scope = security.issue(account, wanted)
    body = {"access_token": made, "token_type": "Bearer", "expires_in": seconds, "scope": scope}
    return answer(body, headers={"Cache-Control": "no-store"})


def _basic(request: Request) -> tuple[str, str] | None:
    kind, _, value = request.headers.get("authorization", "").partition(" ")
    if kind.lower() != "basic":
        return None
    try:
        name, _, secret = b64decode(value, validate=True).decode().partition(":")
    except ValueError:
        return None
    return unquote(name), unquote(secret)


@router.get("/v1/status", tags=["systems"], **returns(Board))
async def status(hub: HubOf, caller: Caller = needs("systems:read")) -> Response:
    """Return the board: systems, disagreements with every command that would be sent, unsafe cases."""
    now = hub.runtime.clock()
    return answer(await hub.runtime.store.read(lambda c: board(c, hub.runtime.policies, now, caller.seen_sites)))


@router.get("/v1/systems", tags=["systems"], **returns(list[SystemState]))
async def systems(hub: HubOf, caller: Caller = needs("systems:read")) -> Response:
    """List the connected systems with their feeds and deliveries."""
    now = hub.runtime.clock()
    return answer((await hub.runtime.store.read(lambda c: board(c, hub.runtime.policies, now, caller.seen_sites))).systems)


@router.get("/v1/systems/{name}/probe", tags=["systems"])
async def probe(hub: HubOf, name: str, caller: Caller = needs("systems:read")) -> Response:
    """Check now whether a system can be reached with our credentials."""
    return answer(await _link(hub, name, caller).connector.probe())


def _link(hub: HubOf, name: str, caller: Caller) -> Any:
    seen = {n: link for n, link in hub.runtime.links.items() if caller.at(link.site)}
    link = seen.get(name)
    if link is None:
        raise Problem(404, f"there is no system {name}", next_action=f"known systems: {', '.join(seen)}")
    return link


@router.post("/v1/systems/{name}/pause", tags=["systems"], **returns(Outcome))
async def pause(request: Request, hub: HubOf, name: str, body: ReasonBody, caller: Caller = needs("systems:pause")) -> Response:
    """Stop reading from and sending to a system."""
    _link(hub, name, caller)
    await commands.pause(hub.runtime, name, True, by(request, caller), body.reason)
    return answer(Outcome(id=name, outcome="paused"))


@router.post("/v1/systems/{name}/resume", tags=["systems"], **returns(Outcome))
async def resume(request: Request, hub: HubOf, name: str, body: ReasonBody, caller: Caller = needs("systems:pause")) -> Response:
    """Go on with a system."""
    _link(hub, name, caller)
    await commands.pause(hub.runtime, name, False, by(request, caller), body.reason)
    return answer(Outcome(id=name, outcome="resumed"))


def _account(account: Account, secret: str = "") -> AccountView:
    plain = {f: getattr(account, f) for f in account.__struct_fields__ if f != "secret_hash"}
    return AccountView(**plain, secret=secret)


@router.get("/v1/accounts", tags=["security"], **returns(list[AccountView]))
async def accounts(request: Request, caller: Caller = needs("accounts:admin")) -> Response:  # noqa: ARG001  the scope is what is needed
    """List service accounts."""
    return answer([_account(a) for a in security_of(request).accounts.listed()])


@router.post("/v1/accounts", tags=["security"], **returns(AccountView, 201))
async def create(request: Request, body: AccountBody, caller: Caller = needs("accounts:admin")) -> Response:
    """Open a service account; its secret is in this answer and nowhere else."""
    if unknown := [s for s in body.scopes if s not in SCOPES]:
        raise Problem(422, f"unknown scopes: {', '.join(unknown)}", next_action=f"known scopes: {', '.join(SCOPES)}")
    if body.name in RESERVED:
        raise Problem(422, f"the name {body.name} is the hub's own")
    if caller.seen_sites is not None and not set(body.sites) <= set(caller.seen_sites):
        raise Problem(403, f"{caller.name} may only open accounts for {', '.join(caller.seen_sites)}")
    found = security_of(request).accounts
    made, secret = await found.create(body.name, body.scopes, body.sites, body.systems, by(request, caller))
    return answer(_account(made, secret), 201)


@router.post("/v1/accounts/{client_id}/disable", tags=["security"], **returns(Outcome))
async def disable(request: Request, client_id: str, body: ReasonBody, caller: Caller = needs("accounts:admin")) -> Response:
    """Shut a service account at once."""
    found = security_of(request).accounts.open(client_id)
    if found is None or not all(caller.at(site) for site in found.sites):
        raise Problem(404, f"there is no open account {client_id}")
    await security_of(request).accounts.disable(client_id, by(request, caller), body.reason)
    return answer(Outcome(id=client_id, outcome="disabled"))


@router.post("/v1/console/links", tags=["security"])
async def link(request: Request, caller: Caller = needs("accounts:admin")) -> Response:  # noqa: ARG001  the scope is what is needed
    """Make a link that opens the pages once, within ten minutes."""
    return answer({"token": security_of(request).new_link()}, 201)
