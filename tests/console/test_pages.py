"""The pages: closed without a session, safe with hostile ids, whole without scripts, and never colour alone."""

import re
from html import unescape
from html.parser import HTMLParser
from itertools import pairwise
from pathlib import Path
from typing import Any
from urllib.parse import quote

import aiohttp
import pytest

from tests.api.conftest import Served, served  # noqa: F401  the fixture
from tests.console.showcase import FACE, HOSTILE, LONG, live, odd_numbers, shown
from tracemill.console.words import STATUSES, lot_path
from tracemill.model.status import Consequence, DeliveryState, MessageState, Mode

VERDICTS = ("released", "conditional", "quarantine", "hold", "rejected", "unknown")
HEADINGS = ("h1", "h2", "h3", "h4")


class Outline(HTMLParser):
    """Reads a page strictly: what is opened is closed; keeps its landmarks, headings, labels, addresses and statuses."""

    VOID = frozenset({"meta", "link", "input", "br", "hr", "img"})

    def __init__(self, text: str) -> None:
        super().__init__()
        self.open: list[str] = []
        self.tags: list[tuple[str, dict[str, str | None]]] = []
        self.text = ""
        self.feed(text)
        self.close()
        assert self.open == [], self.open

    def handle_starttag(self, tag: str, attrs: Any) -> None:
        self.tags.append((tag, dict(attrs)))
        if tag not in self.VOID:
            self.open.append(tag)

    def handle_endtag(self, tag: str) -> None:
        assert self.open.pop() == tag

    def handle_data(self, data: str) -> None:
        self.text += data

    def all(self, *names: str) -> list[dict[str, str | None]]:
        return [attributes for tag, attributes in self.tags if tag in names]

    def check(self) -> None:
        """What holds on every page."""
        assert self.all("html")[0]["lang"] == "en"
        for landmark in ("header", "main", "footer", "h1", "title"):
            assert len(self.all(landmark)) == 1, landmark
        assert any(a.get("class") == "skip" and a.get("href") == "#main" for a in self.all("a"))
        levels = [HEADINGS.index(tag) for tag, _ in self.tags if tag in HEADINGS]
        assert all(after <= before + 1 for before, after in pairwise(levels)), levels
        ids = [a["id"] for _, a in self.tags if "id" in a]
        assert len(ids) == len(set(ids)), ids
        labels = {a.get("for") for a in self.all("label")}
        fields = [a for a in self.all("input", "select") if a.get("type") != "hidden"]
        assert all(a.get("id") in labels for a in fields), fields
        self._check_addresses()

    def _check_addresses(self) -> None:
        assert not self.all("script", "iframe", "object", "embed", "base")
        for tag, attributes in self.tags:
            assert "style" not in attributes, f"the policy forbids it: {tag}"
            assert not any(name.startswith("on") for name in attributes), attributes
            for name in ("href", "src", "action", "xlink:href"):
                address = attributes.get(name)
                assert address is None or re.match(r"[/#](?!/)", address), address
        sprite = {a["id"] for a in self.all("symbol")}
        assert {str(a["href"])[1:] for a in self.all("use")} <= sprite


class Reader:
    """A person with a browser: asks for pages, and checks each."""

    def __init__(self, hub: Served, cookie: dict[str, str]) -> None:
        self.hub, self.cookie = hub, cookie

    async def page(self, path: str, expected: int = 200) -> Outline:
        status, body, headers = await self.hub.ask("GET", path, token="", headers=self.cookie)
        assert status == expected, body
        guarded(headers)
        outline = Outline(body)
        outline.check()
        return outline

    async def twin(self, path: str, expected: int = 200) -> Any:
        status, body, headers = await self.hub.ask("GET", path, token="", headers=self.cookie)
        assert status == expected, body
        guarded(headers)
        return body

    async def follow(self, path: str) -> str:
        status, _, headers = await self.hub.ask("GET", path, token="", headers=self.cookie)
        assert status == 303
        return str(headers["Location"])

    async def send(self, path: str, **form: str) -> tuple[int, str]:
        status, body, _ = await self.hub.ask("POST", path, token="", headers=self.cookie, data=form)
        return status, body


def guarded(headers: Any) -> None:
    policy = headers["Content-Security-Policy"]
    assert policy.startswith("default-src 'none'; style-src 'self'; img-src 'self'; form-action 'self'")
    assert "script-src" not in policy
    assert "frame-ancestors 'none'" in policy
    assert headers["X-Content-Type-Options"] == "nosniff"
    assert headers["Cache-Control"] == "no-store"
    assert headers["Referrer-Policy"] == "no-referrer"


async def enter(hub: Served) -> Reader:
    status, body, headers = await hub.ask("GET", f"/open?token={hub.security.new_link()}", token="")
    assert status == 200
    Outline(body).check()
    cookie = headers["Set-Cookie"]
    assert "HttpOnly" in cookie
    assert "SameSite=strict" in cookie
    return Reader(hub, {"Cookie": cookie.split(";")[0]})


SAID = (
    "363 kg may be used; 97 kg are rejected by QMS; 20 kg are damaged in WMS.", "F 363 kg, S 97 kg, S 20 kg", "owns quality",
    "free in ERP for", "gap 0", "383 kg accepted", "told: 363 usable, 117 blocked", "OP17",
)  # fmt: skip
PATHS = ["/", "/?q=x", "/lots", "/lots/L-1", "/messages", "/messages?state=all", "/messages/x"]


@pytest.mark.parametrize("path", PATHS)
async def test_without_a_session_every_page_is_closed_and_says_how_it_is_opened(served: Served, path: str) -> None:  # noqa: F811
    for cookie in ({}, {"Cookie": "tracemill=made-up"}):
        seen = await Reader(served, cookie).page(path, 401)
        assert "These pages are closed" in seen.text
        assert "tracemill run" in seen.text
    twin = await Reader(served, {}).twin("/messages.json", 401)
    assert twin["status"] == 401
    assert "tracemill run" in twin["next"]


async def test_without_a_session_nothing_is_done(served: Served) -> None:  # noqa: F811
    assert (await Reader(served, {}).send("/messages/x/discard", form="", reason="x"))[0] == 401


async def test_a_link_opens_once(served: Served) -> None:  # noqa: F811
    token = served.security.new_link()
    assert (await served.ask("GET", f"/open?token={token}", token=""))[0] == 200
    assert (await served.ask("GET", f"/open?token={token}", token=""))[0] == 401
    assert (await served.ask("GET", "/open", token=""))[0] == 401


async def test_a_lot_page_says_the_verdict_and_shows_systems_side_by_side(served: Served) -> None:  # noqa: F811
    await live(served.plant)
    reader = await enter(served)
    seen = await reader.page(f"/lots/{served.plant.hub.runtime.sites[0]}/L-2411-07")  # type: ignore[union-attr]
    for said in SAID:
        assert said in seen.text, said
    assert len([a for a in seen.all("section") if a.get("class", "").startswith("system")]) == 3  # type: ignore[union-attr]
    for number, verdict in (("L-2411-06", "300 too many"), ("L-2411-08", "read the message"), ("L-2411-05", "hold")):
        assert verdict in (await reader.page(f"/lots/{number}")).text


async def test_the_twin_of_a_page_gives_the_same_as_json(served: Served) -> None:  # noqa: F811
    await live(served.plant)
    reader = await enter(served)
    lot = await reader.twin("/lots/L-2411-07.json")
    assert (lot["verdict"], lot["usable"]) == ("conditional", "363")
    assert lot["timeline"]
    assert lot["messages"]["items"]
    groups = (await reader.twin("/messages.json"))["groups"]
    assert [g["count"] for g in groups] == [2, 1]
    message = await reader.twin(f"/messages/{groups[0]['messages'][0]['id']}.json")
    assert message["message"]["line"]["state"] == "parked"
    assert (await reader.twin("/.json"))["board"]["messages"]["parked"] == 3
    assert (await reader.twin("/lots.json?verdict=conditional"))["total"] == 1
    assert (await reader.twin("/lots/NOPE.json", 404))["status"] == 404
    for path in ("/", "/lots?verdict=hold", "/lots/L-2411-07", "/messages", "/messages?state=all&system=erp"):
        linked = [a["href"] for a in (await reader.page(path)).all("link") if a.get("rel") == "alternate"]
        assert await reader.twin(str(linked[0]))


async def test_as_of_shows_a_lot_as_it_was_and_is_absolute(served: Served) -> None:  # noqa: F811
    plant = served.plant
    await plant.receive_lot()
    await plant.settle()
    then = plant.clock()
    plant.clock.forward(3600)
    await plant.decide("L-1", ("ACC", None))
    await plant.settle()
    reader = await enter(served)
    moment = quote(then.isoformat())
    seen = await reader.page(f"/lots/L-1?as_of={moment}")
    assert "all of it is waiting for inspection" in seen.text
    assert "As it was at" in seen.text
    assert "all 480 kg may be used" in (await reader.page("/lots/L-1")).text.lower()
    assert await reader.follow("/lots/L-1?as_of=2026-11-23T14:05") == "/lots/L-1?as_of=2026-11-23T14%3A05%3A00%2B01%3A00"
    assert "was not known then" in (await reader.page("/lots/L-1?as_of=2020-01-01T00:00:00%2B00:00", 404)).text
    refused = await reader.page("/lots/L-1?as_of=yesterday", 422)
    assert "As the hub knew it at" in (await reader.page(f"/lots/L-1?known_at={moment}")).text
    asked = "/lots/L-1?at=2026-11-23T14:05&ask=known_at"
    assert await reader.follow(asked) == "/lots/L-1?known_at=2026-11-23T14%3A05%3A00%2B01%3A00"
    assert "2026-11-23T14:05:00+01:00" in refused.text


async def test_times_are_the_plants_with_utc_beside(served: Served) -> None:  # noqa: F811
    await served.plant.receive_lot()
    seen = await (await enter(served)).page("/lots/L-1")
    times = seen.all("time")
    assert times
    assert all(str(a["title"]).endswith(" UTC") and str(a["datetime"]).endswith("+00:00") for a in times)
    assert "2026-11-23 10:00:0" in seen.text, "09:00 UTC is 10:00 in Berlin"


@pytest.mark.parametrize("number", [HOSTILE, FACE, LONG, "A/7", "..", "a.json", "a?b=c#d", "'\"&amp;"])
async def test_hostile_ids_are_shown_as_they_are_and_found_again(served: Served, number: str) -> None:  # noqa: F811
    await served.plant.receive_lot(number)
    reader = await enter(served)
    lot = (await served.get("/v1/lots"))["items"][0]
    assert number in (await reader.page(f"/lots/{lot['id']}")).text
    assert number in (await reader.page("/lots")).text
    assert number in (await reader.page("/messages?state=all")).text
    for path in ("/", f"/?q={quote('ACM/7731')}"):
        listed = await served.ask("GET", path, token="", headers=reader.cookie)
        assert listed[0] in (200, 303)
    assert await reader.follow(f"/?q={quote(number, safe='')}") == f"/lots/{lot['id']}"
    by_name = lot_path(number)
    path = await reader.follow(by_name) if by_name.startswith("/?") else by_name
    assert number in (await reader.page(path)).text


async def test_many_odd_lots_fit_on_every_page(served: Served) -> None:  # noqa: F811
    await odd_numbers(served.plant)
    reader = await enter(served)
    for path in ("/", "/lots", "/messages", "/messages?state=all", f"/?q={quote(HOSTILE, safe='')}"):
        seen = (await served.ask("GET", path, token="", headers=reader.cookie))[1]
        assert "<script" not in seen


@pytest.mark.parametrize("path", ["/lots/a%00b", "/messages/%00", "/?q=%00", "/lots?item=%00", "/messages?key=%00&state=all"])
async def test_a_key_with_nul_is_no_key(served: Served, path: str) -> None:  # noqa: F811
    assert "NUL" in (await (await enter(served)).page(path, 404)).text


async def test_a_message_is_settled_with_a_reason_by_a_form_of_ours_only(served: Served) -> None:  # noqa: F811
    await served.plant.receive_lot()
    await served.plant.decide("L-1", ("QX", None))
    reader = await enter(served)
    listed = await reader.page("/messages")
    assert "has no canonical decision" in listed.text
    path = next(str(a["href"]) for a in listed.all("a") if str(a["href"]).startswith("/messages/"))
    seen = await reader.page(path)
    token = str(next(a for a in seen.all("input") if a.get("name") == "form")["value"])
    for form in ({"reason": "y"}, {"form": "x", "reason": "y"}, {"form": "é", "reason": "y"}):
        assert (await reader.send(f"{path}/discard", **form))[0] == 403
    other = await enter(served)
    assert (await other.send(f"{path}/discard", form=token, reason="y"))[0] == 403, "the token of another session"
    assert (await reader.send(f"{path}/discard", form=token, reason=" "))[0] == 409
    assert (await reader.send(f"{path}/discard", form=token, reason="y" * 501))[0] == 409
    assert (await reader.send(f"{path}/burn", form=token, reason="y"))[0] == 404
    status, body = await reader.send(f"{path}/replay", form=token, reason="<b>try</b>")
    assert status == 409
    assert "it still cannot be read" in body
    assert "&lt;b&gt;try&lt;/b&gt;" in body, "what was typed is kept"
    assert (await reader.send(f"{path}/discard", form=token, reason="read, <i>void</i>"))[0] == 303
    settled = await reader.page(path)
    assert "Discarded by local administrator: read, <i>void</i>" in settled.text
    assert not [a for a in settled.all("form") if a.get("method") == "post"]
    assert (await reader.send(f"{path}/discard", form=token, reason="again"))[0] == 409
    assert "No failures" in (await reader.page("/messages")).text


async def test_a_group_says_what_it_holds_back_and_filters_are_in_the_address(served: Served) -> None:  # noqa: F811
    await live(served.plant)
    reader = await enter(served)
    seen = await reader.page("/messages")
    assert "3 messages, 2 causes" in seen.text
    assert "370 kg" in seen.text
    assert "add QX: accept under codes.decision" in seen.text
    assert "L-2411-09-1" not in (await reader.page("/messages?system=qms")).text
    listed = await reader.page("/messages?state=all&key=4500012345")
    assert "L-2411-07" in listed.text
    assert "L-2411-06" not in listed.text


async def test_the_four_kinds_of_nothing_are_told_apart(served: Served) -> None:  # noqa: F811
    reader = await enter(served)
    assert "tracemill doctor" in (await reader.page("/")).text
    assert "No message has come yet" in (await reader.page("/messages")).text
    assert "No lot is known yet" in (await reader.page("/lots")).text
    await served.plant.receive_lot()
    healthy = await reader.page("/messages")
    assert "No failures" in healthy.text
    assert "ago" in healthy.text
    for path, name in (("/lots?item=NOPE&verdict=hold", "item = NOPE"), ("/messages?key=NOPE", "key = NOPE"),
                       ("/messages?system=mes", "system = mes")):  # fmt: skip
        seen = await reader.page(path)
        assert name in seen.text
        assert "Clear the filter" in seen.text
    assert "Nothing carries this key" in (await reader.page("/?q=NOPE")).text
    nothing = await reader.page("/lots/NOPE", 404)
    assert "Nothing is called NOPE" in nothing.text
    assert "Correlation id" in nothing.text


async def test_a_failure_of_ours_is_a_page_with_an_id(served: Served, monkeypatch: pytest.MonkeyPatch) -> None:  # noqa: F811
    def fails(*_: Any, **__: Any) -> Any:
        raise RuntimeError("disk on fire, password=hunter2")

    reader = await enter(served)
    monkeypatch.setattr("tracemill.console.pages.status.board", fails)
    seen = await reader.page("/", 500)
    assert "Correlation id" in seen.text
    assert "hunter2" not in seen.text
    assert "cursor" in (await reader.page("/lots?cursor=made-up", 400)).text


async def test_every_status_is_icon_and_word_and_no_word_is_missing(served: Served) -> None:  # noqa: F811
    assert {*VERDICTS, *MessageState, *DeliveryState, *Consequence, *Mode} <= set(STATUSES)
    await live(served.plant)
    reader = await enter(served)
    for path in ("/", "/lots", "/lots/L-2411-06", "/lots/L-2411-07", "/messages", "/messages?state=all"):
        text = (await served.ask("GET", path, token="", headers=reader.cookie))[1]
        chips = re.findall(r'<span class="status [a-z]+">(.*?)</span></span>', text)
        assert chips
        assert len(chips) == text.count('<span class="status ')
        for chip in chips:
            assert re.fullmatch(
                r'<svg class="icon" aria-hidden="true" focusable="false"><use href="#i-[a-z]+"/></svg><span>.+', chip
            )
            assert unescape(chip.rpartition(">")[2]).strip()
    style = (await served.ask("GET", "/static/style.css", token=""))[1]
    assert all(f".status.{tone}" in style for _, tone in STATUSES.values())


@pytest.mark.parametrize("mode, said", [(Mode.OBSERVE, "would send: 0 usable"), (Mode.PROPOSE, "waits for approval: 0 usable")])
async def test_what_is_not_sent_yet_is_shown_as_what_would_be(tmp_path: Path, mode: Mode, said: str) -> None:
    async with shown(tmp_path, mode) as (plant, security, url), aiohttp.ClientSession() as session:
        await plant.receive_lot()
        await plant.settle(rounds=3)
        reader = await enter(Served(plant, security, session, url, ""))
        lot = await reader.page("/lots/L-1")
        assert said in lot.text
        assert "480 too many" in lot.text, "free in ERP, and nobody may use it"
        start = await reader.page("/")
        assert "1 lot free in ERP and not inspected in QMS" in start.text
        assert "1 command that" in start.text
