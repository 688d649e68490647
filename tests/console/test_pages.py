"""The pages: closed without a session, safe with hostile ids, and never colour alone."""

from html.parser import HTMLParser
from typing import Any

import pytest

from tests.api.conftest import Served, served  # noqa: F401  the fixture

HOSTILE = ["<script>alert(1)</script>", "Los-🧪", "x" * 200, "a/b c?d=e"]


class Balanced(HTMLParser):
    """Checks that every element that is opened is closed."""

    VOID = frozenset({"meta", "link", "input", "br", "hr", "img"})

    def __init__(self) -> None:
        super().__init__()
        self.open: list[str] = []
        self.seen: set[str] = set()

    def handle_starttag(self, tag: str, attrs: Any) -> None:
        self.seen.add(tag)
        if tag not in self.VOID:
            self.open.append(tag)

    def handle_endtag(self, tag: str) -> None:
        assert self.open.pop() == tag


async def session(served: Served) -> dict[str, str]:  # noqa: F811
    status, _, headers = await served.ask("GET", f"/open?token={served.security.new_link()}", token="")
    assert status == 200
    cookie = headers["Set-Cookie"]
    assert "HttpOnly" in cookie
    assert "SameSite=strict" in cookie
    return {"Cookie": cookie.split(";")[0]}


async def page(served: Served, path: str, cookie: dict[str, str], expected: int = 200) -> str:  # noqa: F811
    status, body, headers = await served.ask("GET", path, token="", headers=cookie)
    assert status == expected, body
    assert "default-src 'none'" in headers["Content-Security-Policy"]
    checked = Balanced()
    checked.feed(body)
    assert checked.open == []
    assert {"main", "header", "h1"} <= checked.seen
    assert "<script" not in body
    assert "http://" not in body
    assert "https://" not in body
    return str(body)


@pytest.mark.parametrize("path", ["/", "/lots/L-1", "/messages", "/messages/x"])
async def test_without_a_session_every_page_is_closed_and_says_how_it_is_opened(served: Served, path: str) -> None:  # noqa: F811
    body = await page(served, path, {}, 401)
    assert "tracemill run" in body


async def test_a_link_opens_once(served: Served) -> None:  # noqa: F811
    token = served.security.new_link()
    assert (await served.ask("GET", f"/open?token={token}", token=""))[0] == 200
    assert (await served.ask("GET", f"/open?token={token}", token=""))[0] == 401


async def test_a_lot_page_says_the_verdict_and_shows_systems_side_by_side(served: Served) -> None:  # noqa: F811
    await served.plant.receive_lot()
    await served.plant.settle()
    await served.plant.decide("L-1", ("ACC", "383"), ("REJ", "97"))
    await served.plant.settle()
    body = await page(served, "/lots/L-1", await session(served))
    assert "383 kg may be used; 97 kg are rejected by QMS." in body
    assert "F 383 kg, S 97 kg" in body
    assert '<span aria-hidden="true">◑</span> conditional' in body
    twin = await served.ask("GET", "/lots/L-1.json", token="", headers=await session(served))
    assert twin[1]["usable"] == "383"


@pytest.mark.parametrize("number", HOSTILE)
async def test_hostile_ids_are_shown_as_they_are(served: Served, number: str) -> None:  # noqa: F811
    await served.plant.receive_lot(number)
    cookie = await session(served)
    lot = (await served.get("/v1/lots"))["items"][0]
    body = await page(served, f"/lots/{lot['id']}", cookie)
    assert number.replace("<", "&lt;").replace(">", "&gt;") in body
    await page(served, "/", cookie)


async def test_a_message_that_could_not_be_read_is_discarded_with_a_reason_only(served: Served) -> None:  # noqa: F811
    await served.plant.receive_lot()
    await served.plant.decide("L-1", ("QX", None))
    cookie = await session(served)
    body = await page(served, "/messages", cookie)
    assert "1 lot is held" in body
    uuid = body.split('href="/messages/')[1].split('"')[0]
    shown = await page(served, f"/messages/{uuid}", cookie)
    token = shown.split('name="form" value="')[1].split('"')[0]
    post = f"/messages/{uuid}/discard"
    assert (await served.ask("POST", post, token="", headers=cookie, data={"form": "x", "reason": "y"}))[0] == 403
    assert (await served.ask("POST", post, token="", headers=cookie, data={"form": token, "reason": " "}))[0] == 409
    assert (await served.ask("POST", post, token="", headers=cookie, data={"form": token, "reason": "read"}))[0] == 303
    assert "No failures" in await page(served, "/messages", cookie)


async def test_nothing_found_says_what_was_searched(served: Served) -> None:  # noqa: F811
    cookie = await session(served)
    assert "Nothing carries this key" in await page(served, "/?q=NOPE", cookie)
    assert "Nothing is called" in await page(served, "/lots/NOPE", cookie, 404)
