"""Quality records at the terminal: nonconformances, CAPAs, audit findings, complaints."""

from typing import Annotated, Any

import typer

from tracemill.cli.client import part
from tracemill.cli.options import HERE, Json, Project, Url, hub
from tracemill.cli.terminal import FINDINGS, MARKS, OK, clock, out, say_next, show_json, shown, table, word
from tracemill.model.status import QualityKind


def quality(
    kind: Annotated[QualityKind | None, typer.Option("--kind", help="Only these.")] = None,
    supplier: Annotated[str, typer.Option("--supplier", help="Of lots of this supplier.")] = "",
    only_open: Annotated[bool, typer.Option("--open", help="Only what is not closed.")] = False,
    project: Project = HERE,
    url: Url = "",
    as_json: Json = False,
) -> int:
    """List nonconformances, CAPAs, audit findings and complaints, each with its lot."""
    server = hub(project, url)
    page = server.get("/v1/quality-records", kind=kind.value if kind else None, supplier=supplier, open=only_open)
    if as_json:
        show_json(page)
        return OK
    rows = table("kind", "id", "lot", "what", "who", "opened", "closed")
    for r in shown(page)["items"]:
        what = ", ".join(filter(None, (r.get("defect"), r.get("text"))))
        who = r.get("customer") or r.get("supplier") or "–"
        closed = clock(r["closed_at"]) if r.get("closed_at") else "open"
        rows.add_row(r["kind"].replace("_", " "), r["id"], r["number"], what or "–", who, clock(r["opened_at"]), closed)
    out.print(rows)
    out.print(page["showing"])
    return OK


def complaint(
    name: Annotated[str, typer.Argument(metavar="COMPLAINT")],
    lot: Annotated[str, typer.Option("--lot", help="The lot, where the complaint is about several.")] = "",
    project: Project = HERE,
    url: Url = "",
    as_json: Json = False,
) -> int:
    """Show a complaint: what its lot was made from, and where that went; exit 2 if that may not be all."""
    view = hub(project, url).get(f"/v1/complaints/{part(name)}", otherwise="tracemill quality --kind complaint", lot=lot)
    if as_json:
        show_json(view)
    else:
        _tell(shown(view))
        say_next(f"tracemill recall start --complaint {word(view['record']['id'])} --mock --reason ...")
    return OK if view["complete"] else FINDINGS


def _tell(view: dict[str, Any]) -> None:
    r = view["record"]
    state = f"closed {clock(r['closed_at'])}" if r.get("closed_at") else "open"
    out.print(f"[bold]{r['id']}[/]  {r.get('severity', '')}  {state}  {r['system']}, {clock(r['opened_at'])}")
    said = ": ".join(filter(None, (r.get("customer"), r.get("defect"), r.get("text"))))
    out.print(f"{said}\n{r['number']}  {view['sentence']}")
    out.print("\n[bold]Made from[/]" + ("" if view["made_from"] else "  [dim]nothing that is known[/]"))
    for n in view["made_from"]:
        out.print(f"  {'  ' * (n['depth'] - 1)}{n['number']}  {n['item_text'] or n['item']}  {MARKS[n['verdict']]}")
    out.print("[bold]Went to[/]" + ("" if view["went_to"] else "  [dim]nobody that is known[/]"))
    for s in view["went_to"]:
        sent = s["sent"]
        out.print(f"  {s['number']}  {sent['quantity']} {sent['state']} on {sent['shipment']}  {sent['customer']}")
    for gap in view["gaps"]:
        out.print(f"  [bold red]?[/] {gap['text']}  [dim]{', '.join(gap.get('examples', []))}[/]")
