"""The tree that these tests judge."""

import subprocess
from functools import cache
from pathlib import Path

ROOT = Path(__file__).parents[2]
SRC = ROOT / "src" / "tracemill"


@cache
def files() -> tuple[Path, ...]:
    """Every file that is, or is about to be, in the repository."""
    command = ["git", "ls-files", "--cached", "--others", "--exclude-standard", "-z"]
    listed = subprocess.run(command, cwd=ROOT, capture_output=True, check=True, text=True).stdout
    found = (ROOT / name for name in listed.split("\0") if name)
    return tuple(sorted(path for path in found if path.is_file()))


@cache
def texts() -> dict[str, str]:
    """The text of every file in the repository, by its path; pictures and the like left out."""
    found: dict[str, str] = {}
    for path in files():
        try:
            found[str(path.relative_to(ROOT))] = path.read_text(encoding="utf-8")
        except UnicodeDecodeError:
            continue
    return found


def sources() -> dict[str, str]:
    """The Python files of the package."""
    return {name: text for name, text in texts().items() if name.startswith("src/tracemill/") and name.endswith(".py")}


def page(name: str) -> str:
    """A page of the documentation; empty where nobody has written it."""
    path = ROOT / name
    return path.read_text(encoding="utf-8") if path.is_file() else ""
