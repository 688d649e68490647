"""What systems say reaches the terminal as text, keys reach the hub byte for byte: against an API that answers anything."""

import asyncio
import json
import threading
from collections.abc import Iterator
from typing import Any
from urllib.parse import unquote

import pytest
from aiohttp import web

from tracemill.cli.main import outcome

Output = pytest.CaptureFixture[str]
AT = "2026-11-23T10:00:00Z"
MARKUP, ESCAPE = "value [/b] and [red]x", "a\x1b[31mb\x1b]0;owned\x07\u202ec"


class Api:
    """An API whose answers a test sets; it keeps what it was asked."""

    def __init__(self) -> None:
        self.asked: list[tuple[str, str]] = []
        self.answers: dict[str, Any] = {}
        self.url = ""

    async def answer(self, request: web.Request) -> web.Response:
        self.asked.append((request.method, request.raw_path))
        found = self.answers.get(f"{request.method} {request.path}")
        if found is None:
            problem = {"title": "Not found", "detail": "no such thing", "correlation": "c-17", "next": "GET /v1/search?q="}
            return web.json_response(problem, status=404)
        return web.json_response(found)


@pytest.fixture
def api(monkeypatch: pytest.MonkeyPatch) -> Iterator[Api]:
    made, loop, ready = Api(), asyncio.new_event_loop(), threading.Event()

    async def start() -> web.AppRunner:
        app = web.Application()
        app.router.add_route("*", "/{path:.*}", made.answer)
        runner = web.AppRunner(app)
        await runner.setup()
        site = web.TCPSite(runner, "127.0.0.1", 0)
        await site.start()
        made.url = f"http://127.0.0.1:{runner.addresses[0][1]}"
        ready.set()
        return runner

    runner = loop.run_until_complete(start())
    thread = threading.Thread(target=loop.run_forever, daemon=True)
    thread.start()
    assert ready.wait(5)
    monkeypatch.setenv("TRACEMILL_URL", made.url)
    monkeypatch.setenv("TRACEMILL_TOKEN", "t")
    yield made
    asyncio.run_coroutine_threadsafe(runner.cleanup(), loop).result(5)
    loop.call_soon_threadsafe(loop.stop)
    thread.join(5)
    loop.close()


def delivery(state: str, mode: str = "act", settled: str | None = None) -> dict[str, Any]:
    return {"id": "d1", "state": state, "mode": mode, "settled_at": settled, "system": "wms", "verb": "set_status",
            "lot_number": "L-1", "detail": "423 locked by USER7", "tries": []}  # fmt: skip


def message(*deliveries: dict[str, Any], body: str = "{}") -> dict[str, Any]:
    line = {"system": "erp", "feed": "f", "key": "k", "state": "replayed", "received_at": AT, "cause": "", "code": "", "hint": ""}
    impact = {"lots": [], "total": 0, "waiting": []}
    return {"line": line, "body": body, "keys": [], "impact": impact, "deliveries": list(deliveries)}


def replay(api: Api, *deliveries: dict[str, Any]) -> int:
    api.answers = {
        "GET /v1/messages/m1": message(*deliveries),
        "POST /v1/messages/m1/replay": {"id": "m1", "outcome": "replayed: 1 events"},
    }
    return outcome(["msg", "replay", "m1", "--reason", "codes mapped"])


def test_what_a_system_says_is_never_taken_for_colour(api: Api, capsys: Output) -> None:
    group = {"system": "erp", "feed": "f", "code": "T1", "cause": MARKUP, "hint": "h", "count": 7, "oldest": AT, "newest": AT,
             "impact": {"lots": ["[/]"], "total": 1, "waiting": [], "consequence": "late"},
             "messages": [{"id": "m1"}] * 7}  # fmt: skip
    api.answers = {"GET /v1/messages/groups": [group], "GET /v1/deliveries": {"items": [], "showing": ""}}
    assert outcome(["msg", "list"]) == 2
    shown = capsys.readouterr().out
    assert MARKUP in shown
    assert "showing 5 of 7" in shown, "nothing is left out silently"


def test_a_body_gives_no_orders_to_the_terminal(api: Api, capsys: Output) -> None:
    api.answers = {"GET /v1/messages/m1": message(body=ESCAPE)}
    assert outcome(["msg", "show", "m1"]) == 0
    shown = capsys.readouterr().out
    assert not set(shown) & {"\x1b", "\x07", "\u202e"}
    assert r"a\x1b[31mb\x1b]0;owned\x07\u202ec" in shown


def test_data_for_programs_is_what_the_hub_said(api: Api, capsys: Output) -> None:
    api.answers = {"GET /v1/messages/m1": message(body=ESCAPE + MARKUP)}
    assert outcome(["msg", "show", "m1", "--json"]) == 0
    assert json.loads(capsys.readouterr().out)["body"] == ESCAPE + MARKUP


@pytest.mark.parametrize("key", ["A#1", "A?x=1", "A%41", "A/B", "../accounts", "Ä 1", "007", "🙂", "a&b=c+d"])
def test_a_key_reaches_the_hub_byte_for_byte(api: Api, key: str) -> None:
    outcome(["lot", "--", key])
    outcome(["find", "--", key])
    lot, found = (path for _, path in api.asked)
    assert unquote(lot.removeprefix("/v1/lots/")) == key
    assert "/" not in lot.removeprefix("/v1/lots/")
    assert found.startswith("/v1/search?q=")
    assert unquote(found.removeprefix("/v1/search?q=").replace("+", " ")) == key


@pytest.mark.parametrize("command", ["lot", "why"])
def test_an_unknown_lot_names_the_next_command_ready_to_paste(api: Api, capsys: Output, command: str) -> None:
    assert outcome([command, "L 1; rm"]) == 1
    said = capsys.readouterr().err
    assert "next: tracemill find 'L 1; rm'" in said
    assert "Not found: no such thing (correlation c-17)" in said
    assert "/v1/" not in said, "a person at a terminal is not told to call the API"


def test_a_replay_is_good_only_when_it_was_read_back(api: Api, capsys: Output) -> None:
    assert replay(api, delivery("verified")) == 0
    assert replay(api, delivery("dead")) == 1
    said = capsys.readouterr()
    assert "423 locked by USER7" in said.out
    assert "next: tracemill msg show d1" in said.err


def test_a_replay_that_is_still_delivering_is_not_good(api: Api, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("tracemill.cli.records.sleep", lambda _: None)
    assert replay(api, delivery("delivered")) == 1
    assert replay(api, delivery("in_doubt")) == 1


def test_what_cannot_be_read_back_or_is_only_observed_is_good_when_it_rests(api: Api, capsys: Output) -> None:
    assert replay(api, delivery("delivered", settled=AT)) == 0
    assert replay(api, delivery("pending", mode="observe")) == 0
    assert "not sent: the system is observed" in capsys.readouterr().out


@pytest.mark.parametrize(
    "arguments",
    [["msg", "discard", "m1"], ["case", "resolve", "c1"], ["account", "disable", "a1"], ["approve", "d1"], ["pause", "erp"],
     ["resume", "erp"]],
    ids=" ".join,
)  # fmt: skip
def test_every_act_has_data_and_names_the_next_command(api: Api, capsys: Output, arguments: list[str]) -> None:
    api.answers = {"GET /v1/messages/m1": message()}
    assert outcome([*arguments, "--reason", "r"]) == 1
    assert "next: tracemill " in capsys.readouterr().err
    path = api.asked[-1][1]
    api.answers[f"POST {path}"] = {"id": "x", "outcome": "done"}
    assert outcome([*arguments, "--reason", "r", "--json"]) == 0
    assert json.loads(capsys.readouterr().out)["outcome"] == "done"


def test_credentials_are_changed_into_a_token(api: Api, monkeypatch: pytest.MonkeyPatch, capsys: Output) -> None:
    monkeypatch.delenv("TRACEMILL_TOKEN")
    assert outcome(["case", "list"]) == 1
    assert "TRACEMILL_CLIENT_ID" in capsys.readouterr().err
    monkeypatch.setenv("TRACEMILL_CLIENT_ID", "tm_1")
    monkeypatch.setenv("TRACEMILL_CLIENT_SECRET", "s3cret")
    api.answers = {"POST /oauth/token": {"access_token": "t"}, "GET /v1/cases": {"items": [], "showing": "", "next": None}}
    assert outcome(["case", "list"]) == 0
    api.answers = {}
    assert outcome(["case", "list"]) == 1
    assert "s3cret" not in "".join(capsys.readouterr())


def test_a_hub_that_is_not_there_is_no_traceback(monkeypatch: pytest.MonkeyPatch, capsys: Output) -> None:
    monkeypatch.setenv("TRACEMILL_CLIENT_ID", "tm_1")
    monkeypatch.setenv("TRACEMILL_CLIENT_SECRET", "s")
    assert outcome(["status", "--url", "http://127.0.0.1:1"]) == 1
    assert "no hub answers" in capsys.readouterr().err
