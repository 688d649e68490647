"""The books: what stands where and what was moved, as Tryton itself tells it, apart from the hub."""

from dataclasses import dataclass
from typing import Any

from tracemill.demo.tryton.client import Rest


@dataclass(frozen=True)
class Books:
    """Looks a lot up by its number."""

    rest: Rest

    def stands(self, number: str) -> dict[str, str]:
        """Return how much of a lot stands in each place, in kg, without empty places."""
        context = {"lot": self._lot(number), "with_childs": False}  # parents would count their children again
        domain = [["type", "=", "storage"], ["quantity", "!=", 0]]
        rows = self.rest.find("stock.location", domain, ["code", "quantity"], context=context).body
        return {row["code"]: f"{row['quantity']:g}" for row in rows}

    def transfers(self, number: str) -> list[dict[str, Any]]:
        """Return the internal shipments of a lot that the hub made, the oldest first."""
        domain = [["moves.lot", "=", self._lot(number)], ["create_uid.login", "=", "hub"]]
        fields = ("number", "state", "from_location.code", "to_location.code")
        found: list[dict[str, Any]] = self.rest.find("stock.shipment.internal", domain, fields, order=[["id", "ASC"]]).body
        return found

    def moved(self, number: str) -> list[str]:
        """Return each transfer of the hub as `QUA>STO done`."""
        return [f"{t['from_location']['code']}>{t['to_location']['code']} {t['state']}" for t in self.transfers(number)]

    def _lot(self, number: str) -> int:
        found = self.rest.find("stock.lot", [["number", "=", number]], ["id"]).body
        if not found:
            raise KeyError(f"Tryton has no lot {number}")
        return int(found[0]["id"])
