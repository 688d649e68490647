"""A real hub, built from a project folder, whose warehouse is a journalling target behind a network that breaks on request."""

from __future__ import annotations

import asyncio
import json
import time
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import AsyncExitStack
from pathlib import Path
from typing import Any, Literal

import pytest_asyncio

from tests.faults.journal import JournalTarget
from tests.faults.proxy import FaultProxy
from tests.faults.site import CONTROL, SITE, write_site
from tracemill.answers import deliveries
from tracemill.answers.deliveries import DeliveryView
from tracemill.app.build import build_hub, utc_now
from tracemill.app.config import load_project
from tracemill.hub.hub import Hub
from tracemill.hub.receive import receive
from tracemill.model.status import FeedKind
from tracemill.store.messages import Incoming

Way = Literal["findable", "keyed", "ensure"]
KINDS = {"receipts": FeedKind.FACTS, "stock": FeedKind.SNAPSHOTS, "decisions": FeedKind.SNAPSHOTS}


class Floor:
    """The hub, its target and the network between them, with what a test says and looks at."""

    def __init__(self, hub: Hub, target: JournalTarget, network: FaultProxy) -> None:
        self.hub, self.target, self.network = hub, target, network

    async def tell(self, system: str, feed: str, key: str, body: Any) -> None:
        """Let a system say something; the hub decides it in its own time."""
        now = utc_now()
        item = Incoming(
            site=SITE, system=system, feed=feed, kind=KINDS[feed], key=key, body=json.dumps(body).encode(),
            content_type="application/json", received_at=now, read_started=now,
        )  # fmt: skip
        await receive(self.hub.runtime, [item])

    async def lot(self, number: str = "L-1") -> None:
        """A lot in quarantine, received and inspected."""
        self.target.seed(number, available="0", quarantine="480", blocked="0")
        await self.tell("wms", "stock", number, {"id": number, "available": "0", "quarantine": "480", "blocked": "0"})
        await self.tell("wms", "receipts", f"R-{number}", {"batch": number, "qty": "480", "doc": f"R-{number}"})
        await self.until(lambda: self.commands(number, "open_inspection"), "verified")

    async def decide(self, code: str, number: str = "L-1", rev: int = 1) -> None:
        """Quality decides about the lot."""
        body = {"id": f"SG-{number}", "batch": number, "rev": str(rev), "parts": [{"code": code}]}
        await self.tell("qms", "decisions", f"SG-{number}", body)

    async def commands(self, number: str = "L-1", verb: str = "set_status") -> list[DeliveryView]:
        """Return a lot's commands with every try, as the API shows them, the oldest first."""

        def read(c: Any) -> list[DeliveryView]:
            page = deliveries.listed(c, None, limit=500)
            mine = [d for d in page.items if (d.lot_number, d.verb) == (number, verb)]
            return [found for d in reversed(mine) if (found := deliveries.one(c, d.id)) is not None]

        return await self.hub.runtime.store.read(read)

    async def until(
        self, look: Callable[[], Awaitable[list[DeliveryView]]], state: str, count: int = 1, *, detail: str = ""
    ) -> list[DeliveryView]:
        """Wait until there are so many commands and the last one is in a state, and says so."""
        found: list[DeliveryView] = []
        until = time.monotonic() + 15
        while time.monotonic() < until:
            found = await look()
            if len(found) >= count and found[-1].state == state and detail in found[-1].detail:
                return found
            if self.hub.runtime.failure is not None:
                raise self.hub.runtime.failure
            await asyncio.sleep(0.01)
        raise AssertionError(f"never {count} commands with the last {state}: {[(d.state, d.detail, d.tries) for d in found]}")

    async def settled(self, number: str = "L-1", count: int = 1) -> DeliveryView:
        """Return the lot's last status command once it is verified and nothing of the target is still to come."""
        found = await self.until(lambda: self.commands(number), "verified", count)
        await self.target.settled()
        return found[-1]

    def moves(self, number: str = "L-1") -> list[str]:
        """Return what happened to a lot at the target, from the target's own journal."""
        posted = [e.body for e in self.target.effects if e.path == "/transfers" and e.body.get("lot") == number]
        return [f"{b['qty']} {b['from']} > {b['to']}" for b in posted]

    def sums(self, number: str = "L-1") -> tuple[str, str, str]:
        """Return (available, quarantine, blocked) as the target has them now."""
        lot = self.target.lots[number]
        return lot["available"], lot["quarantine"], lot["blocked"]


Open = Callable[..., Awaitable[Floor]]


@pytest_asyncio.fixture
async def open_floor(database_url: str, tmp_path: Path) -> AsyncIterator[Open]:
    """A function that starts the hub: `way` says how the warehouse takes a status; the rest goes to the target."""
    async with AsyncExitStack() as stack:

        async def start(way: Way = "findable", *, pack: dict[str, Any] | None = None, **target: Any) -> Floor:
            made = await stack.enter_async_context(JournalTarget(**target))
            network = await stack.enter_async_context(FaultProxy(made.url))
            made.seed(CONTROL, available="0", quarantine="0", blocked="0")
            folder = write_site(tmp_path / "project", database_url, network.url, made.url, way, **(pack or {}))
            project, reader = load_project(folder)
            assert project is not None, reader.findings
            hub = build_hub(project, reader, polls=False)
            stack.callback(hub.runtime.store.close)
            await hub.start()
            stack.push_async_callback(hub.stop)
            return Floor(hub, made, network)

        yield start


@pytest_asyncio.fixture
async def floor(open_floor: Open) -> Floor:
    """A hub whose warehouse is written by transfers that can be looked for, with one lot in quarantine."""
    made = await open_floor()
    await made.lot()
    return made
