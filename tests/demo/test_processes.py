"""What the demo starts ends with it, however it ends."""

import os
import signal
import subprocess
import sys
import time
from pathlib import Path

STARTER = """
import sys, time
from pathlib import Path
from tracemill.demo.processes import Process
child = Process("a server", ["http.server", "0", "--bind", "127.0.0.1"], Path(sys.argv[1])).start()
print(child.pid, flush=True)
time.sleep(60)
"""


def _lives(pid: int) -> bool:
    try:
        os.kill(pid, 0)
    except ProcessLookupError:
        return False
    return Path(f"/proc/{pid}/stat").read_text().split()[2] != "Z" if Path(f"/proc/{pid}/stat").exists() else False


def test_what_the_demo_started_ends_when_the_demo_is_killed(tmp_path: Path) -> None:
    command = [sys.executable, "-c", STARTER, str(tmp_path / "log")]
    with subprocess.Popen(command, stdout=subprocess.PIPE, text=True) as starter:
        assert starter.stdout
        pid = int(starter.stdout.readline())
        assert _lives(pid)
        starter.send_signal(signal.SIGKILL)
    deadline = time.monotonic() + 20
    while _lives(pid):
        assert time.monotonic() < deadline, f"{pid} outlived the demo"
        time.sleep(0.05)
