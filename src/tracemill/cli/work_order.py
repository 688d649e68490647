"""Work orders at the terminal."""

from typing import Annotated

import typer

from tracemill.cli.client import part
from tracemill.cli.options import HERE, Json, Project, Url, hub
from tracemill.cli.terminal import FINDINGS, MARKS, OK, clock, out, say_next, show_json, shown, table, unit, word


def order(
    name: Annotated[str, typer.Argument(metavar="ORDER")], project: Project = HERE, url: Url = "", as_json: Json = False
) -> int:
    """Show a work order: its lots, what it used and made, its inspections; exit 2 where it may not run."""
    view = hub(project, url).get(f"/v1/orders/{part(name)}", otherwise=f"tracemill find {word(name)}")
    if as_json:
        show_json(view)
        return FINDINGS if view["blocked"] else OK
    raw, view = view, shown(view)
    released = f"released {clock(view['released_at'])}" if view["released_at"] else "nobody told of its release"
    out.print(f"[bold]{view['order']}[/]  {view['item']}  [dim]{released}[/]")
    out.print(f"  {view['sentence']}")
    for operation in view["operations"]:
        out.print(f"  [dim]operation[/] {operation}")
    rows = table("  ", "lot", "planned", "done", "may be used", "verdict", "order")
    for x in view["lots"]:
        mark, name_of = "→" if x["side"] == "input" else "←", unit(x["unit"])
        amounts = [f"{x[f]} {name_of}" if x[f] else "–" for f in ("planned", "done")]
        stands = f"block {x['block']}" if x["block"] else "closed" if x["closed"] else ""
        usable = f"{x['usable']} {name_of}" if x["side"] == "input" else ""
        rows.add_row(f"  {mark}", x["number"], *amounts, usable, MARKS[x["verdict"]], stands)
    out.print(rows)
    for x in view["lots"]:
        for i in x["inspections"]:
            out.print(f"  inspection {i['id']} of {x['number']} in {i['system']}  {i['plan']} {i['result'] or 'no result told'}")
    if view["blocked"]:
        say_next(f"tracemill why {word(next(x['number'] for x in raw['lots'] if x['why']))}")
    return FINDINGS if view["blocked"] else OK
