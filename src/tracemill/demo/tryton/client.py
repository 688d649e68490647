"""Two ways to speak to Tryton: `Rest`, what an integration does, and `Session`, what a person's client does."""

import base64
import json
import urllib.error
import urllib.parse
import urllib.request
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import UTC, date, datetime
from decimal import Decimal
from typing import Any

Values = dict[str, Any]


class Refused(Exception):
    """Tryton said no. `kind` is its error class (UserError, UserWarning, AccessButtonError ...)."""

    def __init__(self, kind: str, message: str) -> None:
        super().__init__(f"{kind}: {message[:500]}")  # a domain error carries 70 KB of field definitions
        self.kind, self.message = kind, message[:500]


@dataclass(frozen=True)
class Answer:
    status: int
    body: Any
    headers: Mapping[str, str] = field(default_factory=dict, repr=False)


def encode(value: object) -> str:
    """A domain, an order or a context as Tryton's REST takes it: JSON in URL-safe base64."""
    return base64.urlsafe_b64encode(json.dumps(value, default=_tagged).encode()).decode()


def _tagged(value: object) -> Values:
    match value:
        case datetime():
            at = value.astimezone(UTC) if value.tzinfo else value
            names = ("year", "month", "day", "hour", "minute", "second", "microsecond")
            return {"__class__": "datetime"} | {name: getattr(at, name) for name in names}
        case date():
            return {"__class__": "date", "year": value.year, "month": value.month, "day": value.day}
        case Decimal():
            return {"__class__": "Decimal", "decimal": str(value)}
    raise TypeError(f"no Tryton form for {type(value).__name__}")


def today() -> date:
    """The plant's company lives in UTC."""
    return datetime.now(UTC).date()


def untagged(value: Mapping[str, Any]) -> datetime:
    """A datetime out of an answer; Tryton means UTC."""
    parts = {name: part for name, part in value.items() if name != "__class__"}
    return datetime(**parts, tzinfo=UTC)


_DIRECT = urllib.request.build_opener(urllib.request.ProxyHandler({}))  # a proxy has no business on the loopback


def _send(url: str, method: str, headers: Mapping[str, str], data: bytes | None) -> Answer:
    request = urllib.request.Request(url, data=data, method=method, headers=dict(headers))  # noqa: S310 (our own loopback)
    try:
        with _DIRECT.open(request, timeout=60) as response:
            return Answer(response.status, _parsed(response.read()), dict(response.headers))
    except urllib.error.HTTPError as error:
        return Answer(error.code, _parsed(error.read()), dict(error.headers))


def _parsed(raw: bytes) -> Any:
    if not raw:
        return None
    try:
        return json.loads(raw)
    except ValueError:
        return raw.decode(errors="replace")


@dataclass(frozen=True)
class Rest:
    """`/<database>/rest/…` with a user application's key as Bearer token."""

    base_url: str
    database: str
    key: str = field(repr=False)

    def call(
        self,
        method: str,
        path: str,
        query: Sequence[tuple[str, str]] = (),
        body: object = None,
        headers: Mapping[str, str] | None = None,
    ) -> Answer:
        url = f"{self.base_url}/{self.database}/rest/{path}"
        if query:
            url += "?" + urllib.parse.urlencode(query)
        data = None if body is None else json.dumps(body, default=_tagged).encode()
        sent = {"Authorization": f"Bearer {self.key}", "Content-Type": "application/json", **(headers or {})}
        return _send(url, method, sent, data)

    def find(
        self,
        model: str,
        domain: Sequence[object],
        fields: Sequence[str] = (),
        *,
        order: Sequence[object] | None = None,
        size: int | None = None,
        skip: int = 0,
        context: Values | None = None,
    ) -> Answer:
        query = [("d", encode(domain)), *(("f", name) for name in fields)]
        if order is not None:
            query.append(("o", encode(order)))
        if size is not None:
            query += [("s", str(size)), ("p", str(skip))]
        return self.call("GET", f"model/{model}", query, headers=in_context(context))


def in_context(context: Values | None) -> dict[str, str]:
    return {"X-Tryton-Context": encode(context)} if context else {}


class Session:
    """JSON-RPC as a user, the way Tryton's own clients do it."""

    def __init__(self, base_url: str, database: str, login: str, password: str) -> None:
        self._url = f"{base_url}/{database}/rpc/"
        self._authorization: dict[str, str] = {}
        self.context: Values = {}
        user, token, _ = self._ask("common.db.login", [login, {"password": password}])
        self.user: int = user
        session = base64.b64encode(f"{login}:{user}:{token}".encode()).decode()
        self._authorization = {"Authorization": f"Session {session}"}

    def _ask(self, method: str, params: list[object]) -> Any:
        body = json.dumps({"id": 1, "method": method, "params": params}, default=_tagged).encode()
        headers = {"Content-Type": "application/json", **self._authorization}
        answer = _send(self._url, "POST", headers, body)
        if answer.status != 200:
            raise Refused(str(answer.status), str(answer.body))
        if "error" in answer.body:
            kind, details, *_ = answer.body["error"]
            raise Refused(str(kind), _words(details))
        return answer.body["result"]

    def call(self, model: str, method: str, *arguments: object) -> Any:
        return self._ask(f"model.{model}.{method}", [*arguments, self.context])

    def find(self, model: str, domain: Sequence[object], fields: Sequence[str]) -> list[Values]:
        found: list[Values] = self.call(model, "search_read", domain, 0, None, None, list(fields))
        return found

    def create(self, model: str, /, **values: object) -> int:
        (made,) = self.call(model, "create", [values])
        return int(made)

    def write(self, model: str, row: int, /, **values: object) -> None:
        self.call(model, "write", [row], values)

    def press(self, model: str, button: str, row: int) -> Any:
        """Presses a button and says yes to its warnings. Any answer but None is a dialog: nothing was done."""
        while True:
            try:
                return self.call(model, button, [row])
            except Refused as refusal:
                if refusal.kind != "UserWarning":
                    raise
                self.call("res.user.warning", "skip", refusal.message, False)


def _words(details: object) -> str:
    return str(details[0]) if isinstance(details, list) and details else str(details)
