"""A failure ends with its code and the next command, to a person and to a program; run never ends in a traceback."""

import json
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from typer.main import get_command

from tracemill.cli.main import app, outcome

Output = pytest.CaptureFixture[str]


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    made = tmp_path / "plant"
    assert outcome(["init", str(made)]) == 0
    return made


def edit(path: Path, old: str, new: str) -> None:
    text = path.read_text()
    assert old in text
    path.write_text(text.replace(old, new))


def commands(group: Any = None, path: tuple[str, ...] = ()) -> Iterator[tuple[str, Any]]:
    for name, command in (group or get_command(app)).commands.items():
        if hasattr(command, "commands"):
            yield from commands(command, (*path, name))
        else:
            yield " ".join((*path, name)), command


def test_every_command_has_data_for_programs() -> None:
    without = [name for name, command in commands() if not any("--json" in p.opts for p in command.params)]
    assert without == []


@pytest.mark.parametrize(
    ("arguments", "code", "next_command"),
    [
        (["lot", "L-1", "--project", "{folder}"], 1, "tracemill run --project"),
        (["status", "--project", "{folder}"], 1, "tracemill run --project"),
        (["init", "{folder}"], 1, "tracemill init NEW_FOLDER"),
        (["test", "{folder}/nowhere"], 2, "tracemill lint"),
        (["run", "--project", "{folder}/nowhere"], 2, "tracemill lint"),
        (["verify", "--project", "{folder}"], 1, "tracemill run --project"),
        (["lot", "L-1", "--as-of", "yesterday", "--project", "{folder}"], 64, "tracemill lot L-1 --as-of 2026-11-"),
        (["lot", "L-1", "--as-of", "2026-11-23", "--project", "{folder}"], 64, "tracemill lot L-1 --as-of"),
        (["lot"], 64, ""),
    ],
    ids=lambda value: " ".join(value) if isinstance(value, list) else None,
)
def test_a_failure_is_data_too_and_keeps_its_code(
    folder: Path, capsys: Output, arguments: list[str], code: int, next_command: str
) -> None:
    capsys.readouterr()
    assert outcome([*(a.format(folder=folder) for a in arguments), "--json"]) == code
    problem = json.loads(capsys.readouterr().out)
    assert problem["exit"] == code
    assert problem["detail"]
    assert problem.get("next", "").startswith(next_command)
    assert outcome([a.format(folder=folder) for a in arguments]) == code
    assert capsys.readouterr().out == "", "without --json nothing but data goes to standard output"


def test_findings_that_stop_a_command_are_told_each_with_its_place(folder: Path, capsys: Output) -> None:
    edit(folder / "tracemill.yaml", "listen: 127.0.0.1:8420", "listen: 0.0.0.0")
    capsys.readouterr()
    assert outcome(["run", "--project", str(folder), "--json"]) == 2
    (finding,) = json.loads(capsys.readouterr().out)["findings"]
    assert (finding["file"], finding["line"]) == ("tracemill.yaml", 3)


def test_init_and_run_speak_to_programs(folder: Path, tmp_path: Path, capsys: Output) -> None:
    capsys.readouterr()
    assert outcome(["init", str(tmp_path / "other"), "--json"]) == 0
    assert str(tmp_path / "other" / "tracemill.yaml") in json.loads(capsys.readouterr().out)["written"]
    edit(folder / "tracemill.yaml", "127.0.0.1:8420", "127.0.0.1:0")
    command = [sys.executable, "-m", "tracemill.cli.main", "run", "--json", "--project", str(folder)]
    with subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL, text=True) as child:
        assert child.stdout
        said = json.loads(child.stdout.readline())
        child.terminate()
        assert child.wait(20) == 0
    assert said["pages"].startswith(f"{said['url']}/open?token=")


@pytest.mark.parametrize("command", [["run"], ["verify"], ["account", "list"]], ids=" ".join)
def test_a_database_that_does_not_answer_is_said_in_words(folder: Path, command: list[str]) -> None:
    edit(folder / "tracemill.yaml", "sqlite:///data/tracemill.db", "postgresql://hub:pg-secret@127.0.0.1:1/tracemill")
    project = ["--project", str(folder)]
    done = subprocess.run(
        [sys.executable, "-m", "tracemill.cli.main", *command, *project], capture_output=True, text=True, timeout=60, check=False
    )
    assert done.returncode == 1
    assert "Traceback" not in done.stderr
    assert "the database cannot be used" in done.stderr
    assert f"next: tracemill doctor --project {folder}" in done.stderr.replace("\n", " ")
    assert "pg-secret" not in done.stderr


def test_doctor_says_that_the_database_does_not_answer(folder: Path, capsys: Output) -> None:
    edit(folder / "tracemill.yaml", "sqlite:///data/tracemill.db", "postgresql://hub:pg-secret@127.0.0.1:1/tracemill")
    capsys.readouterr()
    assert outcome(["doctor", "--project", str(folder), "--json"]) == 2
    found = [f for f in json.loads(capsys.readouterr().out) if f["text"].startswith("database:")]
    assert [f["ok"] for f in found] == [False]
    assert "pg-secret" not in json.dumps(found)
