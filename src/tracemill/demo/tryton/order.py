"""A purchase order, confirmed: the moves that receipts are booked on exist afterwards."""

from collections.abc import Mapping
from decimal import Decimal
from typing import Any

from tracemill.demo.tryton.client import Session, today


def place_order(session: Session, reference: str, quantity: float, terms: Mapping[str, Any]) -> tuple[int, str]:
    """Id and number of the order with this reference, made if need be. `terms`: company, currency, supplier ..."""
    order = _with_reference(session, reference)
    if order is None:
        (address,) = session.find("party.address", [["party", "=", terms["supplier"]]], ["id"])
        line = {"type": "line", "product": terms["product"], "quantity": quantity, "unit": terms["unit"]}
        order = session.create(
            "purchase.purchase",
            reference=reference,
            party=terms["supplier"],
            invoice_address=address["id"],
            company=terms["company"],
            currency=terms["currency"],
            warehouse=terms["locations"]["WH"],
            invoice_method="manual",  # no chart of accounts is needed
            purchase_date=today(),
            lines=[["create", [line | {"unit_price": Decimal("2.5")}]]],
        )
    for state, button in (("draft", "quote"), ("quotation", "confirm"), ("confirmed", "process")):
        if session.find("purchase.purchase", [["id", "=", order], ["state", "=", state]], ["id"]):
            session.press("purchase.purchase", button, order)
    return order, str(session.find("purchase.purchase", [["id", "=", order]], ["number"])[0]["number"])


def _with_reference(session: Session, reference: str) -> int | None:
    found = session.find("purchase.purchase", [["reference", "=", reference]], ["id"])
    return int(found[0]["id"]) if found else None
