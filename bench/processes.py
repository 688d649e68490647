"""The processes of a run: target, hub and sender, each on loopback, each ended with the benchmark."""

import json
import os
import subprocess
import sys
import time
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


def send(plan: dict[str, Any]) -> "subprocess.Popen[str]":
    """Start a sender with its plan."""
    process = subprocess.Popen([sys.executable, "-m", "bench.sender"], stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True)
    assert process.stdin
    process.stdin.write(json.dumps(plan))
    process.stdin.close()
    process.stdin = None
    return process


def sent(process: "subprocess.Popen[str]") -> dict[str, Any]:
    out, _ = process.communicate(timeout=LIMIT)
    if process.returncode:
        raise RuntimeError(f"the sender ended with {process.returncode}")
    found: dict[str, Any] = json.loads(out)
    return found


def ask(url: str) -> Any:
    with urllib.request.urlopen(url, timeout=30) as answer:
        return json.loads(answer.read())


def until(check: Any, seconds: float, every: float = 0.05) -> float:
    """Wait until something is so; return when it was seen. Raises after `seconds`."""
    end = time.time() + seconds
    while not check():
        if time.time() > end:
            raise TimeoutError(f"not so after {seconds:g} s")
        time.sleep(every)
    return time.time()


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
