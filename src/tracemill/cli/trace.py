"""Tracing: what a lot was made from, or what was made of it."""

import json
from pathlib import Path
from typing import Annotated, Any

import typer

from tracemill.cli.client import Client, part
from tracemill.cli.options import HERE, AsOf, Json, KnownAt, Project, Url, hub, past
from tracemill.cli.process import actual
from tracemill.cli.terminal import (
    FINDINGS,
    MARKS,
    OK,
    USAGE,
    Failed,
    clock,
    counted,
    out,
    show_json,
    shown,
    table,
    unit,
    word,
    working,
)


def trace(
    ref: Annotated[str, typer.Argument(metavar="LOT")],
    forward: Annotated[bool, typer.Option("--forward", help="What was made of it (the default).")] = False,
    back: Annotated[bool, typer.Option("--back", help="What it was made from.")] = False,
    project: Project = HERE,
    url: Url = "",
    as_of: AsOf = "",
    known_at: KnownAt = "",
    limit: Annotated[int, typer.Option(help="How many lots to list.")] = 50,
    to: Annotated[str, typer.Option("--to", metavar="LOT", help="Show a shortest way to this lot.")] = "",
    shares: Annotated[bool, typer.Option("--shares", help="How much of the lot is in each of those made of it.")] = False,
    site: str = "",
    epcis: Annotated[Path | None, typer.Option("--epcis", help="Write it to this file as EPCIS 2.0.")] = None,
    base: Annotated[str, typer.Option("--base", help="EPCIS: the address that your own ids stand under.")] = "",
    gln: Annotated[str, typer.Option("--gln", help="EPCIS: your GLN, which documents are named by.")] = "",
    as_json: Json = False,
) -> int:
    """Trace a lot both ways; exit 2 where the answer is not complete, with every reason."""
    if forward and back:
        raise Failed("a trace goes one way: --forward or --back", f"tracemill trace {word(ref)} --back")
    if epcis is not None:
        if as_of or known_at or to or shares:
            raise Failed("an EPCIS document tells the whole trace as known now", f"tracemill trace {word(ref)} --epcis {epcis}")
        return _export(ref, epcis, base, as_json, hub(project, url), direction="back" if back else "forward", site=site, gln=gln)
    asked: dict[str, Any] = {"direction": "back" if back else "forward", "limit": limit, "to": to, "shares": shares or None}
    this = f"trace {word(ref)} {'--back' if back else '--forward'}"
    asked |= {"as_of": past("--as-of", as_of, this), "known_at": past("--known-at", known_at, this)}
    with working("walking the genealogy"):
        view = hub(project, url).get(f"/v1/lots/{part(ref)}/trace", otherwise=f"tracemill find {word(ref)}", site=site, **asked)
    if as_json:
        show_json(view)
    else:
        _tell(shown(view), to)
    return OK if view["complete"] else FINDINGS


def _export(ref: str, file: Path, base: str, as_json: bool, client: Client, **asked: str) -> int:
    """Write the document, and say whether it is all."""
    again = f"tracemill trace {word(ref)} --epcis {word(str(file))} --base https://plant.example/id"
    if not base:
        raise Failed("your own ids need an address to stand under: --base", again, USAGE)
    with working("walking the genealogy"):
        body = client.fetch(f"/v1/lots/{part(ref)}/trace/epcis", otherwise=again, base=base, **asked)
    try:
        file.write_bytes(body)
    except OSError as error:
        raise Failed(f"{file} cannot be written: {error.strerror}", again) from None
    document = json.loads(body)
    events = len(document["epcisBody"]["eventList"])
    if as_json:
        show_json({"file": str(file), "events": events, "complete": document["hub:complete"], "gaps": document["hub:gaps"]})
    else:
        said = shown({"file": str(file), "gaps": document["hub:gaps"]})
        out.print(f"{said['file']}: {counted(events, 'event')}, {'complete' if document['hub:complete'] else 'INCOMPLETE'}")
        for gap in said["gaps"]:
            out.print(f"  [bold red]?[/] {gap}")
    return OK if document["hub:complete"] else FINDINGS


def _tell(view: dict[str, Any], to: str) -> None:
    out.print(f"[bold]{view['sentence']}[/]")
    for gap in view["gaps"]:
        examples = f"  [dim]{', '.join(gap['examples'])}[/]" if gap["examples"] else ""
        out.print(f"  [bold red]?[/] {gap['text']}{examples}")
    if to:
        out.print(f"  {_way(view['way'])}" if view["way"] else f"  there is no way from {view['number']} to {to}")
    out.print()
    out.print(_lots(view))
    listed = len(view["lots"]) - 1
    if listed < view["found_lots"]:
        more = min(view["found_lots"] + 1, 10_000)
        out.print(f"showing {listed} of {counted(view['found_lots'], 'lot')}; more: --limit {more}")
    _works(view)


def _way(way: list[dict[str, str]]) -> str:
    """Write a way as lots with the work between them."""
    return "".join(f" ─ [dim]{x['work']}[/] ─ {x['lot']}" if x["work"] else f"[bold]{x['lot']}[/]" for x in way)


def _sums(place: dict[str, str]) -> str:
    """Write what a system holds: free, in quarantine, blocked; nothing where it holds nothing."""
    held = [f"{place[k]} {k}" for k in ("available", "quarantine", "blocked") if place[k] != "0"]
    return " + ".join(held)


def _share(node: dict[str, Any]) -> str:
    """Say how much of the lot asked about is in another one."""
    share = node["share"]
    if share is None:
        return "–"
    even = "" if share["proportion"] is None else f", evenly mixed {share['proportion']:.1%}"
    return f"≤ {share['at_most']}{even}" if share["at_most"] else f"no limit known{even}"


def _lots(view: dict[str, Any]) -> Any:
    shares = any(n["share"] for n in view["lots"])
    rows = table("", "lot", "item", "quantity", "", "where", "shipments", *(["of it"] if shares else []))
    for n in view["lots"]:
        where = ", ".join(f"{p['system'].upper()} {_sums(p)}" for p in n["where"] if _sums(p))
        sent = ", ".join(f"{s['shipment']} {s['quantity']} {s['customer']} {s['state']}" for s in n["shipments"])
        name = f"{'  ' * n['depth']}{n['number']}"
        quantity = f"{n['quantity']} {unit(n['unit'])}"
        part = [_share(n)] if shares else []
        item = n["item_text"] or n["item"]
        rows.add_row(str(n["depth"]), name, item, quantity, MARKS[n["verdict"]], where or "–", sent or "–", *part)
    return rows


def _works(view: dict[str, Any]) -> None:
    names = {n["id"]: n["number"] for n in view["lots"]}
    for w in view["works"]:
        machine = f" on {w['machine']}" if w["machine"] else ""
        out.print(f"\n[bold]{w['key']}[/] {w['kind']}{machine}  [dim]{clock(w['first_at'])}[/]")
        for s in w["process"]:
            beyond = f"  [bold red]{s['beyond']}[/]" if s["beyond"] else ""
            out.print(f"  [dim]{s['parameter']}[/] {actual(s)} {s['unit']}{beyond}")
        for link in [x for x in view["links"] if x["work"] == w["id"]]:
            arrow = "→" if link["side"] == "input" else "←"
            doubt = f"  [yellow]{link['evidence']}[/]" if link["evidence"] in ("backflushed", "inferred") else ""
            out.print(f"  {arrow} {names.get(link['lot'], link['lot'])}  {link['quantity']} {unit(link['unit'])}{doubt}")
