"""The board: what systems disagree about, what is not sent yet, how the systems are."""

from collections.abc import Iterator
from typing import Annotated, Any

import typer

from tracemill.cli.client import Client
from tracemill.cli.options import HERE, Json, Project, Url, hub
from tracemill.cli.terminal import FINDINGS, OK, clock, counted, cut, out, say_next, show_json, shown, table, word

PENDING = {"observe": "would be sent", "propose": "not sent"}


def status(
    project: Project = HERE, url: Url = "", as_json: Json = False,
    commands: Annotated[bool, typer.Option("--commands", help="List every command that is not sent, with its id.")] = False,
) -> int:  # fmt: skip
    """Show what needs attention: disagreements between systems, unsafe cases, commands that wait, systems that fail."""
    client = hub(project, url)
    board = client.get("/v1/status")
    code = FINDINGS if board["disagreements"] or board["unsafe"] else OK
    waiting = list(_waiting(client)) if commands else []
    if as_json:
        show_json({**board, "commands": waiting} if commands else board)
        return code
    raw, board = board, shown(board)
    _disagreements(board)
    _unsafe(board)
    _not_sent(board, shown(waiting), commands)
    _systems(board)
    counts = ", ".join(f"{n} {state}" for state, n in sorted(board["lots"].items()))
    messages = ", ".join(f"{n} {state}" for state, n in sorted(board["messages"].items()))
    out.print(f"\nlots      {counts or 'none yet'}\nmessages  {messages or 'none yet'}\ncases     {board['cases']} open")
    say_next(_next(raw, waiting))
    return code


def _waiting(client: Client) -> Iterator[dict[str, Any]]:
    """Return every command that is not sent yet, page by page."""
    cursor = ""
    while True:
        page = client.get("/v1/deliveries/waiting", limit=500, cursor=cursor)
        yield from page["items"]
        cursor = page["next"]
        if not cursor:
            return


def _next(board: dict[str, Any], waiting: list[dict[str, Any]]) -> str:
    """Return the command that helps most now."""
    open_ones = [w for w in waiting if w["mode"] == "propose" and not w["approved_by"]]
    if open_ones:
        return f'tracemill approve {open_ones[0]["id"]} --reason "…"'
    if board["messages"].get("parked"):
        return "tracemill msg list"
    if board["disagreements"]:
        return f"tracemill why {word(board['disagreements'][0]['lots'][0])}"
    return "tracemill case list" if board["unsafe"] else ""


def _disagreements(board: dict[str, Any]) -> None:
    for found in board["disagreements"]:
        out.print(f"[bold red]≠[/] {found['sentence']}")
        out.print(f"  [dim]{', '.join(found['lots'][:8])}{' …' if found['count'] > 8 else ''}[/]")
        if found["cases"]:
            out.print(f"  [dim]{counted(found['cases'], 'unsafe case')} about them: tracemill case list[/]")


def _unsafe(board: dict[str, Any]) -> None:
    """Show the unsafe cases that no disagreement above speaks of."""
    for case in board["unsafe"]:
        out.print(f"[bold red]UNSAFE[/] {case['title']}\n  [dim]{case['next_action']}[/]")
    if board["unsafe_total"] > len(board["unsafe"]):
        out.print(f"  [dim]showing {len(board['unsafe'])} of {board['unsafe_total']}: tracemill case list[/]")


def _not_sent(board: dict[str, Any], waiting: list[dict[str, Any]], commands: bool) -> None:
    for mode, n in board["waiting"].items():
        propose = "waits for approval" if n == 1 else "wait for approval"
        said = "would be sent; their systems are only observed" if mode == "observe" else propose
        out.print(f"[bold]{counted(n, 'command')}[/] {said}" + ("" if commands else ": tracemill status --commands"))
        for w in (w for w in waiting if w["mode"] == mode):
            _command(w)


def _command(w: dict[str, Any]) -> None:
    """Show one command: what the system shows now, what it would be told, and the id to approve it by."""
    now = f"  [dim]shows {w['shows']}[/]" if w["shows"] else ""
    approved = f"  [dim]approved by {w['approved_by']}[/]" if w["approved_by"] else ""
    out.print(f"  [dim]{w['id']}[/]  {w['system']}  {w['lot_number']}  {w['text']}{now}{approved}")
    if w["behind"]:
        out.print(f"    [dim]{w['behind']}[/]")


def _moving(s: dict[str, Any]) -> str:
    """Say what is on its way to a system; what is pending in one that does not act is said as what it waits for."""
    words = {state: state.replace("_", " ") for state in s["moving"]} | {"pending": PENDING.get(s["mode"], "pending")}
    return ", ".join(f"{n} {words[state]}" for state, n in sorted(s["moving"].items()))


def _systems(board: dict[str, Any]) -> None:
    rows = table("system", "mode", "last read", "on their way", "")
    for s in board["systems"]:
        read = max((f["ok_at"] or "" for f in s["feeds"]), default="")
        errors = [f["error"] for f in s["feeds"] if f["error"]]
        error = f"[red]{cut(errors[0], 120)}[/]" if errors else ""
        note = f"paused by {s['paused_by']}: {s['reason']}" if s["paused"] else error
        rows.add_row(s["system"], s["mode"], clock(read) or ("never" if s["feeds"] else "not polled"), _moving(s) or "–", note)
    out.print()
    out.print(rows)
