"""The tools that judge delivery must themselves be right."""

from __future__ import annotations

import asyncio
import time
from collections.abc import AsyncIterator
from typing import Any

import aiohttp
import pytest
import pytest_asyncio
import sqlalchemy

from tests.faults import answer, proxy
from tests.faults.journal import JournalTarget
from tests.faults.proxy import FaultProxy

LOST = (aiohttp.ClientError, asyncio.TimeoutError)


@pytest_asyncio.fixture
async def client() -> AsyncIterator[aiohttp.ClientSession]:
    async with aiohttp.ClientSession(timeout=aiohttp.ClientTimeout(total=2)) as session:
        session._retry_connection = False  # aiohttp repeats a lost PUT by itself: a test below shows it
        yield session


async def put(client: aiohttp.ClientSession, url: str, body: Any, **headers: str) -> aiohttp.ClientResponse:
    async with client.put(url, json=body, headers={name.replace("_", "-"): value for name, value in headers.items()}) as got:
        await got.read()
        return got


async def post(client: aiohttp.ClientSession, url: str, body: Any, **headers: str) -> aiohttp.ClientResponse:
    async with client.post(url, json=body, headers={name.replace("_", "-"): value for name, value in headers.items()}) as got:
        await got.read()
        return got


async def get(client: aiohttp.ClientSession, url: str, **headers: str) -> tuple[int, Any]:
    async with client.get(url, headers=headers) as got:
        return got.status, await got.json()


@pytest.mark.asyncio
async def test_effects_are_journalled_in_order_and_can_be_read_back(client: aiohttp.ClientSession) -> None:
    async with JournalTarget() as target:
        await put(client, f"{target.url}/lots/L-1", {"available": 0, "blocked": 100})
        await put(client, f"{target.url}/lots/L-2", {"available": 5})
        await put(client, f"{target.url}/lots/L-1", {"available": 100, "blocked": 0}, Idempotency_Key="k1")
        assert [(e.n, e.method, e.path, e.body["available"]) for e in target.effects] == [
            (1, "PUT", "/lots/L-1", 0),
            (2, "PUT", "/lots/L-2", 5),
            (3, "PUT", "/lots/L-1", 100),
        ]
        assert target.effects[2].headers["Idempotency-Key"] == "k1"
        assert [e.t for e in target.effects] == sorted(e.t for e in target.effects)
        assert await get(client, f"{target.url}/lots/L-1") == (200, {"id": "L-1", "available": 100, "blocked": 0})
        assert await get(client, f"{target.url}/lots?ids=L-2,L-9") == (200, {"items": [{"id": "L-2", "available": 5}]})
        assert (await get(client, f"{target.url}/lots/L-9"))[0] == 404
        assert len(target.requests) == 6
        assert len(target.effects) == 3


@pytest.mark.asyncio
async def test_a_transfer_happens_as_often_as_it_is_posted_and_can_be_found(client: aiohttp.ClientSession) -> None:
    async with JournalTarget() as target:
        for _ in range(2):
            assert (await post(client, f"{target.url}/transfers", {"reference": "R1"}, Idempotency_Key="k")).status == 201
        await post(client, f"{target.url}/transfers", {"reference": "R2"})
        found = await get(client, f"{target.url}/transfers?reference=R1")
        assert [item["id"] for item in found[1]["items"]] == ["T1", "T2"]
        assert len(target.effects_on("/transfers")) == 3


@pytest.mark.asyncio
async def test_an_idempotent_target_repeats_its_answer_without_a_second_effect(client: aiohttp.ClientSession) -> None:
    async with JournalTarget(idempotent=True, effect_delay=0.05) as target:
        url = f"{target.url}/transfers"
        one, two = await asyncio.gather(*(post(client, url, {"reference": "R"}, Idempotency_Key="k") for _ in range(2)))
        three = await post(client, url, {"reference": "R"}, Idempotency_Key="k")
        assert [await got.json() for got in (one, two, three)] == [{"reference": "R", "id": "T1"}] * 3
        assert len(target.effects) == 1
        await post(client, url, {"reference": "R"}, Idempotency_Key="other")
        assert len(target.effects) == 2


@pytest.mark.asyncio
async def test_a_conditional_write_with_an_old_etag_has_no_effect(client: aiohttp.ClientSession) -> None:
    async with JournalTarget(conditional=True) as target:
        first = await put(client, f"{target.url}/lots/L", {"available": 1})
        second = await put(client, f"{target.url}/lots/L", {"available": 2}, If_Match=first.headers["ETag"])
        stale = await put(client, f"{target.url}/lots/L", {"available": 3}, If_Match=first.headers["ETag"])
        assert (second.status, stale.status) == (200, 412)
        assert [e.body["available"] for e in target.effects] == [1, 2]
        target.seed("L", available=9)
        assert (await put(client, f"{target.url}/lots/L", {"available": 4}, If_Match=second.headers["ETag"])).status == 412
        target.conditional = False
        assert "ETag" not in (await put(client, f"{target.url}/lots/L", {"available": 5}, If_Match='"1"')).headers


@pytest.mark.asyncio
@pytest.mark.parametrize("when", ["late", "early", "never"])
async def test_a_late_effect_happens_whether_or_not_anybody_waits(client: aiohttp.ClientSession, when: Any) -> None:
    async with JournalTarget(effect_delay=0.2, answer=when) as target:
        sent = asyncio.create_task(put(client, f"{target.url}/lots/L", {"available": 1}))
        await asyncio.sleep(0.1)
        assert target.effects == []
        assert sent.done() is (when == "early")
        if when != "early":
            sent.cancel()
        await target.settled()
        assert len(target.effects) == 1
        assert target.effects[0].t >= 0.2


@pytest.mark.asyncio
async def test_a_late_relaxation_can_overtake_a_restriction_unless_writes_are_conditional(client: aiohttp.ClientSession) -> None:
    for conditional, last in ((False, 100), (True, 0)):
        async with JournalTarget(conditional=conditional) as target:
            target.seed("L", available=0)
            target.effect_delay, target.answer = 0.1, "early"
            await put(client, f"{target.url}/lots/L", {"available": 100}, If_Match='"1"')
            target.effect_delay = 0.0
            await put(client, f"{target.url}/lots/L", {"available": 0}, If_Match='"1"')
            await target.settled()
            assert target.lots["L"]["available"] == last


@pytest.mark.asyncio
@pytest.mark.parametrize(
    ("told", "status", "effects"),
    [
        (answer.error_in_body(), 200, 0),
        (answer.error_in_body(apply=True), 200, 1),
        (answer.conflict(), 409, 0),
        (answer.locked(), 423, 0),
        (answer.too_many(7), 429, 0),
        (answer.server_error(), 500, 0),
        (answer.server_error(apply=True), 500, 1),
    ],
)
async def test_a_scripted_answer_is_given_once(
    client: aiohttp.ClientSession, told: answer.Answer, status: int, effects: int
) -> None:
    async with JournalTarget() as target:
        target.script(told, method="PUT", path="/lots/L")
        assert (await get(client, f"{target.url}/lots"))[0] == 200
        got = await put(client, f"{target.url}/lots/L", {"available": 1})
        assert got.status == status
        assert got.headers.get("Retry-After") == told.headers.get("Retry-After")
        assert len(target.effects) == effects
        assert (await put(client, f"{target.url}/lots/L", {"available": 1})).status == 200


@pytest.mark.asyncio
@pytest.mark.parametrize(("told", "effects"), [(answer.half(), 1), (answer.drop(), 1), (answer.drop(apply=False), 0)])
async def test_a_connection_that_closes_leaves_the_client_in_doubt(
    client: aiohttp.ClientSession, told: answer.Answer, effects: int
) -> None:
    async with JournalTarget() as target:
        target.script(told)
        with pytest.raises(aiohttp.ClientError):
            await put(client, f"{target.url}/lots/L", {"available": 1})
        assert len(target.effects) == effects
        assert (await put(client, f"{target.url}/lots/L", {"available": 1})).status == 200


@pytest.mark.asyncio
async def test_an_aiohttp_client_repeats_a_lost_put_by_itself_unless_told_not_to(client: aiohttp.ClientSession) -> None:
    async with JournalTarget() as target:
        client._retry_connection = True
        target.script(answer.drop())
        assert (await put(client, f"{target.url}/lots/L", {"available": 1})).status == 200
        assert len(target.effects) == 2


@pytest.mark.asyncio
async def test_a_hanging_answer_ends_with_the_clients_patience_and_does_not_hold_the_target(
    client: aiohttp.ClientSession,
) -> None:
    async with JournalTarget() as target:
        target.script(answer.hang(apply=True))
        with pytest.raises(asyncio.TimeoutError):
            async with asyncio.timeout(0.1):
                await put(client, f"{target.url}/lots/L", {"available": 1})
        assert len(target.effects) == 1
        closed_from = time.perf_counter()
    assert time.perf_counter() - closed_from < 1


@pytest.mark.asyncio
async def test_wrong_credentials_look_like_an_empty_list(client: aiohttp.ClientSession) -> None:
    async with JournalTarget(token="right") as target:
        target.seed("L", available=1)
        assert await get(client, f"{target.url}/lots?ids=L", Authorization="Bearer wrong") == (200, {"items": []})
        assert (await get(client, f"{target.url}/lots/L"))[0] == 404
        assert (await put(client, f"{target.url}/lots/L", {}, Authorization="Bearer wrong")).status == 401
        assert len((await get(client, f"{target.url}/lots", Authorization="Bearer right"))[1]["items"]) == 1
        assert target.effects == []


@pytest.mark.asyncio
async def test_the_proxy_passes_requests_through_and_keeps_the_connection(client: aiohttp.ClientSession) -> None:
    async with JournalTarget() as target, FaultProxy(target.url) as network:
        for n in range(3):
            await put(client, f"{network.url}/lots/L{n}", {"available": n, "text": "ä" * 100_000})
        assert len((await get(client, f"{network.url}/lots"))[1]["items"]) == 3
        assert network.connections == 1
        assert [(p.n, p.start) for p in network.requests][:2] == [(1, "PUT /lots/L0 HTTP/1.1"), (2, "PUT /lots/L1 HTTP/1.1")]


@pytest.mark.asyncio
async def test_a_chunked_request_passes_the_proxy(client: aiohttp.ClientSession) -> None:
    async def parts() -> AsyncIterator[bytes]:
        yield b'{"available": '
        yield b"7}"

    async with JournalTarget() as target, FaultProxy(target.url) as network:
        async with client.put(f"{network.url}/lots/L", data=parts()) as got:
            assert got.status == 200
        assert target.effects[0].body == {"available": 7}


@pytest.mark.asyncio
@pytest.mark.parametrize(
    ("fault", "effects", "lost"),
    [
        (proxy.LOSE_ANSWER, 1, True),
        (proxy.CUT_REQUEST, 0, True),
        (proxy.CUT_ANSWER, 1, True),
        (proxy.DOUBLE, 2, False),
        (proxy.REFUSE, 0, True),
        (proxy.half_open(), 0, True),
        (proxy.half_open(forwarded=True), 1, True),
        (proxy.delay(0.1), 1, False),
    ],
    ids=lambda value: value.kind if isinstance(value, proxy.Fault) else None,
)
async def test_a_fault_hits_exactly_the_request_it_is_meant_for(
    client: aiohttp.ClientSession, fault: proxy.Fault, effects: int, lost: bool
) -> None:
    async with JournalTarget() as target, FaultProxy(target.url) as network:
        url = f"{network.url}/transfers"
        network.on_request(2, fault)
        assert (await post(client, url, {"reference": "1"})).status == 201
        if lost:
            with pytest.raises(LOST):
                async with asyncio.timeout(0.3):
                    await post(client, url, {"reference": "2"})
        else:
            assert (await post(client, url, {"reference": "2"})).status == 201
        assert (await post(client, url, {"reference": "3"})).status == 201
        await target.settled()
        assert [body["reference"] for body in target.effects_on("/transfers")] == ["1", *["2"] * effects, "3"]


@pytest.mark.asyncio
async def test_a_delayed_request_arrives_later_and_lets_others_pass(client: aiohttp.ClientSession) -> None:
    async with JournalTarget() as target, FaultProxy(target.url) as network:
        network.on_next(proxy.delay(0.2, "request"))
        slow = asyncio.create_task(post(client, f"{network.url}/transfers", {"reference": "slow"}))
        await asyncio.sleep(0.05)
        await post(client, f"{network.url}/transfers", {"reference": "fast"})
        await slow
        assert [body["reference"] for body in target.effects_on("/transfers")] == ["fast", "slow"]


@pytest.mark.asyncio
async def test_a_fault_can_be_tied_to_a_connection_or_last_until_mended() -> None:
    async with JournalTarget() as target, FaultProxy(target.url) as network:
        network.on_connection(1, proxy.LOSE_ANSWER)
        async with aiohttp.ClientSession() as one, aiohttp.ClientSession() as two:
            with pytest.raises(aiohttp.ClientError):
                await post(one, f"{network.url}/transfers", {})
            assert (await post(two, f"{network.url}/transfers", {})).status == 201
            network.always(proxy.REFUSE)
            with pytest.raises(aiohttp.ClientError):
                await post(two, f"{network.url}/transfers", {})
            network.always(proxy.PASS)
            assert (await post(two, f"{network.url}/transfers", {})).status == 201
        assert len(target.effects) == 3


@pytest.mark.asyncio
async def test_a_target_that_is_down_looks_like_a_lost_connection(client: aiohttp.ClientSession) -> None:
    async with JournalTarget() as target:
        url = target.url
    async with FaultProxy(url) as network:
        with pytest.raises(aiohttp.ClientError):
            await post(client, f"{network.url}/transfers", {})


def test_a_database_url_leads_to_a_fresh_empty_database(database_url: str) -> None:
    engine = sqlalchemy.create_engine(database_url)
    assert sqlalchemy.inspect(engine).get_table_names() == []
    with engine.begin() as connection:
        connection.execute(sqlalchemy.text("CREATE TABLE once (id integer)"))
    assert sqlalchemy.inspect(engine).get_table_names() == ["once"]
    engine.dispose()


def test_the_next_test_finds_it_empty_again(database_url: str) -> None:
    engine = sqlalchemy.create_engine(database_url)
    assert sqlalchemy.inspect(engine).get_table_names() == []
    engine.dispose()
