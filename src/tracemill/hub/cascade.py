"""The cascade: holds walk on to everything made from a lot, some lots a transaction, and go on after a restart."""

from sqlalchemy import Connection

from tracemill.hub.runtime import Runtime
from tracemill.hub.steps import Step
from tracemill.store import genealogy
from tracemill.store.decisions import Effects
from tracemill.store.writer import Priority


class Cascader:
    """Carries holds on for as long as lots wait for it."""

    def __init__(self, runtime: Runtime) -> None:
        self._runtime = runtime

    async def run_once(self) -> int:
        """Carry holds on in one transaction; return whether there was anything to do."""
        if not await self._runtime.store.read(genealogy.spreads_wait):
            return 0
        now = self._runtime.clock()

        def carry(tx: Connection) -> Effects:
            effects = self._runtime.decider.spread(tx, now)
            self._runtime.reach(Step.CASCADE_CARRIED)
            return effects

        effects = await self._runtime.store.write(carry, Priority.RESTRICT)
        self._runtime.reach(Step.CASCADE_COMMITTED)
        self._runtime.announce(effects)
        return int(effects.spreads)
