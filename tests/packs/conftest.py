"""The demo plant over real HTTP, and the hub's links to it, built from a project folder as a running hub builds them."""

import asyncio
from collections.abc import AsyncIterator, Mapping
from datetime import UTC, datetime
from decimal import Decimal
from pathlib import Path
from typing import Any

import aiohttp
import msgspec
import pytest
import pytest_asyncio

from tracemill.app.build import build_links, utc_now
from tracemill.app.config import load_project
from tracemill.core.transfers import transfers
from tracemill.demo.plant import erp, mes, qms, wms
from tracemill.demo.plant.serve import Running, plant
from tracemill.hub.link import Link
from tracemill.hub.translate import translate_body
from tracemill.model.connector import Done, Fetched, Finding, Job
from tracemill.model.event import Event
from tracemill.model.lot import Claim, Target
from tracemill.model.quantity import show
from tracemill.model.status import FeedKind, StockStatus

SITE = "PLANT-DE"
ZERO = Decimal(0)
HOOK_SECRET = "whsec_" + "c2VjcmV0LW9mLXRoZS1kZW1vLXBsYW50IQ=="
CREDENTIALS = {
    "erp": {"client_id": erp.CLIENT_ID, "client_secret": erp.CLIENT_SECRET},
    "qms": {"api_key": qms.API_KEY, "webhook_secret": HOOK_SECRET},
    "mes": {"username": mes.USER, "password": mes.PASSWORD},
    "wms": {"token": wms.TOKEN},
}
USERS = {"erp": "HUB", "qms": "hub-api", "mes": "hub", "wms": "hub-api"}
SECRETS = ("client_secret", "api_key", "password", "token")


def write_project(folder: Path, urls: Mapping[str, str], credentials: Mapping[str, Mapping[str, str]]) -> None:
    """Write the project folder of a plant."""
    for name in ("systems", "sites"):
        (folder / name).mkdir(parents=True)
    (folder / "tracemill.yaml").write_text(f"sites: [{SITE}]\n")
    (folder / "authority.yaml").write_text("rules:\n  - {facet: quality, owner: qms}\n  - {facet: movement, owner: mes}\n")
    (folder / "sites" / f"{SITE}.yaml").write_text("zone: Europe/Berlin\n")
    for name, url in urls.items():
        lines = [f"pack: demo-{name}", f"site: {SITE}", "mode: act", f"user: {USERS[name]}", "connection:", f"  url: {url}"]
        lines += ["  credentials:", *(f"    {key}: 'plain:{value}'" for key, value in credentials[name].items())]
        (folder / "systems" / f"{name}.yaml").write_text("\n".join(lines) + "\n")
    mail = ["pack: mail", f"site: {SITE}", "connection: {host: 127.0.0.1, port: 25, sender: hub@plant.example}"]
    (folder / "systems" / "mail.yaml").write_text("\n".join(mail) + "\n")


def links_of(folder: Path) -> dict[str, Link]:
    project, reader = load_project(folder)
    assert project is not None, reader.findings
    return build_links(project, reader, utc_now)


class System:
    """One system of the plant as the hub meets it (`link`) and as its own people do (`ui`)."""

    def __init__(self, link: Link, stranger: Link, session: aiohttp.ClientSession, url: str) -> None:
        self.link, self.stranger = link, stranger
        self._session, self._url = session, url
        self.login: dict[str, str] = {}

    async def ask(self, method: str, path: str, body: object = None) -> tuple[int, Any]:
        async with self._session.request(method, self._url + path, json=body, headers=self.login) as answer:
            return answer.status, await answer.json(content_type=None)

    async def ui(self, path: str, body: object = None, method: str = "POST") -> Any:
        status, answer = await self.ask(method, path, body)
        assert status < 300, answer
        return answer

    async def arm(self, method: str, path: str, do: str, **more: float) -> None:
        await self.ui("/plant/faults", {"match": {"method": method, "path": path}, "do": do, **more})

    async def journal(self, what: str, subject: str) -> list[Any]:
        body = await self.ui("/plant/journal", method="GET")
        return [effect for effect in body["journal"] if (effect["what"], effect["subject"]) == (what, subject)]

    async def records(self, feed: str, cursor: dict[str, Any] | None = None) -> tuple[list[Fetched], dict[str, Any]]:
        """Poll a feed until its last page."""
        found: list[Fetched] = []
        cursor = dict(cursor or {})
        for _ in range(50):
            page = await self.link.connector.poll(feed, cursor, datetime.now(UTC))
            found, cursor = [*found, *page.records], page.cursor
            if not page.more:
                return found, cursor
        raise AssertionError(f"{feed} never ends")

    async def record(self, feed: str, key: str) -> Fetched:
        records, _ = await self.records(feed)
        return next(one for one in reversed(records) if one.key == key)

    def translated(self, record: Fetched) -> list[Event]:
        """Translate a record of a feed or of a read-back as the hub does."""
        spec = self.link.feeds.get(record.feed)
        started = record.read_started if spec is None or spec.kind is FeedKind.SNAPSHOTS else None
        names = spec.mappings if spec else [self.link.stock_mapping]
        return translate_body(
            self.link, names, record.body, site=SITE, received_at=record.read_started, read_started=started, origin=record.key
        )

    async def events(self, feed: str, key: str) -> list[Event]:
        return self.translated(await self.record(feed, key))

    async def stock(self, lot: str) -> Event:
        """Read one lot back."""
        read = await self.link.connector.read([lot], utc_now)
        fetched = read[lot]
        assert fetched is not None
        return self.translated(fetched)[0]

    async def send(self, job: Job) -> Done:
        """Send a command with a cursor of its own."""
        return await self.link.connector.send(job, {}, kept)

    async def seek(self, job: Job) -> Finding:
        return await self.link.connector.seek(job, {})

    async def transfer(self, lot: str, token: str, available: str, blocked: str, unit: str = "KGM") -> Job:
        """Plan a status change by reading, as the hub does, and send it."""
        shown = claim(await self.stock(lot))
        plan = transfers(Target(available=Decimal(available), blocked=Decimal(blocked)), shown)
        moves = [{"from": str(t.source), "to": str(t.to), "quantity": show(t.quantity)} for t in plan]
        value = {"available": available, "blocked": blocked, "unit": unit, "item": "4711", "transfers": moves}
        job = Job(token=token, verb="set_status", lot=lot, number=lot, value=value)
        await self.send(job)
        return job


async def kept(_cursor: dict[str, Any]) -> None:
    """Keep a cursor; these tests do not crash."""
    await asyncio.sleep(0)


def again(job: Job) -> Job:
    """Return the same command as a second try, the first of which may have worked."""
    return msgspec.structs.replace(job, attempt=2, doubtful=True)


def sums(event: Event) -> dict[str, str]:
    """Return the quantity per status, without those that are zero."""
    found = {s: sum((row.quantity.amount for row in event.data.rows if row.status is s), ZERO) for s in StockStatus}
    return {str(status): show(amount) for status, amount in found.items() if amount}


def claim(event: Event) -> Claim:
    """Return what a reading says, with the blocks of other people apart."""
    found = {status: Decimal(amount) for status, amount in sums(event).items()}
    foreign = [row.quantity.amount for row in event.data.rows if row.restriction and row.restriction.by != "hub-api"]
    return Claim(read_started=event.data.read_started, foreign_blocked=sum(foreign, ZERO), **found)


class Plant:
    """All four systems."""

    def __init__(self, systems: Mapping[str, System], running: Running) -> None:
        self.running = running
        self.erp, self.qms, self.mes, self.wms = (systems[name] for name in ("erp", "qms", "mes", "wms"))


@pytest_asyncio.fixture(scope="module", loop_scope="module")
async def here(tmp_path_factory: pytest.TempPathFactory) -> AsyncIterator[Plant]:
    folder = tmp_path_factory.mktemp("plant")
    wrong = {name: {k: "wrong" if k in SECRETS else v for k, v in given.items()} for name, given in CREDENTIALS.items()}
    async with plant(dict.fromkeys(CREDENTIALS, 0), folder / "state") as running, aiohttp.ClientSession() as session:
        write_project(folder / "known", running.urls, CREDENTIALS)
        write_project(folder / "stranger", running.urls, wrong)
        known, strangers = links_of(folder / "known"), links_of(folder / "stranger")
        systems = {name: System(known[name], strangers[name], session, url) for name, url in running.urls.items()}
        systems["qms"].login = {"X-Api-Key": qms.API_KEY}
        systems["mes"].login = {"Authorization": aiohttp.encode_basic_auth(mes.USER, mes.PASSWORD)}
        systems["wms"].login = {"Authorization": f"Token {wms.TOKEN}"}
        form = {"grant_type": "client_credentials", **CREDENTIALS["erp"]}
        token = (await systems["erp"].ui("/oauth/token", form))["access_token"]
        systems["erp"].login = {"Authorization": f"Bearer {token}"}
        yield Plant(systems, running)
        for link in (*known.values(), *strangers.values()):
            await link.connector.close()
