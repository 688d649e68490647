"""The terminal: data on standard output, everything else on standard error, colour only for what is abnormal."""

import json
import sys
from typing import Any

from rich.console import Console
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


class Failed(Exception):
    """A command that cannot do what was asked; `next` is the command that helps."""

    def __init__(self, text: str, next_command: str = "", code: int = FAILED) -> None:
        super().__init__(text)
        self.next_command, self.code = next_command, code


def show_json(value: Any) -> None:
    print(json.dumps(value, ensure_ascii=False, indent=2))


def say_next(command: str) -> None:
    if command:
        err.print(f"[dim]next:[/] {command}", markup=True)


def fail(error: Failed) -> int:
    err.print("error:", style="bold red", end=" ")
    err.print(str(error), markup=False)
    say_next(error.next_command)
    return error.code


def table(*columns: str) -> Table:
    found = Table(box=None, pad_edge=False, header_style="dim")
    for name in columns:
        found.add_column(name, overflow="fold")
    return found


def clock(text: str | None) -> str:
    """Show an ISO time as local wall time."""
    from datetime import datetime

    if not text:
        return ""
    return datetime.fromisoformat(text).astimezone().strftime("%d %b %H:%M:%S")


def is_person() -> bool:
    return sys.stdin.isatty() and sys.stdout.isatty()
