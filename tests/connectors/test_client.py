"""One call: its budget, its breaker, its credentials."""

from __future__ import annotations

import asyncio
import logging
from typing import Any

import pytest

from tests.connectors.desk import Desk, Reply, Seen
from tests.connectors.packs import Notebook, connector, job
from tracemill.connectors.http.connector import HttpConnector
from tracemill.connectors.http.secret import Redactor, Secret
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


async def test_the_rate_is_kept(desk: Desk) -> None:
    one = connector(desk.url, operations=PUT, limits={"rate": 50, "burst": 5, "concurrency": 16})
    await asyncio.gather(*(put(one) for _ in range(15)))
    times = sorted(seen.at for seen in desk.seen)
    assert times[-1] - times[0] >= 0.18  # 5 at once, then 10 at 50 a second
    assert times[4] - times[0] < 0.1


async def test_a_queue_longer_than_the_timeout_is_sent_back(desk: Desk) -> None:
    one = connector(desk.url, operations=PUT, limits={"rate": 1, "burst": 1, "timeout": "500ms"})
    await put(one)
    with pytest.raises(Unavailable, match="rate") as caught:
        await put(one)
    assert caught.value.retry_after == pytest.approx(1.0, abs=0.2)


async def test_no_more_requests_than_allowed_are_under_way_at_once(desk: Desk) -> None:
    desk.delay = 0.02
    one = connector(desk.url, operations=PUT, limits={"rate": 5000, "burst": 5000, "concurrency": 3})
    await asyncio.gather(*(put(one) for _ in range(12)))
    assert desk.busiest == 3


async def test_the_breaker_opens_after_failures_lets_one_try_and_closes(desk: Desk) -> None:
    one = connector(desk.url, operations=PUT, limits={"rate": 5000, "breaker_failures": 3, "breaker_pause": "150ms"})
    desk.fault("PUT *", (500, "down"), times=4)
    for _ in range(3):
        with pytest.raises(InDoubt):
            await put(one)
    with pytest.raises(Unavailable, match=r"3 failures in a row.*500") as caught:
        await put(one)
    assert caught.value.retry_after == pytest.approx(0.15, abs=0.05)
    assert len(desk.seen) == 3
    await asyncio.sleep(0.16)
    with pytest.raises(InDoubt):
        await put(one)  # the one try fails: open again
    with pytest.raises(Unavailable):
        await put(one)
    await asyncio.sleep(0.16)
    desk.delay = 0.05
    results = await asyncio.gather(*(put(one) for _ in range(4)), return_exceptions=True)
    assert sum(result is None for result in results) == 1  # one tries, the others are told to wait
    await put(one)
    assert len(desk.seen) == 6


async def test_refusals_and_locks_do_not_open_the_breaker(desk: Desk) -> None:
    one = connector(desk.url, operations=PUT, limits={"rate": 5000, "breaker_failures": 2})
    desk.fault("PUT *", (409, {}), times=3)
    desk.fault("PUT *", (423, {}), times=3)
    for _ in range(6):
        with pytest.raises((Rejected, Unavailable)):
            await put(one)
    await put(one)


class Tokens:
    """A token door; `valid` is the one token that is let in."""

    def __init__(self, desk: Desk, expires_in: int = 300) -> None:
        self.made, self.valid, self.expires_in = 0, "", expires_in
        desk.answers["POST /oauth/token"] = self.give
        desk.answers["PUT *"] = self.use

    def give(self, seen: Seen) -> Reply:
        if "client_secret=very-secret-indeed" not in seen.raw.decode():
            return 401, {"error": "invalid_client", "hint": "client_secret very-secret-indeed is wrong"}
        self.made += 1
        self.valid = f"token-number-{self.made}"
        return 200, {"access_token": self.valid, "token_type": "Bearer", "expires_in": self.expires_in}

    def use(self, seen: Seen) -> Reply:
        good = seen.headers.get("authorization") == f"Bearer {self.valid}"
        return (200, {}) if good else (401, {"error": f"bad token {seen.headers.get('authorization')}"})


async def test_one_token_serves_many_requests_and_is_fetched_again_once_when_refused(desk: Desk) -> None:
    tokens = Tokens(desk)
    one = connector(desk.url, operations=PUT, auth=OAUTH, system=CLIENT)
    await asyncio.gather(*(put(one) for _ in range(5)))
    assert tokens.made == 1
    tokens.valid = "ended"
    await asyncio.gather(*(put(one) for _ in range(5)))
    assert tokens.made == 2
    assert desk.seen[0].raw == b"grant_type=client_credentials&scope=stock&client_id=HUB&client_secret=very-secret-indeed"


async def test_a_token_is_renewed_before_it_runs_out(desk: Desk) -> None:
    tokens = Tokens(desk, expires_in=1)
    one = connector(desk.url, operations=PUT, auth=OAUTH, system=CLIENT)
    await put(one)
    await asyncio.sleep(0.85)
    await put(one)
    assert tokens.made == 2
    assert desk.count("PUT *") == 2


async def test_a_refused_client_is_unavailable_and_its_secret_stays_hidden(desk: Desk, caplog: pytest.LogCaptureFixture) -> None:
    caplog.set_level(logging.DEBUG)
    Tokens(desk)
    one = connector(
        desk.url, operations=PUT, auth=OAUTH, system={"credentials": {"client_id": "HUB", "client_secret": "wrong-secret-42"}}
    )
    desk.answers["POST /oauth/token"] = lambda seen: (401, {"error": f"you sent {seen.raw.decode()}"})
    with pytest.raises(Unavailable, match="credentials refused") as caught:
        await put(one)
    assert "wrong-secret-42" not in str(caught.value) + repr(caught.value) + caplog.text


async def test_an_answer_that_repeats_our_token_is_shown_without_it(desk: Desk) -> None:
    Tokens(desk)
    one = connector(desk.url, operations=PUT, auth=OAUTH, system=CLIENT)
    desk.answers["PUT *"] = lambda seen: (400, {"seen": seen.headers["authorization"], "note": "token-number-1 is old"})
    with pytest.raises(Rejected) as caught:
        await put(one)
    assert "token-number-1" not in str(caught.value)


@pytest.mark.parametrize("status", [401, 403])
async def test_refused_credentials_are_not_the_commands_fault(desk: Desk, status: int) -> None:
    desk.fault("PUT *", (status, {}))
    with pytest.raises(Unavailable, match="credentials refused"):
        await put(connector(desk.url, operations=PUT))


AUTHS = [
    ({"kind": "basic"}, {"username": "hub", "password": "pa:ss-word"}, ("authorization", "Basic aHViOnBhOnNzLXdvcmQ=")),
    ({"kind": "bearer"}, {"token": "abcdef"}, ("authorization", "Bearer abcdef")),
    ({"kind": "api_key"}, {"api_key": "k-123"}, ("x-api-key", "k-123")),
    ({"kind": "api_key", "header": "Authorization", "prefix": "Token"}, {"api_key": "k-123"}, ("authorization", "Token k-123")),
]


@pytest.mark.parametrize(("auth", "credentials", "header"), AUTHS)
async def test_each_way_to_say_who_we_are(desk: Desk, auth: Any, credentials: Any, header: tuple[str, str]) -> None:
    one = connector(desk.url, operations=PUT, auth=auth, system={"credentials": credentials, "headers": {"Host": "plant.local"}})
    await put(one)
    assert desk.seen[0].headers[header[0]] == header[1]
    assert desk.seen[0].headers["host"] == "plant.local"
    desk.answers["PUT *"] = lambda seen: (400, f"<p>{header[1]} {list(credentials.values())[-1]}</p>")
    with pytest.raises(Rejected) as caught:
        await put(one)
    assert list(credentials.values())[-1] not in str(caught.value)


async def test_no_proxy_of_the_environment_and_no_redirect_is_followed(desk: Desk, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("HTTP_PROXY", "http://127.0.0.1:1")
    desk.fault("PUT *", (307, "", {"Location": "/elsewhere"}))
    one = connector(desk.url, operations=PUT)
    with pytest.raises(Unavailable, match="redirected"):
        await put(one)
    desk.fault("PUT *", (302, "", {"Location": "/login"}))
    with pytest.raises(InDoubt):
        await put(one)
    assert len(desk.seen) == 2


async def test_the_probe_tells_the_truth(desk: Desk) -> None:
    one = connector(desk.url)
    assert (await one.probe()).ok
    desk.authenticated = False
    refused = await one.probe()
    assert not refused.ok
    assert "credentials refused" in refused.detail
    assert not (await connector("http://127.0.0.1:1").probe()).ok


async def test_a_closed_connector_sends_nothing(desk: Desk) -> None:
    one = connector(desk.url, operations=PUT)
    await put(one)
    await one.close()
    with pytest.raises(Unavailable, match="closed"):
        await put(one)


def test_a_secret_prints_as_stars() -> None:
    assert f"{Secret('hush')} {Secret('hush')!r}" == "*** ***"
    assert "hush" not in repr({"password": Secret("hush")})


@pytest.mark.parametrize(
    ("text", "clean"),
    [
        ("Authorization: Bearer abc.def", "Authorization: Bearer ***"),
        ('{"api_key": "0123456", "a": 1}', '{"api_key": "***", "a": 1}'),
        ("access_token=abcdef123&x=1", "access_token=***&x=1"),
        ("token expired", "token expired"),
        ("the key is 0123abcd.", "the key is ***."),
        ("MDEyM2FiY2Q and more", "*** and more"),
        ("lot L-1 is locked", "lot L-1 is locked"),
    ],
)
def test_whatever_looks_like_a_secret_is_starred(text: str, clean: str) -> None:
    assert Redactor([Secret("0123abcd")]).clean(text) == clean
