"""Decisions: what follows from one event, as values."""

from datetime import datetime
from typing import Any

from tracemill.model.change import AnyChange
from tracemill.model.identifier import derived
from tracemill.model.record import Record
from tracemill.model.status import CaseKind, Consequence

STATUS_VERB = "set_status"
SHIPMENT_VERB = "block_shipment"
ORDER_VERB = "block_order"
STATE_VERBS = (STATUS_VERB, SHIPMENT_VERB, ORDER_VERB)  # they set a state: only what was decided last counts


class Command(Record, frozen=True):
    """What the hub wants of a system: a desired state (per lot, verb and purpose) or an act with an identity."""

    id: str
    system: str
    verb: str
    lot: str
    value: dict[str, Any]
    restricts: bool = False
    purpose: str = ""
    why: str = ""

    @property
    def is_state(self) -> bool:
        return self.verb in STATE_VERBS


class Case(Record, frozen=True):
    """What a person must look at. The same key is the same case for as long as it is open."""

    key: str
    kind: CaseKind
    lot: str
    title: str = ""
    consequence: Consequence = Consequence.LATE
    next_action: str = ""
    evidence: dict[str, Any] = {}
    urgent: bool = False
    page: dict[str, str] = {}
    closes: bool = False


class Timer(Record, frozen=True):
    """A time at which the hub wants to look again."""

    key: str
    lot: str
    due: datetime


class LotChange(Record, frozen=True):
    """One change of one lot."""

    lot: str
    change: AnyChange


class Decision(Record, frozen=True):
    """Everything that follows from one event; committed in one transaction or not at all."""

    changes: tuple[LotChange, ...] = ()
    commands: tuple[Command, ...] = ()
    cases: tuple[Case, ...] = ()
    timers: tuple[Timer, ...] = ()
    spreads: tuple[str, ...] = ()  # lots whose holds must be carried on to what was made from them
    reviews: tuple[str, ...] = ()  # lots whose genealogy must be looked at
    rejects: tuple[str, ...] = ()  # lots whose rejection concerns whatever else there is of their supplier batch


def act_id(system: str, verb: str, lot: str, purpose: str) -> str:
    """Return the identity of an act: the same act is never decided twice."""
    return derived("act", system, verb, lot, purpose)
