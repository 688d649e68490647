"""What quality's decisions about planned lots say about their supplier, and what the next lot's plan makes of it."""

from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from decimal import Decimal
from typing import Any

import pytest

from tests.core.submissions import KEY, RULES
from tracemill.core.decide import decide
from tracemill.core.decision_table import compile_table
from tracemill.core.decision_table_spec import DecisionTableSpec
from tracemill.core.holds import NotAllowed
from tracemill.core.identity import View
from tracemill.core.inspection_history import History
from tracemill.model.decision import Decision
from tracemill.model.event import NAMES, Event
from tracemill.model.identifier import derived
from tracemill.model.inspection import HistoryKey, Submission
from tracemill.model.material import LotReceived
from tracemill.model.moment import at
from tracemill.model.policy import AuthorityRule, InspectionPolicy, Policy, SystemPolicy
from tracemill.model.quality import DispositionDecided, InspectionApproved, Part
from tracemill.model.quantity import Quantity
from tracemill.model.record import replaced
from tracemill.model.reference import Alias, LotRef, Party
from tracemill.model.status import ApprovalKind, DispositionKind

START = datetime(2026, 11, 23, 9, tzinfo=UTC)
HUB = InspectionPolicy(plan_owner="hub", switching=True, skip=RULES)
POLICY = Policy(
    site="DE",
    version="1",
    systems={"erp": SystemPolicy(name="erp"), "qms": SystemPolicy(name="qms", verbs=("open_inspection",))},
    authority=(AuthorityRule(facet="quality", owner="qms"),),
    inspection=HUB,
)
D = DispositionKind
ACCEPT, REJECT = (D.ACCEPT,), (D.REJECT,)


def table(*rules: tuple[str, ...]) -> Any:
    inputs = {"defects": {"type": "number", "min": 0}}
    return compile_table(DecisionTableSpec(inputs=inputs, outputs=("plan", "severity"), rules=rules))  # type: ignore[arg-type]


@dataclass
class Plant:
    """Decides events one after another, an hour apart."""

    rules: InspectionPolicy = HUB
    view: View = field(default_factory=View)
    n: int = 0

    def tell(self, source: str, data: Any, hours_ago: float = 0, **more: Any) -> Decision:
        self.n += 1
        now = START + timedelta(hours=self.n)
        then = at(now - timedelta(hours=hours_ago))
        event = Event(id=derived("e", self.n), type=NAMES[type(data)], site="DE", source=source, data=data, occurred=then,
                      recorded=now, observed=at(now), **more)  # fmt: skip
        return decide(event, self.view, replaced(POLICY, inspection=self.rules))

    def received(self, number: int, supplier: str = "ACME", item: str = "4711", receipt: str = "") -> dict[str, str]:
        ref, quantity = LotRef(id=f"L-{number}", item=item), Quantity(amount=Decimal(480), unit="KGM")
        data = LotReceived(lot=ref, quantity=quantity, supplier=Party(id=supplier), receipt=receipt or f"R-{number}")
        told = [c.value["requirement"] for c in self.tell("erp", data).commands if c.verb == "open_inspection"]
        return told[0] if told else {}

    def decided(
        self, number: int, *kinds: DispositionKind, inspection: str = "", found: int | None = None, hours_ago: float = 0
    ) -> Decision:
        native = inspection or f"SG-{number}"
        ref = LotRef(id=native, aliases=(Alias(system="erp", id=f"L-{number}"),))
        parts = tuple(Part(decision=k, quantity=Quantity(amount=Decimal(10 + n), unit="KGM") if n else None)
                      for n, k in enumerate(kinds))  # fmt: skip
        data = DispositionDecided(lot=ref, inspection=native, parts=parts, nonconforming=found)
        return self.tell("qms", data, hours_ago)

    def anonymous(self, number: int, *kinds: DispositionKind) -> Decision:
        """A decision that names no inspection, only the lot."""
        ref = LotRef(id=f"L-{number}", aliases=(Alias(system="erp", id=f"L-{number}"),))
        return self.tell("qms", DispositionDecided(lot=ref, inspection="", parts=tuple(Part(decision=k) for k in kinds)))

    def approve(self, number: int, what: ApprovalKind, source: str = "qms", **more: Any) -> Decision:
        scope = {"supplier": KEY.supplier, "item": KEY.item, "plan": KEY.plan, "what": what, **more}
        data = InspectionApproved(lot=LotRef(id=f"L-{number}", aliases=(Alias(system="erp", id=f"L-{number}"),)), **scope)
        return self.tell(source, data, actor="lena", reason="audit")

    def history(self, key: HistoryKey = KEY) -> History | None:
        return self.view.histories.get(key)

    def results(self) -> list[bool]:
        told = self.history()
        return [f.accepted for f in told.facts if isinstance(f, Submission)] if told else []


@pytest.mark.parametrize(
    ("kinds", "results"),
    [
        (ACCEPT, [True]),
        (REJECT, [False]),
        ((D.ACCEPT, D.REJECT), [False]),
        ((D.CONCESSION,), [False]),
        ((D.ACCEPT, D.CONCESSION), [False]),
        ((D.REINSPECT,), [False]),
        ((D.RETURN,), [False]),
        ((D.HOLD,), []),
        ((D.PENDING,), []),
        ((D.ACCEPT, D.HOLD), []),
        ((D.REJECT, D.HOLD), [False]),
        ((D.INVALIDATED,), []),
    ],
)
def test_only_a_lot_that_is_accepted_as_a_whole_was_acceptable(kinds: tuple[DispositionKind, ...], results: list[bool]) -> None:
    plant = Plant()
    plant.received(1)
    plant.decided(1, *kinds)
    assert plant.results() == results


def test_what_is_decided_after_sorting_or_in_another_inspection_does_not_count() -> None:
    plant = Plant()
    plant.received(1)
    plant.decided(1, D.REINSPECT)
    plant.decided(1, *ACCEPT)
    plant.received(2)
    plant.decided(2, *REJECT)
    plant.decided(2, *ACCEPT, inspection="SG-2-again")
    assert plant.results() == [False, False]


def test_without_the_id_of_an_inspection_only_a_worse_result_is_a_correction() -> None:
    plant = Plant()
    for n, kinds in enumerate((REJECT, ACCEPT)):
        plant.received(n)
        plant.anonymous(n, *kinds)
    plant.anonymous(0, *ACCEPT)
    assert plant.results() == [False, True]
    plant.anonymous(1, *REJECT)
    assert plant.results() == [False, False]


@pytest.mark.parametrize("supplier", ["", "x" * 201, "A\0B"])
def test_a_supplier_that_cannot_be_named_has_no_history_and_its_lots_are_inspected(supplier: str) -> None:
    plant = Plant()
    assert plant.received(1, supplier=supplier)["severity"] == "normal"
    plant.decided(1, *REJECT)
    assert plant.view.histories == {}


def test_a_corrected_result_counts_as_corrected_and_an_invalidated_one_until_it_is_decided_again() -> None:
    plant = Plant()
    plant.received(1)
    plant.decided(1, *REJECT)
    plant.decided(1, *ACCEPT)
    assert plant.results() == [True]
    plant.decided(1, D.INVALIDATED)
    assert plant.results() == []
    plant.decided(1, *REJECT, inspection="SG-1-anew")
    assert plant.results() == [False]


def test_results_count_in_the_order_in_which_they_were_decided_not_read() -> None:
    plant = Plant()
    for n in range(3):
        plant.received(n)
    plant.decided(0, *ACCEPT)
    plant.decided(1, *ACCEPT)
    plant.decided(2, *REJECT, hours_ago=1.5)
    assert plant.results() == [True, False, True]
    plant.received(3)
    plant.decided(3, *REJECT, hours_ago=-100)  # a clock that runs ahead
    told = plant.history()
    assert told is not None
    assert told.facts[-1].at == START + timedelta(hours=plant.n)


def test_more_nonconforming_items_than_may_fail_are_no_acceptance_whatever_quality_decided() -> None:
    plant = Plant()
    plant.received(1)
    said = [getattr(c.change, "text", "") for c in plant.decided(1, *ACCEPT, found=2).changes]
    assert "accepted with 2 nonconforming items, where 1 may fail: it counts as not acceptable for the supplier's history" in said
    assert plant.results() == [False]
    plant.decided(1, *ACCEPT, found=1)  # counted again
    assert plant.results() == [True]


def test_the_stricter_of_the_rule_and_the_history_counts() -> None:
    plant = Plant(replaced(HUB, table=table((">= 3", "incoming", "tightened"), ("-", "incoming", "normal"))))
    assert [plant.received(n)["severity"] for n in (1, 2)] == ["normal", "normal"]
    plant.decided(1, *REJECT)
    plant.decided(2, *REJECT)
    assert plant.received(3)["severity"] == "tightened"
    strict = Plant(replaced(HUB, table=table(("-", "incoming", "tightened"))))
    assert strict.received(1)["severity"] == "tightened"


def test_suppliers_items_and_plans_have_their_own_history() -> None:
    plant = Plant()
    for n in (1, 2):
        plant.received(n)
        plant.decided(n, *REJECT)
    assert plant.received(3)["severity"] == "tightened"
    assert plant.received(4, supplier="OTHER")["severity"] == "normal"
    assert plant.received(5, item="4712")["severity"] == "normal"
    assert replaced(KEY, plan="full") not in plant.view.histories


def test_defects_of_the_table_come_from_first_submissions_unless_the_site_sets_a_number() -> None:
    rules = replaced(HUB, switching=False, table=table((">= 2", "full", "tightened"), ("-", "incoming", "")))
    plant = Plant(rules)
    for n in (1, 2):
        assert plant.received(n)["plan"] == "incoming"
        plant.decided(n, *REJECT)
    assert plant.received(3)["plan"] == "full"
    plant.rules = replaced(rules, defects={"ACME": 0})
    assert plant.received(4)["plan"] == "incoming"


def qualified(**more: Any) -> Plant:
    plant = Plant(replaced(HUB, **more))
    for n in range(10):
        plant.received(n)
        plant.decided(n, *ACCEPT, found=0)
    plant.approve(9, ApprovalKind.SKIP_LOT)
    return plant


def test_a_rule_that_sets_the_severity_is_stricter_than_skipping() -> None:
    assert not all(qualified().received(n) for n in range(20, 40))
    explicit = qualified(table=table(("-", "incoming", "normal")))
    assert all(explicit.received(n) for n in range(20, 40))


def test_a_skipped_lot_counts_only_if_it_turns_out_bad() -> None:
    plant = qualified()
    number = next(n for n in range(20, 60) if not plant.received(n))
    plant.decided(number, *ACCEPT)
    assert plant.results() == [True] * 10
    plant.decided(number, *REJECT)
    assert plant.results() == [True] * 10 + [False]
    assert all(plant.received(n) for n in range(60, 80))


def test_a_lot_that_waits_for_its_inspection_is_not_skipped_by_a_second_receipt() -> None:
    plant = Plant()
    plant.received(99)
    other = qualified()
    plant.view.histories = dict(other.view.histories)
    for n in range(100, 130):
        plant.received(99, receipt=f"R-99-{n}")
    lot = next(lot for lot in plant.view.lots.values() if lot.number == "L-99")
    assert lot.disposition is None


def test_where_the_qms_plans_nothing_is_remembered() -> None:
    plant = Plant(replaced(HUB, plan_owner="qms"))
    plant.received(1)
    plant.decided(1, *REJECT)
    assert plant.view.histories == {}


@pytest.mark.parametrize(
    ("source", "more", "says"),
    [
        ("erp", {}, "not erp"),
        ("qms", {"supplier": "OTHER"}, "was planned as ACME 4711 .incoming., not as OTHER"),
        ("qms", {"until": START}, "is over"),
        ("qms", {"what": ApprovalKind.RESUMPTION}, "not discontinued"),
        ("qms", {"what": ApprovalKind.RESUMPTION, "revoked": True}, "is not revoked"),
    ],
)
def test_an_approval_that_cannot_count_is_refused_with_the_reason(source: str, more: dict[str, Any], says: str) -> None:
    plant = Plant()
    plant.received(1)
    with pytest.raises(NotAllowed, match=says):
        plant.approve(1, **{"what": ApprovalKind.REDUCED, "source": source, **more})
    assert plant.history() is None


def test_revoking_ends_reduced_inspection_from_the_next_lot_on() -> None:
    plant = Plant()
    for n in range(15):
        plant.received(n)
        plant.decided(n, *ACCEPT)
    plant.approve(14, ApprovalKind.REDUCED)
    assert plant.received(20)["severity"] == "reduced"
    plant.approve(14, ApprovalKind.REDUCED, revoked=True)
    assert plant.received(21)["severity"] == "normal"
