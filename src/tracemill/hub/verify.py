"""Verifying: delivered is not done. An effect counts when it was read back, freshly enough."""

from collections.abc import Sequence
from datetime import datetime, timedelta
from decimal import Decimal
from typing import Any

from sqlalchemy import Connection

from tracemill.hub import reading, report
from tracemill.hub.decider import Item
from tracemill.hub.link import Link
from tracemill.hub.outcome import backoff
from tracemill.hub.runtime import Runtime
from tracemill.hub.steps import Step
from tracemill.model.connector import Finding, InDoubt, Job, Rejected, Unavailable
from tracemill.model.decision import STATUS_VERB
from tracemill.model.event import Event
from tracemill.model.lot import Lot, Target
from tracemill.model.status import DeliveryState, Once
from tracemill.observe.logs import log
from tracemill.observe.metrics import VERIFIED
from tracemill.store import deliveries, lots
from tracemill.store.decisions import Effects
from tracemill.store.deliveries import Delivery, Move
from tracemill.store.writer import Priority

S = DeliveryState
MISMATCHES = 6


class Verifier:
    """Reads back what one system was told, and asks it about what is in doubt."""

    def __init__(self, runtime: Runtime, link: Link) -> None:
        self._runtime, self._link = runtime, link

    async def run_once(self) -> int:
        """Look at what is delivered or in doubt; return how many were looked at."""
        if self._link.paused:
            return 0
        now = self._runtime.clock()
        limit = max(self._link.list_size, 20)

        def due(tx: Connection) -> list[tuple[Delivery, Lot]]:
            found = deliveries.due(tx, self._link.name, S.IN_DOUBT, limit, now)
            found += deliveries.due(tx, self._link.name, S.DELIVERED, limit - len(found), now) if len(found) < limit else []
            states = lots.states(tx, {d.lot_id for d in found})
            return [(d, states[d.lot_id]) for d in found]

        found = await self._runtime.store.read(due)
        statuses = [(d, lot) for d, lot in found if d.verb == STATUS_VERB and self._link.stock_mapping]
        if statuses:
            await self._stock(statuses)
        for d, lot in found:
            if d.verb != STATUS_VERB or not self._link.stock_mapping:
                await self._act(d, lot)
        return len(found)

    async def _stock(self, found: Sequence[tuple[Delivery, Lot]]) -> None:
        """Read many lots back in one request and judge each against what it was told."""
        natives = {d.id: lot.native(self._link.name) or d.native for d, lot in found}
        try:
            read = await reading.read_events(
                self._runtime, self._link, sorted({n for n in natives.values() if n}), found[0][0].site
            )
        except (Unavailable, Rejected, InDoubt) as error:
            return await self._unread([d for d, _ in found], str(error))
        except reading.Unreadable as error:
            if len(found) == 1:
                return await self._unread([found[0][0]], str(error))
            for one in found:  # a lot that cannot be read hides no other
                await self._stock([one])
            return None
        self._runtime.reach(Step.VERIFY_READ)
        judged = []
        for d, lot in found:
            try:
                judged.append(self._judge(d, lot, read.get(natives[d.id]), natives[d.id] in read))
            except reading.Unreadable as error:
                await self._unread([d], str(error))
        if judged:
            await self._commit(judged)
        return None

    def _judge(self, d: Delivery, lot: Lot, event: Event | None, answered: bool) -> "Judged":
        """Compare one reading with one command."""
        now = self._runtime.clock()
        if event is None:
            return Judged(
                d, d.state, f"{self._link.name} {'has no stock of it' if answered else 'did not answer about it'}", None, now
            )
        target = Target(available=Decimal(d.value["available"]), blocked=Decimal(d.value["blocked"]))
        started = event.data.read_started
        if reading.shows(self._runtime, event, lot, target, self._link.name):
            if reading.fresh(started, d.sent_ended, d.verify_after):
                detail = "in doubt, asked, found done" if d.state is S.IN_DOUBT else ""
                return Judged(d, S.VERIFIED, detail, event, now)
            return Judged(d, d.state, "waiting for the target's longest effect time", event, d.verify_after or now)
        shown = reading.claim_of(self._runtime, event, lot).native or "nothing"
        detail = f"{self._link.name} shows {shown}"
        if d.sent_ended and now - d.sent_ended < self._link.settle:
            return Judged(d, d.state, detail, event, now + self._link.settle / 4)
        return Judged(d, S.RETRYING, detail, event, now)

    async def _commit(self, judged: "Sequence[Judged]") -> None:
        """Settle what was judged together; where one row cannot be settled, the others are."""
        try:
            await self._together(judged)
        except Exception as error:
            if len(judged) > 1:
                for one in judged:
                    await self._commit([one])
                return
            d = judged[0].delivery
            log.exception("bug while verifying", system=self._link.name, delivery=d.uuid, correlation=d.correlation)
            await self._later([d], f"internal error: {type(error).__name__}: {getattr(error, 'orig', error)}"[:500])

    async def _together(self, judged: "Sequence[Judged]") -> None:
        now = self._runtime.clock()

        def settle(tx: Connection) -> Effects:
            items: list[Item] = []
            moves = _last_is_final(tx, [_move(j, now) for j in judged], now)
            for j, m, moved in zip(judged, moves, deliveries.move(tx, moves), strict=True):
                if j.event is not None:
                    items.append((j.event, 0))
                if moved:
                    items += _told(j, m.state, now)
            return self._runtime.commit(tx, items, now)

        restricts = any(j.delivery.restricts for j in judged)
        effects = await self._runtime.store.write(settle, Priority.RESTRICT if restricts else Priority.DELIVER)
        self._runtime.reach(Step.VERIFY_SETTLED)
        self._runtime.announce(effects)
        if any(j.state is S.RETRYING for j in judged):
            self._link.wake.set()
        done = sum(j.state is S.VERIFIED for j in judged)
        VERIFIED.labels(self._link.name).inc(done)
        for j in judged:
            if j.state is not S.VERIFIED:
                log.info(
                    "not verified",
                    system=self._link.name,
                    lot=j.delivery.lot,
                    detail=j.detail,
                    correlation=j.delivery.correlation,
                )

    async def _unread(self, found: Sequence[Delivery], detail: str) -> None:
        """The system cannot be read now: what is delivered or in doubt stays so, and says why."""
        self._link.last_error = detail
        await self._later(found, detail)

    async def _later(self, found: Sequence[Delivery], detail: str) -> None:
        now = self._runtime.clock()

        def postpone(tx: Connection) -> None:
            again = [now + backoff(max(1, min(d.attempts + 2, 7))) for d in found]
            moves = [Move(d, d.state, {"detail": detail, "next_at": at}) for d, at in zip(found, again, strict=True)]
            deliveries.move(tx, moves)

        await self._runtime.store.write(postpone, Priority.DELIVER)

    async def _act(self, d: Delivery, lot: Lot) -> None:
        """Look for the effect of an act by its token."""
        job = Job(
            token=f"tm-{d.uuid}",
            verb=d.verb,
            lot=lot.native(self._link.name) or "",
            number=lot.number,
            ids={s: ids[-1] for s, ids in lot.identities.items()},
            value={**d.value, "item": d.value.get("item") or lot.item},
            attempt=d.attempts,
            doubtful=True,
        )
        started = self._runtime.clock()
        try:
            finding = await self._link.connector.seek(job, dict(d.cursor))
        except (Unavailable, Rejected, InDoubt) as error:
            finding = Finding(state="unknown", detail=str(error))
        self._runtime.reach(Step.ASK_ANSWERED)
        await self._commit([self._found(d, finding, started)])

    def _found(self, d: Delivery, finding: Finding, started: datetime) -> "Judged":
        now = self._runtime.clock()
        if finding.state == "present" and d.verify_after is not None and started < d.verify_after:
            return Judged(d, d.state, "waiting for the target's longest effect time", None, d.verify_after)
        if finding.state == "present":
            detail = "in doubt, asked, found done" if d.state is S.IN_DOUBT else finding.detail
            return Judged(d, S.VERIFIED, detail, None, now, finding.native)
        settled = d.sent_ended is None or now - d.sent_ended >= self._link.settle
        resend = finding.state == "absent" or self._link.once(d.verb) in (Once.ENSURE, Once.KEYED)
        if settled and resend and d.state is S.IN_DOUBT:
            return Judged(d, S.RETRYING, finding.detail or "in doubt, asked, not there: sent again", None, now)
        if settled and finding.state == "absent":
            return Judged(d, S.RETRYING, f"{self._link.name} said yes, but it is not there", None, now)
        return Judged(d, d.state, finding.detail or f"{self._link.name} cannot say", None, now + backoff(d.attempts + 3))


class Judged:
    """One delivery after a look at its target."""

    def __init__(
        self, delivery: Delivery, state: DeliveryState, detail: str, event: Event | None, again: datetime, native: str = ""
    ) -> None:
        self.delivery, self.state, self.detail, self.event, self.again, self.native = (
            delivery,
            state,
            detail,
            event,
            again,
            native,
        )


def _move(j: Judged, now: datetime) -> Move:
    """Say where a look leads: done, sent again, given up, or looked at again later."""
    d = j.delivery
    if j.state is S.VERIFIED:
        return Move(d, S.VERIFIED, {"settled_at": now, "detail": j.detail, "next_at": now, "native": j.native or d.native})
    if j.state is not S.RETRYING:
        return Move(d, j.state, {"detail": j.detail, "next_at": max(j.again, now + timedelta(milliseconds=200))})
    if d.attempts >= MISMATCHES and not d.restricts:
        return Move(d, S.DEAD, {"settled_at": now, "detail": j.detail})
    return Move(d, S.RETRYING, {"detail": j.detail, "next_at": now + backoff(d.attempts), "cursor": _keep_doubt(d)})


def _last_is_final(tx: Connection, moves: list[Move], now: datetime) -> list[Move]:
    """Send nothing again that a newer decision has followed: it would arrive after it, and stay."""
    missing = [m.delivery for m in moves if m.delivery.state is S.DELIVERED and m.state in (S.RETRYING, S.DEAD)]
    followed = deliveries.followed(tx, missing) if missing else set()
    values = {"settled_at": now, "detail": "a newer decision took its place"}
    return [Move(m.delivery, S.SUPERSEDED, values) if m.delivery.id in followed else m for m in moves]


def _told(j: Judged, state: DeliveryState, now: datetime) -> list[Item]:
    """Tell the lot of an end."""
    d = j.delivery
    if state is S.VERIFIED:
        return [(report.settled(d, "verified", now, j.native or d.native, j.detail), 0)]
    return [(report.settled(d, "dead", now, detail=j.detail), 0)] if state is S.DEAD else []


def _keep_doubt(d: Delivery) -> str:
    """Keep the plan while its outcome is not certain; plan anew once the target said that it had been carried out."""
    kept: dict[str, Any] = d.cursor if d.state is S.IN_DOUBT else {}
    return deliveries.cursor_text(kept)
