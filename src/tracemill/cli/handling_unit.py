"""Handling units at the terminal."""

from typing import Annotated

import typer

from tracemill.cli.client import part
from tracemill.cli.options import HERE, Json, Project, Url, hub
from tracemill.cli.terminal import FINDINGS, MARKS, OK, clock, out, say_next, show_json, shown, table, word


def unit(
    name: Annotated[str, typer.Argument(metavar="SSCC")], project: Project = HERE, url: Url = "", as_json: Json = False
) -> int:
    """Show a handling unit: the lots in it, and where it stands; exit 2 where systems tell different places."""
    view = hub(project, url).get(f"/v1/units/{part(name)}", otherwise=f"tracemill find {word(name)}")
    if as_json:
        show_json(view)
        return FINDINGS if view["disputed"] else OK
    raw, view = view, shown(view)
    out.print(f"[bold]{view['unit']}[/]")
    out.print(f"  {view['sentence']}")
    for t in view["told"]:
        where = ", ".join(filter(None, (t["place"], f"in {t['parent']}" if t["parent"] else "", t["site"])))
        out.print(f"  [dim]{t['system']}[/]  {where}  [dim]since {clock(t['told_at'])}[/]")
    rows = table("  lot", "quantity", "item", "verdict", "in", "told by")
    for x in view["lots"]:
        within = "" if x["within"] == view["unit"] else x["within"]
        rows.add_row(f"  {x['number']}", f"{x['quantity']} {x['unit_name']}", x["item"], MARKS[x["verdict"]], within, x["system"])
    out.print(rows)
    say_next(f"tracemill lot {word(raw['lots'][0]['number'])}")
    return FINDINGS if view["disputed"] else OK
