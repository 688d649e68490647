"""The processes of a run: target, hub and sender, each on loopback, each ended with the benchmark."""

import json
import os
import subprocess
import sys
import tempfile
import urllib.request
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

LIMIT = 600.0  # seconds: no single load lasts longer


@contextmanager
def started(*arguments: str, limit: float = 60.0) -> Iterator[tuple[subprocess.Popen[str], str]]:
    """Start a module of the benchmark and give the first line that it prints; it ends with the block."""
    command = [sys.executable, "-m", *arguments]
    process = subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True)
    try:
        assert process.stdout
        line = process.stdout.readline().strip()
        if not line:
            raise RuntimeError(f"{' '.join(arguments)} ended with {process.wait(limit)} before it was ready")
        yield process, line
    finally:
        process.terminate()
        try:
            process.wait(limit)
        except subprocess.TimeoutExpired:
            process.kill()
            process.wait()


class Sender:
    """A sender under way. What it tells goes to a file: a pipe that nobody empties would stop it."""

    def __init__(self, plan: dict[str, Any]) -> None:
        self._told = tempfile.TemporaryFile("w+")  # noqa: SIM115  closed when it was read
        command = [sys.executable, "-m", "bench.sender"]
        self._process = subprocess.Popen(command, stdin=subprocess.PIPE, stdout=self._told, text=True)
        assert self._process.stdin
        self._process.stdin.write(json.dumps(plan))
        self._process.stdin.close()

    def going(self) -> bool:
        return self._process.poll() is None

    def told(self) -> dict[str, Any]:
        """Wait for its end and return what it tells."""
        if code := self._process.wait(LIMIT):
            raise RuntimeError(f"the sender ended with {code}")
        with self._told as file:
            file.seek(0)
            found: dict[str, Any] = json.load(file)
        return found

    def stop(self) -> None:
        self._process.kill()
        self._process.wait()


def ask(url: str) -> Any:
    with urllib.request.urlopen(url, timeout=30) as answer:
        return json.loads(answer.read())


def memory(pid: int) -> float:
    """Return the resident memory of a process in MB."""
    for line in Path(f"/proc/{pid}/status").read_text().splitlines():
        if line.startswith("VmRSS"):
            return int(line.split()[1]) / 1024
    return 0.0


def cpu(pid: int) -> float:
    """Return the CPU seconds that a process has used."""
    fields = Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()
    return (int(fields[11]) + int(fields[12])) / os.sysconf("SC_CLK_TCK")
