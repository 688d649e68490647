"""Service accounts: through the API while a hub runs, otherwise in its store."""

from collections.abc import Callable
from pathlib import Path
from typing import Annotated, Any

import typer

from tracemill.cli import offline
from tracemill.cli.client import Client, part
from tracemill.cli.options import HERE, Json, Project, Reason, Url, hub
from tracemill.cli.terminal import OK, Unreachable, out, show_json, shown, table

account = typer.Typer(help="Service accounts.", no_args_is_help=True)


def _asked(project: Path, url: str, ask: Callable[[Client], Any], instead: Callable[..., Any], *arguments: Any) -> Any:
    """Ask the hub, or do it in the store of the project where no hub runs."""
    if url:
        return ask(hub(project, url))
    try:
        return ask(hub(project, url))
    except Unreachable:
        return instead(project, *arguments)


@account.command("list")
def account_list(project: Project = HERE, url: Url = "", as_json: Json = False) -> int:
    """List service accounts."""
    found = _asked(project, url, lambda c: c.get("/v1/accounts"), offline.listed)
    if as_json:
        show_json(found)
        return OK
    rows = table("name", "client id", "scopes", "sites", "systems", "")
    for a in shown(found):
        rows.add_row(a["name"], a["client_id"], " ".join(a["scopes"]), " ".join(a["sites"]), " ".join(a["systems"]),
                     "disabled" if a.get("disabled_at") else "")  # fmt: skip
    out.print(rows)
    return OK


@account.command("create")
def account_create(
    name: str, scope: Annotated[list[str], typer.Option(help="May be given several times.")], project: Project = HERE,
    site: Annotated[list[str], typer.Option()] = ["*"], system: Annotated[list[str], typer.Option()] = [],  # noqa: B006
    url: Url = "", as_json: Json = False,
) -> int:  # fmt: skip
    """Open a service account; its secret is shown once."""
    body = {"name": name, "scopes": scope, "sites": site, "systems": system}
    made = _asked(project, url, lambda c: c.post("/v1/accounts", body, otherwise="tracemill account list"), offline.create, body)
    if as_json:
        show_json(made)
        return OK
    made = shown(made)
    out.print(f"client id  {made['client_id']}\nsecret     {made['secret']}   [dim](shown once)[/]")
    return OK


@account.command("disable")
def account_disable(client_id: str, reason: Reason, project: Project = HERE, url: Url = "", as_json: Json = False) -> int:
    """Shut a service account at once."""
    path = f"/v1/accounts/{part(client_id)}/disable"

    def ask(client: Client) -> Any:
        return client.post(path, {"reason": reason}, otherwise="tracemill account list")

    found = _asked(project, url, ask, offline.disable, client_id, reason)
    show_json(found) if as_json else out.print(shown(found["outcome"]))
    return OK
