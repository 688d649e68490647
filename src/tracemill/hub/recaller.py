"""The recaller: carries out what a recall asks for, watches whether it grows, and keeps its clock."""

from datetime import datetime
from time import monotonic, process_time

from sqlalchemy import Connection, select

from tracemill.answers import scope
from tracemill.answers.scope import Reach, ScopeLot
from tracemill.core.recall import recalled
from tracemill.hub.decider import LOTS
from tracemill.hub.recall import record, version
from tracemill.hub.runtime import Runtime
from tracemill.hub.steps import Step
from tracemill.model.decision import Case
from tracemill.model.event import Event
from tracemill.model.identifier import derived
from tracemill.model.moment import at
from tracemill.model.quality import HoldRequested
from tracemill.model.recall import Recall
from tracemill.model.reference import LotRef
from tracemill.model.status import CaseKind, Consequence, HoldReason
from tracemill.store import cases, genealogy, lots, recalls
from tracemill.store.decisions import Effects
from tracemill.store.recalls import Version
from tracemill.store.tables import site_position
from tracemill.store.writer import Priority

CHEAP, LONGEST = 0.2, 60.0  # seconds


class Recaller:
    """Looks after every recall that is not closed."""

    def __init__(self, runtime: Runtime) -> None:
        self._runtime = runtime
        self._looked: dict[str, dict[str, int]] = {}
        self._rests: dict[str, float] = {}

    async def run_once(self) -> int:
        """Do one piece of work for each running recall; return how many pieces there were."""
        running = await self._runtime.store.read(lambda c: recalls.every(c, running=True))
        return sum([await self._hold(r) or await self._look(r) for r in running])

    async def _hold(self, known: Recall) -> int:
        """Ask for holds on at most 500 roots; the cascade carries them on to whatever was made of those."""
        if known.mock or known.hold_asked_at is None:
            return 0
        now = self._runtime.clock()

        def ask(tx: Connection) -> tuple[int, Effects]:
            waiting = recalls.to_hold(tx, known.id, LOTS)
            recalls.asked(tx, known.id, [i for i, _, _ in waiting], now)
            effects = self._runtime.commit(tx, [(_request(known, uuid, site, now), 0) for _, uuid, site in waiting], now)
            if waiting:
                self._runtime.reach(Step.RECALL_ASKED)
            return len(waiting), effects

        if not await self._runtime.store.read(lambda c: recalls.to_hold(c, known.id, 1)):
            return 0
        count, effects = await self._runtime.store.write(ask, Priority.RESTRICT)
        self._runtime.reach(Step.RECALL_COMMITTED)
        self._runtime.announce(effects)
        return count

    async def _look(self, known: Recall) -> int:
        """Where something was told since the last look: see whether the recall grew, and how far it is."""
        heads = await self._runtime.store.read(_heads)
        if self._looked.get(known.id) == heads or monotonic() < self._rests.get(known.id, 0):
            return 0
        begun = process_time()  # of this process: a machine that is busy with something else makes no look dearer
        found, last = await self._runtime.store.read(lambda c: self._found(c, known))
        new = sorted(set(found.every) - set(last.lots) - set(last.excluded))
        grown = await self._grow(known, last, found, new) if new else 0
        timed = await self._clock(known, found)
        self._looked[known.id] = heads
        self._rests[known.id] = monotonic() + rest(process_time() - begun)
        return grown + timed

    def _found(self, c: Connection, known: Recall) -> tuple[Reach, Version]:
        return scope.current(c, self._runtime.adjacency, known), recalls.versions(c, known.id)[-1]

    async def _grow(self, known: Recall, last: Version, found: Reach, new: list[int]) -> int:
        """Freeze a larger scope, hold what is new in it, and tell people."""
        now = self._runtime.clock()
        why = f"scope grew by {len(new)} lot{'' if len(new) == 1 else 's'}"

        def write(tx: Connection) -> None:
            left_out = recalls.excluded(tx, known.id)
            made, sites = version(last.version + 1, now, "hub", why, found, left_out), tuple(found.lots)
            recalls.freeze(tx, known.id, made)
            recalls.name_roots(tx, known.id, found.roots)
            recalls.mark(tx, known.id, held_at=None, verified_at=None, sites=recalls.written(sites))
            record(tx, known, "hub", now, "recall.scope_grew", f"v{made.version}: {why}", recalls.written(made.lots).encode())
            first = lots.states(tx, new[:1])[new[0]]
            cases.apply(tx, first.site, [(_case(known, made.version, why, first.id, new), new[0])], now)

        await self._runtime.store.write(write, Priority.RESTRICT)
        return 1

    async def _clock(self, known: Recall, found: Reach) -> int:
        """Note when everything was held, and when all of it was read back."""
        if known.mock or known.hold_asked_at is None or known.verified_at is not None:
            return 0
        held, verified = await self._runtime.store.read(lambda c: self._far(c, known, found))
        now = self._runtime.clock()
        marks = {"held_at": now} if held and known.held_at is None else {}
        marks |= {"verified_at": now} if held and verified else {}
        if not marks:
            return 0

        def write(tx: Connection) -> None:
            recalls.mark(tx, known.id, **marks)
            for name in marks:
                record(tx, known, "hub", now, f"recall.{name.removesuffix('_at')}", "", b"")

        await self._runtime.store.write(write)
        return 1

    def _far(self, c: Connection, known: Recall, found: Reach) -> tuple[bool, bool]:
        """Say whether every lot is restricted, and whether every lot was read back as held."""
        left_out = recalls.excluded(c, known.id)
        counted = [i for i in found.every if i not in left_out]
        if genealogy.spreads_wait(c) or recalls.to_hold(c, known.id, 1):
            return False, False
        if not all(recalled(state) for state in lots.states(c, counted).values()):
            return False, False
        told = scope.described(c, found, self._runtime.policies, known.hold_asked_at, left_out)
        return True, all(_done(x) for x in told)


def rest(cost: float) -> float:
    """Return for how many seconds nobody looks again after a look that took so long: a large recall takes a tenth of the time.

    What is made of a recalled lot is held in its own commit: only the news that the scope grew, and the clock, come later.
    """
    return 0.0 if cost < CHEAP else min(LONGEST, 9 * cost)


def _done(found: ScopeLot) -> bool:
    return bool(found.excluded_by) or found.standing.contained


def _heads(c: Connection) -> dict[str, int]:
    return {str(r.site): int(r.position) for r in c.execute(select(site_position.c.site, site_position.c.position))}


def _request(known: Recall, lot: str, site: str, now: datetime) -> Event:
    ref = LotRef(id=lot)
    return Event(
        id=derived("recall", known.id, lot), type="hold.requested.v1", site=site, source="hub",
        data=HoldRequested(lot=ref, hold=known.id, reason=HoldReason.RECALL, note=f"{known.id}: {known.reason}"),
        occurred=at(now), recorded=now, actor=known.hold_asked_by, reason=known.reason, correlation=known.id,
    )  # fmt: skip


def _case(known: Recall, n: int, why: str, lot: str, new: list[int]) -> Case:
    return Case(
        key=f"recall:{known.id}:v{n}", kind=CaseKind.RECALL, lot=lot, title=f"{known.id}: {why}",
        consequence=Consequence.LATE if known.mock else Consequence.UNSAFE,
        next_action=f"see what is new: tracemill recall scope {known.id}; call whoever received it",
        evidence={"recall": known.id, "version": n, "lots": len(new)},
    )  # fmt: skip
