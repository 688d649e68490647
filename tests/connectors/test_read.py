"""Read-back: a lot is absent only where that is proven."""

from __future__ import annotations

from datetime import UTC, datetime

import pytest

from tests.connectors.desk import Desk
from tests.connectors.packs import connector
from tracemill.model.connector import Rejected, Unavailable

READ = """
reads:
  stock:
    mapping: stock
    list: {request: {path: /batches, query: {ids: "{lots|join}"}}, records: body.batches, id: batch, max: 2}
"""
NOW = datetime(2026, 11, 23, 12, 0, tzinfo=UTC)


def now() -> datetime:
    return NOW


def fill(desk: Desk, *names: str) -> None:
    desk.batches |= {name: {"batch": name, "qty": "1.50"} for name in names}


async def test_lots_are_read_many_at_once_and_missing_ones_are_absent_after_one_control(desk: Desk) -> None:
    fill(desk, "A", "B", "C", "E")
    found = await connector(desk.url, READ).read(["A", "B", "C", "D", "E", "F", "A"], now)
    assert {lot: record and record.body for lot, record in found.items()} == {
        **{lot: b'{"batch":"%s","qty":"1.50"}' % lot.encode() for lot in "ABCE"},
        **{"D": None, "F": None},
    }
    assert [seen.query.get("ids") for seen in desk.seen] == ["A,B", "C,D", "E,F", None]
    assert found["A"] is not None
    assert found["A"].read_started == NOW


async def test_with_bad_credentials_missing_lots_are_unknown(desk: Desk) -> None:
    fill(desk, "A")
    desk.authenticated = False
    assert await connector(desk.url, READ).read(["A", "B"], now) == {}


async def test_without_a_control_missing_lots_are_unknown(desk: Desk) -> None:
    fill(desk, "A")
    found = await connector(desk.url, READ, probe={"request": {"path": "/whoami"}}).read(["A", "B"], now)
    assert set(found) == {"A"}


async def test_an_answer_with_lots_that_nobody_asked_for_proves_no_absence(desk: Desk) -> None:
    desk.answers["GET /batches"] = lambda seen: (200, {"batches": [{"batch": "A"}, {"batch": "Z"}]})
    assert set(await connector(desk.url, READ).read(["A", "B"], now)) == {"A"}


async def test_a_lot_that_cannot_be_asked_for_does_not_hide_its_neighbours(desk: Desk) -> None:
    fill(desk, "A", "B")
    found = await connector(desk.url, READ).read(["A", "X,Y", "B"], now)
    assert set(found) == {"A", "B"}


async def test_several_records_of_one_lot_stay_together(desk: Desk) -> None:
    desk.answers["GET /batches"] = lambda seen: (200, {"batches": [{"batch": "A", "n": 1}, {"batch": "A", "n": 2}]})
    found = await connector(desk.url, READ).read(["A"], now)
    assert found["A"] is not None
    assert found["A"].body == b'[{"batch":"A","n":1},{"batch":"A","n":2}]'


async def test_a_read_that_is_refused_altogether_is_no_silence(desk: Desk) -> None:
    desk.answers["GET /batches"] = lambda seen: (404, {"error": "no such path"})
    with pytest.raises(Rejected):
        await connector(desk.url, READ).read(["A", "B"], now)
    desk.answers["GET /batches"] = lambda seen: (200, {"ok": False})
    with pytest.raises(Unavailable):
        await connector(desk.url, READ).read(["A", "B"], now)


async def test_a_pack_without_reads_knows_nothing(desk: Desk) -> None:
    assert await connector(desk.url).read(["A"], now) == {}
