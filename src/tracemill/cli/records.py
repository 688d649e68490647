"""Doing something about it: messages, deliveries, cases, accounts, pause and resume."""

from time import sleep
from typing import Annotated, Any

import typer

from tracemill.cli.client import Client
from tracemill.cli.options import HERE, Json, Project, Reason, Url, hub
from tracemill.cli.terminal import FAILED, FINDINGS, OK, Failed, clock, out, say_next, show_json, table

msg = typer.Typer(help="Messages that could not be read, and deliveries that failed.", no_args_is_help=True)
case = typer.Typer(help="What a person must look at.", no_args_is_help=True)
account = typer.Typer(help="Service accounts.", no_args_is_help=True)


@msg.command("list")
def msg_list(
    project: Project = HERE, url: Url = "", as_json: Json = False,
    state: Annotated[str, typer.Option(help="List single messages in this state instead of groups.")] = "", system: str = "",
) -> int:  # fmt: skip
    """Show failures grouped by cause, with what they hold back."""
    client = hub(project, url)
    if state:
        page = client.get("/v1/messages", state=state, system=system)
        if as_json:
            show_json(page)
            return OK
        for m in page["items"]:
            out.print(f"{m['id']}  {m['system']}/{m['feed']}  {m['state']}  {clock(m['received_at'])}  {m['cause'][:90]}")
        out.print(f"[dim]{page['showing']}[/]")
        return OK
    groups = client.get("/v1/messages/groups", system=system)
    dead = client.get("/v1/deliveries", state="dead", system=system)
    if as_json:
        show_json({"groups": groups, "dead": dead["items"]})
        return FINDINGS if groups or dead["items"] else OK
    for g in groups:
        lots = (
            f"{g['impact']['total']} lots held: {', '.join(g['impact']['lots'][:5])}" if g["impact"]["total"] else "no lot held"
        )
        out.print(f"[bold]{g['count']} ×[/] {g['system']}/{g['feed']} {g['code']}  {g['cause'][:160]}")
        out.print(f"    [dim]{lots}; oldest {clock(g['oldest'])}; {g['hint']}[/]")
        for m in g["messages"][:5]:
            out.print(f"    {m['id']}")
    for d in dead["items"]:
        out.print(f"[bold red]dead[/] {d['id']}  {d['system']} {d['verb']} {d['lot_number']}: {d['detail'][:120]}")
    if not groups and not dead["items"]:
        out.print("no failures")
        return OK
    first = groups[0]["messages"][0]["id"] if groups else dead["items"][0]["id"]
    say_next(f"tracemill msg show {first}")
    return FINDINGS


def _any(client: Client, ref: str) -> tuple[str, Any]:
    """Return a message, or else a delivery, by its id."""
    try:
        return "message", client.get(f"/v1/messages/{ref}")
    except Failed as error:
        if "there is no message" not in str(error):
            raise
    try:
        return "delivery", client.get(f"/v1/deliveries/{ref}")
    except Failed:
        raise Failed(f"there is no message or delivery {ref}", "tracemill msg list") from None


@msg.command("show")
def msg_show(
    ref: Annotated[str, typer.Argument(metavar="ID")], project: Project = HERE, url: Url = "", as_json: Json = False
) -> int:
    """Show a message with its body, cause and impact, or a delivery with every try."""
    kind, found = _any(hub(project, url), ref)
    if as_json:
        show_json(found)
        return OK
    if kind == "delivery":
        out.print(f"[bold]{found['system']} {found['verb']}[/] {found['lot_number']}  {found['state']}  {found['detail']}")
        for t in found["tries"]:
            out.print(f"  try {t['n']}  {clock(t['started_at'])}  {t['outcome']}  {t['detail']}")
        return OK
    line = found["line"]
    out.print(f"[bold]{line['system']}/{line['feed']}[/] {line['key']}  {line['state']}  {clock(line['received_at'])}")
    if line["cause"]:
        out.print(f"cause   {line['code']} {line['cause']}\nhint    {line['hint']}")
    if found["impact"]["total"]:
        out.print(f"impact  {found['impact']['total']} lots held: {', '.join(found['impact']['lots'])}")
    out.print(f"keys    {', '.join(f'{k} {v}' for k, v in found['keys'])}")
    out.print(found["body"], markup=False)
    if line["state"] == "parked":
        say_next(f'tracemill msg replay {ref} --reason "…"   or   tracemill msg discard {ref} --reason "…"')
    return OK


@msg.command("replay")
def msg_replay(
    ref: Annotated[str, typer.Argument(metavar="ID")],
    reason: Reason,
    project: Project = HERE,
    url: Url = "",
    as_json: Json = False,
) -> int:
    """Read a parked message again, or send a dead delivery again; done only when it was read back."""
    client = hub(project, url)
    kind, _ = _any(client, ref)
    path = f"/v1/messages/{ref}/replay" if kind == "message" else f"/v1/deliveries/{ref}/resend"
    outcome = client.post(path, {"reason": reason})
    state = _watched(client, kind, ref)
    if as_json:
        show_json({**outcome, "state": state})
    else:
        out.print(f"{outcome['outcome']}  {state}")
    return OK if state in ("verified", "delivered", "replayed") else FAILED


def _watched(client: Client, kind: str, ref: str) -> str:
    """Follow a delivery until it is settled, at most ten seconds."""
    state = "replayed"
    for _ in range(50 if kind == "delivery" else 0):
        state = client.get(f"/v1/deliveries/{ref}")["state"]
        if state in ("verified", "dead", "superseded", "cancelled"):
            break
        sleep(0.2)
    return state


@msg.command("discard")
def msg_discard(ref: Annotated[str, typer.Argument(metavar="ID")], reason: Reason, project: Project = HERE, url: Url = "") -> int:
    """Put a parked message aside for good, or withdraw a delivery."""
    client = hub(project, url)
    kind, _ = _any(client, ref)
    path = f"/v1/messages/{ref}/discard" if kind == "message" else f"/v1/deliveries/{ref}/cancel"
    out.print(client.post(path, {"reason": reason})["outcome"])
    return OK


@case.command("list")
def case_list(
    project: Project = HERE, url: Url = "", as_json: Json = False, every: Annotated[bool, typer.Option("--all")] = False
) -> int:
    """List open cases, unsafe ones first."""
    found = hub(project, url).get("/v1/cases", state="all" if every else "open")
    if as_json:
        show_json(found)
    for c in () if as_json else found:
        mark = "[bold red]UNSAFE[/]" if c["consequence"] == "unsafe" else "[yellow]late[/]  "
        out.print(f"{mark} {c['id']}  {c['title']}  [dim]{clock(c['opened_at'])}[/]\n       [dim]{c['next_action']}[/]")
    if not found and not as_json:
        out.print("no open case")
    return FINDINGS if any(not c["closed_at"] for c in found) else OK


@case.command("show")
def case_show(
    ref: Annotated[str, typer.Argument(metavar="CASE")], project: Project = HERE, url: Url = "", as_json: Json = False
) -> int:
    """Show a case with its evidence."""
    c = hub(project, url).get(f"/v1/cases/{ref}")
    if as_json:
        show_json(c)
        return OK
    out.print(f"[bold]{c['title']}[/]  {c['consequence']}  lot {c['lot_number']}  opened {clock(c['opened_at'])}")
    for name, value in c["evidence"].items():
        out.print(f"  {name:<10} {value}")
    out.print(f"  [dim]{c['next_action']}[/]")
    return OK


@case.command("resolve")
def case_resolve(
    ref: Annotated[str, typer.Argument(metavar="CASE")], reason: Reason, project: Project = HERE, url: Url = ""
) -> int:
    """Close a case with a reason; while its cause lasts, the next look opens it again."""
    out.print(hub(project, url).post(f"/v1/cases/{ref}/resolve", {"reason": reason})["outcome"])
    return OK


@account.command("list")
def account_list(project: Project = HERE, url: Url = "", as_json: Json = False) -> int:
    """List service accounts."""
    found = hub(project, url).get("/v1/accounts")
    if as_json:
        show_json(found)
        return OK
    rows = table("name", "client id", "scopes", "sites", "systems", "")
    for a in found:
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
    made = hub(project, url).post("/v1/accounts", {"name": name, "scopes": scope, "sites": site, "systems": system})
    if as_json:
        show_json(made)
        return OK
    out.print(f"client id  {made['client_id']}\nsecret     {made['secret']}   [dim](shown once)[/]")
    return OK


@account.command("disable")
def account_disable(client_id: str, reason: Reason, project: Project = HERE, url: Url = "") -> int:
    """Shut a service account at once."""
    out.print(hub(project, url).post(f"/v1/accounts/{client_id}/disable", {"reason": reason})["outcome"])
    return OK


def approve(delivery: str, reason: Reason, project: Project = HERE, url: Url = "") -> int:
    """Let a proposed command go out."""
    out.print(hub(project, url).post(f"/v1/deliveries/{delivery}/approve", {"reason": reason})["outcome"])
    return OK


def pause(system: str, reason: Reason, project: Project = HERE, url: Url = "") -> int:
    """Stop reading from and sending to a system."""
    out.print(hub(project, url).post(f"/v1/systems/{system}/pause", {"reason": reason})["outcome"])
    return OK


def resume(system: str, reason: Reason, project: Project = HERE, url: Url = "") -> int:
    """Go on with a system."""
    out.print(hub(project, url).post(f"/v1/systems/{system}/resume", {"reason": reason})["outcome"])
    return OK
