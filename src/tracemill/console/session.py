"""Sessions: a one-time link from the terminal opens the pages; a cookie keeps them open."""

import hmac
from hashlib import sha256
from typing import Protocol

from fastapi import Request
from starlette.responses import Response

COOKIE = "tracemill"


class Sessions(Protocol):
    """Opens one-time links and knows whose a cookie is."""

    def open(self, token: str) -> str | None: ...

    def who(self, cookie: str) -> str | None: ...


class NoSession(Exception):
    """A page was asked for without a session."""


def reader_of(request: Request) -> str:
    """Return who reads; raises NoSession."""
    sessions: Sessions = request.app.state.sessions
    name = sessions.who(request.cookies.get(COOKIE, ""))
    if name is None:
        raise NoSession
    return name


def remember(response: Response, cookie: str) -> None:
    response.set_cookie(COOKIE, cookie, httponly=True, samesite="strict", max_age=12 * 3600)


def form_token(request: Request) -> str:
    """Return the token that a form must carry: nobody else's page can know it (CSRF)."""
    cookie = request.cookies.get(COOKIE, "")
    return hmac.new(cookie.encode(), b"form", sha256).hexdigest()


def form_is_ours(request: Request, token: str) -> bool:
    return hmac.compare_digest(form_token(request), token)
