"""Watermarks keep the product's own writing."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Literal

import pytest

from tracemill.connectors.http.watermark import Watermark

TIMES = [
    ("2026-11-23T11:02:07", "2026-11-23T11:01:37"),
    ("2026-11-23 10:02", "2026-11-23 10:01"),
    ("2026-11-23T11:02:07.120+01:00", "2026-11-23T11:01:37.120+01:00"),
    ("2026-11-23T00:00:07.1234567Z", "2026-11-22T23:59:37.1234560Z"),
    ("2026-11-23 11:02:07.000120", "2026-11-23 11:01:37.000120"),
    ("2026-11-23T11:02:07+0100", "2026-11-23T11:01:37+0100"),
    ("2026-11-23", "2026-11-22"),
    ("1795415336203", "1795415306203"),
    ("1795415336", "1795415306"),
    ("yesterday", "yesterday"),
    ("0001-01-01T00:00:00", "0001-01-01T00:00:00"),
    ("2026-13-23T11:02:07", "2026-13-23T11:02:07"),
]


@pytest.mark.parametrize(("text", "back"), TIMES)
def test_the_overlap_keeps_format_offset_and_resolution(text: str, back: str) -> None:
    assert Watermark("time", 30, None).back(text) == back


@pytest.mark.parametrize("text", [text for text, _ in TIMES])
def test_without_overlap_nothing_changes(text: str) -> None:
    assert Watermark("time", 0, None).back(text) == text


@pytest.mark.parametrize(("text", "back"), [("17", "12"), ("3", "0"), ("000000017", "000000012"), ("B7", "B7")])
def test_sequences_step_back_by_numbers(text: str, back: str) -> None:
    assert Watermark("sequence", 5, None).back(text) == back


def test_in_the_hour_that_the_clock_shows_twice_all_of_it_is_read_again() -> None:
    berlin = Watermark("time", 30, "Europe/Berlin")
    assert berlin.back("2026-10-25T02:30:00") == "2026-10-25T01:29:30"
    assert berlin.back("2026-10-25T03:00:10") == "2026-10-25T02:59:40"
    assert berlin.back("2026-03-29T03:00:10") == "2026-03-29T02:59:40"


@pytest.mark.parametrize(
    ("kind", "one", "other", "later"),
    [
        ("time", "2026-11-23T11:02:07+01:00", "2026-11-23T10:30:00Z", "2026-11-23T10:30:00Z"),
        ("time", "2026-11-23T11:02:07.1234568", "2026-11-23T11:02:07.1234567", "2026-11-23T11:02:07.1234568"),
        ("time", "2026-11-23 10:02", "2026-11-23 10:03", "2026-11-23 10:03"),
        ("time", "2026-11-23 10:02", "rubbish", "2026-11-23 10:02"),
        ("sequence", "9", "10", "10"),
        ("sequence", "9", "2026-11-23T10:02:00", "9"),
    ],
)
def test_the_later_one_wins_and_what_cannot_be_read_never_does(
    kind: Literal["time", "sequence"], one: str, other: str, later: str
) -> None:
    assert Watermark(kind, 0, None).later(one, other) == later


def test_the_far_future_is_not_believed() -> None:
    now = datetime(2026, 11, 23, tzinfo=UTC)
    assert Watermark("time", 0, None).believable("2026-11-23T13:00:00", now)
    assert not Watermark("time", 0, None).believable("2099-01-01", now)
