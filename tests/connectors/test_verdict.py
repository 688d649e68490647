"""Verdicts: what an answer means, and how it is shown to people."""

from __future__ import annotations

import pytest

from tests.connectors.desk import Desk, Reply
from tests.connectors.packs import Notebook, connector, job
from tracemill.connectors.http.connector import HttpConnector
from tracemill.model.connector import InDoubt, Rejected, Unavailable

PUT = {
    "status": {
        "once": "ensure",
        "steps": [{"kind": "create", "request": {"method": "PUT", "path": "/batches/{lot}", "json": {"a": 1}}}],
    }
}
OAUTH = {"kind": "oauth2_client_credentials", "scope": "stock"}
CLIENT = {"credentials": {"client_id": "HUB", "client_secret": "very-secret-indeed"}}


async def put(one: HttpConnector, lot: str = "L-1") -> None:
    await one.send(job(lot=lot), {}, Notebook())


RULES = [
    {"status": 417, "when": "body.exc_type = 'TimestampMismatchError'", "as": "unavailable"},
    {"when": "body.error[0] = 'UserError'", "as": "rejected", "cause": "body.error[1]"},
    {"when": "$exists(body.error)", "as": "in_doubt"},
    {"status": 409, "as": "fine"},
]


@pytest.mark.parametrize(
    ("reply", "error", "text"),
    [
        ((417, {"exc_type": "TimestampMismatchError"}), Unavailable, "417"),
        ((417, {"exc_type": "Other"}), Rejected, "417"),
        ((200, {"error": ["UserError", "Lot is <b>locked</b>", "x" * 70_000]}), Rejected, "Lot is locked"),
        ((200, {"error": ["ValueError", "oops"]}), InDoubt, "oops"),
        ((409, {}), None, ""),
    ],
)
async def test_the_rules_of_the_pack_speak_first(desk: Desk, reply: Reply, error: type[Exception] | None, text: str) -> None:
    one = connector(desk.url, operations=PUT, errors=RULES)
    desk.fault("PUT *", reply)
    if error is None:
        await put(one)
        return
    with pytest.raises(error, match=text) as caught:
        await put(one)
    assert len(str(caught.value)) < 400


async def test_pages_for_people_are_shown_as_words_and_cut(desk: Desk) -> None:
    page = "<html><head><title>Error</title></head><script>var a = 1</script><h1>Stock &amp; lots</h1>" + "<p>closed</p>" * 999
    desk.fault("PUT *", (400, page))
    with pytest.raises(Rejected, match="Stock & lots closed closed") as caught:
        await put(connector(desk.url, operations=PUT))
    assert len(str(caught.value)) < 400
    assert "<" not in str(caught.value)
    assert "var a" not in str(caught.value)


async def test_an_answer_larger_than_a_mebibyte_is_not_read(desk: Desk) -> None:
    desk.fault("PUT *", (200, b'{"a": "' + b"x" * (1 << 20) + b'"}'))
    one = connector(desk.url, operations=PUT)
    with pytest.raises(InDoubt, match="larger than 1 MiB"):
        await put(one)
    desk.fault("PUT *", (400, b'{"a": "' + b"x" * (1 << 21) + b'"}'))
    with pytest.raises(Rejected):
        await put(one)


@pytest.mark.parametrize(
    ("written", "seconds"),
    [
        ("7", 7),
        ("Mon, 23 Nov 2026 10:00:30 GMT", 30),
        ("Mon, 23 Nov 2026 09:00:00 GMT", 0),
        ("soon", None),
        ("-1", None),
        ("²", None),
    ],
)
async def test_retry_after_is_read_in_seconds_or_as_a_date(desk: Desk, written: str, seconds: float | None) -> None:
    desk.fault("PUT *", (429, {}, {"Retry-After": written}))
    with pytest.raises(Unavailable) as caught:
        await put(connector(desk.url, operations=PUT))
    assert caught.value.retry_after == seconds
