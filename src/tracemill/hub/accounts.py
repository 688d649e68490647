"""Service accounts: opened, checked and shut. A secret is shown once and kept as its hash."""

import hmac
import secrets
from collections.abc import Sequence
from hashlib import sha256

from sqlalchemy import Connection

from tracemill.hub.commands import By, record
from tracemill.hub.replay import NotPossible
from tracemill.hub.runtime import Runtime
from tracemill.store import accounts as store
from tracemill.store.accounts import Account

__all__ = ["Account", "Accounts"]


class Accounts:
    """The accounts of a hub, kept in memory so that every request may ask whether one is still open."""

    def __init__(self, runtime: Runtime) -> None:
        self._runtime = runtime
        self._known: dict[str, Account] = {}

    async def load(self) -> None:
        found = await self._runtime.store.read(store.listed)
        self._known = {a.client_id: a for a in found}

    def listed(self) -> list[Account]:
        return list(self._known.values())

    def open(self, client_id: str) -> Account | None:
        """Return an account that may be used now."""
        found = self._known.get(client_id)
        return found if found is not None and found.disabled_at is None else None

    def check(self, client_id: str, secret: str) -> Account | None:
        """Return the account if its secret is right; takes the same time whether or not it exists."""
        found = self.open(client_id)
        kept = found.secret_hash if found else "0" * 64
        return found if hmac.compare_digest(kept, digest(secret)) else None

    async def create(
        self, name: str, scopes: Sequence[str], sites: Sequence[str], systems: Sequence[str], by: By
    ) -> tuple[Account, str]:
        """Open an account; return it with its secret, which nobody can read again."""
        secret = secrets.token_urlsafe(32)
        account = Account(
            client_id=f"tm_{secrets.token_hex(8)}",
            name=name,
            secret_hash=digest(secret),
            scopes=tuple(scopes),
            sites=tuple(sites),
            systems=tuple(systems),
            created_at=self._runtime.clock(),
        )

        def write(tx: Connection) -> None:
            if not store.add(tx, account):
                raise NotPossible(f"there is already an account {name}")
            record(tx, self._runtime.sites[0], by, account.created_at, "account.created", name, " ".join(scopes))

        await self._runtime.store.write(write)
        await self.load()
        return account, secret

    async def disable(self, client_id: str, by: By, reason: str) -> None:
        """Shut an account at once: its tokens are refused from now on."""
        now = self._runtime.clock()

        def write(tx: Connection) -> None:
            if not store.disable(tx, client_id, now):
                raise NotPossible(f"there is no open account {client_id}")
            record(tx, self._runtime.sites[0], by, now, "account.disabled", client_id, reason)

        await self._runtime.store.write(write)
        await self.load()


def digest(secret: str) -> str:
    """Hash a random 256-bit secret: it needs no salt and no slow hash."""
    return sha256(secret.encode()).hexdigest()
