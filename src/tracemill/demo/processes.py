"""The processes of the demo: a plant and a hub, started, killed and started again on loopback."""

import asyncio
import json
import os
import signal
import socket
import subprocess
import sys
from pathlib import Path
from typing import Any, Self

import aiohttp

LEASH = str(Path(__file__).with_name("leash.py"))


class DidNotStart(RuntimeError):
    """A process of the demo ended or did not answer in time; the text shows the end of its log."""


def free_port() -> int:
    """Return a loopback port that is free now."""
    with socket.socket() as s:
        s.bind(("127.0.0.1", 0))
        port: int = s.getsockname()[1]
        return port


class Process:
    """One child process with its log; it dies with us."""

    def __init__(self, name: str, arguments: list[str], log: Path) -> None:
        self.name, self._arguments, self._log = name, arguments, log
        self._child: subprocess.Popen[bytes] | None = None

    def start(self) -> Self:
        with self._log.open("ab") as log:
            environment = {**os.environ, "PYTHONUNBUFFERED": "1"}
            command = [sys.executable, "-P", LEASH, *self._arguments]
            self._child = subprocess.Popen(command, stdin=subprocess.PIPE, stdout=log, stderr=log, env=environment)  # noqa: S603
        return self

    def kill(self) -> None:
        """kill -9: no goodbye, no flush."""
        if self._child is not None:
            self._child.send_signal(signal.SIGKILL)
            self._child.wait()

    def stop(self) -> None:
        if self._child is not None and self._child.poll() is None:
            self._child.terminate()
            try:
                self.ended()
            except subprocess.TimeoutExpired:
                self.kill()

    def ended(self, seconds: float = 10) -> int:
        """Wait until it has ended by itself; return its exit code."""
        return 0 if self._child is None else self._child.wait(timeout=seconds)

    @property
    def alive(self) -> bool:
        return self._child is not None and self._child.poll() is None

    @property
    def pid(self) -> int:
        return self._child.pid if self._child else 0

    def tail(self) -> str:
        return "\n".join(self._log.read_text(errors="replace").splitlines()[-12:]) if self._log.exists() else ""

    async def first_json(self, seconds: float = 30) -> dict[str, Any]:
        """Wait for the first line of JSON in the log."""
        async for _ in _until(seconds):
            for line in self._log.read_text(errors="replace").splitlines() if self._log.exists() else ():
                if line.startswith("{"):
                    found: dict[str, Any] = json.loads(line)
                    return found
            if not self.alive:
                break
        raise DidNotStart(f"{self.name} did not start:\n{self.tail()}")

    async def answers(self, url: str, seconds: float = 30) -> None:
        """Wait until a URL answers 200."""
        async with aiohttp.ClientSession() as session:
            async for _ in _until(seconds):
                try:
                    async with session.get(url, timeout=aiohttp.ClientTimeout(total=2)) as answer:
                        if answer.status == 200:
                            return
                except (aiohttp.ClientError, TimeoutError):
                    pass
                if not self.alive:
                    break
        raise DidNotStart(f"{self.name} does not answer at {url}:\n{self.tail()}")


async def _until(seconds: float) -> Any:
    """Tick every 50 ms until the time is over."""
    for _ in range(int(seconds / 0.05)):
        yield None
        await asyncio.sleep(0.05)
