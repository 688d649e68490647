"""Access: every route says which scope it needs; a caller without it is told which."""

from typing import Annotated, Any

from fastapi import Depends, Request
from fastapi.security import HTTPBearer

from tracemill.api.problem import Problem
from tracemill.api.security import Caller, Denied, Security
from tracemill.hub.commands import By
from tracemill.hub.hub import Hub

bearer = HTTPBearer(auto_error=False, description="An access token from POST /oauth/token")
HOW = "get a token: POST /oauth/token with grant_type=client_credentials"


def hub_of(request: Request) -> Hub:
    hub: Hub = request.app.state.hub
    return hub


def security_of(request: Request) -> Security:
    security: Security = request.app.state.security
    return security


def caller_of(request: Request) -> Caller:
    """Return who asks; 401 where the token is missing, wrong or expired."""
    kind, _, token = request.headers.get("authorization", "").partition(" ")
    if kind.lower() != "bearer" or not token:
        raise Problem(401, "a bearer token is needed", next_action=HOW, headers={"WWW-Authenticate": 'Bearer realm="tracemill"'})
    try:
        return security_of(request).caller(token)
    except Denied as error:
        challenge = {"WWW-Authenticate": f'Bearer realm="tracemill", error="invalid_token", error_description="{error}"'}
        raise Problem(401, str(error), next_action=HOW, headers=challenge) from None


def needs(scope: str) -> Any:
    """Return the dependency that lets in only callers with a scope.

    Dependencies are asynchronous although they wait for nothing: FastAPI would send each one through a thread.
    """

    async def check(request: Request, _: Annotated[Any, Depends(bearer)]) -> Caller:
        return permitted(request, scope)

    return Depends(check)


def permitted(request: Request, scope: str) -> Caller:
    """Return who asks; 403 where they lack a scope."""
    caller = caller_of(request)
    if not caller.may(scope):
        challenge = {"WWW-Authenticate": f'Bearer realm="tracemill", error="insufficient_scope", scope="{scope}"'}
        raise Problem(403, f"this needs the scope {scope}; {caller.name} does not have it", headers=challenge, scope=scope)
    return caller


def by(request: Request, caller: Caller, key: str = "") -> By:
    return By(name=caller.name, key=key, correlation=request.state.correlation)


async def _hub(request: Request) -> Hub:
    return hub_of(request)


HubOf = Annotated[Hub, Depends(_hub)]
