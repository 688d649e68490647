"""Approving a milder inspection of a supplier's item, and revoking it."""

from typing import Annotated, Any

import typer

from tracemill.cli.client import part
from tracemill.cli.options import HERE, Json, Project, Reason, Url, hub
from tracemill.cli.terminal import OK, out, show_json, shown
from tracemill.model.status import ApprovalKind

inspection = typer.Typer(help="What the responsible authority decides about inspections.", no_args_is_help=True)
Ref = Annotated[str, typer.Argument(metavar="LOT", help="Any lot that was planned for this supplier, item and plan.")]


@inspection.command()
def approve(
    ref: Ref, what: ApprovalKind, reason: Reason, project: Project = HERE, url: Url = "", as_json: Json = False,
    until: Annotated[str, typer.Option(help="It ends then: 2027-05-31T00:00:00+02:00.")] = "",
) -> int:  # fmt: skip
    """Allow reduced inspection, its resumption, or skip-lot inspection."""
    body = {"what": what, "reason": reason} | ({"until": until} if until else {})
    return _decide(ref, body, "approved", project, url, as_json)


@inspection.command()
def revoke(ref: Ref, what: ApprovalKind, reason: Reason, project: Project = HERE, url: Url = "", as_json: Json = False) -> int:
    """Take an approval back: inspection is normal, lot by lot, from the next lot on."""
    return _decide(ref, {"what": what, "reason": reason, "revoked": True}, "revoked", project, url, as_json)


def _decide(ref: str, body: dict[str, Any], word: str, project: Any, url: str, as_json: bool) -> int:
    found = hub(project, url).post(f"/v1/lots/{part(ref)}/approvals", body, otherwise="tracemill case list")
    if as_json:
        show_json(found)
        return OK
    lot = shown(found)
    out.print(f"{word}: {body['what'].replace('_', '-')}, supplier {lot['supplier']}, item {lot['item']}")
    return OK
