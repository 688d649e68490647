"""The REST calls under proof, as the pack will make them."""

from datetime import datetime
from typing import Any

from tracemill.demo.tryton import Answer, Plant, Rest
from tracemill.demo.tryton.client import today

INTERNAL = "model/stock.shipment.internal"
SHIPMENT = ("number", "reference", "state", "write_uid.login", "moves.state", "moves.quantity", "moves.lot.number")
RECEIVED = (
    *("number", "reference", "state", "supplier.name", "warehouse_storage.code", "last_modified_at", "write_uid.login"),
    *("incoming_moves.id", "incoming_moves.state", "incoming_moves.lot.number", "incoming_moves.product.code"),
    *("incoming_moves.quantity", "incoming_moves.unit.symbol", "incoming_moves.to_location.code"),
    "incoming_moves.purchase.number",
)
BY_TIME = [["last_modified_at", "ASC"], ["id", "ASC"]]


def balance(hub: Rest, lot: int) -> dict[str, float]:
    """b: one lot, all places, one GET. Without `lot` in the context every quantity is null; parents sum their children."""
    answer = hub.find(
        "stock.location",
        [["type", "=", "storage"], ["quantity", "!=", 0]],
        ["code", "quantity"],
        context={"lot": lot, "with_childs": False},
    )
    return {row["code"]: row["quantity"] for row in answer.body}


def create(hub: Rest, plant: Plant, token: str, lot: int | None, quantity: float, target: str = "STO") -> Answer:
    places = {"from_location": plant.locations["QUA"], "to_location": plant.locations[target]}
    move = {"product": plant.product, "lot": lot, "quantity": quantity, "unit": plant.unit, "company": plant.company}
    body = {
        "company": plant.company,
        "reference": token,
        "planned_date": today().isoformat(),
        "planned_start_date": today().isoformat(),
        **places,
        "moves": [["create", [move | places]]],
    }
    return hub.call("POST", INTERNAL, fields(*SHIPMENT), body)


def press(hub: Rest, shipment: int, button: str) -> Answer:
    return hub.call("POST", f"{INTERNAL}/{shipment}/{button}", fields(*SHIPMENT), {})


def find(hub: Rest, token: str) -> list[dict[str, Any]]:
    found: list[dict[str, Any]] = hub.find("stock.shipment.internal", [["reference", "=", token]], SHIPMENT).body
    return found


def fields(*names: str) -> list[tuple[str, str]]:
    return [("f", name) for name in names]


def since(mark: datetime) -> list[object]:
    """Tryton answers times as objects and takes them as ISO text too."""
    return ["last_modified_at", ">=", mark.isoformat()]
