"""Master data: items, bills of materials, routings and parties, as their owner tells of them, each from a day on."""

from datetime import datetime
from decimal import Decimal
from typing import Annotated, ClassVar

import msgspec

from tracemill.model.quantity import Conversion, Quantity
from tracemill.model.record import Record
from tracemill.model.work_order import Operation

From = Annotated[datetime, msgspec.Meta(tz=True)]


class Definition(Record, frozen=True):
    """What one telling says of one thing; it is about no lot."""

    kind: ClassVar[str] = ""
    valid_from: From | None = None  # None: as long as anybody remembers

    @property
    def key(self) -> str:
        raise NotImplementedError

    @property
    def subject(self) -> str:
        """Name what it is about, as people do."""
        return f"{self.kind} {self.key}"


class ItemDefined(Definition, frozen=True, kw_only=True):
    """An item: what it is, what it is counted in, and how much of it is in its other units."""

    kind: ClassVar[str] = "item"
    item: str
    text: str = ""
    material_class: str = ""
    base_unit: str = ""
    conversions: tuple[Conversion, ...] = ()

    @property
    def key(self) -> str:
        return self.item


class Component(Record, frozen=True):
    """What goes into an item, for the quantity that its bill of materials is of."""

    item: str
    quantity: Quantity | None = None


class BomDefined(Definition, frozen=True, kw_only=True):
    """What an item is made from (ISA-95 material specification of a product segment)."""

    kind: ClassVar[str] = "bom"
    item: str
    bom: str = ""  # where there are several of the item
    of: Quantity | None = None
    components: tuple[Component, ...] = ()

    @property
    def key(self) -> str:
        return f"{self.item}/{self.bom}" if self.bom else self.item


class RoutingDefined(Definition, frozen=True, kw_only=True):
    """Through which operations an item is made, and by which plans they are inspected."""

    kind: ClassVar[str] = "routing"
    item: str
    routing: str = ""
    operations: tuple[Operation, ...] = ()

    @property
    def key(self) -> str:
        return f"{self.item}/{self.routing}" if self.routing else self.item


class PartyDefined(Definition, frozen=True, kw_only=True):
    """A supplier, manufacturer, customer or carrier; `approval` is what it is approved as."""

    kind: ClassVar[str] = "party"
    party: str
    name: str = ""
    roles: tuple[str, ...] = ()
    approval: str = ""

    @property
    def key(self) -> str:
        return self.party


MASTER = (ItemDefined, BomDefined, RoutingDefined, PartyDefined)
MasterData = ItemDefined | BomDefined | RoutingDefined | PartyDefined


class Told(Record, frozen=True):
    """A definition with who told it, and when."""

    data: MasterData
    system: str
    at: datetime


def factors(found: tuple[Conversion, ...]) -> dict[tuple[str, str], Decimal]:
    """Return how much each conversion says."""
    return {(c.unit, c.to): c.factor for c in found}
