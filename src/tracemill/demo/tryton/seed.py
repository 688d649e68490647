"""The plant in Tryton: company, people, places, a material, its supplier, an order. Run twice, it changes nothing."""

import secrets
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date
from decimal import Decimal
from pathlib import Path
from typing import Any

from tracemill.demo.tryton.client import Rest, Session
from tracemill.demo.tryton.order import place_order
from tracemill.demo.tryton.server import Server

# All the integration needs: it moves stock, and reads the orders that receipts belong to.
# A right that is missing shows as a field that is missing from the answer; no error says so.
HUB_GROUPS = ("Stock",)
# The people of the plant: receive, move, ship, make. None of them may force an assignment.
WAREHOUSE_GROUPS = ("Stock", "Purchase", "Production", "Quality")


@dataclass(frozen=True)
class Plant:
    """What demo and tests need to know of the seeded Tryton. Ids are Tryton's own and differ between databases."""

    base_url: str
    database: str
    hub_key: str = field(repr=False)
    hub_user: int
    warehouse_login: str
    warehouse_password: str = field(repr=False)
    company: int
    currency: int
    locations: Mapping[str, int]  # by code: WH IN STO OUT QUA REJ SUP CUS PROD
    product: int
    product_code: str
    unit: int
    supplier: int
    supplier_name: str
    customer: int
    purchase_order: int
    purchase_order_number: str

    def hub(self) -> Rest:
        return Rest(self.base_url, self.database, self.hub_key)


def seed(server: Server) -> Plant:
    admin = Session(server.base_url, server.database, "admin", server.admin_password)
    currency = _currency(admin)
    company = _one(admin, "company.company") or admin.create(
        "company.company", party=_party(admin, "Resin & Caps GmbH"), currency=currency, timezone="UTC"
    )
    _belongs(admin, admin.user, company, _employee(admin, "Administrator", company))
    admin.context = {"company": company}
    _numbering(admin)
    hub_user = _user(admin, "hub", None, company, _employee(admin, "Hub", company), HUB_GROUPS)
    password = _kept_password(server.folder / "warehouse-password")
    worker = _employee(admin, "Wanda Warehouse", company)
    _user(admin, "warehouse", password, company, worker, WAREHOUSE_GROUPS)
    kilogram = _required(admin, "product.uom", ["symbol", "=", "kg"])
    terms: dict[str, Any] = {
        "company": company,
        "currency": currency,
        "locations": _locations(admin),
        "product": _product(admin, "RM-RESIN", "Resin", kilogram, purchasable=True, purchase_uom=kilogram),
        "unit": kilogram,
        "supplier": _party(admin, "Acme Resins"),
    }
    order, number = place_order(admin, "RESIN-2026", 10_000.0, terms)
    return Plant(
        base_url=server.base_url,
        database=server.database,
        hub_key=application_key(admin, hub_user),
        hub_user=hub_user,
        warehouse_login="warehouse",
        warehouse_password=password,
        product_code="RM-RESIN",
        supplier_name="Acme Resins",
        customer=_party(admin, "Bottler Co"),
        purchase_order=order,
        purchase_order_number=number,
        **terms,
    )


def _one(admin: Session, model: str, *domain: Sequence[object]) -> int | None:
    found = admin.find(model, domain, ["id"])
    return int(found[0]["id"]) if found else None


def _required(admin: Session, model: str, *domain: Sequence[object]) -> int:
    found = _one(admin, model, *domain)
    if found is None:
        raise LookupError(f"Tryton has no {model} with {domain}")
    return found


def _currency(admin: Session) -> int:
    return _one(admin, "currency.currency", ["code", "=", "EUR"]) or admin.create(
        "currency.currency",
        name="Euro",
        symbol="€",
        code="EUR",
        numeric_code="978",
        rounding=Decimal("0.01"),
        digits=2,
        rates=[["create", [{"date": date(2020, 1, 1), "rate": Decimal(1)}]]],
    )


def _party(admin: Session, name: str) -> int:
    return _one(admin, "party.party", ["name", "=", name]) or admin.create(
        "party.party", name=name, addresses=[["create", [{"street": "1 Main Street", "city": "Harbour"}]]]
    )


def _employee(admin: Session, name: str, company: int) -> int:
    return _one(admin, "company.employee", ["party.name", "=", name]) or admin.create(
        "company.employee", party=_party(admin, name), company=company
    )


def _belongs(admin: Session, user: int, company: int, employee: int) -> None:
    admin.write(
        "res.user",
        user,
        companies=[["add", [company]]],
        company=company,
        employees=[["add", [employee]]],
        employee=employee,
    )


def _numbering(admin: Session) -> None:
    """Numbers a person can tell apart: PO-00001, not 1 for everything."""
    prefixes = {"Purchase": "PO-", "Supplier Shipment": "SI-", "Internal Shipment": "INT-", "Customer Shipment": "DEL-"}
    for row in admin.find("ir.sequence", [["name", "in", list(prefixes)], ["prefix", "=", None]], ["name"]):
        admin.write("ir.sequence", row["id"], prefix=prefixes[row["name"]], padding=5)


def _user(admin: Session, login: str, password: str | None, company: int, employee: int, groups: Sequence[str]) -> int:
    user = _one(admin, "res.user", ["login", "=", login])
    if user is None:
        wanted = [_required(admin, "res.group", ["name", "=", group]) for group in groups]
        secret = {"password": password} if password else {}
        user = admin.create("res.user", name=login, login=login, groups=[["add", wanted]], **secret)
        _belongs(admin, user, company, employee)
    return user


def _kept_password(path: Path) -> str:
    if not path.exists():
        path.touch(mode=0o600)
        path.write_text(secrets.token_urlsafe(18))
    return path.read_text()


def application_key(admin: Session, user: int) -> str:
    """A key made by an administrator is valid at once; one a user asks for waits for `validate_`."""
    domain = [["user", "=", user], ["application", "=", "rest"], ["state", "=", "validated"]]
    if not admin.find("res.user.application", domain, ["id"]):
        admin.create("res.user.application", user=user, application="rest")
    return str(admin.find("res.user.application", domain, ["key"])[0]["key"])


def _locations(admin: Session) -> dict[str, int]:
    """Tryton has no quality status on a lot: quarantined and rejected are places."""
    warehouse = _required(admin, "stock.location", ["code", "=", "WH"])
    for code, name in (("QUA", "Quarantine"), ("REJ", "Rejected")):
        if not _one(admin, "stock.location", ["code", "=", code]):
            admin.create("stock.location", name=name, code=code, type="storage", parent=warehouse)
    rows = admin.find("stock.location", [["code", "!=", None]], ["code"])
    return {row["code"]: row["id"] for row in rows}


def _product(admin: Session, code: str, name: str, unit: int, **more: object) -> int:
    found = _one(admin, "product.product", ["code", "=", code])
    if found is None:
        template = admin.create(
            "product.template",
            code=code,
            name=name,
            type="goods",
            default_uom=unit,
            list_price=Decimal(10),
            lot_required=["supplier", "customer", "storage", "production"],
            products=[["create", [{"suffix_code": ""}]]],
            **more,
        )
        found = _required(admin, "product.product", ["template", "=", template])
    return found
