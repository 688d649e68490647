"""What the people of the plant do in Tryton: receive, put away, move, ship, consume."""

from dataclasses import dataclass
from decimal import Decimal

from tracemill.demo.tryton.client import Refused, Session, today
from tracemill.demo.tryton.seed import Plant


@dataclass(frozen=True)
class Receipt:
    shipment: int
    number: str
    lot: int


class People:
    """A user of the plant with stock, purchase and production rights, at Tryton's own client."""

    def __init__(self, plant: Plant) -> None:
        self.plant = plant
        self.session = Session(plant.base_url, plant.database, plant.warehouse_login, plant.warehouse_password)
        self.session.context = self.session.call("res.user", "get_preferences", True)

    def receive_shipment(self, lot: str, quantity: float, *, storage: str = "QUA", reference: str = "") -> Receipt:
        """Goods in: part of the open order arrives as one new lot, booked to IN. `put_away` takes it to `storage`."""
        plant, do = self.plant, self.session
        expected = self._expected(plant.purchase_order)
        row = do.create("stock.lot", number=lot, product=plant.product)
        shipment = do.create(
            "stock.shipment.in",
            company=plant.company,
            supplier=plant.supplier,
            reference=reference or f"ASN-{lot}",
            warehouse=plant.locations["WH"],
            warehouse_input=plant.locations["IN"],
            warehouse_storage=plant.locations[storage],
            incoming_moves=[["add", [expected]]],
        )
        do.write("stock.move", expected, lot=row, quantity=quantity)
        if do.press("stock.shipment.in", "receive", shipment) is not None:
            raise Refused("dialog", "an inspection is due: the shipment stays a draft")
        (found,) = do.find("stock.shipment.in", [["id", "=", shipment]], ["number"])
        return Receipt(shipment, found["number"], row)

    def _expected(self, order: int) -> int:
        """The move an order waits for. What a receipt leaves open of it becomes a new one."""
        domain = [["purchase", "=", order], ["state", "=", "draft"], ["shipment", "=", None]]
        found = self.session.find("stock.move", domain, ["id"])
        if not found:
            raise LookupError(f"purchase order {order} expects nothing more")
        return int(found[0]["id"])

    def put_away(self, shipment: int) -> None:
        """IN to the storage the shipment names."""
        self.session.press("stock.shipment.in", "do", shipment)

    def move(self, lot: int, quantity: float, source: str, target: str, *, force: bool = False) -> str:
        """An internal shipment, as far as Tryton lets it go; returns the state it reached."""
        return self._finish("stock.shipment.internal", self._internal(lot, quantity, source, target), force, "do")

    def reserve(self, number: str, quantity: float, source: str, target: str) -> int:
        """An internal shipment that is assigned and waits for somebody to carry it; returns its id."""
        (lot,) = self.session.find("stock.lot", [["number", "=", number]], ["id"])
        shipment = self._internal(lot["id"], quantity, source, target)
        if self._finish("stock.shipment.internal", shipment, False) != "assigned":
            raise LookupError(f"{quantity:g} of {number} cannot be reserved in {source}")
        return shipment

    def cancel(self, shipment: int) -> None:
        """An internal shipment is not needed after all."""
        self.session.press("stock.shipment.internal", "cancel", shipment)

    def _internal(self, lot: int, quantity: float, source: str, target: str) -> int:
        plant, do = self.plant, self.session
        shipment = do.create(
            "stock.shipment.internal",
            company=plant.company,
            from_location=plant.locations[source],
            to_location=plant.locations[target],
            planned_date=today(),
            planned_start_date=today(),
            moves=[["create", [self._moving(lot, quantity, source, target)]]],
        )
        do.press("stock.shipment.internal", "wait", shipment)
        return shipment

    def ship(self, lot: int, quantity: float, source: str = "STO", *, force: bool = False) -> str:
        """A delivery to the customer out of `source`; returns the state it reached."""
        plant, do = self.plant, self.session
        (address,) = do.find("party.address", [["party", "=", plant.customer]], ["id"])
        outgoing = self._moving(lot, quantity, "OUT", "CUS")
        outgoing |= {"currency": plant.currency, "unit_price": Decimal(1)}
        shipment = do.create(
            "stock.shipment.out",
            company=plant.company,
            customer=plant.customer,
            delivery_address=address["id"],
            warehouse=plant.locations["WH"],
            warehouse_storage=plant.locations[source],
            warehouse_output=plant.locations["OUT"],
            planned_date=today(),
            outgoing_moves=[["create", [outgoing]]],
        )
        do.press("stock.shipment.out", "wait", shipment)
        return self._finish("stock.shipment.out", shipment, force, "pick", "pack", "do")

    def consume(self, lot: int, quantity: float, source: str = "STO", *, force: bool = False) -> str:
        """A production order that takes the lot as its input; returns the state it reached."""
        plant, do = self.plant, self.session
        production = do.create(
            "production",
            company=plant.company,
            type="assembly",
            warehouse=plant.locations["WH"],
            location=plant.locations["PROD"],
            planned_date=today(),
            planned_start_date=today(),
            inputs=[["create", [self._moving(lot, quantity, source, "PROD")]]],
        )
        do.press("production", "wait", production)
        return self._finish("production", production, force, "run", "do")

    def _moving(self, lot: int, quantity: float, source: str, target: str) -> dict[str, object]:
        return {
            "product": self.plant.product,
            "lot": lot,
            "quantity": quantity,
            "unit": self.plant.unit,
            "from_location": self.plant.locations[source],
            "to_location": self.plant.locations[target],
            "company": self.plant.company,
        }

    def _finish(self, model: str, row: int, force: bool, *buttons: str) -> str:
        """Assign, and go on only if Tryton found the stock: `assign_try` answers the same either way."""
        self.session.press(model, "assign_force" if force else "assign_try", row)
        if self._state(model, row) == "assigned":
            for button in buttons:
                self.session.press(model, button, row)
        return self._state(model, row)

    def _state(self, model: str, row: int) -> str:
        (found,) = self.session.find(model, [["id", "=", row]], ["state"])
        return str(found["state"])
