"""Killed between any two steps: after the restart nothing is lost, nothing is done twice, and the end state is right."""

from collections import Counter
from collections.abc import Awaitable, Callable
from decimal import Decimal

import pytest
from sqlalchemy import func, select

from tests.scenarios.plant import Plant
from tracemill.hub import recall
from tracemill.hub.commands import By
from tracemill.hub.steps import Step
from tracemill.model.recall import Origin
from tracemill.model.status import HoldReason, OriginKind
from tracemill.store import audit
from tracemill.store.recall_tables import recall as recall_record
from tracemill.store.tables import delivery, message

D = Decimal
DEPTH = 5
FINISHED = ("FG-1", "FG-2", "FG-3")


class Killed(BaseException):
    """The process died here."""


class Killer:
    """Stops the hub at the n-th time a step is reached."""

    def __init__(self, step: Step | None = None, nth: int = 0) -> None:
        self.step, self.nth, self.seen = step, nth, Counter[Step]()

    def __call__(self, step: Step) -> None:
        self.seen[step] += 1
        if step is self.step and self.seen[step] == self.nth:
            raise Killed(step)


async def story(plant: Plant) -> None:
    """Receipt, decision, a warehouse block, a later rejection: each told again after a restart, as sources do."""

    async def received() -> None:
        plant.clock.now = max(plant.clock.now, plant.clock.now)
        body = {"batch": "L-1", "item": "4711", "qty": "480", "uom": "KG", "supplier": "ACME", "supplier_batch": "ACM/7731",
                "po": "45", "doc": "R1", "at": "2026-11-23T09:00:00+00:00"}  # fmt: skip
        await plant.tell("erp", "receipts", "L-1-1", body)
        await plant.observe("erp", "L-1")
        await plant.observe("wms", "L-1")
        await plant.settle()

    async def accepted() -> None:
        await plant.decide("L-1", ("ACC", "383"), ("REJ", "97"))
        await plant.settle()

    async def blocked() -> None:
        if "L-1" not in plant.wms.blocks:
            plant.wms.block("L-1", "20")
        await plant.observe("wms", "L-1")
        await plant.settle()

    async def used() -> None:
        """30 kg become a bulk lot, and that becomes finished lots: grandchildren, which the cascade restricts."""
        for target in (plant.erp, plant.wms):
            target.take("L-1", "30", "WO-1")
        for lot, left in (("BULK", 0), *((lot, 1) for lot in FINISHED)):
            plant.erp.stock.setdefault(lot, {"available": D(left), "quarantine": D(0), "blocked": D(0)})
        bulk = [("consumed", "L-1", "30", "WO-1"), ("produced", "BULK", "30", "WO-1"), ("consumed", "BULK", "30", "WO-2")]
        for n, (kind, lot, qty, order) in enumerate([*bulk, *(("produced", lot, "1", "WO-2") for lot in FINISHED)]):
            body = {"id": f"M{n}", "kind": kind, "order": order, "lot": lot, "qty": qty, "at": "2026-11-23T10:00:00+00:00"}
            await plant.tell("mes", "made", f"M{n}", body)
        await plant.settle()

    async def rejected() -> None:
        await plant.decide("L-1", ("REJ", None), rev="2")
        await plant.settle()

    async def recalled() -> None:
        """A recall is opened once and asked to hold; it goes on by itself."""
        assert plant.hub
        runtime, ann = plant.hub.runtime, By(name="Ann")
        if not await plant.rows(select(recall_record)):
            await recall.start(runtime, Origin(kind=OriginKind.SUPPLIER_BATCH, batch="ACM/7731"), "glass found", ann)
        await recall.hold(runtime, "RC-1", "contain it", ann)
        await plant.settle()

    plant.erp.put("L-1", available=480)
    plant.wms.put("L-1", quarantine=480)
    for stage in (received, accepted, blocked, used, rejected, recalled):
        await survive(plant, stage)


async def survive(plant: Plant, stage: Callable[[], Awaitable[None]]) -> None:
    """Run a stage; when the hub is killed in it, start a new hub on the same database and tell the stage again."""
    while True:
        try:
            await stage()
            return
        except Killed:
            plant.stop()
            plant.start()
            assert plant.hub
            await plant.hub.recover()


async def check(plant: Plant) -> None:
    """The end state in every system, each effect once, the audit chain whole."""
    assert plant.hub
    assert plant.erp.stock["L-1"] == {"available": D(0), "quarantine": D(0), "blocked": D(450)}
    assert plant.wms.stock["L-1"] == {"available": D(0), "quarantine": D(0), "blocked": D(430)}
    for target in (plant.erp, plant.wms, plant.qms):
        tokens = Counter(e[4] for e in target.effects)
        assert all(count == 1 for count in tokens.values()), tokens
    assert Counter(e[1] for e in plant.qms.effects) == {"open_inspection": 1, "open_nonconformance": 1}
    for lot in FINISHED:
        assert {h.origin_number for h in (await plant.lot(lot)).holds.values()} == {"L-1"}
        assert plant.erp.stock[lot]["available"] == 0
    for lot in ("L-1", "BULK", *FINISHED):
        assert [h.reason for h in (await plant.lot(lot)).holds.values()].count(HoldReason.RECALL) == 1
    assert [r.held_at is not None for r in await plant.rows(select(recall_record))] == [True]
    left = await plant.rows(select(delivery.c.state, func.count()).group_by(delivery.c.state))
    assert {row[0] for row in left} <= {"verified", "superseded"}
    assert not await plant.rows(select(message).where(message.c.state.in_(("received", "parked"))))
    _, broken = await plant.hub.runtime.store.read(lambda c: audit.verify(c, "PLANT-DE"))
    assert broken is None


@pytest.mark.parametrize("step", list(Step))
async def test_the_hub_may_be_killed_at_any_step(step: Step, tmp_path: object) -> None:
    dry = Killer()
    plant = Plant(f"sqlite:///{tmp_path}/dry.db", dry)
    plant.start()
    await story(plant)
    await check(plant)
    plant.stop()
    assert dry.seen[step], f"the story never reaches {step}: write one that does"
    for nth in range(1, min(dry.seen[step], DEPTH) + 1):
        plant = Plant(f"sqlite:///{tmp_path}/{nth}.db", Killer(step, nth))
        plant.start()
        await story(plant)
        await check(plant)
        plant.stop()


async def test_the_hub_may_be_killed_on_postgresql_too(postgres_database: Callable[[], str]) -> None:
    for step in (Step.PROCESS_DECIDED, Step.DELIVER_CLAIMED, Step.DELIVER_SENT, Step.VERIFY_READ):
        plant = Plant(postgres_database(), Killer(step, 2))
        plant.start()
        await story(plant)
        await check(plant)
        plant.stop()
