"""Sessions: a one-time link from the terminal opens the pages; a cookie keeps them open."""

import hmac
from hashlib import sha256
from typing import Protocol
from urllib.parse import parse_qs

from fastapi import Request
from starlette.responses import Response

COOKIE = "tracemill"
FIELDS = 600  # a page of commands to approve is one form


class Sessions(Protocol):
    """Opens one-time links and knows whose a cookie is."""

    def open(self, token: str) -> str | None: ...

    def who(self, cookie: str) -> str | None: ...


class NoSession(Exception):
    """A page was asked for without a session."""


def reader_of(request: Request) -> str:
    """Return who reads; raises NoSession."""
    sessions: Sessions = request.app.state.sessions
    cookie = request.cookies.get(COOKIE, "")
    name = sessions.who(cookie) if cookie else None
    if name is None:
        raise NoSession
    return name


def remember(request: Request, response: Response, cookie: str) -> None:
    """Keep a session open; over HTTPS its cookie never travels in the clear."""
    secure = request.url.scheme == "https"
    response.set_cookie(COOKIE, cookie, httponly=True, samesite="strict", secure=secure, max_age=12 * 3600)


def form_token(request: Request) -> str:
    """Return the token that a form must carry: nobody else's page can know it (CSRF)."""
    cookie = request.cookies.get(COOKIE, "")
    return hmac.new(cookie.encode(), b"form", sha256).hexdigest()


async def form_of(request: Request) -> dict[str, str] | None:
    """Return the fields of a form that one of our own pages sent; None where it did not."""
    try:
        text = (await request.body()).decode()
        fields = {k: v[0] for k, v in parse_qs(text, max_num_fields=FIELDS).items()}
    except ValueError:
        return None
    return fields if hmac.compare_digest(form_token(request).encode(), fields.get("form", "").encode()) else None
