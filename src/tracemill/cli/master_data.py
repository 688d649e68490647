"""Items at the terminal."""

from typing import Annotated, Any

import typer

from tracemill.cli.client import part
from tracemill.cli.options import HERE, Json, Project, Url, hub
from tracemill.cli.terminal import OK, clock, out, show_json, shown, table, unit


def items(project: Project = HERE, url: Url = "", as_json: Json = False) -> int:
    """List the items that their owner told of, as they count now."""
    page = hub(project, url).get("/v1/items")
    if as_json:
        show_json(page)
        return OK
    rows = table("item", "text", "class", "counted in", "conversions", "from")
    for v in shown(page)["items"]:
        i = v["item"]
        begins = _since(i) if v["in_force"] else f"only from {_since(i)}"
        rows.add_row(
            i["item"], i.get("text", "–"), i.get("material_class", "–"), unit(i.get("base_unit", "")) or "–", _factors(i), begins
        )
    out.print(rows)
    out.print(page["showing"])
    return OK


def item(
    name: Annotated[str, typer.Argument(metavar="ITEM")], project: Project = HERE, url: Url = "", as_json: Json = False
) -> int:
    """Show an item: what counts now, what counted before and begins later, its bills of materials and routings."""
    view = hub(project, url).get(f"/v1/items/{part(name)}", otherwise="tracemill items")
    if as_json:
        show_json(view)
        return OK
    view = shown(view)
    for v in view["versions"]:
        i = v["item"]
        told = ", ".join(filter(None, (i.get("text"), i.get("material_class"), unit(i.get("base_unit", "")), _factors(i))))
        out.print(f"[bold]{view['item']}[/]  {told}  [dim]{_mark(v, i)}, {v['system']}[/]")
    for v in view["boms"]:
        parts = ", ".join(f"{_quantity(c.get('quantity'))}{c['item']}" for c in v["bom"].get("components", []))
        out.print(f"  made from  {parts}  [dim]{_mark(v, v['bom'])}, {v['system']}[/]")
    for v in view["routings"]:
        steps = " → ".join(_step(o) for o in v["routing"].get("operations", []))
        out.print(f"  made by  {steps}  [dim]{_mark(v, v['routing'])}, {v['system']}[/]")
    return OK


def _since(found: dict[str, Any]) -> str:
    return clock(found["valid_from"]) if found.get("valid_from") else "always"


def _mark(version: dict[str, Any], found: dict[str, Any]) -> str:
    return f"{'counts' if version['in_force'] else 'does not count now'}, from {_since(found)}"


def _factors(found: dict[str, Any]) -> str:
    said = [f"1 {unit(c['unit'])} = {c['factor']} {unit(c['to'])}" for c in found.get("conversions", [])]
    return ", ".join(said) or ""


def _quantity(found: dict[str, Any] | None) -> str:
    return f"{found['amount']} {unit(found['unit'])} " if found else ""


def _step(found: dict[str, Any]) -> str:
    plan = f" (inspected by {found['plan']})" if found.get("plan") else ""
    return " ".join(filter(None, (found["operation"], found.get("machine")))) + plan
