"""The terminal: data on standard output, everything else on standard error, colour only for what is abnormal."""

import json
import re
import shlex
from contextlib import AbstractContextManager, nullcontext
from typing import Any

from rich.console import Console
from rich.markup import escape
from rich.table import Table

OK, FAILED, FINDINGS, USAGE = 0, 1, 2, 64

out = Console(highlight=False, soft_wrap=True)
err = Console(stderr=True, highlight=False, soft_wrap=True)

MARKS = {
    "released": "[green]✓ released[/]",
    "conditional": "[blue]◑ conditional[/]",
    "quarantine": "[yellow]◔ quarantine[/]",
    "hold": "[magenta]‖ hold[/]",
    "rejected": "[red]✕ rejected[/]",
    "unknown": "? unknown",
}


# What a terminal would obey or reorder instead of show: control characters but tab and newline, and bidirectional overrides.
_CONTROL = re.compile("[\x00-\x08\x0b-\x1f\x7f-\x9f\u202a-\u202e\u2066-\u2069]")


class Failed(Exception):
    """A command that cannot do what was asked; `next_command` is the one that helps, `more` what a program wants to know."""

    def __init__(self, text: str, next_command: str = "", code: int = FAILED, **more: Any) -> None:
        super().__init__(text)
        self.next_command, self.code, self.more = next_command, code, more

    def problem(self) -> dict[str, Any]:
        """Return the failure as data, in the form of problem details (RFC 9457)."""
        said = {"title": "Usage" if self.code == USAGE else "Failed", "detail": str(self), **self.more, "exit": self.code}
        return said | ({"next": self.next_command} if self.next_command else {})


class Unreachable(Failed):
    """No hub answers where one was expected."""


def show_json(value: Any) -> None:
    print(json.dumps(value, ensure_ascii=False, indent=2))


def visible(text: str) -> str:
    """Return a text with everything that a terminal would obey written out."""
    return _CONTROL.sub(lambda m: f"\\x{ord(m[0]):02x}" if ord(m[0]) < 256 else f"\\u{ord(m[0]):04x}", text)


def shown(value: Any) -> Any:
    """Return data for printing: no text that came from a system is taken for colour, or for an order to the terminal."""
    match value:
        case str():
            return escape(visible(value))
        case list():
            return [shown(v) for v in value]
        case dict():
            return {k: shown(v) for k, v in value.items()}
    return value


def cut(text: str, most: int) -> str:
    """Shorten a shown text, and say so."""
    return text if len(text) <= most else text[:most].rstrip("\\") + "…"


def counted(n: int, noun: str) -> str:
    return f"{n} {noun}{'' if n == 1 else 's'}"


def word(text: str) -> str:
    """Return a text as one word of a command that can be pasted into a shell."""
    return shlex.quote(visible(text))


def working(text: str) -> AbstractContextManager[Any]:
    """Show that something takes its time, to a person only."""
    return err.status(text) if err.is_terminal else nullcontext()


def say_next(command: str) -> None:
    if command:
        err.print("next:", style="dim", end=" ")
        err.print(command, markup=False)


def fail(error: Failed, as_json: bool = False) -> int:
    """Say what failed and what to do; to a program also as data."""
    if as_json:
        show_json(error.problem())
    err.print("error:", style="bold red", end=" ")
    err.print(visible(str(error)), markup=False)
    say_next(error.next_command)
    return error.code


def table(*columns: str) -> Table:
    found = Table(box=None, pad_edge=False, header_style="dim")
    for name in columns:
        found.add_column(name, overflow="fold")
    return found


def unit(code: str) -> str:
    """Write a unit as people do: kg for KGM."""
    from tracemill.model.quantity import NAMES

    return NAMES.get(code, code)


def clock(text: str | None) -> str:
    """Show an ISO time as local wall time."""
    from datetime import datetime

    if not text:
        return ""
    return datetime.fromisoformat(text).astimezone().strftime("%d %b %H:%M:%S")
