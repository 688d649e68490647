"""Shelf life: the last day on which a lot may be used, and whether enough of it is left for a customer."""

from collections.abc import Iterable
from datetime import UTC, date, datetime, time, timedelta
from decimal import ROUND_CEILING, Decimal
from zoneinfo import ZoneInfo

from tracemill.model.lot import Lot
from tracemill.model.policy import ShelfLife
from tracemill.model.quality import Part
from tracemill.model.status import RELEASING

DAY = timedelta(days=1)
ANYBODY = "*"


def today(now: datetime, zone: str) -> date:
    """Return the day as the plant's calendar shows it."""
    return now.astimezone(ZoneInfo(zone)).date()


def after(day: date, zone: str) -> datetime:
    """Return the moment at which a day of the plant is over."""
    return datetime.combine(day + DAY, time.min, ZoneInfo(zone)).astimezone(UTC)


def permitted_until(parts: Iterable[Part]) -> date | None:
    """Return until when quality permits use: the first day that ends one of the permissions; None where it set none."""
    return min((p.until for p in parts if p.decision in RELEASING and p.until), default=None)


def last_day(lot: Lot) -> date | None:
    """Return the last day on which the lot may be used: quality's word where it gave one, else the label's."""
    said = permitted_until(lot.disposition.parts) if lot.disposition else None
    return said or lot.expires


def last_day_to_ship(lot: Lot, demand: ShelfLife | None) -> date | None:
    """Return the last day on which enough shelf life is left; None where no date limits it, or it cannot be known."""
    last = last_day(lot)
    if last is None:
        return None
    return last - _wanted(lot, demand) * DAY


def shortness(lot: Lot, demand: ShelfLife | None, day: date) -> str:
    """Say why too little shelf life is left on a day; nothing where it is enough. What is not known is too little."""
    last = last_day(lot)
    if last is None:
        return "" if demand is None else "its expiry date is not known, and the customer demands shelf life"
    if day > last:
        return f"expired {last}"
    if demand is not None and demand.percent is not None and lot.manufactured is None:
        return "its date of manufacture is not known, and the customer demands a share of the shelf life"
    wanted = _wanted(lot, demand)
    return f"{(last - day).days} days of shelf life left, the customer demands {wanted}" if (last - day).days < wanted else ""


def _wanted(lot: Lot, demand: ShelfLife | None) -> int:
    """Return how many days must be left: the stricter of both demands; parts of a day count as a day."""
    if demand is None:
        return 0
    days, last = demand.days or 0, last_day(lot)
    if demand.percent is not None and lot.manufactured is not None and last is not None:
        share = Decimal((last - lot.manufactured).days) * demand.percent / 100
        days = max(days, int(share.to_integral_value(ROUND_CEILING)))
    return days
