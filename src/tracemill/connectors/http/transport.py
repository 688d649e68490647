"""The wire: one aiohttp session per system; tells apart what was never sent from what may have arrived."""

import asyncio
from collections.abc import Mapping
from typing import Final

import aiohttp
from yarl import URL

from tracemill.connectors.http.answer import Answer, read_answer
from tracemill.connectors.http.request import Outgoing

ANSWER_LIMIT: Final = 1024 * 1024
_KEEP_ALIVE: Final = 4.0  # shorter than the 5 seconds of common servers, so that we are the ones who hang up
_AGENT: Final = "tracemill"


class NotSent(Exception):
    """Nothing left this house: the connection was not made."""


class Lost(Exception):
    """The request went out, or may have; its answer did not come, or not whole."""


class Transport:
    """Sends requests to one address and reads whole answers, within time and size."""

    def __init__(self, base: str, headers: Mapping[str, str], timeout: float, verify_tls: bool) -> None:
        self._base = base.rstrip("/")
        self._headers = {"User-Agent": _AGENT, **headers}
        self._timeout = timeout
        self._verify_tls = verify_tls
        self._session: aiohttp.ClientSession | None = None
        self._closed = False

    async def exchange(self, request: Outgoing, more_headers: Mapping[str, str]) -> Answer:
        """Send a request and read its answer; raise NotSent or Lost."""
        session = self._opened()
        target = request.target if request.target.startswith("http") else self._base + request.target
        headers = {**request.headers, **more_headers}
        try:
            async with session.request(
                request.method, URL(target, encoded=True), data=request.body, headers=headers, allow_redirects=False
            ) as response:
                raw, cut = await _body(response)
        except (aiohttp.ClientConnectorError, aiohttp.ConnectionTimeoutError, aiohttp.InvalidURL) as error:
            raise NotSent(f"cannot connect: {_words(error)}") from None
        except TimeoutError:
            raise Lost(f"no answer within {self._timeout:g} s") from None
        except Exception as error:
            # Whatever else goes wrong from here on, the request may have arrived.
            raise Lost(f"the answer was lost: {_words(error)}") from None
        found = {name.lower(): ", ".join(response.headers.getall(name)) for name in response.headers}
        return read_answer(response.status, found, raw, request.answer, cut)

    async def close(self) -> None:
        """End the session for good."""
        self._closed = True
        if self._session is not None:
            await self._session.close()

    def _opened(self) -> aiohttp.ClientSession:
        if self._closed:
            raise NotSent("the connector is closed")
        if self._session is None:
            seconds = self._timeout
            session = aiohttp.ClientSession(
                connector=aiohttp.TCPConnector(limit=0, keepalive_timeout=_KEEP_ALIVE, ssl=self._verify_tls),
                timeout=aiohttp.ClientTimeout(total=seconds, sock_connect=seconds * 0.8),
                cookie_jar=aiohttp.DummyCookieJar(),
                headers=self._headers,
                trust_env=False,
            )
            # aiohttp would send a PUT or DELETE a second time by itself when a kept connection breaks; nobody but us
            # decides whether something is sent twice. There is no public switch.
            session._retry_connection = False
            self._session = session
        return self._session


async def _body(response: aiohttp.ClientResponse) -> tuple[bytes, bool]:
    """Read a body up to the limit; tell whether it was cut there."""
    if 0 <= (response.content_length or -1) <= ANSWER_LIMIT and "Content-Encoding" not in response.headers:
        return await response.read(), False
    parts: list[bytes] = []
    size = 0
    while part := await response.content.readany():
        parts.append(part)
        size += len(part)
        if size > ANSWER_LIMIT:
            return b"".join(parts)[:ANSWER_LIMIT], True
    return b"".join(parts), False


def _words(error: Exception) -> str:
    cause = error.os_error if isinstance(error, aiohttp.ClientConnectorError) else error
    if isinstance(cause, asyncio.IncompleteReadError):
        return "it ended too early"
    return (str(cause) or type(cause).__name__).partition("\n")[0][:200]
