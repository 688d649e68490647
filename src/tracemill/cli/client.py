"""The client of a running hub: found by its project folder, or by environment."""

import asyncio
import json
import os
from pathlib import Path
from typing import Any

from tracemill.cli.terminal import Failed


class Client:
    """Asks the API of one hub."""

    def __init__(self, url: str, token: str) -> None:
        self.url, self._token = url, token

    def get(self, path: str, **query: Any) -> Any:
        return asyncio.run(self._ask("GET", path, None, {k: str(v) for k, v in query.items() if v not in (None, "")}))

    def post(self, path: str, body: Any) -> Any:
        return asyncio.run(self._ask("POST", path, body, {}))

    async def _ask(self, method: str, path: str, body: Any, query: dict[str, str]) -> Any:
        import aiohttp

        headers = {"Authorization": f"Bearer {self._token}"}
        try:
            async with (
                aiohttp.ClientSession(timeout=aiohttp.ClientTimeout(total=60)) as session,
                session.request(method, self.url + path, json=body, params=query, headers=headers) as answer,
            ):
                text = await answer.text()
        except (aiohttp.ClientError, TimeoutError) as error:
            raise Failed(f"no hub answers at {self.url}: {error}", "tracemill run") from None
        found = _parsed(text)
        if answer.status >= 400:
            raise _refusal(answer.status, found)
        return found


def _parsed(text: str) -> Any:
    try:
        return json.loads(text)
    except ValueError:
        return {"detail": text[:300]}


def _refusal(status: int, problem: Any) -> Failed:
    """Say a problem document in one line, with the correlation id to look for."""
    fields = "; ".join(f"{e['field']}: {e['problem']}" for e in problem.get("errors", []))
    lots = ", ".join(f"{found['site']} {found['number']} ({found['id']})" for found in problem.get("lots", []))
    detail = " — ".join(part for part in (problem.get("detail", ""), fields, lots) if part)
    where = f" (correlation {problem['correlation']})" if problem.get("correlation") else ""
    return Failed(f"{problem.get('title', status)}: {detail}{where}", problem.get("next", ""))


def connect(project: Path, url: str = "") -> Client:
    """Return the client for --url or the project's running hub; raises Failed with what to do."""
    url = url or os.environ.get("TRACEMILL_URL", "")
    if url:
        return Client(url.rstrip("/"), _token(url.rstrip("/")))
    path = project / "data" / "run.json"
    if not path.exists():
        raise Failed(f"no hub runs in {project}", f"tracemill run --project {project}")
    found = json.loads(path.read_text())
    return Client(found["url"], found["token"])


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
    async with aiohttp.ClientSession() as session, session.post(f"{url}/oauth/token", data=form) as answer:
        found = await answer.json(content_type=None)
    if "access_token" not in found:
        raise Failed(f"the hub refused the credentials: {found.get('error', '')}", "tracemill account list")
    return str(found["access_token"])
