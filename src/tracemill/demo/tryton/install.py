"""Tryton in an environment of its own, kept in a cache folder.

Tryton is GPL and is never imported by the hub: it runs as another process and is spoken to over HTTP only.
Where packages come from is pip's own configuration.
"""

import fcntl
import json
import os
import shutil
import subprocess
import sys
from collections import deque
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

Progress = Callable[[str], None]

# What the plant works with. Modules these depend on (party, product, account ...) come along with them.
MODULES = ("company", "product", "stock", "stock_lot", "purchase", "production", "quality")
PINS = ("trytond==8.2.1", *(f"trytond_{module}==8.2.*" for module in MODULES))


class NotInstallable(RuntimeError):
    """Tryton could not be installed here; the message carries what pip said last."""


@dataclass(frozen=True)
class Installation:
    """An environment with Tryton in it, and the folder where its prepared database is kept."""

    folder: Path

    @property
    def python(self) -> Path:
        return self.folder / "env" / "bin" / "python"

    @property
    def template(self) -> Path:
        return self.folder / "template"


def silent(_: str) -> None:
    """The progress callback of those who do not want to know."""


def cache_folder() -> Path:
    own = os.environ.get("TRACEMILL_CACHE")
    return (Path(own) if own else Path.home() / ".cache" / "tracemill") / "tryton-8.2"


def install(folder: Path | None = None, progress: Progress = silent) -> Installation:
    """Make the environment unless it is there with the same pins; a second process waits for the first."""
    made = Installation((folder or cache_folder()).resolve())
    stamp = made.folder / "stamp.json"
    wanted = json.dumps({"python": sys.version.split()[0], "pins": PINS}, indent=1)
    if _reads(stamp, wanted):
        return made
    with locked(made.folder / "install.lock", progress):
        if not _reads(stamp, wanted):
            stamp.unlink(missing_ok=True)
            shutil.rmtree(made.template, ignore_errors=True)
            _build(made, progress)
            stamp.write_text(wanted)
    return made


@contextmanager
def locked(path: Path, progress: Progress = silent) -> Iterator[None]:
    """One process at a time; the lock ends with the process, however it ends."""
    path.parent.mkdir(parents=True, exist_ok=True)
    with path.open("w") as handle:
        try:
            fcntl.flock(handle, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            progress("another process prepares Tryton: waiting for it")
            fcntl.flock(handle, fcntl.LOCK_EX)
        yield


def _reads(stamp: Path, wanted: str) -> bool:
    try:
        return stamp.read_text() == wanted
    except FileNotFoundError:
        return False


def _build(made: Installation, progress: Progress) -> None:
    shutil.rmtree(made.folder / "env", ignore_errors=True)
    progress(f"making a Python environment for Tryton in {made.folder}")
    _run([sys.executable, "-m", "venv", str(made.folder / "env")], silent)
    progress("installing trytond and its modules")
    pip = [str(made.python), "-m", "pip", "install", "--progress-bar", "off", "--disable-pip-version-check"]
    _run([*pip, *PINS], progress)


def _run(command: list[str], progress: Progress) -> None:
    last: deque[str] = deque(maxlen=20)
    with subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True) as process:  # noqa: S603
        for line in process.stdout or ():
            last.append(line.rstrip())
            if line.startswith("Collecting "):
                progress(line.split(" (")[0].rstrip().lower())
    if process.returncode:
        raise NotInstallable(f"{' '.join(command[:4])} ended with {process.returncode}:\n" + "\n".join(last))
