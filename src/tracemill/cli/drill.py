"""Drills: a mock recall of lots drawn by chance, both ways, against the clock."""

from random import Random
from time import monotonic
from typing import Annotated, Any

import typer

from tracemill.cli.client import Client, part
from tracemill.cli.options import HERE, Json, Project, Url, hub
from tracemill.cli.terminal import FINDINGS, OK, Failed, counted, out, show_json, table, working

PAGE = 500
WHY = "drill"


def drill(
    project: Project = HERE,
    url: Url = "",
    lots: Annotated[int, typer.Option("--lots", min=1, max=100, help="How many lots to draw.")] = 5,
    seed: Annotated[int, typer.Option("--seed", help="Draw the same lots again.")] = 0,
    target: Annotated[
        float, typer.Option("--target", min=0.001, help="Seconds that one lot may take, both ways and packed.")
    ] = 60.0,
    as_json: Json = False,
) -> int:
    """Recall lots drawn by chance as a mock, forward and back, with a package each; exit 2 where one is late or incomplete."""
    server = hub(project, url)
    seed = seed or Random().randrange(1, 10**6)  # noqa: S311  a draw, not a secret
    known = _lots(server)
    if not known:
        raise Failed("there is no lot to recall", "tracemill status")
    drawn = Random(seed).sample(known, min(lots, len(known)))  # noqa: S311
    with working("recalling lots drawn by chance"):
        found = [_one(server, lot, target) for lot in drawn]
    passed = all(x["passed"] for x in found)
    if as_json:
        show_json({"seed": seed, "target": target, "lots_known": len(known), "passed": passed, "drills": found})
    else:
        _tell(found, seed, target, len(known), passed)
    return OK if passed else FINDINGS


def _lots(server: Client) -> list[dict[str, Any]]:
    """List all lots: a drill that knows only the newest would prove little."""
    found, cursor = [], ""
    while True:
        page = server.get("/v1/lots", limit=PAGE, cursor=cursor)
        found += page["items"]
        if not (cursor := page.get("next") or ""):
            return sorted(found, key=lambda lot: str(lot["id"]))


def _one(server: Client, lot: dict[str, Any], target: float) -> dict[str, Any]:
    """Recall one lot as a mock, trace it back, pack the evidence, close the recall; say how long that took."""
    from tracemill.answers.package_check import check

    started = monotonic()
    opened = server.post("/v1/recalls", {"lot": lot["id"], "reason": WHY, "mock": True})
    back = server.get(f"/v1/lots/{part(lot['id'])}/trace", direction="back")
    key = opened["recall"]["id"]
    packed = check(server.download(f"/v1/recalls/{part(key)}/package"))
    seconds = monotonic() - started
    server.post(f"/v1/recalls/{part(key)}/close", {"reason": WHY})
    gaps = [gap["text"] for gap in (*opened["gaps"], *back["gaps"])]
    if not packed.ok:
        gaps.append("its package does not verify")
    return {
        "recall": key, "lot": lot["number"], "forward": len(opened["lots"]) - 1, "back": back["found_lots"],
        "seconds": round(seconds, 3), "late": seconds > target, "gaps": list(dict.fromkeys(gaps)),
        "passed": seconds <= target and not gaps,
    }  # fmt: skip


def _tell(found: list[dict[str, Any]], seed: int, target: float, known: int, passed: bool) -> None:
    rows = table("", "lot", "recall", "made of it", "made from", "seconds")
    for x in found:
        mark = "[green]✓[/]" if x["passed"] else "[red]✕[/]"
        late = " [red]late[/]" if x["late"] else ""
        rows.add_row(mark, x["lot"], x["recall"], str(x["forward"]), str(x["back"]), f"{x['seconds']:.2f}{late}")
    out.print(rows)
    for x in found:
        for gap in x["gaps"]:
            out.print(f"  [bold red]?[/] {x['lot']}  {gap}")
    verdict = "passed" if passed else "FAILED"
    out.print(
        f"[bold]drill {verdict}[/]: {len(found)} of {counted(known, 'lot')}, seed {seed}, target {target:g} s a lot; all mock"
    )
