"""Authorization: how each request shows who we are."""

import asyncio
import base64
from collections.abc import Awaitable, Callable, Mapping
from dataclasses import dataclass
from typing import Final, Protocol
from urllib.parse import urlencode

from tracemill.connectors.http.answer import Answer
from tracemill.connectors.http.request import Outgoing
from tracemill.connectors.http.secret import Redactor, Secret
from tracemill.connectors.http.spec import AuthSpec
from tracemill.model.connector import Unavailable

Headers = Mapping[str, str]
Exchange = Callable[[Outgoing, Headers], Awaitable[Answer]]

NEEDS: Final[Mapping[str, tuple[str, ...]]] = {
    "none": (),
    "basic": ("username", "password"),
    "api_key": ("api_key",),
    "bearer": ("token",),
    "oauth2_client_credentials": ("client_id", "client_secret"),
}
_LIFETIME: Final = 300.0  # where the product does not say how long a token lives


class Authorization(Protocol):
    """Gives the headers of a request, and may have newer ones after a 401."""

    async def headers(self, exchange: Exchange, /) -> Headers: ...

    def renewed(self, refused: Headers, /) -> bool: ...


@dataclass(frozen=True, slots=True)
class Fixed:
    """The same headers on every request."""

    fixed: Headers

    async def headers(self, _exchange: Exchange) -> Headers:
        return self.fixed

    def renewed(self, _refused: Headers) -> bool:
        return False


class ClientCredentials:
    """OAuth 2 client credentials: a token is fetched once, shared, and renewed before it runs out or when refused."""

    def __init__(self, spec: AuthSpec, credentials: Mapping[str, Secret], redactor: Redactor, time: Callable[[], float]) -> None:
        form = {"grant_type": "client_credentials", "scope": spec.scope}
        form |= {name: credentials[name].reveal() for name in ("client_id", "client_secret")}
        body = urlencode({name: text for name, text in form.items() if text}).encode()
        headers = {"Content-Type": "application/x-www-form-urlencoded", "Accept": "application/json"}
        self._request = Outgoing("POST", spec.token_path, headers, body, "json", f"POST {spec.token_path}")
        self._prefix = _prefix(spec.prefix or "Bearer")
        self._redactor = redactor
        self._time = time
        self._token = ""
        self._fresh_until = 0.0
        self._fetching = asyncio.Lock()

    async def headers(self, exchange: Exchange) -> Headers:
        if not self._token or self._time() >= self._fresh_until:
            async with self._fetching:
                if not self._token or self._time() >= self._fresh_until:
                    await self._fetch(exchange)
        return {"Authorization": self._prefix + self._token}

    def renewed(self, refused: Headers) -> bool:
        if refused.get("Authorization") == self._prefix + self._token:
            self._token = ""
        return True

    async def _fetch(self, exchange: Exchange) -> None:
        asked_at = self._time()
        answer = await exchange(self._request, {})
        token = answer.body.get("access_token") if isinstance(answer.body, dict) else None
        if not answer.good or not isinstance(token, str) or not token:
            refused = "credentials refused" if answer.status in (400, 401, 403) else "no token"
            raise Unavailable(f"{refused} by {self._request.target} ({answer.status}): {answer.shown()}")
        if self._token:
            self._redactor.forget(self._token)
        self._redactor.learn(token)
        lifetime = _seconds(answer.body.get("expires_in"))
        self._token, self._fresh_until = token, asked_at + lifetime - min(30.0, lifetime / 5)


def authorization(
    spec: AuthSpec, credentials: Mapping[str, Secret], redactor: Redactor, time: Callable[[], float]
) -> Authorization:
    """Choose the authorization that a pack asks for; its credentials must be there."""
    if spec.kind == "oauth2_client_credentials":
        return ClientCredentials(spec, credentials, redactor, time)
    values = [credentials[name].reveal() for name in NEEDS[spec.kind]]
    match spec.kind:
        case "basic":
            coded = base64.b64encode(":".join(values).encode()).decode()
            redactor.learn(coded)
            return Fixed({"Authorization": f"Basic {coded}"})
        case "bearer":
            return Fixed({"Authorization": _prefix(spec.prefix or "Bearer") + values[0]})
        case "api_key":
            return Fixed({spec.header: _prefix(spec.prefix) + values[0]})
        case _:
            return Fixed({})


def _prefix(written: str) -> str:
    return written if not written or written.endswith((" ", "=", ":")) else f"{written} "


def _seconds(value: object) -> float:
    try:
        return max(1.0, float(str(value)))
    except ValueError:
        return _LIFETIME
