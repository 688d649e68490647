"""GS1 identification: what a label, a Digital Link or an EPC says, as Application Identifiers and their values."""

import calendar
from datetime import date
from decimal import Decimal

from tracemill.model.gs1_ais import AIS, fault_of
from tracemill.model.quantity import Quantity
from tracemill.model.record import Record

# Trade measures (AI 31nn to 36nn) in units of UN/ECE Rec 20, by the AI's first three digits.
_MEASURES = {
    "310": "KGM", "311": "MTR", "314": "MTK", "315": "LTR", "316": "MTQ", "320": "LBR", "330": "KGM", "331": "MTR",
    "334": "MTK", "335": "LTR", "336": "MTQ", "340": "LBR",
}  # fmt: skip
_NET_WEIGHT = ("310", "320")
_GLNS = ("414", "410", "411", "412", "413", "415", "416", "417")


class BadGs1(ValueError):
    """A text that is meant as GS1 identification and is not: which AI, at which character, and why."""

    def __init__(self, cause: str, position: int = 0, ai: str = "") -> None:
        self.cause, self.position, self.ai = cause, position, ai
        about = f"({ai}) {AIS[ai].title}: " if ai in AIS else ""
        super().__init__(f"{about}{cause} (character {position + 1})")


class Gs1(Record, frozen=True):
    """Application Identifiers and their values, in the order read; every value byte for byte."""

    elements: tuple[tuple[str, str], ...]

    def get(self, ai: str) -> str:
        """Return the value of an AI, or nothing."""
        for code, value in self.elements:
            if code == ai:
                return value
        return ""

    @property
    def gtin(self) -> str:
        """The GTIN of 14 digits: of the item (01), the piece of one (8006) or the content (02)."""
        return self.get("01") or self.get("8006")[:14] or self.get("02")

    @property
    def lot(self) -> str:
        return self.get("10")

    @property
    def serial(self) -> str:
        return self.get("21") or self.get("235")

    @property
    def sscc(self) -> str:
        return self.get("00")

    @property
    def gln(self) -> str:
        """The first GLN: of a place (414) before those of parties."""
        return next((value for ai in _GLNS if (value := self.get(ai))), "")

    @property
    def count(self) -> int | None:
        return int(text) if (text := self.get("37") or self.get("30")) else None

    @property
    def order(self) -> str:
        return self.get("400")

    @property
    def additional_item(self) -> str:
        return self.get("240")

    @property
    def customer_part(self) -> str:
        return self.get("241")

    @property
    def weight(self) -> Quantity | None:
        """The net weight (310n, 320n)."""
        return next((self.measure(ai) for ai, _ in self.elements if ai[:3] in _NET_WEIGHT and len(ai) == 4), None)

    def measure(self, ai: str) -> Quantity | None:
        """Read a trade measure: the AI's last digit says how many decimals its six digits have (section 3.6)."""
        value, unit = self.get(ai), _MEASURES.get(ai[:3])
        if not value or unit is None or len(ai) != 4:
            return None
        return Quantity(amount=Decimal(int(value)).scaleb(-int(ai[3])), unit=unit)

    def day(self, ai: str, year: int) -> date | None:
        """Read a date (YYMMDD) as seen in a year; day 00 is the last day of its month (section 7.12)."""
        value = self.get(ai)[:6]
        return day_of(value, year) if value else None

    def expiry(self, year: int) -> date | None:
        return self.day("17", year) or self.day("7003", year)

    def production(self, year: int) -> date | None:
        return self.day("11", year)


def day_of(text: str, year: int) -> date:
    """Read YYMMDD in the century that puts it at most 49 years ahead and 50 back of `year` (section 7.12)."""
    two, month, day = int(text[:2]), int(text[2:4]), int(text[4:6])
    ahead = two - year % 100
    century = year - year % 100 + (-100 if ahead >= 51 else 100 if ahead <= -50 else 0)
    return date(century + two, month, day or calendar.monthrange(century + two, month)[1])


def identified(elements: list[tuple[str, str]], positions: list[int], checked: bool = True) -> Gs1:
    """Check each value and the whole; raise BadGs1 at the first that is wrong. `positions` say where each value began."""
    seen: dict[str, str] = {}
    for (ai, value), at in zip(elements, positions, strict=True):
        if fault := fault_of(AIS[ai], value, checked):
            raise BadGs1(f"{value!r} {fault.cause}", at + fault.position, ai)
        if seen.setdefault(ai, value) != value:
            raise BadGs1(f"{value!r} contradicts {seen[ai]!r}, read before", at, ai)
    return Gs1(elements=tuple(seen.items()))


def gtin14(text: str) -> str:
    """Write a GTIN of 8, 12 or 13 digits as 14; anything else as it is."""
    return text.zfill(14) if len(text) in (8, 12, 13) and text.isascii() and text.isdigit() else text
