"""A running Tryton: its database made once and kept as a template, copied for each plant, served on a loopback port."""

import atexit
import contextlib
import http.client
import os
import secrets
import shutil
import socket
import sqlite3
import subprocess
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from http import HTTPStatus
from pathlib import Path

from tracemill.demo.processes import LEASH
from tracemill.demo.tryton.install import MODULES, Installation, Progress, locked, silent

DATABASE = "plant"


class NotStarted(RuntimeError):
    """Tryton did not come up; the message carries the end of its log."""


@dataclass
class Server:
    """One Tryton serving one database. `folder` holds its data, configuration, log and administrator's password."""

    folder: Path
    port: int
    process: subprocess.Popen[bytes] = field(repr=False)
    database: str = DATABASE

    @property
    def base_url(self) -> str:
        return f"http://127.0.0.1:{self.port}"

    @property
    def admin_password(self) -> str:
        return (self.folder / "admin-password").read_text()

    def stop(self) -> None:
        """Ends the server; harmless when it has ended already."""
        atexit.unregister(self.stop)
        if self.process.stdin:
            self.process.stdin.close()
        self.process.terminate()
        try:
            self.process.wait(timeout=10)
        except subprocess.TimeoutExpired:
            self.process.kill()
            self.process.wait()


@contextmanager
def running(installed: Installation, folder: Path, *, port: int | None = None, progress: Progress = silent) -> Iterator[Server]:
    """Tryton for the length of a `with`. A folder used before goes on where it stood; an empty one starts afresh."""
    server = start(installed, folder, port=port, progress=progress)
    try:
        yield server
    finally:
        server.stop()


def start(installed: Installation, folder: Path, *, port: int | None = None, progress: Progress = silent) -> Server:
    _prepare(installed, progress)
    if not (folder / f"{DATABASE}.sqlite").exists():
        folder.mkdir(parents=True, exist_ok=True)
        # The database comes last: a copy cut short is begun again.
        for name in ("admin-password", f"{DATABASE}.sqlite"):
            shutil.copy(installed.template / name, folder / f"{name}.part")
            (folder / f"{name}.part").rename(folder / name)
    progress("starting Tryton")
    for attempt in range(3):  # somebody else may take a free port before Tryton listens on it
        try:
            return _serve(installed, folder, port or _free_port())
        except NotStarted as error:
            if port or attempt == 2 or "Address already in use" not in str(error):
                raise
    raise AssertionError("unreachable")


def _prepare(installed: Installation, progress: Progress) -> None:
    """The template: a database with all modules and no plant in it. Takes half a minute, once."""
    with locked(installed.folder / "template.lock", progress):
        if installed.template.exists():
            return
        progress("creating Tryton's database (half a minute, once)")
        draft = installed.folder / "template.part"
        shutil.rmtree(draft, ignore_errors=True)
        draft.mkdir()
        (draft / f"{DATABASE}.sqlite").touch()  # SQLite: Tryton wants the file to be there, empty
        password = draft / "admin-password"
        password.touch(mode=0o600)
        password.write_text(secrets.token_urlsafe(18))
        command = [str(installed.python), "-I", "-m", "trytond.cli.admin", "-c", str(_configuration(draft, 0))]
        command += ["-d", DATABASE, "-u", *MODULES, "--activate-dependencies", "-l", "en"]
        done = subprocess.run(  # noqa: S603
            [*command, "--email", "admin@plant.example"],
            env={**os.environ, "TRYTONPASSFILE": str(password)},
            stdin=subprocess.DEVNULL,
            capture_output=True,
            text=True,
        )
        if done.returncode:
            raise NotStarted(f"trytond-admin ended with {done.returncode}:\n{done.stderr[-2000:]}")
        with contextlib.closing(sqlite3.connect(draft / f"{DATABASE}.sqlite")) as database:
            database.execute("PRAGMA wal_checkpoint(TRUNCATE)")  # only the main file is copied
        draft.rename(installed.template)


def _configuration(folder: Path, port: int) -> Path:
    path = folder / "trytond.conf"
    path.write_text(f"[database]\nuri = sqlite://\npath = {folder}\n\n[web]\nlisten = 127.0.0.1:{port}\n")
    return path


def _free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


def _serve(installed: Installation, folder: Path, port: int) -> Server:
    command = [str(installed.python), "-I", LEASH, "trytond.cli", "-c", str(_configuration(folder, port)), "-d", DATABASE]
    log = folder / "trytond.log"
    with log.open("ab") as output:
        # A session of its own: Ctrl-C is for the one who started us, who then stops Tryton in good order.
        process = subprocess.Popen(  # noqa: S603
            command, stdin=subprocess.PIPE, stdout=output, stderr=output, cwd=folder, start_new_session=True
        )
    server = Server(folder, port, process)
    atexit.register(server.stop)
    deadline = time.monotonic() + 60
    while not _answers(server):
        if process.poll() is not None or time.monotonic() > deadline:
            server.stop()
            raise NotStarted(f"Tryton did not start; the end of {log}:\n{log.read_text()[-2000:]}")
        time.sleep(0.1)
    return server


def _answers(server: Server) -> bool:
    """Tryton listens only when the database is loaded; any answer will do."""
    asking = http.client.HTTPConnection("127.0.0.1", server.port, timeout=5)
    try:
        asking.request("GET", f"/{server.database}/rest/model/stock.lot")
        return asking.getresponse().status == HTTPStatus.UNAUTHORIZED
    except (OSError, http.client.HTTPException):
        return False
    finally:
        asking.close()
