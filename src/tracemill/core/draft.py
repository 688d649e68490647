"""A draft: the decision about one event while it is being made, with the lot as it becomes."""

from collections.abc import Iterable, Mapping
from datetime import datetime
from typing import Any

from tracemill.core.evolve import evolve
from tracemill.core.inspection_history import History, Standing, begun, due
from tracemill.core.usable import rejected
from tracemill.model.change import ActAsked, AnyChange, CaseClosed, CaseOpened, HoldPlaced, LotDescribed
from tracemill.model.decision import Case, Command, Decision, LotChange, Timer, act_id
from tracemill.model.event import Event
from tracemill.model.inspection import HistoryKey
from tracemill.model.lot import Lot, OpenCase
from tracemill.model.policy import Policy, SystemPolicy
from tracemill.model.quality_record import QualityRecord
from tracemill.model.status import CaseKind, HoldReason, Severity


class Draft:
    """Collects changes, commands, cases and timers for one event and one lot."""

    def __init__(
        self, event: Event, lot: Lot, policy: Policy, histories: Mapping[HistoryKey, History] | None = None,
        rejected: Mapping[str, Lot] | None = None, recorded: Iterable[QualityRecord] = (),
    ) -> None:  # fmt: skip
        self.event, self.lot, self.policy = event, lot, policy
        self.begun = lot  # as it was before
        self.histories = dict(histories or {})
        self.rejected = rejected or {}  # other lots that stand rejected, of the supplier batches that are received
        self.recorded = recorded  # quality records of the same suppliers
        self.changes: list[LotChange] = []
        self.commands: list[Command] = []
        self.cases: list[Case] = []
        self.timers: list[Timer] = []
        self.beside: dict[str, Draft] = {}  # what follows for other lots
        self._spreads = self._reviews = False

    @property
    def now(self) -> datetime:
        """The time the event was recorded: the only clock a decision knows."""
        return self.event.recorded

    @property
    def source(self) -> SystemPolicy:
        """The policy of the system that the event came from."""
        return self.policy.systems.get(self.event.source) or SystemPolicy(name=self.event.source)

    def history(self, key: HistoryKey) -> History:
        """Return an inspection history; an empty one where nothing is known yet."""
        return self.histories.get(key) or begun(key, Severity(self.policy.inspection.severity))

    def due(self, key: HistoryKey) -> Standing:
        """Return which inspection is due for a lot that arrives now."""
        return due(self.history(key), self.now, self.policy.inspection.skip)

    def add(self, *changes: AnyChange) -> None:
        for change in changes:
            self.changes.append(LotChange(lot=self.lot.id, change=change))
            self.lot = evolve(self.lot, change)

    def spread(self) -> None:
        """Have the holds of this lot carried on to what was made from it."""
        self._spreads = True

    def review(self) -> None:
        """Have the genealogy of this lot looked at."""
        self._reviews = True

    def act(self, system: str, verb: str, purpose: str, value: dict[str, Any]) -> None:
        """Ask a system to do something once: the same system, verb, lot and purpose is the same act for ever."""
        key = act_id(system, verb, self.lot.id, purpose)
        if key in self.lot.acts:
            return
        self.add(ActAsked(key=key, verb=verb, system=system, purpose=purpose, at=self.now))
        self.commands.append(Command(id=key, system=system, verb=verb, lot=self.lot.id, value=value, purpose=purpose))

    def case(self, case: Case) -> None:
        """Open a case; while it is open, the same key is the same case."""
        about = str(case.evidence.get("system") or case.evidence.get("source") or "")
        opened = OpenCase(
            consequence=case.consequence, title=case.title, next_action=case.next_action, system=about,
            urgent=case.urgent, page=case.page,
        )  # fmt: skip
        if self.lot.cases.get(case.key) != opened:
            self.add(CaseOpened(key=case.key, case=opened))
        self.cases.append(case)

    def close(self, key: str) -> None:
        """Close a case whose cause is gone."""
        if key in self.lot.cases:
            self.add(CaseClosed(key=key))
            self.cases.append(Case(key=key, kind=CaseKind.CONFLICT, lot=self.lot.id, closes=True))

    def of(self, lot: Lot) -> "Draft":
        """Return the draft of what the same event means for another lot."""
        if lot.id == self.lot.id:
            return self
        if lot.id not in self.beside:
            self.beside[lot.id] = Draft(self.event, lot, self.policy)
        return self.beside[lot.id]

    def decision(self) -> Decision:
        every = (self, *self.beside.values())
        return Decision(
            changes=tuple(c for d in every for c in d.changes),
            commands=tuple(c for d in every for c in d.commands),
            cases=tuple(c for d in every for c in d.cases),
            timers=tuple(t for d in every for t in d.timers),
            spreads=tuple(d.lot.id for d in every if d._spreads),
            reviews=tuple(d.lot.id for d in every if d._reviews),
            rejects=tuple(d.lot.id for d in every if d.lot.supplier_batch and any(_rejects(c.change, d.lot) for c in d.changes)),
        )


def _rejects(change: AnyChange, lot: Lot) -> bool:
    """Say whether a lot was rejected for what it is, or more of it than before, or is now known by its supplier batch."""
    if isinstance(change, LotDescribed) and (change.supplier_batch or change.manufacturer):
        return rejected(lot)
    return isinstance(change, HoldPlaced) and change.hold.reason is HoldReason.REJECTED and not change.hold.root
