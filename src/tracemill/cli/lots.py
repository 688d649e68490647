"""Looking: find, lot, why."""

from typing import Annotated, Any

import typer

from tracemill.cli.client import part
from tracemill.cli.options import HERE, AsOf, Json, KnownAt, Project, Url, hub, past
from tracemill.cli.terminal import (
    FINDINGS,
    MARKS,
    OK,
    clock,
    counted,
    out,
    say_next,
    show_json,
    shown,
    table,
    word,
)


def find(key: str, project: Project = HERE, url: Url = "", as_json: Json = False) -> int:
    """Say what a number is: any business key finds its lots and messages."""
    found = hub(project, url).get("/v1/search", q=key)
    if as_json:
        show_json(found)
        return OK if found["lots"] or found["messages"] else FINDINGS
    raw, found = found, shown(found)
    for lot in found["lots"]:
        out.print(f"lot      {lot['number']}  {MARKS[lot['verdict']]}  {lot['site']}  [dim]{lot['matched']}[/]")
    for hit in found["messages"]:
        m = hit["message"]
        out.print(
            f"message  {m['id']}  {m['system']}/{m['feed']}  {m['state']}  {clock(m['received_at'])}  [dim]{hit['kind']}[/]"
        )
    if not found["lots"] and not found["messages"]:
        out.print(f"nothing is called {shown(key)}; searched {', '.join(found['searched'])}")
        if found["nearest"]:
            out.print(f"nearest  {', '.join(found['nearest'])}")
        return FINDINGS
    if found["lots"]:
        say_next(f"tracemill lot {word(raw['lots'][0]['number'])}")
    return OK


def lot(
    ref: Annotated[str, typer.Argument(metavar="LOT")], project: Project = HERE, url: Url = "", as_json: Json = False,
    as_of: AsOf = "", known_at: KnownAt = "", site: str = "",
) -> int:  # fmt: skip
    """Show a lot: verdict, every system side by side, holds, reasons."""
    this = f"lot {word(ref)}"
    asked = {"as_of": past("--as-of", as_of, this), "known_at": past("--known-at", known_at, this), "site": site}
    view = hub(project, url).get(f"/v1/lots/{part(ref)}", otherwise=f"tracemill find {word(ref)}", **asked)
    if as_json:
        show_json(view)
        return OK
    view = shown(view)
    quantity = f"{view['total']} {view['unit_name']}" if view["counted"] else "quantity not known"
    head = f"{view['number']}  {view['item_text'] or view['item']}, {quantity}  {view['site']}"
    out.print(f"[bold]{head}[/]  {MARKS[view['verdict']]}")
    out.print(f"  {view['sentence']}\n")
    rows = table("  system", "calls it", "says", "should", "state", "read")
    for s in view["systems"]:
        star = "★" if "quality" in s["owns"] else " "
        state = s["wanted"]["state"] if s["wanted"] else ""
        detail = f" ({s['wanted']['detail']})" if s["wanted"] and s["wanted"]["detail"] else ""
        says = ", ".join(said for said in (s["decided"], s["shows"]) if said)
        should = s["should"] or "–"
        rows.add_row(f"{star} {s['system']}", s["name"] or "–", says or "–", should, state + detail, s["age"])
    out.print(rows)
    for s in view["systems"]:
        for what, parties in (("held by", s["held_by"]), ("owned by", s["owned_by"])):
            for party, quantity in parties.items():
                out.print(f"  {quantity} {view['unit_name']} {what} {party}  [dim]as {s['system']} shows it[/]")
    if (balance := view["balance"]) is not None:
        out.print(f"  {balance['sentence']}  [dim]{view['unit_name']}, there as {balance['system']} shows it[/]")
    for h in view["holds"]:
        out.print(f"  [magenta]hold[/]  {h['text']}  [dim]{h['age']}[/]")
    for a in view["acts"]:
        out.print(f"  [dim]{a['verb'].replace('_', ' ')}[/]  {a['system']}  {a['state']}  {a['native']} {a['detail']}")
    for s in view["shipments"]:
        told = [f"{s['quantity']} {view['unit_name']} {s['state']}", s["customer"], s["place"]]
        stopped = f"  [magenta]block {s['block']}[/]  [dim]{s['why']}[/]" if s["block"] else ""
        out.print(f"  shipment {s['shipment']}  {', '.join(filter(None, told))}{stopped}")
    for r in view["quality_records"]:
        ended = "closed" if r.get("closed_at") else "open"
        what = ": ".join(filter(None, (r.get("customer"), r.get("defect"), r.get("text"))))
        out.print(f"  {r['kind'].replace('_', ' ')} {r['id']}  {r['system']}  {ended}  [dim]{what}[/]")
    for t in view["transfers"]:
        out.print(f"  transfer {t['transfer']}  {_transfer(t, view['unit_name'])}")
    for e in view["exposures"]:
        still = "" if e["ended"] else ", still"
        out.print(f"  [dim]free in {e['system']} for[/] {e['lasting']}, {counted(e['movements'], 'movement')}{still}")
    for c in view["cases"]:
        out.print(f"  [red]{c['consequence']}[/]  {c['title']}\n        [dim]{c['next_action']}[/]")
    if view["holds"] or view["cases"]:
        say_next(f"tracemill why {word(ref)}")
    return OK


def _transfer(t: dict[str, Any], unit: str) -> str:
    """Say where a transfer went or came from, and what of it has not arrived."""
    way = "to" if t["direction"] == "out" else "from"
    far = f" {way} {', '.join(t['sites'])} as {', '.join(t['lots'])}" if t["lots"] else ""
    moving = f", {t['in_transit']} {unit} in transit" if t["in_transit"] != "0" else ""
    return f"{t['quantity']} {unit} {t['direction']}{far}{moving}"


def why(ref: Annotated[str, typer.Argument(metavar="LOT")], project: Project = HERE, url: Url = "", as_json: Json = False) -> int:
    """List each reason why a lot is not released, who owns it and how old it is."""
    found = hub(project, url).get(f"/v1/lots/{part(ref)}/why", otherwise=f"tracemill find {word(ref)}")
    if as_json:
        show_json(found)
        return FINDINGS if found["reasons"] else OK
    found = shown(found)
    out.print(f"[bold]{found['lot']}[/]  {MARKS[found['verdict']]}  {found['sentence']}")
    if not found["reasons"]:
        out.print("nothing holds it back")
        return OK
    for n, reason in enumerate(found["reasons"], 1):
        out.print(f"{n:>3}. {reason['text']}")
        out.print(f"     [dim]owner {reason['owner'] or 'nobody'}, {reason['age'] or 'age unknown'}; {reason['next_action']}[/]")
    return FINDINGS
