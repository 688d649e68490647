"""Without a running hub: the same acts on accounts, in the store, under the lock that keeps a second hub away."""

import asyncio
from collections.abc import Awaitable, Callable
from pathlib import Path
from typing import TYPE_CHECKING, Any

from tracemill.cli.terminal import FINDINGS, Failed, counted, word

if TYPE_CHECKING:
    from tracemill.hub.accounts import Accounts

BY = "local administrator"


def listed(project: Path) -> Any:
    async def run(accounts: "Accounts") -> Any:
        return [_plain(a) for a in accounts.listed()]

    return _opened(project, run)


def create(project: Path, body: dict[str, Any]) -> Any:
    async def run(accounts: "Accounts") -> Any:
        from tracemill.api.security import SCOPES
        from tracemill.hub.commands import By

        if unknown := [s for s in body["scopes"] if s not in SCOPES]:
            raise Failed(f"unknown scopes: {', '.join(unknown)}; known scopes: {', '.join(SCOPES)}", "tracemill account list")
        made, secret = await accounts.create(body["name"], body["scopes"], body["sites"], body["systems"], By(name=BY))
        return {**_plain(made), "secret": secret}

    return _opened(project, run)


def disable(project: Path, client_id: str, reason: str) -> Any:
    async def run(accounts: "Accounts") -> Any:
        from tracemill.hub.commands import By

        await accounts.disable(client_id, By(name=BY), reason)
        return {"id": client_id, "outcome": "disabled"}

    return _opened(project, run)


def _plain(account: Any) -> dict[str, Any]:
    from tracemill.model.record import plain

    return {k: v for k, v in plain(account).items() if k != "secret_hash"}


def _opened(project: Path, run: Callable[["Accounts"], Awaitable[Any]]) -> Any:
    """Open the store of a project as a hub that is never started, and close it again."""
    from tracemill.app.build import build_hub
    from tracemill.app.config import ConfigError, load_project
    from tracemill.hub.accounts import Accounts
    from tracemill.hub.replay import NotPossible
    from tracemill.store.engine import AlreadyRunning

    async def opened() -> Any:
        read, reader = load_project(project)
        if read is None:
            raise ConfigError(reader.findings)
        hub = build_hub(read, reader, polls=False)
        try:
            accounts = Accounts(hub.runtime)
            await accounts.load()
            return await run(accounts)
        finally:
            await hub.stop()
            hub.runtime.store.close()

    where = word(str(project))
    try:
        return asyncio.run(opened())
    except ConfigError as error:
        raise Failed(f"{counted(len(error.findings), 'finding')} in the project", f"tracemill lint {where}", FINDINGS) from None
    except AlreadyRunning as error:
        raise Failed(str(error), f"tracemill status --project {where}") from None
    except NotPossible as error:
        raise Failed(str(error), f"tracemill account list --project {where}") from None
