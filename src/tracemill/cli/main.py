"""The entry point: all commands, and what their outcome means to the shell."""

import sys
from collections.abc import Callable
from pathlib import Path
from typing import Annotated, Literal

import typer
from typer._click.exceptions import ClickException  # typer has no public name for a usage error

from tracemill.cli import (
    board,
    dossier,
    drill,
    inspection,
    lots,
    master_data,
    process,
    project,
    quality,
    recalls,
    records,
    trace,
    work_order,
)
from tracemill.cli.terminal import OK, USAGE, Failed, fail, show_json

app = typer.Typer(
    name="tracemill",
    help="A traceability hub: ERP, MES, QMS and WMS tell the same, true story about every lot.",
    no_args_is_help=True,
    add_completion=False,
    pretty_exceptions_enable=False,
    rich_markup_mode=None,
)
LOOK: tuple[Callable[..., int], ...] = (
    project.init,
    project.run,
    board.status,
    lots.find,
    lots.lot,
    lots.why,
    trace.trace,
    process.process,
    dossier.dossier,
    work_order.order,
    master_data.items,
    master_data.item,
    quality.quality,
    quality.complaint,
)
ACT: tuple[Callable[..., int], ...] = (records.approve, records.pause, records.resume)
CHECK: tuple[Callable[..., int], ...] = (project.lint, project.verify, project.doctor, drill.drill)

for command in LOOK:
    app.command()(command)
app.add_typer(records.msg, name="msg")
app.add_typer(records.case, name="case")
app.add_typer(inspection.inspection, name="inspection")
app.add_typer(recalls.recall, name="recall")
for command in ACT:
    app.command()(command)
for command in CHECK:
    app.command()(command)
app.command("test")(project.examples)
app.add_typer(records.account, name="account")


@app.command()
def demo(
    check: Annotated[
        bool, typer.Option("--check", help="Headless, on free ports; exit 0 only if every claim was read back.")
    ] = False,
    port: Annotated[int, typer.Option(help="Port of the hub.")] = 8420,
    folder: Annotated[Path | None, typer.Option(help="Keep everything in this folder.")] = None,
    erp: Annotated[
        Literal["demo", "tryton"], typer.Option(help="ERP and WMS: the small demo ones, or a real Tryton 8.2.")
    ] = "demo",
    as_json: Annotated[bool, typer.Option("--json", help="One JSON object per step.")] = False,
) -> int:
    """Start a small plant and a hub on loopback, and tell the main job step by step."""
    try:
        from tracemill.demo.run import NotPlayed
        from tracemill.demo.run import demo as play
    except ModuleNotFoundError as error:
        raise Failed(f"the demo needs {error.name}", "pip install 'tracemill[demo]'") from None
    try:
        return play(check=check, as_json=as_json, folder=folder, port=port, erp=erp)
    except NotPlayed as error:
        raise Failed(str(error), error.next_command) from None


def main() -> None:
    """Run a command and end with its exit code: 0 ok, 1 failed, 2 findings, 64 usage."""
    sys.exit(outcome(sys.argv[1:]))


def outcome(arguments: list[str]) -> int:
    """Run a command line and return its exit code. With --json a failure is data too."""
    as_json = "--json" in arguments
    try:
        code = app(arguments, standalone_mode=False)
    except Failed as error:
        return fail(error, as_json)
    except typer.Abort:
        return 130
    except ClickException as error:
        error.show()
        if as_json:
            show_json(Failed(error.format_message(), code=USAGE).problem())
        return USAGE
    return code if isinstance(code, int) else OK


if __name__ == "__main__":
    main()
