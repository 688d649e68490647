"""What the plant buys and makes: items, suppliers and purchase orders, known to the ERP from its first start."""

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Item:
    id: str
    text: str
    kind: str
    uom: str


@dataclass(frozen=True, slots=True)
class Order:
    """One line of a purchase order, with what its delivery note will say unless the clerk types something else."""

    po: str
    line: str
    supplier: str
    material: str
    supplier_batch: str = ""
    certificate: str = ""


ITEMS = {
    item.id: item
    for item in (
        Item("4711", "Citric acid", "raw-chemical", "KG"),
        Item("4712", "Sodium benzoate", "raw-chemical", "KG"),
        Item("4720", "Glycerol 99.5 %", "raw-chemical", "KG"),
        Item("4730", "Lemon flavour", "flavour", "KG"),
        Item("6100", "Bottle 500 ml PET", "packaging", "PC"),
        Item("8100", "Lemon base", "finished", "KG"),
    )
}

SUPPLIERS = {"ACME": "Acme Chemicals", "BRENN": "Brenner Feinchemie", "NORD": "Nordic Packaging"}

STORY = Order("4500012345", "10", "ACME", "4711", "ACM/7731", "COA-7731.pdf")

ORDERS = (
    STORY,
    Order("4500012301", "10", "ACME", "4711"),
    Order("4500012302", "10", "BRENN", "4712"),
    Order("4500012303", "10", "BRENN", "4720"),
    Order("4500012304", "10", "ACME", "4730"),
    Order("4500012305", "10", "NORD", "6100"),
)
