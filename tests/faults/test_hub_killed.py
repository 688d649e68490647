"""kill -9 at every step: the hub dies as a process and starts again; the target's journal shows nothing lost or done twice."""

from __future__ import annotations

import asyncio
import multiprocessing
import signal
import time
from collections import Counter
from collections.abc import AsyncIterator, Callable
from contextlib import AsyncExitStack
from pathlib import Path
from typing import Any

import pytest
import pytest_asyncio
from sqlalchemy import Connection, Engine, select

from tests.faults.journal import JournalTarget
from tests.faults.killed import run
from tests.faults.site import CONTROL, SITE, write_site
from tracemill.hub.steps import Step
from tracemill.store import audit
from tracemill.store.engine import reader_engine
from tracemill.store.recall_tables import recall
from tracemill.store.tables import delivery, hold, lot, message

CONTEXT = multiprocessing.get_context("forkserver")
CONTEXT.set_forkserver_preload(["tests.faults.killed"])
LOTS = ("L-1", "L-2")
KILLS = {"sqlite": 3, "postgresql": 1}  # the first process dies where it first reaches the step, the second at its second time …
MADE = ("BULK", "FG-1", "FG-2", "FG-3")  # the last three are grandchildren, which the cascade restricts
TWIN = "L-9"  # of the same supplier batch as the first of the lots
DONE = {"verified", "superseded"}


class Plant:
    """The hub's processes, one after the other, and what they leave at the target and in the database."""

    def __init__(self, folder: Path, target: JournalTarget, engine: Engine, step: Step) -> None:
        self._folder, self.target, self._engine, self._step = folder, target, engine, step
        self.kills = 0
        self._process: Any = None

    def _alive(self) -> None:
        """Start the hub, and start it again where it killed itself."""
        if self._process is not None and self._process.exitcode is not None:
            log = (self._folder / "hub.log").read_text()
            assert self._process.exitcode == -signal.SIGKILL, f"the hub ended with {self._process.exitcode}:\n{log[-3000:]}"
            self.kills += 1
            self._process = None
        if self._process is None:
            nth = self.kills + 1 if self.kills < KILLS[self._engine.dialect.name] else 0
            self._process = CONTEXT.Process(target=run, args=(self._folder, self._step, nth), daemon=True)
            self._process.start()

    def stop(self) -> None:
        if self._process is not None:
            self._process.kill()
            self._process.join()

    def end(self) -> None:
        self.stop()
        self._engine.dispose()

    def read(self, query: Callable[[Connection], Any]) -> Any:
        with self._engine.connect() as connection:
            return query(connection)

    async def until(self, true: Callable[[], bool], what: str) -> None:
        """Keep the hub alive until something is true."""
        until = time.monotonic() + 25
        while time.monotonic() < until:
            self._alive()
            if true():
                return
            await asyncio.sleep(0.02)
        raise AssertionError(f"never {what} after {self.kills} kills: {self.target.lots} {self.commands()}")

    def commands(self) -> list[tuple[str, str, str]]:
        query = select(delivery.c.verb, delivery.c.state, delivery.c.detail).order_by(delivery.c.id)
        try:
            return [(r.verb, r.state, r.detail) for r in self.read(lambda c: c.execute(query).all())]
        except Exception:  # there is no schema yet
            return []

    def messages(self) -> set[str]:
        return set(self.read(lambda c: c.execute(select(message.c.state).distinct()).scalars()))

    def restricted(self) -> set[str]:
        """Return the finished lots that are held."""
        query = select(lot.c.number).join(hold, hold.c.lot_id == lot.c.id).where(hold.c.lifted_at.is_(None))
        return set(self.read(lambda c: c.execute(query.where(lot.c.number.in_(MADE))).scalars()))

    def held(self, number: str) -> list[str]:
        """Return the reasons for which a lot is held, in order."""
        query = (
            select(hold.c.reason).join(lot, lot.c.id == hold.c.lot_id).where(lot.c.number == number, hold.c.lifted_at.is_(None))
        )
        return sorted(self.read(lambda c: c.execute(query).scalars().all()))

    def recall(self, number: str) -> None:
        """Ask for a recall of a lot."""
        found = self.read(lambda c: c.execute(select(lot.c.uuid).where(lot.c.number == number)).scalar_one())
        wish = self._folder / "wish"
        wish.write_text(found)
        wish.rename(self._folder / "recall")

    def recalled(self) -> bool:
        """Say whether each lot carries the recall exactly once, and the recall says that everything is held."""
        query = select(lot.c.number).join(hold, hold.c.lot_id == lot.c.id).where(hold.c.reason == "recall")
        found = sorted(self.read(lambda c: c.execute(query).scalars().all()))
        held = self.read(lambda c: c.execute(select(recall.c.held_at)).scalars().all())
        return found == sorted((*MADE, "RAW")) and len(held) == 1 and held[0] is not None

    def settled(self, verb: str, count: int) -> bool:
        """Say whether so many commands of a verb were decided for each lot, and everything is done."""
        found = self.commands()
        return sum(v == verb for v, _, _ in found) >= count * len(LOTS) and {s for _, s, _ in found} <= DONE

    def shows(self, **sums: str) -> bool:
        wanted = {"available": "0", "quarantine": "0", "blocked": "0", **sums}
        return all(self.target.lots[number] == wanted for number in LOTS)


@pytest_asyncio.fixture
async def plant(request: pytest.FixtureRequest, database_url: str, tmp_path: Path) -> AsyncIterator[Plant]:
    async with AsyncExitStack() as stack:
        target = await stack.enter_async_context(JournalTarget())
        target.seed(CONTROL, available="0", quarantine="0", blocked="0")
        folder = write_site(tmp_path / "project", database_url, target.url, target.url)
        made = Plant(folder, target, reader_engine(database_url), request.getfixturevalue("step"))
        stack.callback(made.end)
        yield made


async def story(plant: Plant) -> None:
    """Two lots arrive, are released, and are rejected, and so is what others were made from.

    The sources only show what they have, and the hub polls it.
    """
    for number in (*LOTS, TWIN):
        plant.target.seed(number, available="0", quarantine="480", blocked="0")
    plant.target.records["receipts"] = [
        {"doc": f"R-{number}", "batch": number, "qty": "480", "sup": f"S-{number.replace(TWIN, LOTS[0])}"}
        for number in (*LOTS, TWIN)
    ]
    bulk, *finished = MADE
    booked = [("consumed", "RAW", "30", "WO-1"), ("produced", bulk, "30", "WO-1"), ("consumed", bulk, "30", "WO-2")]
    booked += [("produced", number, "1", "WO-2") for number in finished]
    plant.target.records["made"] = [
        {"id": f"M{n}", "kind": kind, "lot": number, "qty": qty, "order": order}
        for n, (kind, number, qty, order) in enumerate(booked)
    ]
    await plant.until(lambda: plant.settled("open_inspection", 1), "inspected")
    for rev, code in enumerate(("ACC", "REJ"), 1):
        of = [*((f"SG-{number}", number) for number in LOTS), ("RAW", [])]
        records = [{"id": id_, "batch": batch, "rev": str(rev), "parts": [{"code": code}]} for id_, batch in of]
        plant.target.records["decisions"] = records
        wanted = {"available": "480"} if code == "ACC" else {"blocked": "480"}
        await plant.until(lambda wanted=wanted: plant.shows(**wanted), code)
    await plant.until(lambda: plant.restricted() == set(MADE), "everything made from it restricted")
    await plant.until(lambda: plant.held(TWIN) == ["awaiting_inspection", "quality"], "the same supplier batch held")
    await plant.until(lambda: plant.settled("open_nonconformance", 1) and plant.messages() == {"processed"}, "settled")
    plant.recall("RAW")
    await plant.until(plant.recalled, "recalled")
    plant.stop()


@pytest.mark.parametrize("step", list(Step))
async def test_nothing_is_lost_or_done_twice_when_the_hub_is_killed_at_any_step(plant: Plant, step: Step) -> None:
    await story(plant)
    assert plant.kills > 0, f"the story never reaches {step}: write one that does"
    assert plant.shows(blocked="480")
    _each_effect_once_and_in_order(plant.target)
    checked, broken = plant.read(lambda c: audit.verify(c, SITE))
    assert (checked > 0, broken) == (True, None)


def _each_effect_once_and_in_order(target: JournalTarget) -> None:
    """Read the target's own journal."""
    tokens = Counter(effect.body["reference"] for effect in target.effects)
    assert set(tokens.values()) == {1}, tokens
    acts = Counter(effect.body["about"] for effect in target.effects if effect.body.get("about") in LOTS)
    assert acts == dict.fromkeys(LOTS, 2), "one inspection and one nonconformance each"
    for number in LOTS:
        moves = [(e.body["from"], e.body["to"]) for e in target.effects if e.body.get("lot") == number]
        assert moves == [("quarantine", "available"), ("available", "blocked")]
