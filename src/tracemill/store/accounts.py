"""Service accounts: who may use the API, for what and where. Secrets are kept as hashes only."""

from datetime import datetime
from typing import Any

from sqlalchemy import Connection, insert, select, update

from tracemill.model.record import Record, decode, encode
from tracemill.store.tables import account


class Account(Record, frozen=True):
    """One service account. A star among the sites or systems means all of them."""

    client_id: str
    name: str
    secret_hash: str
    scopes: tuple[str, ...]
    sites: tuple[str, ...]
    systems: tuple[str, ...]
    created_at: datetime
    disabled_at: datetime | None = None


def add(tx: Connection, new: Account) -> bool:
    """Write a new account; False where its name is taken."""
    if tx.execute(select(account.c.client_id).where(account.c.name == new.name)).first() is not None:
        return False
    listed = {f: encode(getattr(new, f)).decode() for f in ("scopes", "sites", "systems")}
    tx.execute(insert(account), {**{f: getattr(new, f) for f in new.__struct_fields__}, **listed})
    return True


def disable(tx: Connection, client_id: str, at: datetime) -> bool:
    """Shut an account; False where there is no open account of that id."""
    change = update(account).where(account.c.client_id == client_id, account.c.disabled_at.is_(None))
    return tx.execute(change.values(disabled_at=at)).rowcount == 1


def listed(tx: Connection) -> list[Account]:
    """Return all accounts, the oldest first."""
    return [_account(row) for row in tx.execute(select(account).order_by(account.c.created_at))]


def _account(row: Any) -> Account:
    values: dict[str, Any] = dict(row._mapping)
    return Account(**values | {f: decode(values[f], tuple[str, ...]) for f in ("scopes", "sites", "systems")})
