"""Feeds: every record once at least, exactly as it was written, and never an empty list taken for the truth."""

from __future__ import annotations

import json
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
import yaml

from tests.connectors.desk import Desk, Reply, Seen
from tests.connectors.packs import connector
from tracemill.connectors.http.connector import HttpConnector
from tracemill.model.connector import Fetched, Page, Rejected, Unavailable

NOW = datetime(2026, 11, 23, 12, 0, tzinfo=UTC)
FEED = """
feeds:
  receipts:
    kind: facts
    mappings: [receipt]
    request: {path: /receipts, query: {since: "{watermark}", page: "{page}", size: 2}}
    records: body.receipts
    key: docno & "/" & line
    watermark: {cell: posted_at, overlap: 30s}
    next: body.next
"""
SEQUENCE = """
feeds:
  moves:
    kind: facts
    mappings: [move]
    request: {path: /moves, query: {after: "{watermark}", limit: 2}}
    records: body.moves
    key: seq
    watermark: {cell: seq, kind: sequence, initial: "0"}
    more: count = 2
"""


def receipt(number: int, at: str, **more: Any) -> dict[str, Any]:
    return {"docno": f"GR{number}", "line": 1, "posted_at": at, **more}


class Receipts:
    """Receipts, oldest first, two on a page."""

    def __init__(self, *rows: dict[str, Any]) -> None:
        self.rows = list(rows)

    def __call__(self, seen: Seen) -> Reply:
        rows = sorted((r for r in self.rows if r["posted_at"] >= seen.query.get("since", "")), key=lambda r: r["posted_at"])
        page = int(seen.query["page"])
        return 200, {"receipts": rows[page * 2 - 2 : page * 2], "next": page + 1 if len(rows) > page * 2 else None}


async def drain(
    one: HttpConnector, feed: str, cursor: dict[str, Any], now: datetime = NOW
) -> tuple[list[Fetched], dict[str, Any]]:
    records: list[Fetched] = []
    more = True
    while more:
        page: Page = await one.poll(feed, cursor, now)
        records += page.records
        cursor, more = page.cursor, page.more
    return records, cursor


async def test_pages_are_read_to_the_end_and_the_watermark_moves_only_then(desk: Desk) -> None:
    desk.answers["GET /receipts"] = Receipts(*(receipt(n, f"2026-11-23T10:00:0{n}") for n in range(1, 6)))
    one = connector(desk.url, FEED)
    first = await one.poll("receipts", {}, NOW)
    assert [r.key for r in first.records] == ["GR1/1", "GR2/1"]
    assert (first.more, first.cursor["page"], first.cursor["watermark"]) == (True, "2", "")
    second = await one.poll("receipts", first.cursor, NOW)
    last = await one.poll("receipts", second.cursor, NOW)
    assert [r.key for r in last.records] == ["GR5/1"]
    assert (last.more, last.cursor["page"], last.cursor["watermark"]) == (False, None, "2026-11-23T10:00:05")
    assert [seen.query for seen in desk.seen] == [{"page": p, "size": "2"} for p in "123"]


async def test_a_record_that_appears_late_is_found_by_the_overlap(desk: Desk) -> None:
    receipts = desk.answers["GET /receipts"] = Receipts(receipt(1, "2026-11-23T10:00:20"))
    one = connector(desk.url, FEED)
    _, cursor = await drain(one, "receipts", {})
    assert isinstance(receipts, Receipts)
    receipts.rows.append(receipt(2, "2026-11-23T10:00:05"))
    records, cursor = await drain(one, "receipts", cursor)
    assert desk.seen[-1].query["since"] == "2026-11-23T09:59:50"
    assert {r.key for r in records} == {"GR1/1", "GR2/1"}
    assert cursor["watermark"] == "2026-11-23T10:00:20"


async def test_a_body_is_the_record_exactly_as_it_was_written(desk: Desk) -> None:
    written = (
        b'{"posted_at":"2026-11-23T10:00:05","docno":"0042","line":7,"qty":1.50,"tiny":0.0000001,'
        b'"big":12345678901234567890123,"e":1E3,"name":"L\xc3\xb6t"}'
    )
    desk.answers["GET /receipts"] = lambda seen: (200, b'{"receipts": [' + written.replace(b",", b" , ") + b"]}")
    (record,) = (await connector(desk.url, FEED).poll("receipts", {}, NOW)).records
    assert record.body == written
    assert (record.feed, record.key, record.watermark, record.read_started) == ("receipts", "0042/7", "2026-11-23T10:00:05", NOW)


async def test_a_record_with_half_a_character_does_not_stop_its_neighbours(desk: Desk) -> None:
    desk.answers["GET /receipts"] = lambda seen: (200, b'{"receipts":[{"docno":"\\ud800","line":1.0},{"docno":"B","line":2}]}')
    records = (await connector(desk.url, FEED).poll("receipts", {}, NOW)).records
    assert records[0].body == b'{"docno":"\\ud800","line":1.0}'
    assert records[1].key == "B/2"


async def test_a_record_without_a_key_goes_through_with_an_empty_key(desk: Desk) -> None:
    desk.answers["GET /receipts"] = lambda seen: (200, {"receipts": [{"line": None, "docno": None}, 17, receipt(1, "x")]})
    page = await connector(desk.url, FEED).poll("receipts", {}, NOW)
    assert [r.key for r in page.records] == ["", "", "GR1/1"]
    assert page.cursor["watermark"] == ""  # "x" is no time, and moves nothing


async def test_a_date_typed_into_the_far_future_does_not_end_the_feed(desk: Desk) -> None:
    desk.answers["GET /receipts"] = lambda seen: (
        200,
        {"receipts": [receipt(1, "2026-11-23T10:00:05"), receipt(2, "2099-01-01T00:00:00")]},
    )
    page = await connector(desk.url, FEED).poll("receipts", {}, NOW)
    assert len(page.records) == 2
    assert page.cursor["watermark"] == "2026-11-23T10:00:05"


async def test_sequences_go_on_at_once_while_pages_are_full(desk: Desk) -> None:
    rows = [{"seq": n} for n in range(1, 6)]
    desk.answers["GET /moves"] = lambda seen: (200, {"moves": [r for r in rows if r["seq"] > int(seen.query["after"])][:2]})
    one = connector(desk.url, SEQUENCE)
    records, cursor = await drain(one, "moves", {})
    assert [r.key for r in records] == ["1", "2", "3", "4", "5"]
    assert [seen.query["after"] for seen in desk.seen] == ["0", "2", "4"]
    assert (await one.poll("moves", cursor, NOW)).records == ()


async def test_a_full_page_that_does_not_move_the_watermark_is_not_asked_for_ever(desk: Desk) -> None:
    desk.answers["GET /moves"] = lambda seen: (200, {"moves": [{"seq": "a"}, {"seq": "b"}]})
    assert (await connector(desk.url, SEQUENCE).poll("moves", {}, NOW)).more is False


@pytest.mark.parametrize("extra", [{"control": True}, {"check": "body.user"}])
async def test_an_empty_list_for_bad_credentials_is_unavailable_not_empty(desk: Desk, extra: dict[str, Any]) -> None:

    feeds = yaml.safe_load(FEED)["feeds"]
    feeds["receipts"] |= extra
    desk.authenticated = False
    desk.answers["GET /receipts"] = lambda seen: (200, {"receipts": [], "next": None})
    with pytest.raises(Unavailable, match="credentials"):
        await connector(desk.url, feeds=feeds).poll("receipts", {}, NOW)


async def test_an_empty_list_counts_when_the_control_passes(desk: Desk) -> None:

    feeds = yaml.safe_load(FEED)["feeds"]
    feeds["receipts"]["control"] = True
    desk.answers["GET /receipts"] = lambda seen: (200, {"receipts": [], "next": None})
    page = await connector(desk.url, feeds=feeds).poll("receipts", {}, NOW)
    assert (page.records, page.more) == ((), False)


async def test_an_answer_without_the_list_is_not_an_empty_list(desk: Desk) -> None:
    desk.answers["GET /receipts"] = lambda seen: (200, {"ok": False, "error": "session expired"})
    with pytest.raises(Unavailable, match=r"no body.receipts.*session expired"):
        await connector(desk.url, FEED).poll("receipts", {}, NOW)


@pytest.mark.parametrize("what", ["html", "half", "lose", (500, "<h1>oh</h1>"), "hang"])
async def test_a_failing_feed_is_unavailable_and_never_in_doubt(desk: Desk, what: Any) -> None:
    desk.answers["GET /receipts"] = Receipts()
    desk.fault("GET /receipts", what)
    with pytest.raises(Unavailable):
        await connector(desk.url, FEED, limits={"timeout": "200ms"}).poll("receipts", {}, NOW)


async def test_a_page_token_that_ran_out_begins_the_round_again(desk: Desk) -> None:
    desk.answers["GET /receipts"] = lambda seen: (
        (410, {"error": "cursor expired"}) if seen.query["page"] == "9" else (200, {"receipts": []})
    )
    one = connector(desk.url, FEED)
    cursor = {"watermark": "2026-11-23T10:00:05", "page": "9", "started": NOW.isoformat(), "top": ""}
    with pytest.raises(Rejected):
        await one.poll("receipts", cursor, NOW)
    page = await one.poll("receipts", cursor, NOW + timedelta(hours=1))
    assert (page.more, page.cursor["page"], page.cursor["watermark"]) == (True, None, "2026-11-23T10:00:05")


async def test_a_cursor_survives_being_stored_as_json(desk: Desk) -> None:
    desk.answers["GET /receipts"] = Receipts(*(receipt(n, f"2026-11-23T10:00:0{n}") for n in range(1, 4)))
    page = await connector(desk.url, FEED).poll("receipts", {}, NOW)
    assert json.loads(json.dumps(page.cursor)) == page.cursor


async def test_an_unknown_feed_is_refused(desk: Desk) -> None:
    with pytest.raises(Rejected, match="no feed orders"):
        await connector(desk.url, FEED).poll("orders", {}, NOW)


CHANGES = """
feeds:
  stock:
    kind: snapshots
    mappings: [stock]
    request: {path: /moves, query: {after: "{watermark}"}}
    records: body.moves
    key: batch
    watermark: {cell: seq, kind: sequence, initial: "0"}
    read: stock
reads:
  stock:
    mapping: stock
    list: {request: {path: /batches, query: {ids: "{lots|join}"}}, records: body.batches, id: batch}
"""


async def test_a_feed_that_only_tells_what_changed_reads_each_lot_once_and_whole(desk: Desk) -> None:
    moves = [{"seq": n, "batch": batch} for n, batch in enumerate("AABA", 1)]
    desk.answers["GET /moves"] = lambda seen: (200, {"moves": moves})
    desk.batches |= {name: {"batch": name, "free": qty, "version": 1} for name, qty in (("A", "80"), ("B", "5"))}
    records, cursor = await drain(connector(desk.url, CHANGES), "stock", {})
    assert [(r.key, json.loads(r.body)["free"]) for r in records] == [("A", "80"), ("B", "5")]
    assert records[0].read_started > NOW - timedelta(days=1)
    assert (desk.count("GET /batches"), cursor["watermark"]) == (1, "4")


async def test_of_a_lot_that_is_gone_its_last_change_is_told(desk: Desk) -> None:
    desk.answers["GET /moves"] = lambda seen: (200, {"moves": [{"seq": 1, "batch": "GONE"}, {"seq": 2, "batch": "GONE"}]})
    records, _ = await drain(connector(desk.url, CHANGES), "stock", {})
    assert [json.loads(r.body) for r in records] == [{"seq": 2, "batch": "GONE"}]


async def test_a_change_whose_lot_cannot_be_read_is_not_passed_over(desk: Desk) -> None:
    """An empty answer to bad credentials is no absence: the watermark stays where it was."""
    desk.answers["GET /moves"] = lambda seen: (200, {"moves": [{"seq": 1, "batch": "A"}]})
    desk.authenticated = False
    with pytest.raises(Unavailable, match="A changed, and could not be read"):
        await connector(desk.url, CHANGES).poll("stock", {}, NOW)


def test_a_feed_may_only_name_a_read_that_is_there() -> None:
    with pytest.raises(ValueError, match="there is no read balance; known are stock"):
        connector("http://127.0.0.1:9", CHANGES.replace("read: stock", "read: balance"))
