"""Quantities: exact decimals with a unit (UN/ECE Recommendation 20 codes), and conversions that are declared, never guessed."""

from collections.abc import Collection, Mapping
from decimal import Decimal, InvalidOperation

from tracemill.model.record import Record

MAX_DIGITS = 18

# UN/ECE Recommendation 20 common codes: dimension and factor to the dimension's base unit.
UNITS: dict[str, tuple[str, Decimal]] = {
    "MGM": ("mass", Decimal("0.000001")),
    "GRM": ("mass", Decimal("0.001")),
    "KGM": ("mass", Decimal(1)),
    "TNE": ("mass", Decimal(1000)),
    "LBR": ("mass", Decimal("0.45359237")),
    "ONZ": ("mass", Decimal("0.028349523125")),
    "MLT": ("volume", Decimal("0.001")),
    "LTR": ("volume", Decimal(1)),
    "HLT": ("volume", Decimal(100)),
    "MTQ": ("volume", Decimal(1000)),
    "MMT": ("length", Decimal("0.001")),
    "CMT": ("length", Decimal("0.01")),
    "MTR": ("length", Decimal(1)),
    "KMT": ("length", Decimal(1000)),
    "MTK": ("area", Decimal(1)),
    "C62": ("count", Decimal(1)),
    "H87": ("count", Decimal(1)),
    "EA": ("count", Decimal(1)),
    "DZN": ("count", Decimal(12)),
}

# Packages (UN/ECE Rec 20, Rec 21 with its X, and what systems write for them): only an item says how much is in one.
PACKAGES: dict[str, str] = {
    "DRM": "drums", "BX": "boxes", "PAL": "pallets", "BG": "bags", "CT": "cartons",
    "XDR": "drums", "XBX": "boxes", "XPX": "pallets", "XBG": "bags", "XCT": "cartons",
}  # fmt: skip

# What systems write for the same unit; a pack or a site adds its own.
ALIASES: dict[str, str] = {
    "kg": "KGM", "KG": "KGM", "g": "GRM", "G": "GRM", "mg": "MGM", "t": "TNE", "TO": "TNE", "lb": "LBR", "LB": "LBR",
    "oz": "ONZ", "l": "LTR", "L": "LTR", "ml": "MLT", "ML": "MLT", "hl": "HLT", "m3": "MTQ", "m": "MTR", "M": "MTR",
    "mm": "MMT", "cm": "CMT", "km": "KMT", "m2": "MTK", "u": "C62", "pc": "C62", "PC": "C62", "pcs": "C62", "ST": "C62",
    "EA": "EA", "ea": "EA", "each": "EA", "Unit": "C62", "dz": "DZN",
}  # fmt: skip

NAMES: dict[str, str] = {
    "KGM": "kg", "GRM": "g", "MGM": "mg", "TNE": "t", "LBR": "lb", "ONZ": "oz", "LTR": "l", "MLT": "ml", "HLT": "hl",
    "MTQ": "m³", "MTR": "m", "MMT": "mm", "CMT": "cm", "KMT": "km", "MTK": "m²", "C62": "pcs", "H87": "pcs", "EA": "pcs",
    "DZN": "dozen", **PACKAGES,
}  # fmt: skip


class BadQuantity(ValueError):
    """A value that is not an exact, finite, plainly written decimal number."""


class UnknownUnit(ValueError):
    """A unit that is neither a UN/ECE Rec 20 code nor declared by a pack or a site."""


class NotComparable(ValueError):
    """Two units of different dimension without a conversion declared for the item; `hint` is what mends it."""

    def __init__(self, text: str, hint: str = "") -> None:
        super().__init__(text)
        self.hint = hint


class Quantity(Record, frozen=True):
    """An amount in a unit of UN/ECE Rec 20."""

    amount: Decimal
    unit: str

    def __str__(self) -> str:
        return f"{show(self.amount)} {NAMES.get(self.unit, self.unit)}"


def show(amount: Decimal) -> str:
    """Write an amount without exponent and without trailing zeros."""
    text = f"{amount:f}"
    return text.rstrip("0").rstrip(".") if "." in text else text


def amount(value: object) -> Decimal:
    """Read an exact amount from text, integer or Decimal; raise BadQuantity for anything that could mean two things."""
    if isinstance(value, bool) or not isinstance(value, str | int | Decimal):
        raise BadQuantity(f'quantity {value!r} is a {type(value).__name__}; write it as decimal text such as "1.5"')
    try:
        number = Decimal(value)
    except InvalidOperation:
        hint = "; use a decimal point" if isinstance(value, str) and "," in value else ""
        raise BadQuantity(f"quantity {value!r} is not a decimal number{hint}") from None
    if not number.is_finite():
        raise BadQuantity(f"quantity {value!r} is not finite")
    if number and abs(number.adjusted()) >= MAX_DIGITS:
        raise BadQuantity(f"quantity {value!r} is out of range (18 digits on either side of the point)")
    return number


def unit_code(text: str, aliases: Mapping[str, str] | None = None, declared: Collection[str] = ()) -> str:
    """Return the code for what a system writes: of UN/ECE Rec 20, or as the site declares it; raise UnknownUnit otherwise."""
    code = (aliases or {}).get(text) or (text if text in declared else ALIASES.get(text, text))
    if code not in UNITS and code not in PACKAGES and code not in declared:
        raise UnknownUnit(f"unit {text!r} is not known: no code of UN/ECE Rec 20, and nobody declares it")
    return code


class Conversion(Record, frozen=True):
    """One declared conversion of an item: 1 `unit` = `factor` `to` (1 DRM = 25 KGM)."""

    unit: str
    to: str
    factor: Decimal


def to_unit(quantity: Quantity, unit: str, conversions: tuple[Conversion, ...] = ()) -> Quantity:
    """Express a quantity in another unit; raise NotComparable where neither physics nor the item declares how."""
    if quantity.unit == unit:
        return quantity
    for c in conversions:
        if (c.unit, c.to) == (quantity.unit, unit):
            return Quantity(amount=quantity.amount * c.factor, unit=unit)
        if (c.to, c.unit) == (quantity.unit, unit):
            return Quantity(amount=quantity.amount / c.factor, unit=unit)
    mine, other = UNITS.get(quantity.unit), UNITS.get(unit)
    if mine is None or other is None or mine[0] != other[0]:
        raise NotComparable(f"{quantity} cannot be compared in {NAMES.get(unit, unit)}: declare a conversion for the item")
    return Quantity(amount=(quantity.amount * mine[1] / other[1]).normalize() + 0, unit=unit)
