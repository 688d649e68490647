"""Policy: what a site's data says about ownership, systems, inspection and alerts. Read by decisions, written by people."""

from datetime import datetime
from decimal import Decimal
from typing import Any

from tracemill.model.inspection import SkipRules
from tracemill.model.quantity import Conversion
from tracemill.model.record import Record
from tracemill.model.status import ComplaintSeverity, Enforcement, Evidence, Mode, Receipt, ReleaseMode
from tracemill.model.vessel import VesselRule
from tracemill.model.work_order import Operation


class AuthorityRule(Record, frozen=True):
    """Which system owns a facet (quality, stock, place, movement), for which item class, from when on."""

    facet: str
    owner: str
    item_class: str = ""
    valid_from: datetime | None = None


class SystemPolicy(Record, frozen=True):
    """What decisions must know about one connected system."""

    name: str
    mode: Mode = Mode.ACT
    roles: tuple[str, ...] = ()
    verbs: tuple[str, ...] = ()
    user: str = ""  # the name our own writes carry there
    assigns: bool = False  # the hub chooses the lot's id there
    receipt: Receipt = Receipt.TARGET_QUARANTINES
    enforces: dict[str, Enforcement] = {}
    expresses: str = "split"  # "split": sums per status; "cap": only how much may be used
    scope: str = "lot"  # what makes a lot id unique there: "lot", or "item+lot"
    stock_feed: str = ""  # the feed that tells whatever changes in its stock

    def can(self, verb: str) -> bool:
        return verb in self.verbs


# What an inspection table may ask about a receipt.
INSPECTION_INPUTS = ("approval", "risk", "material_class", "defects")


class InspectionPolicy(Record, frozen=True):
    """How incoming lots are inspected."""

    plan_owner: str = "qms"  # or "hub"
    level: str = "II"
    aql: str = "1.0"
    severity: str = "normal"
    container: Decimal | None = None  # base quantity per container, to turn mass into a lot size
    table: Any = None  # compiled decision table: supplier approval, risk, material class, defect history
    approvals: dict[str, str] = {}
    risks: dict[str, str] = {}
    defects: dict[str, int] = {}
    switching: bool = False  # severity follows the results of first submissions
    skip: SkipRules | None = None

    @property
    def kept(self) -> bool:
        """Say whether the hub keeps inspection histories: it plans, so it must know what became of its plans."""
        return self.plan_owner == "hub"


class ShelfLife(Record, frozen=True):
    """What a customer demands to be left of a lot's shelf life when it is shipped."""

    days: int | None = None
    percent: Decimal | None = None


class ReleaseRules(Record, frozen=True):
    """What a lot that was made here must have before it may be used."""

    mode: ReleaseMode = ReleaseMode.QUALITY
    classes: tuple[str, ...] = ()  # item classes; none: whatever is made here
    inspections: tuple[str, ...] = ()  # plans that must have passed
    conditions: tuple[str, ...] = ()  # parameters that must have been told
    dossier: tuple[str, ...] = ()
    evidence: tuple[Evidence, ...] = (Evidence.SCANNED, Evidence.MEASURED)  # what counts as seen
    bom: bool = False  # every item of the bill of materials must have gone in


class Recurrence(Record, frozen=True):
    """When the same defect of the same supplier is more than chance."""

    times: int = 3
    days: int = 90


class Tolerance(Record, frozen=True):
    """How far the balance of an item may be off before somebody looks; where both are given, the larger."""

    percent: Decimal | None = None  # of what came
    quantity: Decimal | None = None  # in the base unit


class Policy(Record, frozen=True):
    """Everything a decision reads besides the event and the state."""

    site: str
    version: str
    systems: dict[str, SystemPolicy] = {}
    authority: tuple[AuthorityRule, ...] = ()
    inspection: InspectionPolicy = InspectionPolicy()
    conversions: dict[str, tuple[Conversion, ...]] = {}
    base_units: dict[str, str] = {}
    lifters: dict[str, tuple[str, ...]] = {}
    procurement: dict[str, str] = {}  # system (connector) and recipient
    alerts: dict[str, str] = {}
    grace_seconds: int = 300
    zone: str = "UTC"
    shelf_life: dict[str, ShelfLife] = {}  # by customer
    tolerances: dict[str, Tolerance] = {}  # by item; "*" is every other item
    dispatch: str = ""  # whom to call about a shipment
    vessels: dict[str, VesselRule] = {}  # of any other vessel the content is mixed
    boms: dict[str, tuple[str, ...]] = {}  # by item: the items that it is made from
    routings: dict[str, tuple[Operation, ...]] = {}  # by item
    recurrence: Recurrence = Recurrence()
    suspected: tuple[ComplaintSeverity, ...] = ()  # of a complaint: its lot is held
    release: ReleaseRules | None = None  # None: quality's decision is all that is asked for

    def able(self, verb: str, first: str = "") -> SystemPolicy | None:
        """Return a system that can do something: the one that is asked for first, if it can."""
        found = [s for s in self.systems.values() if s.can(verb)]
        return next((s for s in found if s.name == first), found[0] if found else None)

    def owner(self, facet: str, item_class: str = "", at: datetime | None = None) -> str | None:
        """Return the system that owns a facet: the most specific, then the latest rule in force."""
        best: tuple[bool, float, str] | None = None
        for rule in self.authority:
            if rule.facet != facet or rule.item_class not in ("", item_class):
                continue
            if rule.valid_from and at and rule.valid_from > at:
                continue
            rank = (bool(rule.item_class), rule.valid_from.timestamp() if rule.valid_from else 0.0, rule.owner)
            best = rank if best is None or rank[:2] >= best[:2] else best
        return best[2] if best else None
