"""What all parts of a running hub share: store, policies, links, clock, and who wakes whom."""

import asyncio
from collections.abc import Mapping, Sequence
from datetime import datetime
from itertools import islice
from secrets import randbits

from sqlalchemy import Connection

from tracemill.answers.adjacency import Adjacency
from tracemill.hub.decider import Clock, Decider, Item
from tracemill.hub.link import Link
from tracemill.hub.steps import Reach, Step, passed
from tracemill.model.identifier import new_id
from tracemill.model.policy import Policy
from tracemill.store import messages
from tracemill.store.decisions import Effects
from tracemill.store.messages import Incoming, Receipt
from tracemill.store.store import Store


class Runtime:
    """The shared state of one hub process."""

    def __init__(
        self, store: Store, policies: Mapping[str, Policy], links: Mapping[str, Link], clock: Clock, reach: Reach = passed
    ) -> None:
        self.store, self.policies, self.links, self.clock, self.reach = store, policies, links, clock, reach
        self.decider = Decider(store.ids, policies, {n: link.effect_time for n, link in links.items()}, reach)
        self.adjacency = Adjacency({site: policy.tolerances for site, policy in policies.items()})
        self.received = asyncio.Event()
        self.spreading = asyncio.Event()
        self.telling = asyncio.Event()
        self.recalling = asyncio.Event()
        self.stopping = asyncio.Event()
        self.failure: BaseException | None = None

    @property
    def sites(self) -> tuple[str, ...]:
        return tuple(self.policies)

    def fresh_id(self, at: datetime) -> str:
        return new_id(int(at.timestamp() * 1000), randbits(80))

    def take(self, tx: Connection, brought: Sequence[Sequence[Incoming]]) -> list[list[Receipt]]:
        """Store what several callers bring at the same time; return the receipts of each."""
        receipts = messages.receive(tx, self.store.ids, [item for items in brought for item in items])
        self.reach(Step.RECEIVE_BEFORE_COMMIT)
        rest = iter(receipts)
        return [list(islice(rest, len(items))) for items in brought]

    def commit(self, tx: Connection, items: Sequence[Item], now: datetime) -> Effects:
        """Decide and write events inside an open transaction."""
        return self.decider.commit(tx, items, now) if items else Effects()

    def announce(self, effects: Effects) -> None:
        """Wake whoever has something to do now: the cascade, who tells of rejections, and the senders of systems."""
        if effects.spreads:
            self.spreading.set()
        if effects.rejects:
            self.telling.set()
        for system in effects.systems:
            if system in self.links:
                self.links[system].wake.set()

    def crashed(self, error: BaseException) -> None:
        """Stop the hub: something died that must not die quietly."""
        self.failure = self.failure or error
        self.stopping.set()

    async def pause(self, event: asyncio.Event, seconds: float) -> None:
        """Wait until woken, or until the time is over."""
        try:
            await asyncio.wait_for(event.wait(), max(0.0, seconds))
        except TimeoutError:
            return
        event.clear()
