"""The client of a running hub: found by its project folder, or by environment."""

import asyncio
import json
import os
from pathlib import Path
from typing import Any
from urllib.parse import quote

from tracemill.cli.terminal import OK, Failed, Unreachable, out, show_json, shown, word

LONG = 600  # seconds: a recall of 100,000 lots takes its time to write


class Client:
    """Asks the API of one hub."""

    def __init__(self, url: str, token: str, start: str = "tracemill run") -> None:
        self.url, self._token, self.start = url, token, start

    def get(self, path: str, *, otherwise: str = "tracemill doctor", **query: Any) -> Any:
        """Ask; `otherwise` is the command that helps where the hub refuses."""
        return _parsed(self.fetch(path, otherwise=otherwise, **query).decode())

    def fetch(self, path: str, *, otherwise: str, **query: Any) -> bytes:
        """Ask for a document, and keep it byte for byte."""
        asked = {k: str(v) for k, v in query.items() if v not in (None, "")}
        return asyncio.run(self._ask("GET", path, None, asked, otherwise))

    def post(self, path: str, body: Any, *, otherwise: str = "tracemill doctor") -> Any:
        return _parsed(asyncio.run(self._ask("POST", path, body, {}, otherwise)).decode())

    def download(self, path: str, *, otherwise: str = "tracemill doctor", **query: str) -> bytes:
        """Ask for a file to be made."""
        asked = {name: value for name, value in query.items() if value}
        return asyncio.run(self._ask("POST", path, None, asked, otherwise, LONG))

    async def _ask(self, method: str, path: str, body: Any, query: dict[str, str], otherwise: str, seconds: float = 60) -> bytes:
        import aiohttp
        from yarl import URL

        headers = {"Authorization": f"Bearer {self._token}"}
        try:
            async with (
                aiohttp.ClientSession(timeout=aiohttp.ClientTimeout(total=seconds)) as session,
                session.request(
                    method, URL(self.url + path, encoded=True).update_query(query), json=body, headers=headers
                ) as answer,
            ):
                found: bytes = await answer.read()
        except (aiohttp.ClientError, TimeoutError) as error:
            raise Unreachable(f"no hub answers at {self.url}: {error}", self.start) from None
        if answer.status >= 400:
            raise _refusal(answer.status, _parsed(found.decode(errors="replace")), otherwise)
        return found


def part(text: str) -> str:
    """Return a key as one part of an address: byte for byte, whatever is in it."""
    return quote(text, safe="")


def _parsed(text: str) -> Any:
    try:
        found = json.loads(text)
    except ValueError:
        found = text[:300]
    return found if isinstance(found, dict | list) else {"detail": str(found)}


def _refusal(status: int, problem: Any, otherwise: str) -> Failed:
    """Say a problem document in one line, with the correlation id to look for."""
    fields = "; ".join(f"{e['field']}: {e['problem']}" for e in problem.get("errors", []))
    lots = ", ".join(f"{found['site']} {found['number']} ({found['id']})" for found in problem.get("lots", []))
    detail = " — ".join(p for p in (problem.get("detail", ""), fields, lots) if p)
    hint = str(problem.get("next", ""))
    if hint and not hint.startswith("tracemill ") and "/v1/" not in hint:
        detail += f"; {hint}"
    where = f" (correlation {problem['correlation']})" if problem.get("correlation") else ""
    following = hint if hint.startswith("tracemill ") else otherwise
    return Failed(f"{problem.get('title', status)}: {detail}{where}", following, **{**problem, "status": status})


def connect(project: Path, url: str = "") -> Client:
    """Return the client for --url or the project's running hub; raises Failed with what to do."""
    url = url or os.environ.get("TRACEMILL_URL", "")
    if url:
        return Client(url.rstrip("/"), _token(url.rstrip("/")))
    path = project / "data" / "run.json"
    if not path.exists():
        raise Unreachable(f"no hub runs in {project}", f"tracemill run --project {word(str(project))}")
    start = f"tracemill run --project {word(str(project))}"
    try:
        found = json.loads(path.read_text())
        return Client(found["url"], found["token"], start)
    except (OSError, ValueError, KeyError, TypeError):
        raise Unreachable(f"{path} cannot be read", start) from None


def _token(url: str) -> str:
    token = os.environ.get("TRACEMILL_TOKEN")
    if token:
        return token
    client_id, secret = os.environ.get("TRACEMILL_CLIENT_ID"), os.environ.get("TRACEMILL_CLIENT_SECRET")
    if not client_id or not secret:
        raise Failed("no credentials for this hub", "export TRACEMILL_TOKEN, or TRACEMILL_CLIENT_ID and TRACEMILL_CLIENT_SECRET")
    return asyncio.run(_fetch_token(url, client_id, secret))


async def _fetch_token(url: str, client_id: str, secret: str) -> str:
    import aiohttp

    form = {"grant_type": "client_credentials", "client_id": client_id, "client_secret": secret}
    try:
        async with aiohttp.ClientSession() as session, session.post(f"{url}/oauth/token", data=form) as answer:
            found = _parsed(await answer.text())
    except (aiohttp.ClientError, TimeoutError) as error:
        raise Unreachable(f"no hub answers at {url}: {error}", "tracemill run") from None
    if "access_token" not in found:
        raise Failed(f"the hub refused the credentials: {found.get('error', '')}", "tracemill account list")
    return str(found["access_token"])


def act(client: Client, path: str, reason: str, as_json: bool, otherwise: str) -> int:
    """Do one thing that needs a reason, and say what came of it."""
    found = client.post(path, {"reason": reason}, otherwise=otherwise)
    if as_json:
        show_json(found)
    else:
        out.print(shown(found["outcome"]))
    return OK
