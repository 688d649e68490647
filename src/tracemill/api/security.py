"""Who may come in: access tokens (RFC 9068), one-time links and sessions, all signed with the hub's own key."""

import json
import secrets
from collections.abc import Iterable
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any

from joserfc import jwt
from joserfc.errors import JoseError
from joserfc.jwk import OctKey

from tracemill.hub.accounts import Account, Accounts
from tracemill.hub.decider import Clock
from tracemill.model.record import Record

AUDIENCE = "tracemill"
SCOPES = (
    "lots:read", "lots:hold", "lots:release", "lots:dispose", "messages:read", "messages:replay", "deliveries:read",
    "deliveries:approve", "cases:read", "cases:write", "audit:read", "events:write", "systems:read", "systems:pause",
    "accounts:admin", "metrics:read", "recalls:read", "recalls:write",
)  # fmt: skip
KEY_SIZE = 64
TOKENS = 1000  # whose signatures are remembered
LINK_LIFE = timedelta(minutes=10)
SESSION_LIFE = timedelta(hours=12)


class Caller(Record, frozen=True):
    """Who asks, and what for, where and as which system they may."""

    name: str
    client_id: str
    scopes: tuple[str, ...]
    sites: tuple[str, ...]
    systems: tuple[str, ...]

    @property
    def seen_sites(self) -> tuple[str, ...] | None:
        """The sites this caller may see; None means all."""
        return None if "*" in self.sites else self.sites

    def may(self, scope: str) -> bool:
        return scope in self.scopes

    def at(self, site: str) -> bool:
        return "*" in self.sites or site in self.sites

    def speaks_for(self, system: str) -> bool:
        return "*" in self.systems or system in self.systems


class Denied(Exception):
    """A token that does not open anything, and why."""


class Security:
    """Issues and checks tokens, links and sessions."""

    def __init__(self, folder: Path, accounts: Accounts, clock: Clock, minutes: int = 60) -> None:
        self.accounts, self._clock, self._life = accounts, clock, timedelta(minutes=minutes)
        self._folder = folder
        self._key = OctKey.import_key(_key(folder / "token.key"))
        self._local = ""
        self._seen: dict[str, tuple[str, dict[str, Any]]] = {}
        self._links: dict[str, datetime] = {}

    def issue(self, account: Account, wanted: Iterable[str]) -> tuple[str, int, str]:
        """Return an access token, its life in seconds, and the scopes it has."""
        scopes = [s for s in account.scopes if s in set(wanted)] if wanted else list(account.scopes)
        token = self._sign("at+jwt", account.client_id, self._life, scope=" ".join(scopes), client_id=account.client_id)
        return token, int(self._life.total_seconds()), " ".join(scopes)

    def caller(self, token: str) -> Caller:
        """Return who a bearer token stands for; raises Denied."""
        claims = self._read(token, "at+jwt")
        scopes = tuple(str(claims.get("scope", "")).split())
        if claims["sub"] == "local":
            if not secrets.compare_digest(str(claims["jti"]), self._local):
                raise Denied("this local token is from an earlier run of the hub")
            return Caller(name="local administrator", client_id="local", scopes=SCOPES, sites=("*",), systems=("*",))
        account = self.accounts.open(str(claims["sub"]))
        if account is None:
            raise Denied("the account of this token is disabled")
        return Caller(
            name=account.name,
            client_id=account.client_id,
            scopes=tuple(s for s in scopes if s in account.scopes),
            sites=account.sites,
            systems=account.systems,
        )

    def announce(self, url: str) -> None:
        """Write where the hub listens, and a token for the person who runs it, where only they can read it."""
        self._local = secrets.token_hex(16)
        token = self._sign("at+jwt", "local", timedelta(days=365), jti=self._local, client_id="local", scope=" ".join(SCOPES))
        new, path = self._folder / "run.json.new", self._folder / "run.json"
        new.touch(mode=0o600)
        new.write_text(json.dumps({"url": url, "token": token}))
        new.replace(path)  # at once: nobody reads half of it

    def withdraw(self) -> None:
        """Take the local token back: the hub stops."""
        self._local = ""
        (self._folder / "run.json").unlink(missing_ok=True)

    def new_link(self) -> str:
        """Return the token of a link that opens the pages once, within ten minutes."""
        token = secrets.token_urlsafe(32)
        self._links[token] = self._clock() + LINK_LIFE
        return token

    def open(self, token: str) -> str | None:
        """Use up a one-time link; return the cookie of a session, or None."""
        until = self._links.pop(token, None)
        if until is None or until < self._clock():
            return None
        return self._sign("session", "local administrator", SESSION_LIFE)

    def who(self, cookie: str) -> str | None:
        """Return whose session a cookie is; None where it is none."""
        try:
            return str(self._read(cookie, "session")["sub"])
        except Denied:
            return None

    def _sign(self, typ: str, subject: str, life: timedelta, **more: str) -> str:
        now = self._clock()
        claims: dict[str, Any] = {
            "iss": AUDIENCE, "aud": AUDIENCE, "sub": subject, "iat": int(now.timestamp()),
            "exp": int((now + life).timestamp()), "jti": secrets.token_hex(16), **more,
        }  # fmt: skip
        return jwt.encode({"alg": "HS256", "typ": typ}, claims, self._key)

    def _read(self, token: str, typ: str) -> dict[str, Any]:
        kind, claims = self._signed(token)
        if kind != typ or claims.get("aud") != AUDIENCE or claims.get("iss") != AUDIENCE:
            raise Denied("the token is for something else")
        if int(claims.get("exp", 0)) <= self._clock().timestamp():
            raise Denied("the token has expired; ask for a new one")
        return claims

    def _signed(self, token: str) -> tuple[str, dict[str, Any]]:
        """Return what a token says, if we signed it. A signature holds for ever: it is checked once per token."""
        known = self._seen.get(token)
        if known is None:
            try:
                read = jwt.decode(token, self._key, algorithms=["HS256"])
            except (JoseError, ValueError):
                raise Denied("the token is not one of this hub") from None
            if len(self._seen) >= TOKENS:
                self._seen.clear()
            known = self._seen[token] = str(read.header.get("typ", "")), dict(read.claims)
        return known


def _key(path: Path) -> str:
    """Return the signing key; made on first use, readable by the hub's user only."""
    if not path.exists() or path.stat().st_size < KEY_SIZE:  # a key that a crash cut short signs nothing
        new = path.with_suffix(".new")
        new.unlink(missing_ok=True)
        new.touch(mode=0o600)
        new.write_text(secrets.token_hex(KEY_SIZE // 2))
        new.replace(path)
    return path.read_text()
