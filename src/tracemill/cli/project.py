"""The project folder: init, lint, test, doctor, verify; and the hub itself: run."""

import json
from pathlib import Path
from time import perf_counter
from typing import Annotated, Any

import typer

from tracemill.cli import offline
from tracemill.cli.doctor import doctor as doctor
from tracemill.cli.options import HERE, Json, Project, Url, hub
from tracemill.cli.terminal import (
    FAILED,
    FINDINGS,
    OK,
    Failed,
    Unreachable,
    counted,
    err,
    out,
    say_next,
    show_json,
    shown,
    word,
    working,
)

Folder = Annotated[Path, typer.Argument(help="The project folder.", show_default="here")]


def init(folder: Folder = HERE, as_json: Json = False) -> int:
    """Write a commented project folder: two systems to observe, who owns what, one site."""
    from tracemill.app.starter import FolderNotEmpty, write_starter

    try:
        written = write_starter(folder)
    except FolderNotEmpty as error:
        raise Failed(str(error), "tracemill init NEW_FOLDER") from None
    following = f"edit systems/*.yaml, then: tracemill lint {word(str(folder))} && tracemill run --project {word(str(folder))}"
    if as_json:
        show_json({"folder": str(folder), "written": list(map(str, written)), "next": following})
        return OK
    for path in written:
        out.print(f"wrote {shown(str(path))}")
    say_next(following)
    return OK


def lint(folder: Folder = HERE, as_json: Json = False) -> int:
    """Check the whole project and its packs; every finding with file, line, column and a hint."""
    from tracemill.app.check import check_project

    started = perf_counter()
    with working("reading the project"):
        checked = check_project(folder)
    errors = [f for f in checked.findings if f.level == "error"]
    if as_json:
        show_json([f.plain() for f in checked.findings])
        return FINDINGS if errors else OK
    for f in checked.findings:
        colour = "bold red" if f.level == "error" else "yellow"
        out.print(f"{f.file}:{f.line}:{f.column} [{colour}]{f.code}[/] {shown(f.text)}")
        if f.hint:
            out.print(f"  [dim]hint: {shown(f.hint)}[/]")
    warnings = len(checked.findings) - len(errors)
    took = perf_counter() - started
    many = f"{counted(len(errors), 'error')}, {counted(warnings, 'warning')} in {counted(checked.files, 'file')}"
    out.print(f"{many} ({took:.1f} s)")
    return FINDINGS if errors else OK


def examples(folder: Folder = HERE, as_json: Json = False) -> int:
    """Run the examples of every mapping: they are its tests."""
    from tracemill.app.check import run_all_examples

    with offline.opening(folder), working("running the examples"):
        results = run_all_examples(folder)
    failed = [r for r in results if not r.passed]
    if as_json:
        show_json([r.plain() for r in results])
        return FAILED if failed else OK
    for r in failed:
        out.print(f"[bold red]✕[/] {r.pack}/{r.mapping}: {shown(r.example)}")
        for line in r.differences:
            out.print(f"    {shown(line)}")
    out.print(f"{len(results) - len(failed)} passed, {len(failed)} failed")
    return FAILED if failed else OK


def run(project: Project = HERE, as_json: Json = False) -> int:
    """Run the hub with its API and pages."""
    from tracemill.app.serve import serve

    def tell(address: str, link: str) -> None:
        if as_json:
            print(json.dumps({"url": address, "pages": f"{address}/open?token={link}", "docs": f"{address}/docs"}), flush=True)
            return
        err.print(f"[bold]hub[/]    {address}\n[bold]pages[/]  {address}/open?token={link}   (opens once, within 10 minutes)")
        err.print(f"[bold]API[/]    {address}/docs\nCtrl-C stops it; what is under way is finished first.")

    try:
        with offline.opening(project):
            return serve(project, tell)
    except SystemExit:
        said = "another program listens on the hub's address, or it is none of this machine; see listen: in tracemill.yaml"
        raise Failed(said, f"tracemill doctor --project {word(str(project))}") from None
    except OSError as error:
        raise Failed(f"the hub cannot start: {error}", f"tracemill doctor --project {word(str(project))}") from None


def verify(
    package: Annotated[Path | None, typer.Argument(metavar="[FILE.zip]", help="An evidence package; it needs no hub.")] = None,
    project: Project = HERE, url: Url = "", as_json: Json = False,
) -> int:  # fmt: skip
    """Check an evidence package, or walk the audit chain of every site; name what was altered or is missing."""
    if package is not None:
        return _package(package, as_json)
    with working("walking the audit chain"):
        found = _chains(project, url)
    if not found and not as_json:
        out.print("nothing to verify: the audit trail has no entry yet")
    if as_json:
        show_json(found)
    for chain in () if as_json else found:
        mark = "[green]OK[/]" if chain["ok"] else "[bold red]BROKEN[/]"
        how = " intact" if chain["ok"] else f": {shown(chain['why'])}"
        out.print(f"{mark} {chain['site']}  audit chain 1..{chain['entries']}{how}")
    return OK if all(c["ok"] for c in found) else FAILED


def _package(path: Path, as_json: bool) -> int:
    """Check a file on its own: no hub, no project."""
    from tracemill.answers.package_check import check
    from tracemill.model.record import plain

    try:
        found = check(path.read_bytes())
    except OSError as error:
        raise Failed(f"{path} cannot be read: {error}", "tracemill recall package RC-1") from None
    if as_json:
        show_json(plain(found))
    elif found.ok:
        chains = ", ".join(found.chains)
        out.print(f"[green]OK[/] {counted(found.files, 'file')}, audit chain {shown(chains)} intact\nseal {shown(found.seal)}")
    for why in () if as_json else found.wrong:
        out.print(f"[bold red]FAIL[/] {shown(why)}")
    return OK if found.ok else FAILED


def _chains(project: Path, url: str) -> list[dict[str, Any]]:
    """Ask the running hub, or read the database where no hub runs."""
    if url:
        return list(hub(project, url).get("/v1/audit/verify"))
    try:
        return list(hub(project, url).get("/v1/audit/verify"))
    except Unreachable:  # also after a hub was killed: its run.json still stands
        from tracemill.app.check import offline_chains

        with offline.opening(project):
            _need_database(project)
            return offline_chains(project)


def _need_database(project: Path) -> None:
    """Refuse to read an SQLite database that is not there: opening it would make an empty one."""
    from tracemill.app.config import ConfigError, load_project

    read, reader = load_project(project)
    if read is None:
        raise ConfigError(reader.findings)
    path = read.store_url.removeprefix("sqlite:///")
    if path != read.store_url and not Path(path).exists():
        raise Failed(f"there is no database at {path}", f"tracemill run --project {word(str(project))}")
