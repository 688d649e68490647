"""The demo as its users run it: a real plant, a real hub in its own process, kill -9 included."""

import json
import subprocess
import sys


def test_the_whole_story_is_read_back_in_every_system() -> None:
    command = [sys.executable, "-m", "tracemill.cli.main", "demo", "--check"]
    done = subprocess.run(command, capture_output=True, text=True, timeout=240, check=False)
    scenes = [json.loads(line) for line in done.stdout.splitlines()]
    failed = [(s["step"], c) for s in scenes for c in s["claims"] if not c["ok"]]
    assert not failed, failed
    assert [s["step"] for s in scenes] == [
        "observe", "act", "arrival", "inspection", "decision", "procurement", "damage", "lock", "crash",
    ]  # fmt: skip
    assert done.returncode == 0, done.stderr
