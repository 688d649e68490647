"""Shelf life: what is left for a customer, counted in days of the plant."""

from datetime import UTC, date, datetime, timedelta
from decimal import Decimal
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tracemill.core.shelf_life import after, last_day, last_day_to_ship, shortness, today
from tracemill.model.lot import Disposition, Lot
from tracemill.model.policy import ShelfLife
from tracemill.model.quality import Part
from tracemill.model.status import DispositionKind

DAY = timedelta(days=1)
MADE, LAST = date(2026, 11, 1), date(2026, 12, 1)


def lot(**facts: Any) -> Lot:
    return Lot(id="1", site="DE", number="L-1", named_by="erp", **facts)


def decided(*until: date | None, kind: DispositionKind = DispositionKind.ACCEPT) -> Disposition:
    at = datetime(2026, 11, 20, tzinfo=UTC)
    return Disposition(parts=tuple(Part(decision=kind, until=u) for u in until), decided_at=at, recorded_at=at)


def test_a_day_belongs_to_the_plant() -> None:
    assert today(datetime(2026, 11, 24, 23, 30, tzinfo=UTC), "Europe/Berlin") == date(2026, 11, 25)
    assert after(date(2026, 11, 24), "Europe/Berlin") == datetime(2026, 11, 24, 23, tzinfo=UTC)
    assert after(date(2026, 3, 29), "Europe/Berlin") == datetime(2026, 3, 29, 22, tzinfo=UTC)  # a day of 23 hours


def test_the_first_day_that_ends_a_permission_ends_it_for_the_lot() -> None:
    assert last_day(lot(expires=LAST, disposition=decided(LAST + DAY, LAST + 5 * DAY))) == LAST + DAY
    assert last_day(lot(expires=LAST, disposition=decided(None))) == LAST
    assert last_day(lot(expires=LAST, disposition=decided(LAST + DAY, kind=DispositionKind.REJECT))) == LAST


@pytest.mark.parametrize(
    ("demand", "day"),
    [
        (None, LAST),
        (ShelfLife(days=10), LAST - 10 * DAY),
        (ShelfLife(percent=Decimal(50)), LAST - 15 * DAY),
        (ShelfLife(percent=Decimal("33.4")), LAST - 11 * DAY),  # 10.02 days: a part of a day is a day
        (ShelfLife(days=20, percent=Decimal(50)), LAST - 20 * DAY),
    ],
)
def test_the_last_day_to_ship_leaves_what_the_stricter_demand_wants(demand: ShelfLife | None, day: date) -> None:
    found = lot(manufactured=MADE, expires=LAST)
    assert last_day_to_ship(found, demand) == day
    assert shortness(found, demand, day) == ""
    assert shortness(found, demand, day + DAY)


def test_what_is_not_known_is_too_little_for_who_demands_something() -> None:
    assert shortness(lot(), None, MADE) == ""
    assert "expiry date is not known" in shortness(lot(), ShelfLife(days=1), MADE)
    assert "date of manufacture is not known" in shortness(lot(expires=LAST), ShelfLife(percent=Decimal(1)), MADE)


DAYS = st.integers(min_value=0, max_value=900)
DEMANDS = st.builds(ShelfLife, days=st.none() | DAYS, percent=st.none() | st.decimals(min_value=1, max_value=100, places=2))


@given(life=DAYS, gone=DAYS, demand=DEMANDS)
def test_what_may_be_shipped_on_a_day_could_have_been_shipped_on_the_day_before(life: int, gone: int, demand: ShelfLife) -> None:
    found = lot(manufactured=MADE, expires=MADE + life * DAY)
    day = MADE + gone * DAY
    if shortness(found, demand, day) == "":
        assert shortness(found, demand, day - DAY) == ""
        assert (found.expires - day).days >= (demand.days or 0)  # type: ignore[operator]
        assert (found.expires - day).days * 100 >= life * (demand.percent or 0)  # type: ignore[operator]
