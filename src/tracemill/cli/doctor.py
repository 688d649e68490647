"""doctor: what is wrong around the hub, and what to do."""

import shutil
import sqlite3
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from tracemill.cli.client import part
from tracemill.cli.options import HERE, Json, Project, hub
from tracemill.cli.terminal import FINDINGS, OK, Failed, counted, out, show_json, shown, word, working

Check = tuple[bool, str, str]
SKEW = 5.0


def doctor(project: Project = HERE, as_json: Json = False) -> int:
    """Name what is wrong around the hub, and what to do."""
    with working("looking at project, machine and systems"):
        findings = [*_machine(project), *_project(project), *_running(project)]
    if as_json:
        show_json([{"ok": ok, "text": text, "do": do} for ok, text, do in findings])
    for ok, text, do in () if as_json else findings:
        out.print(f"{'[green]✓[/]' if ok else '[bold red]✕[/]'} {shown(text)}" + (f"\n    [dim]{shown(do)}[/]" if do else ""))
    return OK if all(ok for ok, _, _ in findings) else FINDINGS


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
    return [(not errors, f"project: {len(errors)} errors", f"tracemill lint {word(str(project))}" if errors else "")]


def _running(project: Path) -> list[Check]:
    try:
        client = hub(project, "")
        board = client.get("/v1/status")
    except Failed as error:
        return [(False, str(error), error.next_command), *_database(project)]
    found: list[Check] = [(True, f"the hub answers at {client.url}", ""), _clock(board["at"])]
    for s in board["systems"]:
        probe = client.get(f"/v1/systems/{part(s['system'])}/probe")
        do = "" if probe["ok"] else f"check url and credentials in systems/{s['system']}.yaml"
        found.append(
            (probe["ok"], f"{s['system']}: {'reached' if probe['ok'] else 'not reached'} {probe.get('detail', '')}".strip(), do)
        )
        found += _stuck(s)
    chains = client.get("/v1/audit/verify")
    found += [(c["ok"], f"audit chain of {c['site']}: {c['entries']} entries", c["why"]) for c in chains]
    return found


def _database(project: Path) -> list[Check]:
    """Say whether the server of the database answers; an SQLite file is opened by the hub itself."""
    from sqlalchemy.exc import SQLAlchemyError

    from tracemill.app.config import load_project
    from tracemill.store.engine import is_sqlite, reader_engine

    read, _ = load_project(project)
    if read is None or is_sqlite(read.hub.store):
        return []
    engine = reader_engine(read.hub.store)
    try:
        with engine.connect():
            return [(True, "database: reached", "")]
    except SQLAlchemyError as error:
        cause = str(getattr(error, "orig", None) or error).strip().partition("\n")[0]
        return [(False, f"database: {cause}", "check store: in tracemill.yaml, and that its server runs")]
    finally:
        engine.dispose()


def _clock(at: str) -> Check:
    """Compare the hub's clock with this machine's: all times are shown by one and read by the other."""
    skew = abs((datetime.now(UTC) - datetime.fromisoformat(at)).total_seconds())
    return skew < SKEW, f"clock: {skew:.0f} s from the hub's", "" if skew < SKEW else "synchronise both clocks (NTP)"


def _stuck(s: dict[str, Any]) -> list[Check]:
    """Name deliveries that nobody moves, and feeds that no longer answer."""
    name, found = s["system"], []
    for state, says in (("dead", "given up"), ("in_doubt", "in doubt")):
        if n := s["deliveries"].get(state, 0):
            many = "delivery" if n == 1 else "deliveries"
            found.append((False, f"{name}: {n} {many} {says}", f"tracemill msg list --system {word(name)}"))
    for f in s["feeds"]:
        if f["failures"]:
            last = f"last answer {f['ok_at']}" if f["ok_at"] else "never answered"
            said = f"{name}/{f['feed']}: silent, {last}; {counted(f['failures'], 'failure')} in a row"
            found.append((False, said, f"check systems/{name}.yaml, or: tracemill pause {word(name)} --reason …"))
    if s["paused"]:
        do = f"tracemill resume {word(name)} --reason …"
        found.append((False, f"{name}: paused by {s['paused_by']}: {s['reason']}", do))
    return found
