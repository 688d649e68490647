"""Options that every command understands."""

from pathlib import Path
from typing import Annotated

import typer

from tracemill.cli.client import Client, connect

Project = Annotated[
    Path, typer.Option("--project", "-p", envvar="TRACEMILL_PROJECT", help="The project folder.", show_default="here")
]
HERE = Path(".")
Url = Annotated[
    str, typer.Option("--url", help="A hub elsewhere; credentials from TRACEMILL_TOKEN or TRACEMILL_CLIENT_ID/SECRET.")
]
Json = Annotated[bool, typer.Option("--json", help="Data for programs on standard output.")]
Reason = Annotated[str, typer.Option("--reason", help="Why; it is kept in the audit trail.")]


def hub(project: Path, url: str) -> Client:
    return connect(project, url)
