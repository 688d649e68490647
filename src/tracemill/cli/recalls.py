"""Recalls: start one, hold what it reaches, see how far it is, and write its evidence."""

from pathlib import Path
from typing import Annotated, Any

import typer

from tracemill.cli.client import part
from tracemill.cli.options import HERE, Json, Project, Reason, Url, hub, past
from tracemill.cli.terminal import (
    FAILED,
    FINDINGS,
    OK,
    Failed,
    clock,
    counted,
    out,
    say_next,
    show_json,
    shown,
    table,
    unit,
    word,
    working,
)
from tracemill.model.recall import PARTS

recall = typer.Typer(
    help="Find, hold and prove everything that a lot, a supplier batch, serials or a machine reached.", no_args_is_help=True
)
Key = Annotated[str, typer.Argument(metavar="RECALL", help="Its number: RC-1.")]
LIST = "tracemill recall list"


@recall.command()
def start(
    reason: Reason, project: Project = HERE, url: Url = "", as_json: Json = False,
    lot: Annotated[str, typer.Option(help="From this lot.")] = "",
    supplier_batch: Annotated[str, typer.Option("--supplier-batch", help="From every lot of this batch, at every site.")] = "",
    maker: Annotated[str, typer.Option(help="Only the batch of this manufacturer or supplier.")] = "",
    machine: Annotated[str, typer.Option(help="From what came out of this machine, with --since and --until.")] = "",
    since: Annotated[str, typer.Option(help="2026-11-23T14:05:00+01:00.")] = "",
    until: Annotated[str, typer.Option(help="2026-11-23T18:00:00+01:00.")] = "",
    parameter: Annotated[str, typer.Option(help="With --machine: of this parameter.")] = "",
    above: Annotated[str, typer.Option(help="With --machine: a reading above this.")] = "",
    below: Annotated[str, typer.Option(help="With --machine: a reading below this.")] = "",
    value_unit: Annotated[str, typer.Option("--unit", help="The unit of that value, where it was told in several.")] = "",
    complaint: Annotated[str, typer.Option(help="From every lot that was complained about under this number.")] = "",
    serials: Annotated[str, typer.Option(help="From this serial, with --to; a GS1 label or Digital Link too.")] = "",
    to: Annotated[str, typer.Option(help="To this serial, included.")] = "",
    item: Annotated[str, typer.Option(help="With --serials: whose serials they are.")] = "",
    site: Annotated[str, typer.Option(help="Only lots of this site.")] = "",
    mock: Annotated[bool, typer.Option("--mock", help="The same, but nothing is sent to any system.")] = False,
) -> int:  # fmt: skip
    """Open a recall and freeze its first scope; nothing is held yet. Exit 2 where the scope is incomplete."""
    asked = {"lot": lot, "supplier_batch": supplier_batch, "maker": maker, "machine": machine, "site": site,
             "parameter": parameter, "above": above, "below": below, "unit": value_unit,
             "complaint": complaint, "first": serials, "last": to, "item": item}  # fmt: skip
    times = {"since": past("--since", since, "recall start"), "until": past("--until", until, "recall start")}
    body = {k: v for k, v in (asked | times).items() if v} | {"reason": reason, "mock": mock}
    with working("walking the genealogy"):
        view = hub(project, url).post("/v1/recalls", body, otherwise="tracemill find KEY")
    _show(view, as_json)
    if not as_json:
        say_next(f"tracemill recall hold {view['recall']['id']} --reason ...")
    return OK if view["complete"] else FINDINGS


@recall.command("list")
def listed(project: Project = HERE, url: Url = "", as_json: Json = False) -> int:
    """List all recalls, the newest first."""
    found = hub(project, url).get("/v1/recalls")
    if as_json:
        show_json(found)
        return OK
    rows = table("recall", "", "origin", "opened", "by", "hold asked", "held", "verified", "closed")
    for r in shown(found):
        times = [clock(r.get(f)) or "–" for f in ("hold_asked_at", "held_at", "verified_at", "closed_at")]
        rows.add_row(r["id"], "MOCK" if r["mock"] else "", _origin(r["origin"]), clock(r["opened_at"]), r["opened_by"], *times)
    out.print(rows if found else "no recall yet; next: tracemill recall start --supplier-batch BATCH --mock --reason ...")
    return OK


@recall.command()
def status(key: Key, project: Project = HERE, url: Url = "", as_json: Json = False) -> int:
    """Show the clock, the totals and whom to call; exit 2 where anything escaped or the scope is incomplete."""
    view = hub(project, url).get(f"/v1/recalls/{part(key)}", otherwise=LIST)
    _show(view, as_json)
    return _outcome(view)


@recall.command()
def scope(
    key: Key, project: Project = HERE, url: Url = "", as_json: Json = False,
    exclude: Annotated[str, typer.Option("--exclude", metavar="LOT", help="Leave this lot out; needs --reason.")] = "",
    freeze: Annotated[bool, typer.Option("--freeze", help="Freeze the scope as the next version; needs --reason.")] = False,
    reason: Annotated[str, typer.Option("--reason", help="Why; it is kept in the audit trail.")] = "",
) -> int:  # fmt: skip
    """List every lot that a recall reaches and how it stands; leave one out, or freeze the list."""
    if (exclude or freeze) and not reason:
        what = f"--exclude {word(exclude)}" if exclude else "--freeze"
        raise Failed(f"{what} needs a reason", f"tracemill recall scope {word(key)} {what} --reason ...")
    client = hub(project, url)
    if exclude:
        client.post(f"/v1/recalls/{part(key)}/exclusions", {"lot": exclude, "reason": reason}, otherwise=LIST)
    if freeze:
        client.post(f"/v1/recalls/{part(key)}/freeze", {"reason": reason}, otherwise=LIST)
    view = client.get(f"/v1/recalls/{part(key)}", otherwise=LIST)
    _show(view, as_json)
    if not as_json:
        _lots(shown(view))
    return _outcome(view)


@recall.command()
def hold(key: Key, reason: Reason, project: Project = HERE, url: Url = "", as_json: Json = False) -> int:
    """Hold everything that a recall reaches, in every owning system. A mock recall says what it would send."""
    view = hub(project, url).post(f"/v1/recalls/{part(key)}/hold", {"reason": reason}, otherwise=LIST)
    _show(view, as_json)
    if not as_json:
        say_next(f"tracemill recall {'package' if view['contained'] else 'status'} {word(key)}")
    return _outcome(view)


@recall.command()
def close(key: Key, reason: Reason, project: Project = HERE, url: Url = "", as_json: Json = False) -> int:
    """Close a recall: it is no longer watched. No hold is lifted by that."""
    view = hub(project, url).post(f"/v1/recalls/{part(key)}/close", {"reason": reason}, otherwise=LIST)
    _show(view, as_json)
    return OK


@recall.command()
def package(
    key: Key, project: Project = HERE, url: Url = "", as_json: Json = False,
    to: Annotated[Path | None, typer.Option("--to", help="The file to write; else RECALL.zip here.")] = None,
    base: Annotated[str, typer.Option("--base", help="EPCIS: the address that your own ids stand under.")] = "",
    gln: Annotated[str, typer.Option("--gln", help="EPCIS: your GLN, which documents are named by.")] = "",
) -> int:  # fmt: skip
    """Write the evidence package: page, spreadsheets, JSON, EPCIS and audit chain, with a seal over all of it."""
    from tracemill.answers.package_check import check

    with working("writing the package"):
        body = hub(project, url).download(f"/v1/recalls/{part(key)}/package", otherwise=LIST, base=base, gln=gln)
    target, found = to or Path(f"{key}.zip"), check(body)
    try:
        target.write_bytes(body)
    except OSError as error:
        raise Failed(f"{target} cannot be written: {error}", f"tracemill recall package {word(key)} --to FILE.zip") from None
    if as_json:
        show_json({"file": str(target), "bytes": len(body), "files": found.files, "seal": found.seal, "ok": found.ok})
    else:
        out.print(f"{target}  {counted(found.files, 'file')}, {len(body):,} bytes", markup=False)
        out.print(f"seal {found.seal}")
        say_next(f"tracemill verify {word(str(target))}")
    return OK if found.ok else FAILED


def _outcome(view: dict[str, Any]) -> int:
    """A mock sends nothing, so it only fails where its scope is not complete."""
    return OK if view["complete"] and (view["contained"] or view["recall"]["mock"]) else FINDINGS


def _show(view: dict[str, Any], as_json: bool) -> None:
    if as_json:
        show_json(view)
        return
    v = shown(view)
    if v["recall"]["mock"]:
        out.print("[bold reverse] MOCK [/] nothing is sent to any system")
    out.print(f"[bold]{v['sentence']}[/]")
    times = (("detected", "detected_at"), ("scoped", "opened_at"), ("asked", "hold_asked_at"), ("held", "held_at"),
             ("verified", "verified_at"), ("closed", "closed_at"))  # fmt: skip
    out.print("  " + " ─ ".join(f"{name} {clock(v['recall'].get(f)) or '–'}" for name, f in times))
    for code, t in v["totals"].items():
        parts = [(k, t[k]) for k in PARTS if k != "not_yet_held" or t[k] != "0"]
        sums = " + ".join(f"{amount} {k.replace('_', ' ')}" for k, amount in parts)
        out.print(
            f"  {sums} = {t['requested']} requested {unit(code)}  [dim](on hand {t['on_hand']}, in process {t['in_process']}, "
            f"staged {t['staged']}, in transit {t['in_transit']})[/]"
        )
    for gap in v["gaps"]:
        out.print(f"  [bold red]?[/] {gap['text']}  [dim]{', '.join(gap.get('examples', []))}[/]")
    for doubt in v.get("doubts", []):
        out.print(f"  [bold]![/] {doubt['text']}  [dim]{', '.join(doubt.get('examples', []))}[/]")
    for d in v["customers"]:
        name = d["customer_name"] or d["customer"] or "customer not told"
        out.print(f"  {d['state']} {d['quantity']} {unit(d['unit'])} to {name}: {', '.join(d['shipments'])}")
        whom = "; ".join(", ".join(c[k] for k in ("name", "role", "phone", "email") if c.get(k)) for c in d.get("contacts", []))
        out.print(f"    call {whom}" if whom else "    [dim]nobody told whom to call there[/]")
    for p in v.get("clean_points", []):
        _clean_point(p)
    for w in v.get("would_send", []):
        out.print(f"  [dim]would hold[/] {w['lot']} in {w['system']}: {w['available']} {unit(w['unit'])} free there")
    last = v["versions"][-1]
    out.print(f"  [dim]scope v{last['version']}: {counted(last['lots'], 'lot')}, {last['why']}[/]")


def _clean_point(point: dict[str, Any]) -> None:
    """Say between which proven lots of a stream the affected ones lie."""
    out.print(f"  clean point: {point['stream']}, {clock(point['first'])} to {clock(point['last'])}")
    for side in ("before", "after"):
        lot = point.get(side)
        said = f"{lot['number']} of {clock(lot['at'])}: {lot['evidence']}" if lot else "[bold]no lot is proven clean[/]"
        out.print(f"    {side}: {said}")
    for x in point["unproven"]:
        out.print(f"    [bold red]?[/] {x['number']} of {clock(x['at'])} is not proven: {x['why']}")
    out.print(f"    [dim]{'; '.join(point['limits'])}[/]")


def _lots(v: dict[str, Any]) -> None:
    sites = sorted({x["site"] for x in v["lots"]})
    said = (*(p for p in PARTS if p != "not_yet_held" or any(p in x["standing"] for x in v["lots"])), "requested")
    rows = table("", "lot", *(["site"] if len(sites) > 1 else []), *(p.replace("_", " ") for p in said), "")
    for x in v["lots"]:
        s = x["standing"]
        amounts = [s.get(k, "0") if s.get("known", True) else "?" for k in said]
        place = [x["site"]] if len(sites) > 1 else []
        rows.add_row(_mark(x), f"{'  ' * x['depth']}{x['number']}", *place, *amounts, unit(x["unit"]))
    out.print(rows)
    for x in v["lots"]:
        if why := _why_not(x):
            out.print(f"  {_mark(x)} {x['number']}  {why}")


def _mark(lot: dict[str, Any]) -> str:
    if lot.get("excluded_by"):
        return "–"
    if not lot["standing"].get("known", True):
        return "[bold red]?[/]"
    if lot["standing"].get("not_yet_held", "0") != "0":
        return "[dim]◔[/]"
    return "[green]✓[/]" if lot["standing"].get("escaped", "0") == "0" else "[red]✕[/]"


def _why_not(lot: dict[str, Any]) -> str:
    """Say why a lot does not count as contained; nothing where it does."""
    if who := lot.get("excluded_by"):
        return f"excluded by {who}: {lot['excluded_because']}"
    if lot["standing"].get("not_yet_held", "0") != "0":
        return ""
    loose = [c for c in lot["standing"].get("systems", []) if not c["contained"] and c["total"] != "0"]
    return "; ".join(f"{c['system'].upper()}: {c['why']}" for c in loose)


def _origin(o: dict[str, Any]) -> str:
    if o["kind"] == "lot":
        return f"lot {o.get('name') or o['lot']}"
    if o["kind"] == "complaint":
        return f"complaint {o['complaint']}"
    if o["kind"] == "serials":
        return f"serials {o['first']} to {o['last']}"
    return f"supplier batch {o['batch']}" if o["kind"] == "supplier_batch" else f"machine {o['machine']}"
