"""The ledger of a lot: what each movement does, what takes it back, and what a count finds."""

from decimal import Decimal
from typing import Any

import pytest

from tests.core.test_decide import POLICY, World, kg
from tracemill.core.evolve import fold, replace
from tracemill.core.flows.work_order_release import not_to_use
from tracemill.core.movements import Unbookable
from tracemill.core.recall import standing
from tracemill.core.usable import allowance, on_hand, verdict
from tracemill.model.change import Linked, Moved
from tracemill.model.component import ComponentInstalled, ComponentRemoved
from tracemill.model.lot import Lot
from tracemill.model.material import MaterialConsumed, MovementRecorded, SampleTaken, ShipmentShipped, Work
from tracemill.model.policy import AuthorityRule
from tracemill.model.quality import HoldReleased, HoldRequested
from tracemill.model.quantity import Conversion, Quantity
from tracemill.model.reference import Alias, LotRef
from tracemill.model.status import Direction, DispositionKind, HoldReason, MovementKind, SampleState, ShipmentState, Side
from tracemill.model.vessel import VesselCharged, VesselDischarged
from tracemill.model.work_order import WorkOrderReleased

REF = LotRef(id="L-1", aliases=(Alias(system="erp", id="L-1"),))
OWNED = replace(POLICY, authority=(AuthorityRule(facet="quality", owner="qms"), AuthorityRule(facet="movement", owner="erp")))
ACCEPT = DispositionKind.ACCEPT


class Books(World):
    """A lot of 480 kg, accepted whole, whose movements ERP owns."""

    def __init__(self) -> None:
        super().__init__(replace(OWNED, conversions={"4711": (Conversion(unit="DRM", to="KGM", factor=Decimal(25)),)}))
        self.received()
        self.decided((ACCEPT, None))

    def move(self, movement: str, kind: str, qty: str | None = None, minute: float = 10, source: str = "erp", **more: Any) -> Lot:
        quantity = kg(qty) if qty else None
        return self.tell(source, MovementRecorded(lot=REF, movement=movement, kind=kind, quantity=quantity, **more), minute)

    @property
    def lot(self) -> Lot:
        return next(iter(self.view.lots.values()))


@pytest.mark.parametrize(
    ("kind", "direction", "there"),
    [
        ("produced", None, "490"), ("consumed", None, "470"), ("scrapped", None, "470"), ("shipped", None, "470"),
        ("returned", None, "490"), ("returned", Direction.IN, "490"), ("returned", Direction.OUT, "470"),
        ("adjusted", Direction.IN, "490"), ("adjusted", Direction.OUT, "470"),
        ("transferred", Direction.IN, "490"), ("transferred", Direction.OUT, "470"),
        ("transferred", None, "480"), ("received", None, "480"), ("sampled", None, "480"),
    ],
)  # fmt: skip
def test_each_kind_has_its_sign_and_what_other_events_tell_is_not_counted_twice(
    kind: str, direction: Direction | None, there: str
) -> None:
    transfer = "STO-1" if kind == "transferred" and direction else ""
    assert on_hand(Books().move("M-1", kind, "10", direction=direction, transfer=transfer)) == Decimal(there)


def test_every_kind_of_the_table_is_known_to_the_ledger() -> None:
    for kind in set(MovementKind) - {MovementKind.REVERSED, MovementKind.ADJUSTED}:
        Books().move("M-1", kind, "10")


@pytest.mark.parametrize(
    ("data", "says"),
    [
        ({"kind": "mislaid", "quantity": kg("1")}, "movement kind 'mislaid' is not known"),
        ({"kind": "consumed"}, "a movement consumed without a quantity"),
        ({"kind": "adjusted", "quantity": kg("1")}, "neither its direction nor what was counted"),
        ({"kind": "adjusted", "quantity": kg("1"), "counted": kg("1")}, "the hub finds the difference"),
        ({"kind": "transferred", "quantity": kg("1"), "direction": Direction.OUT}, "both its direction and its number"),
        ({"kind": "transferred", "quantity": kg("1"), "transfer": "STO-1"}, "both its direction and its number"),
        ({"kind": "scrapped", "counted": kg("1")}, "the hub finds the difference"),
        ({"kind": "reversed", "quantity": kg("1")}, "does not say what it takes back"),
        ({"kind": "consumed", "quantity": kg("1"), "movement": ""}, "without an id"),
    ],
)
def test_a_movement_that_cannot_be_booked_is_refused_and_says_what_to_do(data: dict[str, Any], says: str) -> None:
    books = Books()
    with pytest.raises(Unbookable, match=says) as refused:
        books.tell("erp", MovementRecorded(**{"lot": REF, "movement": "M-1"} | data))
    assert refused.value.hint
    assert on_hand(books.lot) == 480


def test_an_unknown_kind_is_refused_with_the_kinds_that_are_known() -> None:
    with pytest.raises(Unbookable) as refused:
        Books().move("M-1", "mislaid", "1")
    assert all(kind in refused.value.hint for kind in MovementKind)


def test_a_movement_told_twice_is_one_and_the_same_id_with_another_quantity_is_refused() -> None:
    books = Books()
    books.move("M-1", "consumed", "10")
    assert on_hand(books.move("M-1", "consumed", "10")) == 470
    with pytest.raises(Unbookable, match="M-1 was told before as consumed of 10 kg"):
        books.move("M-1", "consumed", "11")


SHARED = [
    (ComponentInstalled(lot=REF, parent=LotRef(id="UNIT-7"), quantity=kg("60"), movement="M-1"), "component.removed.v1", "420"),
    (ComponentRemoved(lot=REF, parent=LotRef(id="UNIT-7"), quantity=kg("60"), movement="M-1"), "component.installed.v1", "540"),
    (VesselCharged(told=REF, vessel="T-12", quantity=kg("60"), movement="M-1"), "the charge with a negative quantity", "420"),
    (VesselDischarged(told=REF, vessel="T-12", quantity=kg("60"), movement="M-1"), "the discharge with a negative", "540"),
]


@pytest.mark.parametrize(("data", "says", "there"), SHARED)
def test_what_moved_between_a_lot_and_a_parent_or_a_vessel_is_not_taken_back_by_its_id_for_the_lot_alone(
    data: Any, says: str, there: str
) -> None:
    books = Books()
    books.tell("erp", data, 10)
    with pytest.raises(Unbookable, match="a reversal of M-1, by which more changed than L-1") as refused:
        books.move("R-1", "reversed", reverses="M-1", minute=20)
    assert says in refused.value.hint
    assert on_hand(books.lot) == Decimal(there)


@pytest.mark.parametrize(("data", "says", "there"), SHARED)
def test_a_reversal_that_came_before_what_a_lot_shares_with_a_parent_or_a_vessel_says_what_takes_that_back(
    data: Any, says: str, there: str
) -> None:
    books = Books()
    books.move("R-1", "reversed", reverses="M-1", minute=20)
    books.tell("erp", data, 10)
    (case,) = [c for key, c in books.lot.cases.items() if key.startswith("reversal:")]
    assert (says in case.next_action, "nothing is taken back" in case.title) == (True, True)
    assert on_hand(books.lot) == Decimal(there)


def test_a_charge_told_with_a_negative_quantity_gives_the_lot_back_what_the_vessel_no_longer_holds() -> None:
    books = Books()
    for amount in ("60", "-60"):
        books.tell("erp", VesselCharged(told=REF, vessel="T-12", quantity=kg(amount), movement="M-1"), 10)
    assert on_hand(books.lot) == 480
    assert {on_hand(lot) for lot in books.view.lots.values() if lot.vessel} == {Decimal(0)}


def test_the_native_quantity_is_kept_beside_the_base_quantity() -> None:
    books = Books()
    books.tell(
        "erp", MovementRecorded(lot=REF, movement="M-1", kind="scrapped", quantity=Quantity(amount=Decimal(2), unit="DRM"))
    )
    moved = books.last.changes[0].change
    assert isinstance(moved, Moved)
    assert (moved.quantity, str(moved.native)) == (Decimal(-50), "2 drums")


def test_a_reversal_has_the_opposite_sign_of_what_it_takes_back() -> None:
    books = Books()
    books.move("M-1", "consumed", "100")
    books.move("M-2", "returned", "7")
    assert on_hand(books.move("R-1", "reversed", reverses="M-1", minute=20)) == 487
    assert on_hand(books.move("R-2", "reversed", reverses="M-2", minute=20)) == 480
    assert (books.lot.moved["consumed"], books.lot.moved["returned"], books.lot.cases) == (0, 0, {})


def test_a_part_may_be_taken_back_but_never_more_than_there_was() -> None:
    books = Books()
    books.move("M-1", "consumed", "100")
    assert on_hand(books.move("R-1", "reversed", "40", reverses="M-1")) == 420
    lot = books.move("R-2", "reversed", "61", reverses="M-1")
    assert (on_hand(lot), [c.title for c in lot.cases.values()]) == (
        Decimal(420), ["R-2 takes back M-1 of L-1, but that is less than that; nothing is taken back"],
    )  # fmt: skip
    assert on_hand(books.move("R-3", "reversed", "60", reverses="M-1")) == 480


def test_a_reversal_told_twice_is_one_and_a_second_reversal_is_a_case() -> None:
    books = Books()
    books.move("M-1", "consumed", "100")
    books.move("R-1", "reversed", reverses="M-1")
    assert on_hand(books.move("R-1", "reversed", reverses="M-1")) == 480
    assert not books.lot.cases
    lot = books.move("R-2", "reversed", reverses="M-1")
    assert on_hand(lot) == 480
    assert [c.title for c in lot.cases.values()] == [
        "R-2 takes back M-1 of L-1, but that was taken back already; nothing is taken back"
    ]


def test_a_reversal_of_what_nobody_told_takes_nothing_back_until_it_is_told() -> None:
    books = Books()
    lot = books.move("R-1", "reversed", reverses="M-1", minute=20)
    assert (on_hand(lot), len(lot.cases)) == (Decimal(480), 1)
    assert "which nobody told" in next(iter(lot.cases.values())).title
    lot = books.move("M-1", "consumed", "100")
    assert (on_hand(lot), lot.cases) == (Decimal(480), {})


def test_a_reversed_consumption_takes_its_edge_back_too() -> None:
    books = Books()
    books.tell("erp", MaterialConsumed(lot=REF, quantity=kg("100"), work=Work(order="WO-1"), movement="M-1"))
    books.move("R-1", "reversed", "30", reverses="M-1", minute=20)
    edges = [c.change for c in books.last.changes if isinstance(c.change, Linked)]
    assert [(e.work.order, e.side, e.quantity) for e in edges] == [("WO-1", "input", Decimal(-30))]
    assert books.last.spreads
    assert on_hand(books.lot) == 410


def test_a_work_order_gets_back_what_a_reversal_took_back_and_is_blocked_again_when_the_lot_is_held() -> None:
    books = Books()
    books.tell("mes", WorkOrderReleased(lot=REF, order="WO-1", side=Side.INPUT, quantity=kg("260")))
    books.tell("erp", MaterialConsumed(lot=REF, quantity=kg("260"), work=Work(order="WO-1"), movement="M-1"))
    assert books.lot.orders["WO-1"].left == 0
    books.move("R-1", "reversed", "60", reverses="M-1", minute=20)
    assert books.move("R-2", "reversed", reverses="M-1", minute=21).orders["WO-1"].left == 260
    lot = books.tell("erp", HoldRequested(lot=REF, hold="H-1", reason=HoldReason.DAMAGE))
    assert not_to_use(lot, lot.orders["WO-1"]) == "damaged (erp)"


def test_a_movement_of_a_system_that_does_not_own_movements_is_shown_and_does_not_count() -> None:
    books = Books()
    lot = books.move("W-1", "scrapped", "10", source="wms")
    assert on_hand(lot) == 480
    assert on_hand(books.move("W-2", "adjusted", source="wms", counted=kg("1"))) == 480
    assert on_hand(books.move("W-3", "reversed", source="wms", reverses="W-1")) == 480


def test_a_count_becomes_a_signed_adjustment_with_both_figures() -> None:
    lot = (books := Books()).move("C-1", "adjusted", counted=kg("475"))
    adjusted = [c.change for c in books.last.changes if isinstance(c.change, Moved) and c.change.expected is not None]
    assert [(a.quantity, a.counted, a.expected) for a in adjusted] == [(Decimal(-5), Decimal(475), Decimal(480))]
    assert (on_hand(lot), allowance(lot).usable) == (475, 475)


def test_what_a_count_finds_beyond_the_books_is_not_usable_until_quality_decides() -> None:
    books = Books()
    lot = books.move("C-1", "adjusted", counted=kg("490"))
    assert (on_hand(lot), allowance(lot).usable, verdict(lot)) == (490, 480, "conditional")
    assert [(h.reason, h.quantity) for h in lot.holds.values()] == [(HoldReason.AWAITING_INSPECTION, Decimal(10))]
    lot = books.decided((ACCEPT, None), (DispositionKind.REJECT, "1"), minute=20)
    assert (allowance(lot).usable, [h.reason for h in lot.holds.values()]) == (489, [HoldReason.REJECTED])


def test_a_count_is_compared_with_the_books_as_of_its_time() -> None:
    """20 kg were used after the count, and 10 kg before it that were told only later."""
    books = Books()
    books.move("M-2", "consumed", "20", minute=30)
    assert on_hand(books.move("C-1", "adjusted", counted=kg("470"), minute=20)) == 450
    lot = books.move("M-1", "consumed", "10", minute=10)
    assert (on_hand(lot), lot.moved["adjusted"]) == (450, 0)


def test_a_count_that_is_taken_back_adjusts_nothing() -> None:
    books = Books()
    books.move("C-1", "adjusted", counted=kg("470"))
    assert on_hand(books.move("R-1", "reversed", reverses="C-1", minute=20)) == 480
    assert on_hand(books.move("M-1", "consumed", "10")) == 470


def test_what_a_customer_sends_back_is_restricted_until_quality_decides() -> None:
    books = Books()
    books.move("S-1", "shipped", "100")
    lot = books.move("B-1", "returned", "20", minute=20)
    assert (on_hand(lot), allowance(lot).usable) == (400, 380)
    assert [(h.reason, h.quantity, h.system) for h in lot.holds.values()] == [(HoldReason.RETURNED, Decimal(20), "qms")]
    lot = books.decided((ACCEPT, None), minute=15)  # decided before it came back, told after
    assert allowance(lot).usable == 380
    lot = books.decided((ACCEPT, None), (DispositionKind.SCRAP, "5"), minute=30)
    assert allowance(lot).usable == 395


def test_nobody_but_quality_lifts_the_hold_on_a_return() -> None:
    books = Books()
    lot = books.move("B-1", "returned", "20")
    hold = next(iter(lot.holds))
    with pytest.raises(ValueError, match="ends when quality decides"):
        books.tell("hub", HoldReleased(lot=LotRef(id=lot.id), hold=hold))


def test_a_shipment_that_comes_back_is_restricted_too() -> None:
    books = Books()
    for state in (ShipmentState.SHIPPED, ShipmentState.RETURNED, ShipmentState.RETURNED):
        books.tell("wms", ShipmentShipped(lot=REF, quantity=kg("100"), shipment="DLV-1", state=state))
    assert (on_hand(books.lot), allowance(books.lot).usable) == (480, 380)
    assert {h.reason for h in books.lot.holds.values()} == {HoldReason.RETURNED}


def test_a_retained_sample_is_there_but_not_usable_and_a_returned_one_is_as_before() -> None:
    books = Books()

    def sample(state: SampleState) -> Lot:
        return books.tell("qms", SampleTaken(lot=REF, sample="S-1", quantity=kg("2"), state=state))

    lot = sample(SampleState.RETAINED)
    assert (on_hand(lot), allowance(lot).usable) == (480, 478)
    lot = sample(SampleState.RETURNED)
    assert (on_hand(lot), allowance(lot).usable) == (480, 480)
    lot = sample(SampleState.DESTROYED)
    assert (on_hand(lot), allowance(lot).usable) == (478, 478)
    assert on_hand(sample(SampleState.RETURNED)) == 478, "what is destroyed does not come back"


def test_the_ledger_is_the_fold_of_its_changes() -> None:
    books = Books()
    books.move("M-1", "consumed", "100")
    books.move("R-1", "reversed", "40", reverses="M-1", minute=20)
    books.move("C-1", "adjusted", counted=kg("425"), minute=30)
    books.move("M-0", "scrapped", "5", minute=0)
    assert fold(books.lot.id, "DE", books.changes[books.lot.id]) == books.lot


def test_a_retained_sample_makes_no_system_move_stock_and_no_lot_less_than_released() -> None:
    books = Books()
    books.stock("erp", 20, available="480")
    before = books.lot.wanted["erp"].target
    lot = books.tell("qms", SampleTaken(lot=REF, sample="S-1", quantity=kg("2"), state=SampleState.RETAINED))
    assert (verdict(lot), lot.cases, books.last.commands) == ("released", {}, ())
    assert lot.wanted["erp"].target == before


def test_what_was_returned_or_sent_to_another_site_has_not_escaped_a_recall() -> None:
    books = Books()
    books.move("S-1", "shipped", "100")
    books.move("B-1", "returned", "20")
    books.move("B-2", "returned", "5", direction=Direction.OUT)
    books.move("T-1", "transferred", "50", direction=Direction.OUT, transfer="STO-1")
    found = standing(books.lot, books.policy, None)
    assert (found.requested, found.shipped, found.consumed) == (480, 85, 50)
    assert (found.escaped, found.not_yet_held) == (0, 345)


def sent(books: Books, *told: tuple[str, ShipmentState]) -> Lot:
    for quantity, state in told:
        books.tell("wms", ShipmentShipped(lot=REF, quantity=kg(quantity), shipment="DLV-1", state=state))
    return books.lot


def test_a_part_that_comes_back_leaves_the_rest_with_the_customer_and_is_booked_once() -> None:
    books = Books()
    lot = sent(books, ("180", ShipmentState.SHIPPED), ("50", ShipmentState.RETURNED), ("50", ShipmentState.RETURNED))
    assert (on_hand(lot), allowance(lot).usable, lot.shipments["DLV-1"].away) == (350, 300, 130)
    assert standing(lot, books.policy, None).shipped == 130
    lot = books.tell("qms", HoldRequested(lot=REF, hold="H-1", reason=HoldReason.QUALITY))
    assert any("on DLV-1" in c.title for c in lot.cases.values()), "the customer is still to be called"
    lot = sent(books, ("180", ShipmentState.RETURNED))
    assert (on_hand(lot), lot.shipments["DLV-1"].away) == (480, 0)


def test_what_came_back_and_is_shipped_again_leaves_again() -> None:
    books = Books()
    again = ("180", ShipmentState.SHIPPED), ("180", ShipmentState.RETURNED)
    assert [on_hand(sent(books, *again)) for _ in range(2)] == [480, 480]
    lot = sent(books, ("180", ShipmentState.SHIPPED))
    assert (on_hand(lot), standing(lot, books.policy, None).shipped) == (300, 180)
    lot = sent(books, ("50", ShipmentState.RETURNED), ("50", ShipmentState.SHIPPED))
    assert (on_hand(lot), lot.shipments["DLV-1"].away) == (300, 180)


def test_a_shipment_that_is_cancelled_after_a_part_came_back_is_there_once() -> None:
    lot = sent(Books(), ("180", ShipmentState.SHIPPED), ("50", ShipmentState.RETURNED), ("180", ShipmentState.CANCELLED))
    assert (on_hand(lot), lot.moved) == (480, {"shipped": 0, "returned": 0})


def test_less_that_arrives_than_has_left_is_a_case_and_gives_nothing_back() -> None:
    books = Books()
    lot = sent(books, ("180", ShipmentState.SHIPPED), ("170", ShipmentState.DELIVERED))
    assert (on_hand(lot), [c.title for c in lot.cases.values()]) == (
        300, ["170 kg of L-1 delivered on DLV-1, but 180 kg were on their way"],
    )  # fmt: skip
    assert sent(books, ("180", ShipmentState.DELIVERED)).cases == {}
    lot = sent(books, ("190", ShipmentState.RETURNED))
    assert (on_hand(lot), [c.title for c in lot.cases.values()]) == (
        480, ["190 kg of L-1 returned on DLV-1, but 180 kg had left"],
    )  # fmt: skip
