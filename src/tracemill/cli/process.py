"""Conditions: under which a lot was made, or which lots were made under some."""

from typing import Annotated, Any

import typer

from tracemill.cli.client import part
from tracemill.cli.options import HERE, Json, Project, Url, hub, past
from tracemill.cli.terminal import FINDINGS, OK, clock, counted, out, show_json, shown, table, word


def process(
    ref: Annotated[str, typer.Argument(metavar="LOT", show_default="any lot")] = "",
    machine: Annotated[str, typer.Option("--machine", help="Made on this machine.")] = "",
    parameter: Annotated[str, typer.Option("--parameter", help="Of this parameter.")] = "",
    above: Annotated[float | None, typer.Option("--above", help="With a reading above this.")] = None,
    below: Annotated[float | None, typer.Option("--below", help="With a reading below this.")] = None,
    since: Annotated[str, typer.Option("--since", help="Not over before: 2026-11-23T14:05:00+01:00.")] = "",
    until: Annotated[str, typer.Option("--until", help="Begun by: 2026-11-23T16:00:00+01:00.")] = "",
    project: Project = HERE,
    url: Url = "",
    as_json: Json = False,
) -> int:
    """Show the conditions under which a lot was made, or find the lots made under some; exit 2 where a limit was passed."""
    at, server = {"since": past("--since", since, "process"), "until": past("--until", until, "process")}, hub(project, url)
    if ref:
        view = server.get(f"/v1/lots/{part(ref)}/process", otherwise=f"tracemill find {word(ref)}")
    else:
        view = server.get("/v1/process", machine=machine, parameter=parameter, above=above, below=below, **at)
    if as_json:
        show_json(view)
    else:
        _tell(shown(view))
    return FINDINGS if any(s["beyond"] for s in view) else OK


def actual(summary: dict[str, Any]) -> str:
    """Write what was measured: the lowest and the highest, else the one value."""
    return " … ".join(x for x in (summary["minimum"], summary["maximum"]) if x) or summary["mean"] or "–"


def _tell(view: list[dict[str, Any]]) -> None:
    rows = table("lot", "work", "machine", "parameter", "set", "limits", "actual", "when", "")
    for s in view:
        limits = f"{s['low'] or '–'} … {s['high'] or '–'}" if s["low"] or s["high"] else "–"
        when = clock(s["started"]) if s["started"] else "–"
        mark = f"[bold red]{s['beyond']}[/]" if s["beyond"] else ""
        unit = f" {s['unit']}" if s["unit"] else ""
        rows.add_row(s["number"], s["work"], s["machine"] or "–", s["parameter"], s["setpoint"] or "–", limits, actual(s) + unit,
                     when, mark)  # fmt: skip
    out.print(rows)
    out.print(f"{counted(len(view), 'parameter')}, {sum(bool(s['beyond']) for s in view)} beyond its limits")
