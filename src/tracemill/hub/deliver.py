"""Delivering: send what was decided, step by step, each step durable before the next."""

import asyncio
from collections.abc import Sequence
from datetime import datetime, timedelta
from decimal import Decimal
from typing import Any

from sqlalchemy import Connection

from tracemill.core.transfers import transfers
from tracemill.core.unbooked import unbooked
from tracemill.hub import reading, report
from tracemill.hub.decider import Item
from tracemill.hub.link import Link
from tracemill.hub.outcome import Outcome, backoff, given_up
from tracemill.hub.runtime import Runtime
from tracemill.hub.steps import Step
from tracemill.model.connector import InDoubt, Job, Rejected, Unavailable
from tracemill.model.decision import STATUS_VERB
from tracemill.model.lot import Lot, Target
from tracemill.model.quantity import show
from tracemill.model.record import Record
from tracemill.model.status import DeliveryState, Once
from tracemill.observe.logs import log
from tracemill.observe.metrics import DELIVERIES
from tracemill.store import deliveries, lots
from tracemill.store.decisions import Effects
from tracemill.store.deliveries import Delivery, Move, Try
from tracemill.store.writer import Priority

S = DeliveryState
LEASE = timedelta(seconds=120)
REPLANS = 6


class Superseded(Exception):
    """A newer decision took this delivery's place while it was under way: stop at once."""


class Tried(Record, frozen=True):
    """A delivery, what came of one try, and when that began and ended."""

    delivery: Delivery
    outcome: Outcome
    started: datetime
    ended: datetime


class Sender:
    """Sends the deliveries of one system."""

    def __init__(self, runtime: Runtime, link: Link) -> None:
        self._runtime, self._link = runtime, link
        self._running: set[asyncio.Task[None]] = set()

    @property
    def free(self) -> int:
        return 2 * self._link.concurrency - len(self._running)

    async def run_once(self) -> int:
        """Claim what is due and start sending it; return how many."""
        if self._link.paused or self.free <= 0:
            return 0
        now = self._runtime.clock()

        def claim(tx: Connection) -> list[tuple[Delivery, Lot]]:
            found = deliveries.claim(tx, self._link.name, self._link.mode, self.free, now, LEASE)
            states = lots.states(tx, {d.lot_id for d in found})
            return [(d, states[d.lot_id]) for d in found]

        claimed = await self._runtime.store.write(claim, Priority.DELIVER)
        if claimed:
            self._runtime.reach(Step.DELIVER_CLAIMED)
        for d, lot in claimed:
            task = asyncio.create_task(self._deliver(d, lot))
            self._running.add(task)
            task.add_done_callback(self._done)
        return len(claimed)

    def _done(self, task: "asyncio.Task[None]") -> None:
        self._running.discard(task)
        self._link.wake.set()
        self._link.look.set()
        if not task.cancelled() and (error := task.exception()) is not None:
            self._runtime.crashed(error)

    async def drain(self) -> None:
        """Wait for what is under way."""
        if self._running:
            await asyncio.wait(self._running)

    async def _deliver(self, d: Delivery, lot: Lot) -> None:
        started = self._runtime.clock()
        try:
            outcome = await self._try(d, lot)
        except Superseded:
            outcome = Outcome(state=S.SUPERSEDED, detail="a newer decision took its place")
        await self._settle(d, outcome, started)

    async def _try(self, d: Delivery, lot: Lot) -> Outcome:
        try:
            job = await self._job(d, lot)
            if job is None:
                return Outcome(state=S.DELIVERED, detail="already so")
            done = await self._link.connector.send(job, dict(d.cursor), lambda cursor: self._save(d, cursor))
        except Unavailable as error:
            return Outcome(state=S.RETRYING, detail=str(error), retry_after=error.retry_after)
        except Rejected as error:
            again = d.restricts or ("plan" in d.cursor and d.attempts < REPLANS)  # a restriction is never given up
            return Outcome(state=S.RETRYING if again else S.DEAD, detail=str(error), replan=again)
        except InDoubt as error:
            return Outcome(state=S.IN_DOUBT, detail=str(error))
        except reading.Unreadable as error:
            return Outcome(state=S.RETRYING, detail=str(error), retry_after=30)
        except Superseded:
            raise
        except Exception as error:  # a bug of ours: loud, asked about and retried, then dead; a restriction never is
            log.exception("bug while sending", system=self._link.name, delivery=d.uuid)
            state = S.IN_DOUBT if d.restricts or d.attempts < REPLANS else S.DEAD
            return Outcome(state=state, detail=f"internal error: {type(error).__name__}: {error}")
        self._runtime.reach(Step.DELIVER_SENT)
        return Outcome(state=S.DELIVERED, detail=done.detail, native=done.native or (job.lot if d.verb == STATUS_VERB else ""))

    async def _job(self, d: Delivery, lot: Lot) -> Job | None:
        """Say what to do in the words of the target; None where it already shows what is wanted."""
        name = lot.native(self._link.name) or self._assigned(lot)
        value = dict(d.value)
        operation = self._link.operations.get(d.verb)
        if operation is None:
            raise Rejected(f"pack {self._link.pack.pack} has no operation {d.verb}")
        if d.verb == STATUS_VERB and not name:
            raise Unavailable(f"{self._link.name} does not know lot {lot.number} yet", retry_after=10)
        if operation.plan == "transfers":
            plan = d.cursor.get("plan")
            if plan is None:
                plan = await self._plan(d, lot, name)
                if not plan:
                    return None
                d.cursor.update(plan=plan, token=f"tm-{d.uuid}-{d.attempts}")
                await self._save(d, d.cursor)
                self._runtime.reach(Step.DELIVER_PLANNED)
            value["transfers"] = plan
        return Job(
            token=str(d.cursor.get("token") or f"tm-{d.uuid}"),
            verb=d.verb,
            lot=name,
            number=lot.number,
            ids={system: ids[-1] for system, ids in lot.identities.items()},
            value={**value, "item": value.get("item") or lot.item, "unit": value.get("unit") or lot.unit},
            attempt=d.attempts,
            doubtful=d.attempts > 1,
        )

    def _assigned(self, lot: Lot) -> str:
        if self._link.assign is None:
            return ""
        ids = {system: names[-1] for system, names in lot.identities.items()}
        return str(self._link.assign.evaluate({"number": lot.number, "item": lot.item, "ids": ids}, {}))

    async def _plan(self, d: Delivery, lot: Lot, name: str) -> list[dict[str, Any]]:
        """Read what the target shows and plan the transfers to what it should show."""
        read = await reading.read_events(self._runtime, self._link, [name], d.site)
        event = read.get(name)
        if event is None:
            known = "has no stock of" if name in read else "did not answer about"
            raise Unavailable(f"{self._link.name} {known} {name}", retry_after=5)
        claim = reading.claim_of(self._runtime, event, lot)
        target = Target(available=Decimal(d.value["available"]), blocked=Decimal(d.value["blocked"]))
        plan = transfers(target, claim, unbooked(lot, claim, "split"))
        return [{"from": str(t.source), "to": str(t.to), "quantity": show(t.quantity)} for t in plan]

    async def _save(self, d: Delivery, cursor: dict[str, Any]) -> None:
        planned: dict[str, Any] = {k: d.cursor[k] for k in ("plan", "token") if k in d.cursor}
        kept = {**cursor, **planned}
        noted = Move(delivery=d, state=S.SENDING, values={"cursor": deliveries.cursor_text(kept)})
        alive = await self._runtime.store.gather(deliveries.move, noted, Priority.DELIVER)
        self._runtime.reach(Step.DELIVER_CURSOR_SAVED)
        if not alive:
            raise Superseded

    async def _settle(self, d: Delivery, outcome: Outcome, started: datetime) -> None:
        priority = Priority.RESTRICT if d.restricts else Priority.DELIVER
        tried = Tried(d, outcome, started, self._runtime.clock())
        effects = await self._runtime.store.gather(self._record, tried, priority)
        self._runtime.reach(Step.DELIVER_SETTLED)
        self._runtime.announce(effects)
        DELIVERIES.labels(self._link.name, outcome.state).inc()
        say = log.info if outcome.state is S.DELIVERED else log.warning
        say("delivery", system=self._link.name, lot=d.lot, verb=d.verb, outcome=outcome.state, attempt=d.attempts,
            detail=outcome.detail, correlation=d.correlation)  # fmt: skip

    def _record(self, tx: Connection, tried: "Sequence[Tried]") -> list[Effects]:
        """Write down what came of tries that ended together, and what follows from it."""
        deliveries.record(tx, [Try(t.delivery, t.started, t.ended, t.outcome.state, t.outcome.detail) for t in tried])
        moves = [Move(t.delivery, *self._next(t.delivery, t.outcome, t.ended)) for t in tried]
        items: list[Item] = []
        for t, m, moved in zip(tried, moves, deliveries.move(tx, moves), strict=True):
            if moved:
                items += self._events(t.delivery, m.state, t.outcome, t.ended)
            else:
                deliveries.ended_late(tx, t.delivery, t.ended, self._link.effect_time)
        effects = self._runtime.commit(tx, items, max(t.ended for t in tried))
        return [effects for _ in tried]

    def _next(self, d: Delivery, outcome: Outcome, now: datetime) -> tuple[DeliveryState, dict[str, Any]]:
        """Return the state after a try and the columns that go with it."""
        state = outcome.state
        if state is S.IN_DOUBT and self._link.once(d.verb) is Once.BLIND:
            return state, {
                "detail": f"{outcome.detail}; a person must look",
                "sent_ended": now,
                "next_at": now + timedelta(days=1),
            }
        if state is S.RETRYING and given_up(d.decided_at, now, restricts=d.restricts):
            return S.DEAD, {"detail": f"given up after {d.attempts} tries: {outcome.detail}", "settled_at": now}
        wait = self._wait(d, outcome)
        values: dict[str, Any] = {"detail": outcome.detail, "native": outcome.native or d.native, "next_at": now + wait}
        if state in (S.DELIVERED, S.IN_DOUBT):
            values["sent_ended"] = now
        if state is S.DELIVERED:
            values["next_at"] = max(now, d.verify_after or now)
            if not self._link.readable(d.verb):
                values |= {"next_at": now + timedelta(days=3650), "settled_at": now}
        if outcome.replan:
            values["cursor"] = "{}"
        return state, values

    def _wait(self, d: Delivery, outcome: Outcome) -> timedelta:
        if outcome.state is S.RETRYING:
            return backoff(d.attempts, outcome.retry_after)
        return self._link.settle if outcome.state is S.IN_DOUBT else timedelta(0)

    def _events(self, d: Delivery, state: DeliveryState, outcome: Outcome, now: datetime) -> list[Item]:
        """Tell the lot where it changes what is known: done for good, given up, in doubt, or a new id."""
        final = state is S.DELIVERED and not self._link.readable(d.verb)
        named = state is S.DELIVERED and d.verb == STATUS_VERB and self._link.assign is not None and d.attempts == 1
        if state is S.DEAD or final or named or (state is S.IN_DOUBT and self._link.once(d.verb) is Once.BLIND):
            event = report.settled(d, state, now, outcome.native, outcome.detail)
            return [(event, 0)]
        return []
