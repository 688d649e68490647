"""Processing: messages in order of arrival become decisions; one bad message stops only itself."""

from collections.abc import Iterator, Sequence
from datetime import datetime
from itertools import groupby
from time import perf_counter

from sqlalchemy import Connection

from tracemill.hub.correction import Before, before, declares, up_to_declaration
from tracemill.hub.decider import Item, Poisoned
from tracemill.hub.runtime import Runtime
from tracemill.hub.serials import expanded
from tracemill.hub.steps import Step
from tracemill.hub.translate import NOTHING, Untranslatable, keys_of, translate
from tracemill.mapping.keys import BusinessKey
from tracemill.model.event import Event, MessageUnread
from tracemill.model.identifier import derived
from tracemill.model.material import MaterialProduced
from tracemill.model.moment import at
from tracemill.model.reference import LotRef
from tracemill.model.status import MessageState
from tracemill.observe.logs import log
from tracemill.observe.metrics import BATCH, PROCESSED
from tracemill.store import decisions, lots, messages
from tracemill.store.decisions import Effects
from tracemill.store.messages import Stored
from tracemill.store.writer import Priority

BATCH_SIZE = 100
TOGETHER = 25  # serials of one message in a transaction; a message that tells more is decided in parts
UNDECIDABLE = "correct it at its source, then discard this message; the hub's log says more under its id"
WAITING = (MessageState.RECEIVED, MessageState.PARKED)


class Read:
    """One message as far as it could be read: its events, or why not."""

    def __init__(self, message: Stored, keys: list[BusinessKey], events: list[Event], problem: Untranslatable | None) -> None:
        self.message, self.keys, self.events, self.problem = message, keys, events, problem

    @property
    def in_parts(self) -> bool:
        """Say whether it is decided in parts: only serials are, of which each is whole; any other fact is decided at once."""
        many = len(self.events) > TOGETHER
        return many and all(isinstance(e.data, MaterialProduced) and e.data.serial for e in self.events)


class Processor:
    """Decides received messages, batch by batch."""

    def __init__(self, runtime: Runtime) -> None:
        self._runtime = runtime

    async def run_once(self, limit: int = BATCH_SIZE) -> int:
        """Process one batch; return how many messages were settled."""
        batch = up_to_declaration(await self._runtime.store.read(lambda c: messages.unprocessed(c, limit)))
        if batch:
            for part in _grouped([await self.read(m) for m in batch]):
                await self.settle(part)
        return len(batch)

    async def read(self, message: Stored) -> Read:
        """Extract the keys of a message and translate it. Anything that goes wrong becomes its problem, not ours."""
        told = await self._runtime.store.read(lambda c: before(c, message)) if declares(message) else NOTHING
        return self._read(message, told)

    def _read(self, message: Stored, told: Before) -> Read:
        link = self._runtime.links.get(message.system)
        keys: list[BusinessKey] = []
        try:
            keys = [k for k in keys_of(link, message) if "\0" not in k.value]  # no database keeps a NUL
            if message.conflicting:
                raise Untranslatable(
                    "T300", f"key {message.key} came before with another body; a fact is told once",
                    "find out which of the two is right; correct it at its source",
                )  # fmt: skip
            return Read(message, keys, expanded(translate(link, message, told)), None)
        except Untranslatable as problem:
            return Read(message, keys, [], problem)
        except Exception as error:
            log.exception("bug while translating", system=message.system, message=message.uuid)
            return Read(message, keys, [], Untranslatable("T399", f"internal error: {type(error).__name__}: {error}"))

    async def settle(self, batch: Sequence[Read]) -> None:
        """Commit a batch; if one event poisons it, park that one and commit the others."""
        started = perf_counter()
        try:
            for item in batch:
                if item.in_parts:
                    await self._begin(item)
            await self._commit(batch)
        except Exception as error:
            if len(batch) > 1:
                culprit = error.event.message if isinstance(error, Poisoned) else ""
                await self._apart(batch, culprit)
            else:
                await self._poisoned(batch[0], error)
        BATCH.observe(perf_counter() - started)

    async def _begin(self, item: Read) -> None:
        """Decide a message that tells much in parts, all but the last; after a restart, what is decided is not decided again."""
        left = await self._runtime.store.read(lambda c: _undecided(c, item.events))
        while len(left) > TOGETHER:
            some, left = [(e, item.message.id) for e in left[:TOGETHER]], left[TOGETHER:]
            now = self._runtime.clock()

            def decide(tx: Connection, some: list[Item] = some, now: datetime = now) -> Effects:
                waits = messages.still(tx, [item.message.id], WAITING)
                return self._runtime.commit(tx, some if waits else [], now)

            self._runtime.announce(await self._runtime.store.write(decide, Priority.RECEIVE))
            self._runtime.reach(Step.PROCESS_COMMITTED)
        item.events = left

    async def _apart(self, batch: Sequence[Read], culprit: str) -> None:
        """Settle what came before the culprit together, then the culprit, then the rest: order is kept."""
        at_ = next((n for n, r in enumerate(batch) if r.message.uuid == culprit), None)
        if at_ is None:
            middle = len(batch) // 2
            parts = [batch[:middle], batch[middle:]]
        else:
            parts = [batch[:at_], batch[at_ : at_ + 1], batch[at_ + 1 :]]
        for part in parts:
            if part:
                await self.settle(part)

    async def _poisoned(self, item: Read, error: Exception) -> None:
        cause = error.cause if isinstance(error, Poisoned) else error
        item.problem = Untranslatable("T320", f"{type(cause).__name__}: {cause}", getattr(cause, "hint", "") or UNDECIDABLE)
        item.events = []
        log.warning("poisoned", message=item.message.uuid, system=item.message.system, cause=str(cause))
        try:
            await self._commit([item])
        except Exception:  # what poisons it is among its keys: park it without them rather than stop everything behind it
            log.exception("parked without keys", message=item.message.uuid)
            item.keys = []
            await self._commit([item])

    async def _commit(self, batch: Sequence[Read]) -> None:
        now = self._runtime.clock()

        def commit(tx: Connection) -> Effects:
            return write_batch(self._runtime, tx, batch, now)

        effects = await self._runtime.store.write(commit, Priority.RECEIVE)
        self._runtime.reach(Step.PROCESS_COMMITTED)
        self._runtime.announce(effects)
        for item in batch:
            state = "parked" if item.problem else "processed"
            PROCESSED.labels(item.message.system, state).inc()
            log.info("message", system=item.message.system, message=item.message.uuid, state=state,
                     correlation=item.message.correlation)  # fmt: skip


def write_batch(
    runtime: Runtime, tx: Connection, batch: Sequence[Read], now: datetime, done: MessageState = MessageState.PROCESSED
) -> Effects:
    """Write a batch in one transaction: decisions of what could be read, parked messages and their holds for the rest."""
    waiting = messages.still(tx, [r.message.id for r in batch], WAITING)
    batch = [r for r in batch if r.message.id in waiting]
    items: list[Item] = []
    for item in batch:
        if item.problem is None:
            events = item.events if not item.in_parts else _undecided(tx, item.events)
            items += [(e, item.message.id) for e in events]
        else:
            items += _park(runtime, tx, item, now)
    messages.index(tx, [(r.message.id, k.kind, k.value) for r in batch for k in _searchable(r)])
    messages.settle(tx, [r.message.id for r in batch if r.problem is None], done, now)
    return runtime.commit(tx, items, now)


def _grouped(batch: Sequence[Read]) -> Iterator[list[Read]]:
    """Keep a message that tells much apart from its neighbours, in their order."""
    for _, some in groupby(batch, lambda r: r.message.uuid if r.in_parts else ""):
        yield list(some)


def _undecided(c: Connection, events: Sequence[Event]) -> list[Event]:
    known = decisions.known(c, [e.id for e in events])
    return [e for e in events if e.id not in known]


def _searchable(item: Read) -> list[BusinessKey]:
    return item.keys or [BusinessKey("key", item.message.key)] if item.message.key or item.keys else []


def _park(runtime: Runtime, tx: Connection, item: Read, now: datetime) -> list[Item]:
    """Put a message aside; if it may carry a status, hold its lots until someone has read it."""
    message, problem = item.message, item.problem
    if problem is None:
        return []
    messages.park(tx, message.id, problem.code, str(problem), problem.hint, now)
    link = runtime.links.get(message.system)
    spec = link.feeds.get(message.feed) if link else None
    if spec is not None and not spec.carries_status:
        return []
    held: list[Item] = []
    for native in dict.fromkeys(k.value for k in item.keys if k.kind == "lot"):
        known = lots.named(tx, message.system, native)
        held += [(_unread(message, lot, str(problem), now), message.id) for lot in known]
        if not known:
            lots.wait(tx, message.system, native, message.uuid, str(problem), now)
    return held


def _unread(message: Stored, lot: str, cause: str, now: datetime) -> Event:
    return Event(
        id=derived("unread", message.uuid, lot),
        type="message.unread.v1",
        site=message.site,
        source="hub",
        data=MessageUnread(lot=LotRef(id=lot), message=message.uuid, system=message.system, cause=cause[:300]),
        occurred=at(now),
        recorded=now,
        correlation=message.correlation,
        message=message.uuid,
    )
