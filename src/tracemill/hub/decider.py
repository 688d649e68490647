"""Deciding: load the state of a batch, decide its events one after another, commit once."""

from collections.abc import Callable, Mapping, Sequence
from datetime import UTC, datetime, timedelta

from sqlalchemy import Connection

from tracemill.core.decide import decide, histories_needed, needs, suppliers_counted, told_of_vessels
from tracemill.core.handling_units import about_units, settled
from tracemill.core.master_data import applied, defined
from tracemill.core.material import made_in
from tracemill.hub import family, handling_unit
from tracemill.hub.steps import Reach, Step, passed
from tracemill.model.decision import Decision
from tracemill.model.event import Event
from tracemill.model.master_data import MASTER
from tracemill.model.material import LotReceived
from tracemill.model.policy import Policy
from tracemill.store import decisions, genealogy, handling_units, histories, lots, master_data, quality_records, vessels
from tracemill.store.store import Sequence as Ids

NEVER = datetime.max.replace(tzinfo=UTC)
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
        self._last: dict[str, tuple[datetime, Policy, datetime]] = {}  # rules with master data, and until when

    def commit(self, tx: Connection, items: Sequence[Item], now: datetime) -> decisions.Effects:
        """Decide and write a batch. Raises Poisoned for the first event that cannot be decided; then nothing is written."""
        self._define(tx, [i for i in items if isinstance(i[0].data, MASTER)], now)
        items = [i for i in items if not isinstance(i[0].data, MASTER)]
        sites = dict.fromkeys(e.site for e, _ in items)
        made = [self._site(tx, site, [i for i in items if i[0].site == site], now) for site in sites]
        if any(effects.spreads for effects in made):
            made.append(self.spread(tx, now))  # what was made from it inherits in the same transaction; the rest follows
        return decisions.together(made)

    def rules(self, site: str) -> Policy:
        """Return the rules of a site as the last decision took them."""
        return self._last[site][1] if site in self._last else self._policies[site]

    def learn(self, tx: Connection, site: str, now: datetime) -> Policy:
        """Return the rules of a site with what its owner of master data told; it is read again only where that changed."""
        mark, known = master_data.mark(tx, site), self._last.get(site)
        if mark is None:
            self._last.pop(site, None)
            return self._policies[site]
        if known is None or known[0] != mark or known[2] <= now:
            found = master_data.load(tx, site)
            later = [t.data.valid_from for t in found if t.data.valid_from and t.data.valid_from > now]
            known = self._last[site] = mark, applied(self._policies[site], found, now), min(later, default=NEVER)
        return known[1]

    def _define(self, tx: Connection, items: Sequence[Item], now: datetime) -> None:
        """Take over master data before anything else of the batch is decided by it."""
        for site in dict.fromkeys(e.site for e, _ in items):
            policy, decided, told = self._policies[site], [], []
            for event, message_id in (i for i in items if i[0].site == site):
                try:
                    found, cases = defined(event, policy)
                except Exception as cause:
                    raise Poisoned(event, cause) from cause
                told += [found] if found else []
                decided.append(decisions.Decided(event=event, decision=Decision(cases=cases), message_id=message_id))
            master_data.save(tx, site, told, now)
            decisions.commit(tx, self._ids, lots.Loaded(), decided, policy, self._effects, now)

    def spread(self, tx: Connection, now: datetime) -> decisions.Effects:
        """Carry holds on to at most 500 lots that were made from lots whose holds changed."""
        if (found := genealogy.take_spread(tx, LOTS)) is None:
            return decisions.Effects()
        events = family.inheritances(tx, found, now)
        made = [self._site(tx, site, [(e, 0) for e in events if e.site == site], now) for site in {e.site for e in events}]
        made += [self._review(tx, site, ids, now, again=True) for site, ids in lots.by_site(tx, found.children).items()]
        return decisions.together([*made, decisions.Effects(spreads=True)])

    def _review(self, tx: Connection, site: str, lot_ids: list[int], now: datetime, *, again: bool = False) -> decisions.Effects:
        """Look at the genealogy of lots that were made here, where the site's rules ask for it."""
        policy = self.rules(site) if site in self._policies else None
        events = family.reviews(tx, lot_ids, policy, now, again=again) if policy else []
        return self._site(tx, site, [(e, 0) for e in events], now) if events else decisions.Effects()

    def _site(self, tx: Connection, site: str, items: Sequence[Item], now: datetime) -> decisions.Effects:
        policy = self.learn(tx, site, now)
        keys = [k for e, _ in items if e.source != "hub" for k in needs(e, policy)]
        made = [work for e, _ in items if (work := made_in(e)) is not None]
        tails, involved = vessels.load(tx, site, told_of_vessels(e for e, _ in items), policy.vessels)
        view = lots.load(tx, keys, {e.lot.id for e, _ in items if e.source == "hub"} | involved, made)
        view.vessels, view.vessels_as_read = dict(tails), tails
        lots.load_rejected(tx, view, {e.data.supplier_batch for e, _ in items if isinstance(e.data, LotReceived)})
        handling_units.load(tx, view, about_units([e for e, _ in items]))
        histories.load(tx, site, view, *histories_needed([e for e, _ in items], view, policy))
        counted = suppliers_counted([e for e, _ in items], view)
        quality_records.load(tx, site, view, counted, now - timedelta(days=2 * policy.recurrence.days))
        self._reach(Step.PROCESS_LOADED)
        decided = []
        for event, message_id in items:
            try:
                decision = decide(event, view, policy)
            except Exception as cause:
                raise Poisoned(event, cause) from cause
            decided.append(decisions.Decided(event=event, decision=decision, message_id=message_id))
        self._reach(Step.PROCESS_DECIDED)
        effects = decisions.commit(tx, self._ids, view, decided, policy, self._effects, now)
        asked = [view.row_ids[lot] for lot in dict.fromkeys(lot for d in decided for lot in d.decision.reviews)]
        agreed = handling_unit.agreements(settled(view.units), items[-1][0].id, now) if view.units else []
        return decisions.together([effects, self._review(tx, site, asked, now), *self._agree(tx, agreed, now)])

    def _agree(self, tx: Connection, events: Sequence[Event], now: datetime) -> list[decisions.Effects]:
        """End what was settled for lots, also of other sites, by what was told of another lot."""
        sites = [site for site in dict.fromkeys(e.site for e in events) if site in self._policies]
        return [self._site(tx, site, [(e, 0) for e in events if e.site == site], now) for site in sites]


Clock = Callable[[], datetime]
