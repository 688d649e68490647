"""Sweeping: timers that are due become events; partitions are made ahead; gauges are refreshed."""

from datetime import datetime
from typing import Any

from sqlalchemy import Connection, func, select

from tracemill.hub.runtime import Runtime
from tracemill.model.event import Event, TimerDue
from tracemill.model.identifier import derived
from tracemill.model.moment import at
from tracemill.model.reference import LotRef
from tracemill.observe.metrics import BACKLOG, OPEN_CASES
from tracemill.store import cases, partitions
from tracemill.store.decisions import Effects
from tracemill.store.tables import case, delivery, message
from tracemill.store.writer import Priority


class Sweeper:
    """Looks after what nobody else wakes up for."""

    def __init__(self, runtime: Runtime) -> None:
        self._runtime = runtime
        self._month = -1

    async def run_once(self) -> int:
        """Turn due timers into events and decide them; return how many there were."""
        now = self._runtime.clock()

        def sweep(tx: Connection) -> tuple[int, Effects]:
            if now.month != self._month:
                partitions.ensure(tx, now)
                self._month = now.month
            due = cases.due_timers(tx, now, 100)
            if not due:
                return 0, Effects()
            cases.drop_timers(tx, [row.key for row in due])
            return len(due), self._runtime.commit(tx, [(_event(row, now), 0) for row in due], now)

        count, effects = await self._runtime.store.write(sweep, Priority.SWEEP)
        self._runtime.announce(effects)
        await self._gauges()
        return count

    async def _gauges(self) -> None:
        systems = list(self._runtime.links)
        rows = await self._runtime.store.read(lambda c: _figures(c, systems))
        for gauge, label, value in rows:
            gauge.labels(label).set(value)


def _figures(c: Connection, systems: list[str]) -> list[tuple[Any, str, int]]:
    states = ("pending", "retrying", "in_doubt", "delivered", "dead")
    by_consequence = select(case.c.consequence, func.count()).where(case.c.closed_at.is_(None)).group_by(case.c.consequence)
    moving_ones = delivery.c.system.in_(systems), delivery.c.state.in_(states)  # an index begins with the system
    by_state = select(delivery.c.state, func.count()).where(*moving_ones).group_by(delivery.c.state)
    open_cases = {row[0]: int(row[1]) for row in c.execute(by_consequence)}
    moving = {row[0]: int(row[1]) for row in c.execute(by_state)}
    waiting = c.execute(select(func.count()).select_from(message).where(message.c.state == "received")).scalar() or 0
    figures: list[tuple[Any, str, int]] = [(OPEN_CASES, k, open_cases.get(k, 0)) for k in ("unsafe", "late")]
    figures += [(BACKLOG, f"deliveries_{k}", moving.get(k, 0)) for k in states]
    return [*figures, (BACKLOG, "messages_received", int(waiting))]


def _event(row: Any, now: datetime) -> Event:
    return Event(
        id=derived("timer", row.key, row.due.isoformat()),
        type="timer.due.v1",
        site=row.site,
        source="hub",
        data=TimerDue(lot=LotRef(id=row.uuid), timer=row.key.removesuffix(f":{row.uuid}")),
        occurred=at(row.due),
        recorded=now,
        actor="hub",
    )
