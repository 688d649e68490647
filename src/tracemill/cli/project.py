"""The project folder: init, lint, test, doctor, verify; and the hub itself: run."""

import shutil
import sqlite3
from pathlib import Path
from time import perf_counter
from typing import Annotated, Any

import typer

from tracemill.cli.options import HERE, Json, Project, Url, hub
from tracemill.cli.terminal import FAILED, FINDINGS, OK, Failed, err, out, say_next, show_json

Folder = Annotated[Path, typer.Argument(help="The project folder.", show_default="here")]


def init(folder: Folder = HERE) -> int:
    """Write a commented project folder: two systems to observe, who owns what, one site."""
    from tracemill.app.starter import FolderNotEmpty, write_starter

    try:
        written = write_starter(folder)
    except FolderNotEmpty as error:
        raise Failed(str(error), "tracemill init NEW_FOLDER") from None
    for path in written:
        out.print(f"wrote {path}")
    say_next(f"edit systems/*.yaml, then: tracemill lint {folder} && tracemill run --project {folder}")
    return OK


def lint(folder: Folder = HERE, as_json: Json = False) -> int:
    """Check the whole project and its packs; every finding with file, line, column and a hint."""
    from tracemill.app.check import check_project

    started = perf_counter()
    checked = check_project(folder)
    errors = [f for f in checked.findings if f.level == "error"]
    if as_json:
        show_json([f.plain() for f in checked.findings])
        return FINDINGS if errors else OK
    for f in checked.findings:
        colour = "bold red" if f.level == "error" else "yellow"
        out.print(f"{f.file}:{f.line}:{f.column} [{colour}]{f.code}[/] {f.text}")
        if f.hint:
            out.print(f"  [dim]hint: {f.hint}[/]")
    warnings = len(checked.findings) - len(errors)
    took = perf_counter() - started
    out.print(f"{len(errors)} errors, {warnings} warnings in {checked.files} files ({took:.1f} s)")
    return FINDINGS if errors else OK


def examples(folder: Folder = HERE, as_json: Json = False) -> int:
    """Run the examples of every mapping: they are its tests."""
    from tracemill.app.check import run_all_examples

    results = run_all_examples(folder)
    failed = [r for r in results if not r.passed]
    if as_json:
        show_json([r.plain() for r in results])
        return FAILED if failed else OK
    for r in failed:
        out.print(f"[bold red]✕[/] {r.pack}/{r.mapping}: {r.example}")
        for line in r.differences:
            out.print(f"    {line}")
    out.print(f"{len(results) - len(failed)} passed, {len(failed)} failed")
    return FAILED if failed else OK


def run(project: Project = HERE) -> int:
    """Run the hub with its API and pages."""
    from tracemill.app.config import ConfigError
    from tracemill.app.serve import serve
    from tracemill.store.engine import AlreadyRunning

    def tell(address: str, link: str) -> None:
        err.print(f"[bold]hub[/]    {address}\n[bold]pages[/]  {address}/open?token={link}   (opens once, within 10 minutes)")
        err.print(f"[bold]API[/]    {address}/docs\nCtrl-C stops it; what is under way is finished first.")

    try:
        return serve(project, tell)
    except ConfigError as error:
        for f in error.findings:
            err.print(str(f), markup=False)
        raise Failed(f"{len(error.findings)} findings in the project", f"tracemill lint {project}", FINDINGS) from None
    except AlreadyRunning as error:
        raise Failed(str(error), f"tracemill status --project {project}") from None
    except (OSError, SystemExit) as error:
        raise Failed(f"the address cannot be used: {error}", "change listen: in tracemill.yaml") from None


def verify(project: Project = HERE, url: Url = "", as_json: Json = False) -> int:
    """Walk the audit chain of every site; name the first entry that was altered or is missing."""
    found = _chains(project, url)
    if as_json:
        show_json(found)
    for chain in () if as_json else found:
        mark = "[green]OK[/]" if chain["ok"] else "[bold red]BROKEN[/]"
        out.print(f"{mark} {chain['site']}  audit chain 1..{chain['entries']}{' intact' if chain['ok'] else ': ' + chain['why']}")
    return OK if all(c["ok"] for c in found) else FAILED


def _chains(project: Path, url: str) -> list[dict[str, Any]]:
    """Ask the running hub, or read the database where no hub runs."""
    if url or (project / "data" / "run.json").exists():
        found: list[dict[str, Any]] = hub(project, url).get("/v1/audit/verify")
        return found
    from tracemill.app.check import offline_chains

    return offline_chains(project)


def doctor(project: Project = HERE, as_json: Json = False) -> int:
    """Name what is wrong around the hub, and what to do."""
    findings = [*_machine(project), *_project(project), *_running(project)]
    if as_json:
        show_json([{"ok": ok, "text": text, "do": do} for ok, text, do in findings])
    for ok, text, do in () if as_json else findings:
        out.print(f"{'[green]✓[/]' if ok else '[bold red]✕[/]'} {text}" + (f"\n    [dim]{do}[/]" if do else ""))
    return OK if all(ok for ok, _, _ in findings) else FINDINGS


Check = tuple[bool, str, str]


def _machine(project: Path) -> list[Check]:
    free = shutil.disk_usage(project if project.exists() else HERE).free / 1e9
    old = sqlite3.sqlite_version_info < (3, 51, 3)
    note = (
        "WALs written by two connections can be corrupted before 3.51.3; the hub therefore writes with exactly one" if old else ""
    )
    return [
        (free > 1, f"disk: {free:.1f} GB free", "" if free > 1 else "make room"),
        (True, f"SQLite {sqlite3.sqlite_version}", note),
    ]


def _project(project: Path) -> list[Check]:
    from tracemill.app.check import check_project

    errors = [f for f in check_project(project).findings if f.level == "error"]
    return [(not errors, f"project: {len(errors)} errors", "tracemill lint" if errors else "")]


def _running(project: Path) -> list[Check]:
    try:
        client = hub(project, "")
        board = client.get("/v1/status")
    except Failed as error:
        return [(False, str(error), error.next_command)]
    found: list[Check] = [(True, f"the hub answers at {client.url}", "")]
    for s in board["systems"]:
        probe = client.get(f"/v1/systems/{s['system']}/probe")
        do = "" if probe["ok"] else f"check url and credentials in systems/{s['system']}.yaml"
        found.append(
            (probe["ok"], f"{s['system']}: {'reached' if probe['ok'] else 'not reached'} {probe.get('detail', '')}".strip(), do)
        )
        dead = s["deliveries"].get("dead", 0)
        if dead:
            found.append((False, f"{s['system']}: {dead} deliveries given up", "tracemill msg list"))
    chains = client.get("/v1/audit/verify")
    found += [(c["ok"], f"audit chain of {c['site']}: {c['entries']} entries", c["why"]) for c in chains]
    return found
