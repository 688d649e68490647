"""Deciding: load the state of a batch, decide its events one after another, commit once."""

from collections.abc import Callable, Mapping, Sequence
from datetime import datetime, timedelta

from sqlalchemy import Connection

from tracemill.core.decide import decide, histories_needed, needs, told_of_vessels
from tracemill.core.material import made_in
from tracemill.hub import family
from tracemill.hub.steps import Reach, Step, passed
from tracemill.model.event import Event
from tracemill.model.material import LotReceived
from tracemill.model.policy import Policy
from tracemill.store import decisions, genealogy, histories, lots, vessels
from tracemill.store.store import Sequence as Ids

LOTS = 500  # in one transaction
Item = tuple[Event, int]  # an event and the message it came in (0: none)


class Poisoned(Exception):
    """An event that cannot be decided: it is parked alone, its neighbours go on."""

    def __init__(self, event: Event, cause: Exception) -> None:
        super().__init__(f"{type(cause).__name__}: {cause}")
        self.event, self.cause = event, cause


class Decider:
    """Turns events into committed consequences, inside a transaction that the caller opened."""

    def __init__(self, ids: Ids, policies: Mapping[str, Policy], effects: Mapping[str, timedelta], reach: Reach = passed) -> None:
        self._ids, self._policies, self._effects, self._reach = ids, policies, effects, reach

    def commit(self, tx: Connection, items: Sequence[Item], now: datetime) -> decisions.Effects:
        """Decide and write a batch. Raises Poisoned for the first event that cannot be decided; then nothing is written."""
        sites = dict.fromkeys(e.site for e, _ in items)
        made = [self._site(tx, site, [i for i in items if i[0].site == site], now) for site in sites]
        if any(effects.spreads for effects in made):
            made.append(self.spread(tx, now))  # what was made from it inherits in the same transaction; the rest follows
        return decisions.together(made)

    def spread(self, tx: Connection, now: datetime) -> decisions.Effects:
        """Carry holds on to at most 500 lots that were made from lots whose holds changed."""
        if (found := genealogy.take_spread(tx, LOTS)) is None:
            return decisions.Effects()
        events = family.inheritances(tx, found, now)
        made = [self._site(tx, site, [(e, 0) for e in events if e.site == site], now) for site in {e.site for e in events}]
        return decisions.together([*made, decisions.Effects(spreads=True)])

    def _site(self, tx: Connection, site: str, items: Sequence[Item], now: datetime) -> decisions.Effects:
        policy = self._policies[site]
        keys = [k for e, _ in items if e.source != "hub" for k in needs(e, policy)]
        made = [work for e, _ in items if (work := made_in(e)) is not None]
        tails, involved = vessels.load(tx, site, told_of_vessels(e for e, _ in items), policy.vessels)
        view = lots.load(tx, keys, {e.lot.id for e, _ in items if e.source == "hub"} | involved, made)
        view.vessels, view.vessels_as_read = dict(tails), tails
        lots.load_rejected(tx, view, {e.data.supplier_batch for e, _ in items if isinstance(e.data, LotReceived)})
        histories.load(tx, site, view, *histories_needed([e for e, _ in items], view, policy))
        self._reach(Step.PROCESS_LOADED)
        decided = []
        for event, message_id in items:
            try:
                decision = decide(event, view, policy)
            except Exception as cause:
                raise Poisoned(event, cause) from cause
            decided.append(decisions.Decided(event=event, decision=decision, message_id=message_id))
        self._reach(Step.PROCESS_DECIDED)
        return decisions.commit(tx, self._ids, view, decided, policy, self._effects, now)


Clock = Callable[[], datetime]
