"""A detour between hub and system: it passes everything on, and on request keeps one answer to itself.

So a hub can be killed while a system has done the work and nobody has heard of it.
"""

import asyncio
from typing import Self

import aiohttp
from aiohttp import web
from yarl import URL

_PASSED_ON = ("Authorization", "Content-Type", "Accept", "X-Tryton-Context")


class Detour:
    """An HTTP proxy on a free loopback port in front of `upstream`."""

    def __init__(self, upstream: str) -> None:
        self._upstream = upstream
        self._wanted = ""
        self.kept = asyncio.Event()  # an answer is kept back right now
        self._over = asyncio.Event()
        self.url = ""

    async def __aenter__(self) -> Self:
        self._session = aiohttp.ClientSession()
        application = web.Application()
        application.router.add_route("*", "/{path:.*}", self._pass)
        self._runner = web.AppRunner(application, access_log=None, shutdown_timeout=0.1)
        await self._runner.setup()
        await web.TCPSite(self._runner, "127.0.0.1", 0).start()
        self.url = f"http://127.0.0.1:{self._runner.addresses[0][1]}"
        return self

    async def __aexit__(self, *_: object) -> None:
        self.forget()
        await self._runner.cleanup()
        await self._session.close()

    def keep(self, ending: str) -> None:
        """Let the next POST whose path ends so be done, and keep its answer."""
        self.kept.clear()
        self._over.clear()
        self._wanted = ending

    def forget(self) -> None:
        """Drop the answer that is kept: nobody will ever hear of it."""
        self._wanted = ""
        self._over.set()

    async def _pass(self, request: web.Request) -> web.StreamResponse:
        body = await request.read()
        headers = {name: request.headers[name] for name in _PASSED_ON if name in request.headers}
        url = URL(self._upstream + request.raw_path, encoded=True)
        async with self._session.request(request.method, url, data=body or None, headers=headers) as answer:
            content, kind = await answer.read(), answer.headers.get("Content-Type", "")
        if self._wanted and request.method == "POST" and request.path.endswith(self._wanted):
            self._wanted = ""
            self.kept.set()
            await self._over.wait()
            if request.transport is not None:
                request.transport.abort()
        return web.Response(status=answer.status, body=content, headers={"Content-Type": kind} if kind else None)
