"""The hub: the loops that receive, process, deliver, verify and sweep, each ending only with the hub."""

import asyncio
from collections.abc import Awaitable, Callable
from datetime import timedelta
from functools import partial

from sqlalchemy import Connection

from tracemill.hub.cascade import Cascader
from tracemill.hub.deliver import Sender
from tracemill.hub.link import Link
from tracemill.hub.poll import Poller
from tracemill.hub.process import Processor
from tracemill.hub.recaller import Recaller
from tracemill.hub.runtime import Runtime
from tracemill.hub.supplier_batch import BatchTeller
from tracemill.hub.sweep import Sweeper
from tracemill.hub.verify import Verifier
from tracemill.model.status import DeliveryState, Mode
from tracemill.observe.logs import log
from tracemill.store import deliveries, partitions, systems
from tracemill.store.engine import AlreadyRunning
from tracemill.store.writer import Priority

BREATH = 0.005  # seconds between two rounds of a loop: what comes meanwhile goes into the same batch


class Hub:
    """Runs all loops of one process."""

    def __init__(self, runtime: Runtime, *, polls: bool = True) -> None:
        self.runtime, self._polls = runtime, polls
        self._tasks: list[asyncio.Task[None]] = []
        self.processor = Processor(runtime)
        self.cascader = Cascader(runtime)
        self.teller = BatchTeller(runtime)
        self.recaller = Recaller(runtime)
        self.sweeper = Sweeper(runtime)
        self.senders = {n: Sender(runtime, link) for n, link in runtime.links.items()}
        self.verifiers = {n: Verifier(runtime, link) for n, link in runtime.links.items()}
        self.pollers = [Poller(runtime, link, f) for link in runtime.links.values() for f in link.feeds]

    async def start(self) -> None:
        """Recover what the last hub left, then start the loops."""
        await self.recover()
        self._spawn(self._remember())
        self._spawn(self._work(self.processor.run_once, self.runtime.received))
        self._spawn(self._work(self.cascader.run_once, self.runtime.spreading))
        self._spawn(self._work(self.teller.run_once, self.runtime.telling))
        self._spawn(self._work(self.recaller.run_once, self.runtime.recalling))
        self._spawn(self._repeat(self.sweeper.run_once, 2.0))
        for name, link in self.runtime.links.items():
            self._spawn(self._drive(link, self.senders[name].run_once, link.wake, deliveries.TO_SEND))
            self._spawn(self._drive(link, self.verifiers[name].run_once, link.look, deliveries.TO_LOOK_AT))
        if self._polls:
            for poller, before in zip(self.pollers, [None, *self.pollers], strict=False):
                self._spawn(self._poll(poller, before))

    async def _remember(self) -> None:
        """Read the genealogy of each site once, so that the first trace need not."""
        for site in self.runtime.sites:
            await self.runtime.store.read(partial(self.runtime.adjacency.graph, site=site))

    async def recover(self) -> int:
        """Whatever was being sent when the last hub stopped is in doubt: it will be asked about, not sent again."""
        now = self.runtime.clock()

        def recover(tx: Connection) -> int:
            partitions.ensure(tx, now)
            for name in systems.paused(tx):
                if name in self.runtime.links:
                    self.runtime.links[name].paused = True
            for site in self.runtime.sites:
                self.runtime.decider.learn(tx, site, now)
            acting = [n for n, link in self.runtime.links.items() if link.mode is not Mode.OBSERVE]
            deliveries.forget_observed(tx, acting, now)
            return deliveries.recover(tx, now)

        doubtful = await self.runtime.store.write(recover, Priority.DELIVER)
        if doubtful:
            log.warning("deliveries in doubt after restart", count=doubtful)
        self.runtime.received.set()
        return doubtful

    async def stop(self) -> None:
        """Let what is under way finish, then end all loops."""
        self.runtime.stopping.set()
        for sender in self.senders.values():
            await sender.drain()
        for task in self._tasks:
            task.cancel()
        await asyncio.gather(*self._tasks, return_exceptions=True)
        for link in self.runtime.links.values():
            await link.connector.close()

    def _spawn(self, work: "Awaitable[None]") -> None:
        task = asyncio.ensure_future(work)
        task.add_done_callback(self._ended)
        self._tasks.append(task)

    def _ended(self, task: "asyncio.Task[None]") -> None:
        if not task.cancelled() and (error := task.exception()) is not None:
            self.runtime.crashed(error)

    async def _guard(self, run: Callable[[], Awaitable[int]]) -> int:
        """Run one round of a loop; an error of ours is loud and the loop goes on."""
        try:
            return await run()
        except AlreadyRunning as error:  # the database was lost, and another hub has it now: two must not send
            self.runtime.crashed(error)
            return 0
        except Exception:
            log.exception("internal error", loop=getattr(run, "__qualname__", ""))
            await asyncio.sleep(1)
            return 0

    async def _work(self, run: Callable[[], Awaitable[int]], wake: asyncio.Event) -> None:
        """Run rounds for as long as there is something to do, then rest until woken."""
        while not self.runtime.stopping.is_set():
            if not await self._guard(run):
                await self.runtime.pause(wake, 1.0)
            await asyncio.sleep(BREATH)

    async def _repeat(self, run: Callable[[], Awaitable[int]], seconds: float) -> None:
        while not self.runtime.stopping.is_set():
            await self._guard(run)
            await asyncio.sleep(seconds)

    async def _drive(
        self, link: Link, run: Callable[[], Awaitable[int]], wake: asyncio.Event, states: tuple[DeliveryState, ...]
    ) -> None:
        """Send, or verify, for one system: one failing system stops only itself, and no reading keeps a sending waiting."""
        while not self.runtime.stopping.is_set():
            if not await self._guard(run):
                await self.runtime.pause(wake, await self._rest(link, states))
            await asyncio.sleep(BREATH)

    async def _rest(self, link: Link, states: tuple[DeliveryState, ...]) -> float:
        """Return how long nothing is due in these states."""
        if link.paused or link.mode is Mode.OBSERVE:
            return 1.0
        due = await self.runtime.store.read(lambda c: deliveries.next_due(c, link.name, states))
        if due is None:
            return 1.0
        wait = (due - self.runtime.clock()) / timedelta(seconds=1)
        return min(max(wait, 0.05 if wait <= 0 else 0.005), 1.0)

    async def _poll(self, poller: Poller, before: Poller | None) -> None:
        """Read one feed for ever; its first round waits for the feed before it, so that lots are named before they are used."""
        if before is not None and before.link is poller.link:
            await before.tried.wait()
        while not self.runtime.stopping.is_set():
            await self._guard(poller.run_once)
            poller.tried.set()
            await self.runtime.pause(poller.hint, poller.every)
