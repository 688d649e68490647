"""Options that every command understands."""

from datetime import datetime
from pathlib import Path
from typing import Annotated

import typer

from tracemill.cli.client import Client, connect
from tracemill.cli.terminal import USAGE, Failed

Project = Annotated[
    Path, typer.Option("--project", "-p", envvar="TRACEMILL_PROJECT", help="The project folder.", show_default="here")
]
HERE = Path(".")
Url = Annotated[
    str, typer.Option("--url", help="A hub elsewhere; credentials from TRACEMILL_TOKEN or TRACEMILL_CLIENT_ID/SECRET.")
]
Json = Annotated[bool, typer.Option("--json", help="Data for programs on standard output.")]
Reason = Annotated[str, typer.Option("--reason", help="Why; it is kept in the audit trail.")]
AsOf = Annotated[str, typer.Option("--as-of", help="What was true then: 2026-11-23T14:05:00+01:00.")]
KnownAt = Annotated[str, typer.Option("--known-at", help="What the hub knew then: a time, or a position of its record.")]


def past(option: str, text: str, command: str) -> str:
    """Refuse what is no moment: a time without an offset could mean several."""
    try:
        known = not text or text.isdecimal() or datetime.fromisoformat(text).tzinfo is not None
    except ValueError:
        known = False
    if not known:
        said = f"{option} {text}: not an ISO 8601 time with its offset, such as 2026-11-23T14:05:00+01:00"
        raise Failed(said, f"tracemill {command} {option} 2026-11-23T14:05:00+01:00", USAGE)
    return text


def hub(project: Path, url: str) -> Client:
    return connect(project, url)
