"""A serial range means one thing or is refused: same text, same number of digits, one number that counts up."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tracemill.core.serial_range import BadRange, between


def test_the_first_and_the_last_serial_are_in_the_range() -> None:
    assert between("SN-0098-DE", "SN-0101-DE") == ["SN-0098-DE", "SN-0099-DE", "SN-0100-DE", "SN-0101-DE"]


def test_one_serial_is_a_range() -> None:
    assert between("A", "A") == ["A"]


@pytest.mark.parametrize(
    ("first", "last", "why"),
    [
        ("SN-98", "SN-101", "number of digits"),
        ("SN-0A", "SN-0F", "not certain"),
        ("A1-01", "A2-05", "more than one number"),
        ("SN-5", "SN-2", "comes after"),
        ("X1", "Y1", "not certain"),
        ("SN-1", "SN-1-B", "not certain"),
        ("SN-٠١", "SN-٠٢", "not certain"),
        ("0000000", "9999999", "more than 100000"),
    ],
)
def test_a_range_that_could_mean_several_things_is_refused_with_what_to_write(first: str, last: str, why: str) -> None:
    with pytest.raises(BadRange, match=why) as refused:
        between(first, last)
    assert refused.value.hint


TEXT = st.text(st.characters(exclude_categories=["Nd", "Cs", "Cc"]), max_size=4)


@given(before=TEXT, after=TEXT, width=st.integers(1, 12), start=st.integers(0, 10**6), more=st.integers(0, 300))
def test_a_range_holds_each_number_once_at_one_length(before: str, after: str, width: int, start: int, more: int) -> None:
    width = max(width, len(str(start + more)))
    ends = [f"{before}{n:0{width}}{after}" for n in (start, start + more)]
    found = between(*ends)
    assert [found[0], found[-1]] == ends
    assert len(set(found)) == more + 1
    assert {len(x) for x in found} == {len(ends[0])}
    assert sorted(found) == found
