"""Supplier batches across sites: each site is told of a rejection and decides for itself; goes on after a restart."""

from datetime import datetime

from sqlalchemy import Connection

from tracemill.core.flows.rejected_batch import hold_id, same_batch
from tracemill.core.usable import rejected
from tracemill.hub.decider import LOTS
from tracemill.hub.runtime import Runtime
from tracemill.hub.steps import Step
from tracemill.model.event import Event
from tracemill.model.identifier import derived
from tracemill.model.lot import Lot
from tracemill.model.moment import at
from tracemill.model.quality import BatchRejected
from tracemill.model.reference import LotRef
from tracemill.observe.logs import log
from tracemill.store import batches
from tracemill.store.batches import Batch
from tracemill.store.decisions import Effects
from tracemill.store.writer import Priority


class BatchTeller:
    """Tells of rejections for as long as any lot of a rejected batch has not heard of it."""

    def __init__(self, runtime: Runtime) -> None:
        self._runtime = runtime

    async def run_once(self) -> int:
        """Tell some lots in one transaction; return whether there was anything to do."""
        if not await self._runtime.store.read(batches.wait):
            return 0
        now = self._runtime.clock()

        def tell(tx: Connection) -> Effects:
            found = batches.take(tx, LOTS)
            events = [] if found is None or not rejected(found.rejected) else self._events(found, now)
            effects = self._runtime.commit(tx, [(event, 0) for event in events], now)
            self._runtime.reach(Step.BATCH_TOLD)
            return effects

        effects = await self._runtime.store.write(tell, Priority.RESTRICT)
        self._runtime.reach(Step.BATCH_COMMITTED)
        self._runtime.announce(effects)
        return 1

    def _events(self, found: Batch, now: datetime) -> list[Event]:
        """Tell what may be of the same batch and is not held for it yet. A lot that stands rejected itself needs no telling."""
        told = [o for o in found.others if same_batch(o, found.rejected) and not rejected(o) and hold_id(o.id) not in o.holds]
        for lot in [o for o in told if o.site not in self._runtime.policies]:
            log.warning("a rejected supplier batch has a lot at a site that is not configured", lot=lot.number, site=lot.site)
        return [_event(found.rejected, lot, now) for lot in told if lot.site in self._runtime.policies]


def _event(origin: Lot, lot: Lot, now: datetime) -> Event:
    data = BatchRejected(lot=LotRef(id=lot.id), batch=origin.supplier_batch, number=origin.number, site=origin.site)
    return Event(
        id=derived("batch rejected", origin.id, origin.version, lot.id), type="batch.rejected.v1", site=lot.site, source="hub",
        data=data, occurred=at(now), recorded=now, actor="hub",
    )  # fmt: skip
