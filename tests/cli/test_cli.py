"""The command line: exit codes, located findings, and what to do next."""

import json
import os
import subprocess
import sys
import time
import urllib.request
from collections.abc import Iterator
from pathlib import Path

import pytest

from tracemill.cli.main import outcome

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


def test_a_new_project_is_without_findings_and_is_never_written_over(folder: Path, capsys: Output) -> None:
    assert outcome(["lint", str(folder)]) == 0
    assert outcome(["init", str(folder)]) == 1
    assert "not empty" in capsys.readouterr().err


@pytest.mark.parametrize(
    ("file", "old", "new", "said"),
    [
        ("systems/qms.yaml", "mode: observe", "mdoe: observe", "systems/qms.yaml:4:1 T110 unknown key 'mdoe'"),
        ("systems/qms.yaml", "mode: observe", "mode: watch", "systems/qms.yaml:4:7"),
        ("systems/qms.yaml", "mode: observe", "mode: observe\nmode: act", "systems/qms.yaml:5:1"),
        ("systems/qms.yaml", "site: PLANT-1", "site: PLANT-2", "site PLANT-2 is not in tracemill.yaml"),
        ("systems/qms.yaml", "pack: demo-qms", "pack: demo-qsm", "there is no pack demo-qsm"),
        ("authority.yaml", "owner: qms", "owner: lims", "system lims has no file"),
        ("tracemill.yaml", "name: my-plant", "name: &a [x, x]\nx: [*a, *a]", "anchor"),
        ("tracemill.yaml", "sites: [PLANT-1]", "sites: [PLANT-1", "tracemill.yaml:"),
    ],
    ids=["typo", "wrong type", "duplicate key", "unknown site", "unknown pack", "unknown owner", "anchor", "syntax"],
)
def test_a_finding_says_file_line_column_and_what_to_do(
    folder: Path, capsys: Output, file: str, old: str, new: str, said: str
) -> None:
    edit(folder / file, old, new)
    assert outcome(["lint", str(folder)]) == 2
    shown = capsys.readouterr().out.replace("\n", " ")
    assert said in shown, shown


def test_a_missing_secret_is_a_finding_and_never_shown(folder: Path, capsys: Output) -> None:
    edit(folder / "systems/qms.yaml", "file:secrets/qms", "env:TRACEMILL_NO_SUCH_SECRET")
    assert outcome(["lint", str(folder)]) == 2
    assert "TRACEMILL_NO_SUCH_SECRET is not set" in capsys.readouterr().out.replace("\n", " ")


def test_findings_are_data_too(folder: Path, capsys: Output) -> None:
    edit(folder / "systems/qms.yaml", "mode: observe", "mdoe: observe")
    capsys.readouterr()
    assert outcome(["lint", str(folder), "--json"]) == 2
    assert json.loads(capsys.readouterr().out)[0]["line"] == 4


def test_the_examples_of_all_mappings_pass(folder: Path, capsys: Output) -> None:
    assert outcome(["test", str(folder)]) == 0
    assert " 0 failed" in capsys.readouterr().out


@pytest.mark.parametrize("arguments", [["bogus"], ["lot"], ["status", "--nope"], ["msg", "replay", "x"]])
def test_a_command_that_cannot_be_understood_ends_with_64(arguments: list[str]) -> None:
    assert outcome(arguments) == 64


def test_without_a_hub_the_next_command_is_named(folder: Path, capsys: Output) -> None:
    assert outcome(["lot", "L-1", "--project", str(folder)]) == 1
    assert f"tracemill run --project {folder}" in capsys.readouterr().err.replace("\n", " ")


@pytest.fixture
def running(folder: Path) -> Iterator[Path]:
    edit(folder / "tracemill.yaml", "127.0.0.1:8420", "127.0.0.1:0")
    command = [sys.executable, "-m", "tracemill.cli.main", "run", "--project", str(folder)]
    with (folder / "log").open("wb") as log:
        child = subprocess.Popen(command, stdout=log, stderr=log, env={**os.environ, "NO_COLOR": "1"})
    for _ in range(600):
        if (folder / "data" / "run.json").exists() or child.poll() is not None:
            break
        time.sleep(0.05)
    yield folder
    child.terminate()
    assert child.wait(20) == 0, (folder / "log").read_text()
    assert not (folder / "data" / "run.json").exists()


def test_a_running_hub_answers_and_a_second_one_is_refused(running: Path, capsys: Output) -> None:
    project = ["--project", str(running)]
    assert outcome(["status", *project]) == 0
    assert "erp" in capsys.readouterr().out
    assert outcome(["find", "NOPE", *project]) == 2
    assert outcome(["lot", "NOPE", *project]) == 1
    assert "no system calls any lot" in capsys.readouterr().err.replace("\n", " ")
    assert outcome(["verify", *project]) == 0
    capsys.readouterr()
    assert outcome(["account", "create", "mes", "--scope", "events:write", "--system", "mes", "--json", *project]) == 0
    assert json.loads(capsys.readouterr().out)["secret"]
    assert outcome(["pause", "erp", "--reason", "test", *project]) == 0
    assert outcome(["doctor", *project]) == 2, "the systems of the starter are not there"
    assert outcome(["run", *project]) == 1
    assert "another hub holds" in capsys.readouterr().err.replace("\n", " ")


def test_a_trace_is_written_as_epcis_and_a_scanned_label_names_its_lot(running: Path, capsys: Output) -> None:
    project, file = ["--project", str(running)], running / "trace.json"
    told = json.loads((running / "data" / "run.json").read_text())
    data = {"lot": {"id": "L-1", "item": "04012345111118"}, "quantity": {"amount": "480", "unit": "KGM"}}
    event = {"specversion": "1.0", "id": "R1", "source": "/erp", "type": "lot.received.v1", "data": data}
    body = json.dumps({**event, "time": "2026-11-23T10:00:00Z"}).encode()
    headers = {"Authorization": f"Bearer {told['token']}", "Content-Type": "application/cloudevents+json"}
    with urllib.request.urlopen(urllib.request.Request(f"{told['url']}/v1/events?system=erp", body, headers)) as answer:
        assert answer.status == 202
    label = "(01)04012345111118(10)L-1"
    for _ in range(100):
        if outcome(["lot", label, *project]) == 0:
            break
        time.sleep(0.05)
    assert "L-1" in capsys.readouterr().out
    assert outcome(["trace", label, "--epcis", str(file), *project]) == 64
    assert "--base" in capsys.readouterr().err
    outcome(["trace", label, "--epcis", str(file), "--base", "https://plant.example/id", *project])
    assert "1 event" in capsys.readouterr().out
    (receipt,) = json.loads(file.read_text())["epcisBody"]["eventList"]
    assert receipt["quantityList"][0]["epcClass"] == "https://id.gs1.org/01/04012345111118/10/L-1"
