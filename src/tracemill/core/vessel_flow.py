"""What flows into and out of the contents of a vessel: edges of the genealogy and amounts of the ledger."""

from datetime import datetime
from decimal import Decimal
from typing import Final

from tracemill.model.material import Work
from tracemill.model.record import Record, replaced
from tracemill.model.status import Evidence, Side
from tracemill.model.vessel import VesselFact

ZERO: Final = Decimal(0)
_SUREST = tuple(Evidence)
STEP: Final = Decimal("0.000001")
_SIDES = {"consumed": Side.INPUT, "produced": Side.OUTPUT}


class Standing(Record, frozen=True):
    """How a vessel stands after a fact: which content is in it, since when, and how much by the book."""

    content: str = ""
    key: str = ""  # of the transformation that the content came out of
    since: datetime | None = None
    level: Decimal = ZERO  # below zero: more came out than was told to have gone in
    total: Decimal = ZERO  # all that went into this content
    drawn: bool = False  # something came out: the next charge begins another content
    unit: str = ""


class Edge(Record, frozen=True):
    """A quantity of a lot that goes into, or comes out of, a work, or is thrown away; below zero where it is taken back."""

    cause: str
    lot: str
    kind: str  # consumed, produced, scrapped or adjusted
    quantity: Decimal
    unit: str
    work: Work
    evidence: Evidence
    at: datetime
    booked: Decimal = ZERO  # of a content: what its ledger says, which may be nothing where walls are wet

    @property
    def key(self) -> tuple[str, str, str, str]:
        return self.cause, self.lot, self.kind, self.work.key

    @property
    def side(self) -> Side | None:
        return _SIDES.get(self.kind)


def least(total: Decimal) -> Decimal:
    """Return how little an uncleaned vessel still holds where the book says nothing: its walls are wet."""
    return max(STEP * 1000, (total / 10000).quantize(STEP))


def weaker(*found: Evidence) -> Evidence:
    return max(found, key=_SUREST.index)


class Flow:
    """Collects the edges of one vessel."""

    def __init__(self, vessel: str, unit: str) -> None:
        self.vessel, self.unit = vessel, unit
        self.edges: list[Edge] = []
        self.names: dict[str, str] = {}  # of contents, as people see them
        self.standings: dict[str, Standing] = {}  # after each fact

    def charge(self, now: Standing, fact: VesselFact) -> Standing:
        """Let a charge go into a content: of a lot by way of the vessel, of an order as one more thing it makes."""
        sure = weaker(fact.evidence, Evidence.MEASURED)
        self._content(fact.id, now, "produced", fact.amount, self._source(now, fact, fact.quantity, fact.id, sure), sure, fact.at)
        return replaced(now, level=now.level + fact.amount, total=now.total + fact.amount)

    def heel(self, before: Standing, now: Standing, fact: VesselFact) -> Standing:
        """Let what an uncleaned vessel still held go into the next content, however little the book says it was."""
        sure = Evidence.MEASURED if before.level >= ZERO else Evidence.INFERRED
        booked, left = max(before.level, ZERO), max(before.level, least(before.total))
        for standing, kind in ((before, "consumed"), (now, "produced")):
            self._content(f"heel {fact.id}", standing, kind, left, self._own(now), sure, fact.at, booked)
        return replaced(now, level=booked, total=left)

    def draw(self, now: Standing, fact: VesselFact, booked: Decimal | None = None) -> Standing:
        """Let a discharge come out of a content, into the order it names and the lot it fills."""
        sure = weaker(fact.evidence, Evidence.INFERRED if fact.amount > now.level else Evidence.MEASURED)
        out = Work(transformation=f"{now.key} out", machine=self.vessel, kind="discharge")
        work = self._here(fact.work) if fact.work.key else out
        self._content(fact.id, now, "consumed", fact.amount, work, sure, fact.at, booked)
        if fact.lot:
            self._lot(fact, fact.id, "produced", fact.quantity, work, fact.evidence, fact.at)
        return replaced(now, level=now.level - fact.amount, drawn=True)

    def share(self, now: Standing, cause: VesselFact, fact: VesselFact, part: Decimal | None, booked: Decimal) -> None:
        """Let a part of a charge be in a content; None: as much as there was, because nobody can say."""
        sure = weaker(fact.evidence, Evidence.INFERRED if part is None else Evidence.MEASURED)
        quantity, amount = fact.quantity, fact.amount if part is None else part
        if part is not None:
            quantity = max((fact.quantity * part / fact.amount).quantize(STEP), STEP)
        work = self._source(now, fact, quantity, f"{cause.id} {fact.id}", sure)
        self._content(f"{cause.id} {fact.id}", now, "produced", amount, work, sure, cause.at, booked)

    def empty(self, now: Standing, fact: VesselFact) -> None:
        """Take what still stood in a vessel that is cleaned off the ledger: thrown away as told, the rest as a difference."""
        for kind, quantity in (("scrapped", fact.amount), ("adjusted", now.level - fact.amount)):
            if now.content and quantity:
                self._content(fact.id, now, kind, quantity, Work(), Evidence.MEASURED, fact.at)

    def _source(self, now: Standing, fact: VesselFact, quantity: Decimal, cause: str, sure: Evidence) -> Work:
        """Return what a charge comes out of: the vessel's own work, into which its lot goes, or the order that made it."""
        if not fact.lot:
            return self._here(fact.work)
        self._lot(fact, cause, "consumed", quantity, self._own(now), fact.evidence if cause == fact.id else sure, fact.at)
        return self._own(now)

    def _own(self, now: Standing) -> Work:
        return Work(transformation=now.key, machine=self.vessel, kind="vessel")

    def _here(self, work: Work) -> Work:
        return work if work.machine else replaced(work, machine=self.vessel)

    def _lot(self, fact: VesselFact, cause: str, kind: str, quantity: Decimal, work: Work, sure: Evidence, at: datetime) -> None:
        self.edges.append(
            Edge(cause=cause, lot=fact.lot, kind=kind, quantity=quantity, unit=fact.unit, work=work, evidence=sure, at=at)
        )

    def _content(
        self, cause: str, now: Standing, kind: str, quantity: Decimal, work: Work, sure: Evidence, at: datetime,
        booked: Decimal | None = None,
    ) -> None:  # fmt: skip
        self.edges.append(
            Edge(cause=cause, lot=now.content, kind=kind, quantity=quantity, unit=self.unit, work=work, evidence=sure, at=at,
                 booked=quantity if booked is None else booked)
        )  # fmt: skip
