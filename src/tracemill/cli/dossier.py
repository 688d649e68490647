"""The batch dossier at the terminal."""

from typing import Annotated, Any

import typer

from tracemill.cli.client import part
from tracemill.cli.options import HERE, Json, Project, Url, hub
from tracemill.cli.process import actual
from tracemill.cli.terminal import FINDINGS, MARKS, OK, clock, out, show_json, shown, table, unit, word


def dossier(ref: Annotated[str, typer.Argument(metavar="LOT")], project: Project = HERE, url: Url = "", site: str = "",
            as_json: Json = False) -> int:  # fmt: skip
    """Print the dossier of a lot: orders, consumptions, conditions, inspections, deviations, signatures; exit 2 if incomplete."""
    view = hub(project, url).get(f"/v1/lots/{part(ref)}/dossier", otherwise=f"tracemill find {word(ref)}", site=site)
    if as_json:
        show_json(view)
    else:
        _tell(shown(view))
    return OK if view["complete"] else FINDINGS


def _tell(d: dict[str, Any]) -> None:
    lot = d["lot"]
    quantity = f"{lot['total']} {lot['unit_name']}"
    out.print(f"[bold]Dossier of {lot['number']}[/]  {lot['item_text'] or lot['item']}, {quantity}  {lot['site']}")
    out.print(f"{MARKS[lot['verdict']]}  {lot['sentence']}")
    out.print(f"{'complete' if d['complete'] else '[bold red]INCOMPLETE[/]'}, as of position {d['position']}")
    if lot["balance"]:
        out.print(f"{lot['balance']['sentence']}  [dim]{lot['unit_name']}, there as {lot['balance']['system']} shows it[/]")
    for gap in d["gaps"]:
        out.print(f"  [bold red]?[/] {gap['text']}  [dim]{', '.join(gap.get('examples', []))}[/]")
    _quality(lot)
    _title("Deviations", d["deviations"])
    for text in d["deviations"]:
        out.print(f"  {text}")
    _title("Made in", d["works"])
    _works(d)
    _title("Made from", d["made_from"])
    for n in d["made_from"]:
        seen = f"  inspected {', '.join(n['inspections'])}" if n["inspections"] else ""
        out.print(f"  {'  ' * (n['depth'] - 1)}{n['number']}  {n['item_text'] or n['item']}  {MARKS[n['verdict']]}{seen}")
    _title("History", d["history"])
    rows = table("  when", "who", "what")
    for e in d["history"]:
        rows.add_row(f"  {clock(e['occurred_at'])}", e["actor"] or e["source"], e["text"])
    out.print(rows)


def _title(name: str, found: list[Any]) -> None:
    out.print(f"\n[bold]{name}[/]" + ("" if found else "  [dim]none[/]"))


def _quality(lot: dict[str, Any]) -> None:
    decided = lot.get("disposition")
    out.print("\n[bold]Quality[/]" + ("" if decided else "  [dim]nobody has decided[/]"))
    for i in lot["inspections"]:
        result = f": {i['plan']} {i['result']}" if i["result"] else ""
        signer = f", {i['signer']}" if i["signer"] else ""
        out.print(f"  inspection {i['id']} in {i['system']}{result}[dim]{signer}[/]")
    if decided:
        parts = ", ".join(
            f"{p['quantity']} {lot['unit_name']} {p['decision']}" if p["quantity"] else p["decision"] for p in decided["parts"]
        )
        signer = decided["signer"] or "not signed by a person"
        meaning = f", {decided['meaning']}" if decided["meaning"] else ""
        out.print(f"  {parts}  [dim]{signer}{meaning}, {clock(decided['decided_at'])}[/]")


def _works(d: dict[str, Any]) -> None:
    names = {d["lot"]["id"]: d["lot"]["number"], **{n["id"]: n["number"] for n in d["made_from"]}}
    for w in d["works"]:
        where = "".join(f", {w[f]}" for f in ("operation", "machine", "recipe") if w[f])
        out.print(f"  {w['key']}{where}  [dim]{clock(w['first_at'])}[/]")
        for s in w["process"]:
            limits = f" (limits {s['low'] or '–'} … {s['high'] or '–'})" if s["low"] or s["high"] else ""
            beyond = f"  [bold red]{s['beyond']}[/]" if s["beyond"] else ""
            out.print(f"    {s['parameter']} {actual(s)} {s['unit']}{limits}{beyond}")
        for x in [x for x in d["links"] if x["work"] == w["id"]]:
            arrow = "←" if x["side"] == "output" else "→"
            out.print(f"    {arrow} {names.get(x['lot'], x['lot'])}  {x['quantity']} {unit(x['unit'])}  [dim]{x['evidence']}[/]")
