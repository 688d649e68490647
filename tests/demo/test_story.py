"""The demo as its users run it: a real plant, a real hub in its own process, kill -9 included."""

import json
import os
import signal
import socket
import subprocess
import sys
import time
from pathlib import Path

import pytest

from tracemill.demo.processes import free_port
from tracemill.demo.tryton import NotInstallable, install

STEPS = {
    "demo": [
        "observe",
        "act",
        "arrival",
        "inspection",
        "decision",
        "procurement",
        "damage",
        "lock",
        "crash",
        "heel",
        "production",
        "ledger",
        "shipment",
        "genealogy",
        "second",
        "rejection",
        "unsafe",
        "elsewhere",
        "untold",
        "recall",
        "evidence",
    ],
    "tryton": ["arrival", "inspection", "decision", "nothing", "crash"],
}


@pytest.mark.parametrize("erp", STEPS)
def test_the_whole_story_is_read_back_in_every_system(erp: str) -> None:
    if erp == "tryton":
        _installed()
    command = [sys.executable, "-m", "tracemill.cli.main", "demo", "--check", "--erp", erp]
    done = subprocess.run(command, capture_output=True, text=True, timeout=300, check=False)
    scenes = [json.loads(line) for line in done.stdout.splitlines()]
    failed = [(s["step"], c) for s in scenes for c in s["claims"] if not c["ok"]]
    assert not failed, failed
    assert [s["step"] for s in scenes] == STEPS[erp], done.stderr
    assert done.returncode == 0, done.stderr
    told = [c for s in scenes for c in s["claims"] if c["system"] in ("ERP", "WMS", "MES", "Tryton") and c["owner"]]
    assert told, "who owns what is told"
    assert all("read " in c["age"] for c in told), "and how old the hub's reading is"


def _lines(path: Path) -> list[str]:
    return path.read_text().splitlines() if path.exists() else []


def _answers(url: str) -> bool:
    host, _, port = url.removeprefix("http://").partition(":")
    with socket.socket() as probe:
        return probe.connect_ex((host, int(port))) == 0


@pytest.mark.parametrize("stop", [signal.SIGTERM, signal.SIGINT], ids=["SIGTERM", "Ctrl-C"])
def test_a_demo_that_is_told_to_stop_leaves_nothing_behind(tmp_path: Path, stop: signal.Signals) -> None:
    folder = tmp_path / "demo"
    command = [sys.executable, "-m", "tracemill.cli.main", "demo", "--folder", str(folder), "--port", str(free_port())]
    run = folder / "project" / "data" / "run.json"
    with subprocess.Popen(command, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL) as demo:
        for _ in range(600):
            if run.exists() or demo.poll() is not None:
                break
            time.sleep(0.05)
        urls = [json.loads(run.read_text())["url"]]
        plant = next(json.loads(line) for line in _lines(folder / "plant.log") if line.startswith("{"))
        urls += [found["url"] for found in plant.values()]
        assert all(map(_answers, urls)), "they were there"
        demo.send_signal(stop)
        try:
            assert demo.wait(60) == 0
        finally:
            demo.kill()
    assert not any(map(_answers, urls)), "and are gone"


def test_a_story_that_cannot_be_played_says_so_to_programs_too(tmp_path: Path) -> None:
    (tmp_path / "something").touch()
    command = [sys.executable, "-m", "tracemill.cli.main", "demo", "--json", "--folder", str(tmp_path)]
    done = subprocess.run(command, capture_output=True, text=True, timeout=60, check=False)
    assert done.returncode == 1
    assert "is not empty" in json.loads(done.stdout)["detail"]


def _installed() -> None:
    try:
        install()
    except NotInstallable as error:
        if os.environ.get("CI") == "true":
            raise
        pytest.skip(f"Tryton cannot be installed here: {error}")
