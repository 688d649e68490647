"""Makes held places a fence. Out of the box QUA and REJ are mere names: who picks one as the source may ship from it.

Four record rules, data any Tryton administrator can enter, refuse that to everybody outside one group:
goods come in to QUA only, and nothing leaves IN, QUA or REJ but by the group, by put-away or back to the supplier.
"""

import json
from collections.abc import Sequence

from tracemill.demo.tryton.client import Session
from tracemill.demo.tryton.seed import Plant
from tracemill.demo.tryton.server import Server

GROUP = "Held Stock"
_NAME = "Held stock is moved by quality only"
_HELD = ["IN", "QUA", "REJ"]
_FENCE: dict[str, Sequence[object]] = {
    "stock.shipment.in": [["warehouse_storage.code", "=", "QUA"]],
    "stock.shipment.out": [["warehouse_storage.code", "not in", _HELD]],
    "stock.shipment.internal": [["from_location.code", "not in", _HELD]],
    # Production takes its inputs by moves; supplier shipments and returns have moves out of held places of their own.
    "stock.move": ["OR", ["from_location.code", "not in", _HELD], ["shipment", "like", "stock.shipment.in%"]],
}


def raise_guard(server: Server, plant: Plant) -> None:
    """Puts the rules in place, with the hub's user in the group. Twice does no harm."""
    admin = Session(server.base_url, server.database, "admin", server.admin_password)
    known = admin.find("res.group", [["name", "=", GROUP]], ["id"])
    group = known[0]["id"] if known else admin.create("res.group", name=GROUP)
    admin.write("res.user", plant.hub_user, groups=[["add", [group]]])
    standing = {row["model"] for row in admin.find("ir.rule.group", [["name", "=", _NAME]], ["model"])}
    for model in _FENCE.keys() - standing:
        admin.create(
            "ir.rule.group",
            name=_NAME,
            model=model,
            global_p=True,
            perm_read=False,
            perm_delete=False,
            rules=[["create", [{"domain": _unless_in(group, _FENCE[model])}]]],
        )


def lower_guard(server: Server) -> None:
    admin = Session(server.base_url, server.database, "admin", server.admin_password)
    rules = [row["id"] for row in admin.find("ir.rule.group", [["name", "=", _NAME]], ["id"])]
    admin.call("ir.rule.group", "delete", rules)


def _unless_in(group: int, domain: Sequence[object]) -> str:
    """The domain as a rule stores it (PYSON): nothing is asked of the group's own users."""
    groups = {"__class__": "Eval", "v": "groups", "d": []}
    member = {"__class__": "In", "k": group, "v": groups}
    return json.dumps({"__class__": "If", "c": member, "t": [], "e": domain})
