"""Without a running hub, and after one was killed: what still works, and what is said about the rest."""

import json
import socket
import sqlite3
import subprocess
import sys
import time
from pathlib import Path

import pytest

from tracemill.cli.main import outcome

Output = pytest.CaptureFixture[str]


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    """A project whose systems are behind closed ports and whose hub takes any free one."""
    made = tmp_path / "plant"
    assert outcome(["init", str(made)]) == 0
    for name in ("tracemill.yaml", "systems/erp.yaml", "systems/qms.yaml"):
        text = (made / name).read_text()
        for port, other in (("8420", "0"), ("8101", "1"), ("8102", "1")):
            text = text.replace(f"127.0.0.1:{port}", f"127.0.0.1:{other}")
        (made / name).write_text(text)
    return made


def opened(folder: Path, capsys: Output, name: str = "mes") -> dict[str, str]:
    capsys.readouterr()
    assert outcome(["account", "create", name, "--scope", "events:write", "--json", "--project", str(folder)]) == 0
    made: dict[str, str] = json.loads(capsys.readouterr().out)
    return made


def started(folder: Path) -> subprocess.Popen[bytes]:
    (folder / "data").mkdir(exist_ok=True)
    child = subprocess.Popen(
        [sys.executable, "-m", "tracemill.cli.main", "run", "--project", str(folder)],
        stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL,
    )  # fmt: skip
    for _ in range(200):
        if (folder / "data" / "run.json").exists() or child.poll() is not None:
            break
        time.sleep(0.05)
    assert child.poll() is None
    return child


def test_verify_makes_no_database_where_there_is_none(folder: Path, capsys: Output) -> None:
    assert outcome(["verify", "--project", str(folder)]) == 1
    said = capsys.readouterr().err.replace("\n", " ")
    assert "there is no database" in said
    assert f"next: tracemill run --project {folder}" in said
    assert not (folder / "data" / "tracemill.db").exists()


def test_accounts_are_kept_without_a_hub_and_their_secret_is_shown_once(folder: Path, capsys: Output) -> None:
    project = ["--project", str(folder)]
    made = opened(folder, capsys)
    assert outcome(["account", "list", "--json", *project]) == 0
    shown = capsys.readouterr().out
    assert made["secret"] not in shown
    assert "secret_hash" not in shown
    assert json.loads(shown)[0]["client_id"] == made["client_id"]
    assert outcome(["account", "create", "mes", "--scope", "events:write", *project]) == 1, "the name is taken"
    assert outcome(["account", "create", "x", "--scope", "lots:eat", *project]) == 1
    assert "known scopes" in capsys.readouterr().err
    assert outcome(["account", "disable", made["client_id"], "--reason", "left", *project]) == 0
    capsys.readouterr()
    assert outcome(["verify", *project]) == 0
    assert "audit chain 1..2 intact" in capsys.readouterr().out


def test_verify_names_the_first_entry_that_was_altered(folder: Path, capsys: Output) -> None:
    opened(folder, capsys, "one")
    opened(folder, capsys, "two")
    database = sqlite3.connect(folder / "data" / "tracemill.db")
    with database:
        database.execute("UPDATE audit SET actor = 'somebody else' WHERE position = 2")
    database.close()
    assert outcome(["verify", "--project", str(folder)]) == 1
    assert "entry 2 was altered" in capsys.readouterr().out.replace("\n", " ")
    assert outcome(["verify", "--json", "--project", str(folder)]) == 1
    assert json.loads(capsys.readouterr().out)[0]["broken_at"] == 2


def test_a_hub_that_was_killed_leaves_no_wrong_answer(folder: Path, capsys: Output) -> None:
    opened(folder, capsys)
    child = started(folder)
    child.kill()
    child.wait(10)
    assert (folder / "data" / "run.json").exists(), "it could not clean up"
    capsys.readouterr()
    assert outcome(["status", "--project", str(folder)]) == 1
    assert f"next: tracemill run --project {folder}" in capsys.readouterr().err.replace("\n", " ")
    assert outcome(["verify", "--project", str(folder)]) == 0
    assert "intact" in capsys.readouterr().out


def test_while_a_hub_runs_accounts_go_through_it(folder: Path, capsys: Output) -> None:
    child = started(folder)
    try:
        made = opened(folder, capsys)
        assert made["secret"]
        assert outcome(["doctor", "--json", "--project", str(folder)]) == 2
        found = json.loads(capsys.readouterr().out)
        assert any(f["text"].startswith("clock:") and f["ok"] for f in found)
        assert any("erp/" in f["text"] and "silent, never answered" in f["text"] and f["do"] for f in found)
        for command in ("status", "msg list", "case list", "verify"):
            assert outcome([*command.split(), "--json", "--project", str(folder)]) == 0
            json.loads(capsys.readouterr().out)
    finally:
        child.terminate()
        assert child.wait(20) == 0
    assert not (folder / "data" / "run.json").exists()


def test_a_port_in_use_is_said_in_words(folder: Path, capfd: pytest.CaptureFixture[str]) -> None:
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        taken.listen()
        conf = folder / "tracemill.yaml"
        conf.write_text(conf.read_text().replace("127.0.0.1:0", f"127.0.0.1:{taken.getsockname()[1]}"))
        command = [sys.executable, "-m", "tracemill.cli.main", "run", "--project", str(folder)]
        done = subprocess.run(command, capture_output=True, timeout=30, text=True)
    assert done.returncode == 1
    assert "another program listens" in done.stderr
    assert "next: tracemill doctor" in done.stderr
    assert "Traceback" not in done.stderr


def test_one_error_is_not_errors(folder: Path, capsys: Output) -> None:
    conf = folder / "systems" / "qms.yaml"
    conf.write_text(conf.read_text().replace("mode: observe", "mdoe: observe"))
    capsys.readouterr()
    assert outcome(["lint", str(folder)]) == 2
    assert "1 error, 0 warnings in 5 files" in capsys.readouterr().out
    assert outcome(["run", "--project", str(folder)]) == 2
    assert "next: tracemill lint" in capsys.readouterr().err


def test_help_comes_quickly() -> None:
    command = [sys.executable, "-X", "importtime", "-m", "tracemill.cli.main", "--help"]
    done = subprocess.run(command, capture_output=True, text=True, timeout=30)
    assert done.returncode == 0
    loaded = {line.rpartition("|")[2].strip() for line in done.stderr.splitlines() if line.startswith("import time:")}
    heavy = {"sqlalchemy", "fastapi", "aiohttp", "pydantic", "uvicorn"}
    assert not loaded & heavy, "heavy rooms are opened by the command that needs them"
