"""Without a running hub: a project and its store opened here, under the lock that keeps a second hub away."""

import asyncio
from collections.abc import Awaitable, Callable, Iterator
from contextlib import contextmanager
from dataclasses import asdict
from pathlib import Path
from typing import TYPE_CHECKING, Any

from tracemill.cli.terminal import FINDINGS, Failed, counted, err, visible, word

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


@contextmanager
def opening(project: Path) -> Iterator[None]:
    """Turn whatever keeps a project, or its database, from being opened into what to do about it."""
    from sqlalchemy.exc import SQLAlchemyError

    from tracemill.app.config import ConfigError
    from tracemill.store.engine import AlreadyRunning

    where = word(str(project))
    try:
        yield
    except ConfigError as error:
        for finding in error.findings:
            err.print(visible(str(finding)), markup=False)
        said = f"{counted(len(error.findings), 'finding')} in the project"
        raise Failed(said, f"tracemill lint {where}", FINDINGS, findings=list(map(asdict, error.findings))) from None
    except AlreadyRunning as error:
        raise Failed(str(error), f"tracemill status --project {where}") from None
    except SQLAlchemyError as error:
        cause = str(getattr(error, "orig", None) or error).strip().partition("\n")[0]
        said = f"the database cannot be used: {cause}; check store: in tracemill.yaml, and that its server runs"
        raise Failed(said, f"tracemill doctor --project {where}") from None


def _opened(project: Path, run: Callable[["Accounts"], Awaitable[Any]]) -> Any:
    """Open the store of a project as a hub that is never started, and close it again."""
    from tracemill.app.build import build_hub
    from tracemill.app.config import ConfigError, load_project
    from tracemill.hub.accounts import Accounts
    from tracemill.hub.replay import NotPossible

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

    try:
        with opening(project):
            return asyncio.run(opened())
    except NotPossible as error:
        raise Failed(str(error), f"tracemill account list --project {word(str(project))}") from None
