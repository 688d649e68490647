"""Doing something about it: messages, deliveries, cases, accounts, pause and resume."""

from time import sleep
from typing import Annotated, Any

import typer

from tracemill.cli.accounts import account as account
from tracemill.cli.client import Client, act, part
from tracemill.cli.options import HERE, Json, Project, Reason, Url, hub
from tracemill.cli.terminal import (
    FAILED,
    FINDINGS,
    OK,
    Failed,
    Unreachable,
    clock,
    counted,
    cut,
    out,
    say_next,
    show_json,
    shown,
    working,
)

msg = typer.Typer(help="Messages that could not be read, and deliveries that failed.", no_args_is_help=True)
case = typer.Typer(help="What a person must look at.", no_args_is_help=True)


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
        page = shown(page)
        for m in page["items"]:
            out.print(f"{m['id']}  {m['system']}/{m['feed']}  {m['state']}  {clock(m['received_at'])}  {cut(m['cause'], 90)}")
        out.print(f"[dim]{page['showing']}[/]")
        return OK
    groups = client.get("/v1/messages/groups", system=system)
    dead = client.get("/v1/deliveries", state="dead", system=system)
    if as_json:
        show_json({"groups": groups, "dead": dead["items"]})
        return FINDINGS if groups or dead["items"] else OK
    raw, groups, dead = (groups, dead), shown(groups), shown(dead)
    for g in groups:
        held = ", ".join(g["impact"]["lots"][:5]) + (" …" if g["impact"]["total"] > 5 else "")
        lots = f"{counted(g['impact']['total'], 'lot')} held: {held}" if g["impact"]["total"] else "no known lot held"
        if g["impact"]["waiting"]:
            lots += f"; held as soon as it is told of: {', '.join(g['impact']['waiting'][:5])}"
        out.print(f"[bold]{g['count']} ×[/] {g['system']}/{g['feed']} {g['code']}  {cut(g['cause'], 160)}")
        out.print(f"    [dim]{lots}; oldest {clock(g['oldest'])}; {g['hint']}[/]")
        for m in g["messages"][:5]:
            out.print(f"    {m['id']}")
        if g["count"] > 5:
            out.print(f"    [dim]showing 5 of {g['count']}; all: tracemill msg list --state parked --system {g['system']}[/]")
    for d in dead["items"]:
        out.print(f"[bold red]dead[/] {d['id']}  {d['system']} {d['verb']} {d['lot_number']}: {cut(d['detail'], 120)}")
    if not groups and not dead["items"]:
        out.print("no failures")
        return OK
    first = raw[0][0]["messages"][0]["id"] if groups else raw[1]["items"][0]["id"]
    say_next(f"tracemill msg show {first}")
    return FINDINGS


def _any(client: Client, ref: str) -> tuple[str, Any]:
    """Return a message, or else a delivery, by its id."""
    try:
        return "message", client.get(f"/v1/messages/{part(ref)}")
    except Failed as error:
        if "there is no message" not in str(error):
            raise
    try:
        return "delivery", client.get(f"/v1/deliveries/{part(ref)}")
    except Unreachable:
        raise
    except Failed:
        raise Failed(f"there is no message or delivery {ref}", "tracemill msg list") from None


def _step(progress: dict[str, Any]) -> str:
    noted = ", ".join(f"{k} {v}" for k, v in progress["noted"].items() if not isinstance(v, dict | list))
    answer = ", not answered yet" if progress["unanswered"] else ""
    return f"at item {progress['item']}, step {progress['step']}{answer}" + (f"; noted {noted}" if noted else "")


@msg.command("show")
def msg_show(
    ref: Annotated[str, typer.Argument(metavar="ID")], project: Project = HERE, url: Url = "", as_json: Json = False
) -> int:
    """Show a message with its body, cause and impact, or a delivery with every try."""
    kind, found = _any(hub(project, url), ref)
    if as_json:
        show_json(found)
        return OK
    found = shown(found)
    if kind == "delivery":
        out.print(f"[bold]{found['system']} {found['verb']}[/] {found['lot_number']}  {found['state']}  {found['detail']}")
        if found["progress"] and found["state"] not in ("verified", "superseded"):
            out.print(f"  {_step(found['progress'])}")
        for t in found["tries"]:
            out.print(f"  try {t['n']}  {clock(t['started_at'])}  {t['outcome']}  {t['detail']}")
        return OK
    line = found["line"]
    out.print(f"[bold]{line['system']}/{line['feed']}[/] {line['key']}  {line['state']}  {clock(line['received_at'])}")
    if line["cause"]:
        out.print(f"cause   {line['code']} {line['cause']}\nhint    {line['hint']}")
    if found["impact"]["total"]:
        out.print(f"impact  {found['impact']['total']} lots held: {', '.join(found['impact']['lots'])}")
    if found["impact"]["waiting"]:
        out.print(f"impact  held as soon as it is told of: {', '.join(found['impact']['waiting'])}")
    out.print(f"keys    {', '.join(f'{k} {v}' for k, v in found['keys'])}")
    out.print(found["body"])
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
    path = f"/v1/messages/{part(ref)}/replay" if kind == "message" else f"/v1/deliveries/{part(ref)}/resend"
    outcome = client.post(path, {"reason": reason}, otherwise=f"tracemill msg show {ref}")
    found = _watched(client, kind, ref)
    good = all(map(_good, found))
    if as_json:
        show_json({**outcome, "verified": good, "deliveries": [{k: d[k] for k in STATED} for d in found]})
        return OK if good else FAILED
    out.print(shown(outcome["outcome"]))
    for d in shown(found):
        note = "not sent: the system is observed" if d["mode"] == "observe" else d["detail"]
        mark = "[green]✓[/]" if d["state"] == "verified" else "[bold red]✕[/]" if not _good(d) else "·"
        out.print(f"  {mark} {d['system']} {d['verb']} {d['lot_number']}  {d['state']}  [dim]{note}[/]")
    if not good:
        say_next(f"tracemill msg show {next(d['id'] for d in found if not _good(d))}")
    return OK if good else FAILED


STATED = ("id", "system", "verb", "lot_number", "mode", "state", "detail")


def _over(d: dict[str, Any]) -> bool:
    """Say whether nothing more happens with a delivery by itself."""
    waits = d["state"] == "pending" and d["mode"] != "act"
    return waits or d["state"] in ("verified", "dead", "superseded", "cancelled") or bool(d["settled_at"])


def _good(d: dict[str, Any]) -> bool:
    """Say whether a delivery is where it should be: delivered is not done, unless nobody can read it back."""
    return _over(d) and d["state"] != "dead"


def _watched(client: Client, kind: str, ref: str) -> list[dict[str, Any]]:
    """Follow a delivery, or all that a message led to, until they are settled, at most ten seconds."""
    found: list[dict[str, Any]] = []
    with working("waiting until it is read back"):
        for _ in range(50):
            sleep(0.2)
            path = f"/v1/messages/{part(ref)}" if kind == "message" else f"/v1/deliveries/{part(ref)}"
            answer = client.get(path)
            found = answer["deliveries"] if kind == "message" else [answer]
            if all(map(_over, found)):
                break
    return found


@msg.command("discard")
def msg_discard(
    ref: Annotated[str, typer.Argument(metavar="ID")], reason: Reason, project: Project = HERE, url: Url = "",
    as_json: Json = False,
) -> int:  # fmt: skip
    """Put a parked message aside for good, or withdraw a delivery."""
    client = hub(project, url)
    kind, _ = _any(client, ref)
    path = f"/v1/messages/{part(ref)}/discard" if kind == "message" else f"/v1/deliveries/{part(ref)}/cancel"
    return act(client, path, reason, as_json, f"tracemill msg show {ref}")


@case.command("list")
def case_list(
    project: Project = HERE, url: Url = "", as_json: Json = False, every: Annotated[bool, typer.Option("--all")] = False,
    cursor: Annotated[str, typer.Option(help="Go on where the last list stopped.")] = "",
) -> int:  # fmt: skip
    """List open cases, unsafe ones first."""
    page = hub(project, url).get("/v1/cases", state="all" if every else "open", cursor=cursor, limit=200)
    found = page["items"]
    if as_json:
        show_json(page)
    for c in () if as_json else shown(found):
        mark = "[bold red]UNSAFE[/]" if c["consequence"] == "unsafe" else "[yellow]late[/]  "
        out.print(f"{mark} {c['id']}  {c['title']}  [dim]{clock(c['opened_at'])}[/]\n       [dim]{c['next_action']}[/]")
    if not found and not as_json:
        out.print("no open case")
    if page["next"] and not as_json:
        out.print(f"[dim]{page['showing']}[/]")
        say_next(f"tracemill case list --cursor {page['next']}")
    return FINDINGS if any(not c["closed_at"] for c in found) else OK


@case.command("show")
def case_show(
    ref: Annotated[str, typer.Argument(metavar="CASE")], project: Project = HERE, url: Url = "", as_json: Json = False
) -> int:
    """Show a case with its evidence."""
    c = hub(project, url).get(f"/v1/cases/{part(ref)}", otherwise="tracemill case list")
    if as_json:
        show_json(c)
        return OK
    c = shown(c)
    out.print(f"[bold]{c['title']}[/]  {c['consequence']}  lot {c['lot_number']}  opened {clock(c['opened_at'])}")
    for name, value in c["evidence"].items():
        out.print(f"  {name:<10} {value}")
    out.print(f"  [dim]{c['next_action']}[/]")
    return OK


@case.command("resolve")
def case_resolve(
    ref: Annotated[str, typer.Argument(metavar="CASE")], reason: Reason, project: Project = HERE, url: Url = "",
    as_json: Json = False,
) -> int:  # fmt: skip
    """Close a case with a reason; while its cause lasts, the next look opens it again."""
    return act(hub(project, url), f"/v1/cases/{part(ref)}/resolve", reason, as_json, "tracemill case list")


def approve(delivery: str, reason: Reason, project: Project = HERE, url: Url = "", as_json: Json = False) -> int:
    """Let a proposed command go out."""
    return act(hub(project, url), f"/v1/deliveries/{part(delivery)}/approve", reason, as_json, "tracemill status --commands")


def pause(system: str, reason: Reason, project: Project = HERE, url: Url = "", as_json: Json = False) -> int:
    """Stop reading from and sending to a system."""
    return act(hub(project, url), f"/v1/systems/{part(system)}/pause", reason, as_json, "tracemill status")


def resume(system: str, reason: Reason, project: Project = HERE, url: Url = "", as_json: Json = False) -> int:
    """Go on with a system."""
    return act(hub(project, url), f"/v1/systems/{part(system)}/resume", reason, as_json, "tracemill status")
