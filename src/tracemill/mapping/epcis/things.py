"""What an EPCIS event names: lots, serials, handling units, places, parties and documents, in the hub's plain words."""

from collections.abc import Iterator, Mapping
from typing import Any

from tracemill.mapping.epcis import vocabulary as cbv
from tracemill.mapping.epcis.namespaces import Namespaces
from tracemill.model.gs1 import Gs1
from tracemill.model.percent import decoded
from tracemill.model.quantity import BadQuantity, amount, show
from tracemill.model.record import Record
from tracemill.model.scanned import canonical_link, named

PIECE = "C62"  # a count without a unit is a count of pieces (UN/ECE Rec 20: one)
_TRANSACTION = "urn:epcglobal:cbv:bt:"
_NOTHING = Gs1(elements=())
_MASTER_DATA = ("urn:epcglobal:cbv:mda:", "urn:epcglobal:cbv:mda", "urn:epcglobal:cbv:mda#")
_EXPIRY = ("itemExpirationDate", "expirationDate", "bestBeforeDate", "sellByDate")


class Thing(Record, frozen=True):
    """One thing an event is about: its id byte for byte, what GS1 says of it, and how much of it."""

    id: str
    item: str = ""
    lot: str = ""
    serial: str = ""
    unit: bool = False
    amount: str = ""
    uom: str = ""

    @property
    def is_class(self) -> bool:
        """An item without lot or serial: what was used is known, which is not."""
        return bool(self.item) and not self.lot and not self.serial

    @property
    def ref(self) -> dict[str, Any]:
        """Refer to it as a lot (LotRef), with the canonical name that all its GS1 names share as an alias."""
        found: dict[str, Any] = {"id": self.id}
        if self.item:
            found["item"] = self.item
            found["aliases"] = [{"system": "gs1", "id": canonical_link(self.id), "item": self.item}]
        return found

    @property
    def quantity(self) -> dict[str, str] | None:
        return {"amount": self.amount, "unit": self.uom or PIECE} if self.amount else None


def thing(uri: str, much: str = "", uom: str = "") -> Thing:
    """Read a URI as a thing; a URI of somebody else's making stays a lot named by it."""
    gs1 = named(uri) or _NOTHING
    return Thing(
        id=uri, item=gs1.gtin, lot=gs1.lot, serial=gs1.serial, unit=bool(gs1.sscc or gs1.get("8003")), amount=much, uom=uom
    )  # fmt: skip


def things(event: Mapping[str, Any], epcs: str, quantities: str) -> Iterator[Thing]:
    """Yield everything that two lists of an event name: each EPC is one piece."""
    for uri in event.get(epcs) or ():
        yield thing(uri, "1", PIECE)
    for element in event.get(quantities) or ():
        yield thing(element["epcClass"], _amount(element.get("quantity")), element.get("uom", ""))


def _amount(value: object) -> str:
    """Write a quantity as exact text; one that no ledger could book is as good as none."""
    try:
        number = amount(str(value))
    except BadQuantity:
        return ""
    return show(number) if number >= 0 else ""


def document_number(event: Mapping[str, Any], *types: str) -> str:
    """Return the first document of one of these types: the number alone where CBV's URN carries it, else the whole URI."""
    for wanted in types:
        for one in event.get("bizTransactionList") or ():
            if cbv.TRANSACTION_TYPE.bare(one.get("type", "")) == wanted:
                return transaction_number(one["bizTransaction"])
    return ""


def transaction_number(uri: str) -> str:
    """Read urn:epcglobal:cbv:bt:{GLN}:{number} (CBV 2.0, section 8)."""
    number = uri.removeprefix(_TRANSACTION).partition(":")[2] if uri.startswith(_TRANSACTION) else ""
    try:
        return decoded(number) or uri
    except ValueError:
        return uri


def party(event: Mapping[str, Any], side: str) -> str:
    """Return who owns, else who holds, what comes from or goes to a side (`source` or `destination`)."""
    parties = {cbv.PARTY_TYPE.bare(one["type"]): str(one[side]) for one in event.get(f"{side}List") or ()}
    return parties.get("owning_party") or parties.get("possessing_party") or ""


def place(event: Mapping[str, Any]) -> str:
    """Return where things are after the event, else where it was observed."""
    for field in ("bizLocation", "readPoint"):
        if event.get(field):
            return str(event[field]["id"])
    return ""


def master_data(event: Mapping[str, Any], names: Namespaces) -> dict[str, str]:
    """Return what the event says of new lots (ilmd), by the local names of CBV master data."""
    found = {}
    for key, value in (event.get("ilmd") or {}).items():
        namespace, _, local = names.key(key).rpartition("}")
        if namespace.removeprefix("{") in _MASTER_DATA and isinstance(value, str):
            found[local] = value
    return found


def expiry(master: Mapping[str, str]) -> str:
    return next((master[name][:10] for name in _EXPIRY if master.get(name)), "")
