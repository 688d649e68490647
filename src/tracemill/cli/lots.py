"""Looking: find, lot, why."""

from datetime import datetime
from typing import Annotated

import typer

from tracemill.cli.client import part
from tracemill.cli.options import HERE, Json, Project, Url, hub
from tracemill.cli.terminal import (
    FINDINGS,
    MARKS,
    OK,
    USAGE,
    Failed,
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
    as_of: Annotated[str, typer.Option("--as-of", help="What was true then: 2026-11-23T14:05:00+01:00.")] = "", site: str = "",
) -> int:  # fmt: skip
    """Show a lot: verdict, every system side by side, holds, reasons."""
    _check_moment(as_of, ref)
    view = hub(project, url).get(f"/v1/lots/{part(ref)}", otherwise=f"tracemill find {word(ref)}", as_of=as_of, site=site)
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
    for h in view["holds"]:
        out.print(f"  [magenta]hold[/]  {h['text']}  [dim]{h['age']}[/]")
    for a in view["acts"]:
        out.print(f"  [dim]{a['verb'].replace('_', ' ')}[/]  {a['system']}  {a['state']}  {a['native']} {a['detail']}")
    for e in view["exposures"]:
        still = "" if e["ended"] else ", still"
        out.print(f"  [dim]free in {e['system']} for[/] {e['lasting']}, {counted(e['movements'], 'movement')}{still}")
    for c in view["cases"]:
        out.print(f"  [red]{c['consequence']}[/]  {c['title']}\n        [dim]{c['next_action']}[/]")
    if view["holds"] or view["cases"]:
        say_next(f"tracemill why {word(ref)}")
    return OK


def _check_moment(text: str, ref: str) -> None:
    """Refuse what is no moment: a time without an offset could mean several."""
    try:
        known = not text or datetime.fromisoformat(text).tzinfo is not None
    except ValueError:
        known = False
    if not known:
        said = f"--as-of {text}: not an ISO 8601 time with its offset, such as 2026-11-23T14:05:00+01:00"
        raise Failed(said, f"tracemill lot {word(ref)} --as-of 2026-11-23T14:05:00+01:00", USAGE)


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
