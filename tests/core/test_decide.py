"""Who may say what: ownership, late and contradictory statements, identity."""

from datetime import UTC, datetime, timedelta
from decimal import Decimal
from typing import Any

import pytest

from tracemill.core.decide import decide
from tracemill.core.evolve import fold, replace
from tracemill.core.identity import View
from tracemill.core.ledger import Negative
from tracemill.core.usable import allowance, reasons
from tracemill.model.decision import Decision
from tracemill.model.event import NAMES, CommandSettled, Event
from tracemill.model.identifier import derived
from tracemill.model.lot import Lot
from tracemill.model.material import (
    LotReceived,
    MaterialConsumed,
    MaterialProduced,
    MovementRecorded,
    Restriction,
    SampleTaken,
    ShipmentShipped,
    StockObserved,
    StockRow,
    Work,
)
from tracemill.model.moment import at
from tracemill.model.policy import AuthorityRule, Policy, SystemPolicy
from tracemill.model.quality import DispositionDecided, HoldRequested, Part
from tracemill.model.quantity import Quantity
from tracemill.model.record import decode, encode
from tracemill.model.reference import Alias, LotRef
from tracemill.model.status import DispositionKind, HoldReason, Mode, StockStatus

START = datetime(2026, 11, 23, 9, tzinfo=UTC)
VERBS = {"erp": ("set_status", "post_sample"), "wms": ("set_status",), "qms": ("open_inspection", "open_nonconformance")}
POLICY = Policy(
    site="DE",
    version="1",
    systems={n: SystemPolicy(name=n, verbs=v, user="HUB") for n, v in VERBS.items()},
    authority=(
        AuthorityRule(facet="quality", owner="qms"),
        AuthorityRule(facet="quality", owner="lims", item_class="pharma"),
        AuthorityRule(facet="movement", owner="mes"),
    ),
)
ACCEPT, REJECT, HOLD = DispositionKind.ACCEPT, DispositionKind.REJECT, DispositionKind.HOLD


class World:
    """Decides events one after another, as the hub does, without a hub."""

    def __init__(self, policy: Policy = POLICY) -> None:
        self.view, self.policy, self.n = View(), policy, 0
        self.changes: dict[str, list[Any]] = {}
        self.last = Decision()

    def tell(self, source: str, data: Any, minute: float = 0, observed: float | None = None) -> Lot:
        self.n += 1
        recorded = START + timedelta(hours=1, seconds=self.n)
        event = Event(id=derived("e", self.n), type=NAMES[type(data)], site="DE", source=source, data=data,
                      occurred=at(START + timedelta(minutes=minute)), recorded=recorded,
                      observed=at(START + timedelta(minutes=observed)) if observed is not None else None)  # fmt: skip
        self.last = decide(event, self.view, self.policy)
        for c in self.last.changes:
            self.changes.setdefault(c.lot, []).append(c.change)
        return self.view.lots[self.last.changes[0].lot] if self.last.changes else next(iter(self.view.lots.values()))

    def received(self, batch: str = "L-1", item: str = "4711", supplier_batch: str = "ACM/7731", source: str = "erp") -> Lot:
        return self.tell(source, LotReceived(lot=LotRef(id=batch, item=item), quantity=kg("480"), supplier_batch=supplier_batch,
                                               receipt=f"R-{batch}"))  # fmt: skip

    def decided(self, *parts: tuple[DispositionKind, str | None], source: str = "qms", minute: float = 0,
                observed: float | None = None) -> Lot:  # fmt: skip
        ref = LotRef(id="SG-1", aliases=(Alias(system="erp", id="L-1"),))
        made = tuple(Part(decision=k, quantity=kg(q) if q else None) for k, q in parts)
        return self.tell(source, DispositionDecided(lot=ref, inspection="SG-1", parts=made), minute, observed)

    def stock(self, system: str, minute: float, **sums: str) -> Lot:
        rows = tuple(StockRow(status=StockStatus(s), quantity=kg(q)) for s, q in sums.items())
        ref = LotRef(id="L-1", aliases=(Alias(system="erp", id="L-1"),))
        return self.tell(system, StockObserved(lot=ref, rows=rows, read_started=START + timedelta(minutes=minute)))


def kg(amount: str) -> Quantity:
    return Quantity(amount=Decimal(amount), unit="KGM")


def commands(world: World) -> dict[str, dict[str, str]]:
    return {c.system: c.value for c in world.last.commands if c.verb == "set_status"}


def test_a_receipt_waits_for_inspection_and_quality_is_told() -> None:
    world = World()
    lot = world.received()
    assert [h.reason for h in lot.holds.values()] == [HoldReason.AWAITING_INSPECTION]
    asked = [c for c in world.last.commands if c.verb == "open_inspection"]
    assert asked[0].value["supplier_batch"] == "ACM/7731"
    assert commands(world)["erp"]["available"] == "0"


def test_only_the_owner_of_quality_releases() -> None:
    world = World()
    world.received()
    lot = world.decided((ACCEPT, None), source="wms")
    assert allowance(lot).usable == 0
    assert "qms owns quality" in world.last.cases[0].title


def test_people_at_the_hub_decide_where_the_site_says_that_they_own_quality() -> None:
    world = World(replace(POLICY, authority=(AuthorityRule(facet="quality", owner="hub"),)))
    lot = world.received()
    data = DispositionDecided(lot=LotRef(id=lot.id), inspection="", parts=(Part(decision=ACCEPT),), signer="lena")
    assert allowance(world.tell("hub", data)).usable == 480


def test_nobody_releases_what_nobody_owns() -> None:
    world = World(replace(POLICY, authority=()))
    world.received()
    lot = world.decided((ACCEPT, None))
    assert (allowance(lot).usable, world.last.cases[0].title) == (0, "qms released L-1, but nobody owns quality")


def test_a_release_lifts_no_hold_of_a_person_whatever_its_reason() -> None:
    world = World()
    lot = world.received()
    world.tell("hub", HoldRequested(lot=LotRef(id=lot.id), hold="h1", reason=HoldReason.QUALITY, note="smells odd"))
    lot = world.decided((ACCEPT, None), minute=1)
    assert [(h.reason, h.note) for h in lot.holds.values()] == [(HoldReason.QUALITY, "smells odd")]
    assert allowance(lot).usable == 0


def test_a_command_that_takes_away_what_a_system_shows_goes_first_even_if_it_also_frees() -> None:
    world = World()
    world.received()
    world.stock("wms", 1, available="480")
    world.decided((ACCEPT, "100"), (REJECT, "380"), minute=2)
    assert {c.system: c.restricts for c in world.last.commands if c.verb == "set_status"}["wms"]


def test_a_restriction_by_a_non_owner_counts_until_its_placer_lifts_it() -> None:
    world = World()
    world.received()
    world.decided((ACCEPT, None), minute=1)
    lot = world.decided((REJECT, "30"), source="wms", minute=2)
    assert allowance(lot).usable == 450
    lot = world.decided((ACCEPT, None), minute=3)
    assert allowance(lot).usable == 450


def test_a_late_release_is_ignored_and_a_late_restriction_applies_pending_review() -> None:
    world = World()
    world.received()
    world.decided((HOLD, None), minute=10)
    assert allowance(world.decided((ACCEPT, None), minute=5)).usable == 0
    world = World()
    world.received()
    world.decided((ACCEPT, None), minute=10)
    lot = world.decided((REJECT, None), minute=5)
    assert allowance(lot).usable == 0
    assert lot.disposition is not None
    assert lot.disposition.pending_review
    assert world.last.cases


def test_a_tie_goes_to_the_more_restrictive() -> None:
    for first, second in ((ACCEPT, REJECT), (REJECT, ACCEPT)):
        world = World()
        world.received()
        world.decided((first, None), minute=5)
        assert allowance(world.decided((second, None), minute=5)).usable == 0


def test_snapshots_are_ordered_by_when_they_were_read() -> None:
    world = World()
    world.received()
    world.decided((HOLD, None), minute=5, observed=1)
    assert allowance(world.decided((ACCEPT, None), minute=5, observed=2)).usable == 480
    assert allowance(world.decided((HOLD, None), minute=5, observed=3)).usable == 0


def test_ownership_may_differ_by_item_class() -> None:
    assert POLICY.owner("quality", "pharma") == "lims"
    assert POLICY.owner("quality", "raw") == "qms"


def test_a_lot_number_that_comes_again_for_another_supplier_batch_is_a_new_restricted_lot() -> None:
    world = World()
    first = world.received()
    second = world.received(supplier_batch="OTHER/1")
    assert first.id != second.id
    assert HoldReason.IDENTITY in {h.reason for h in second.holds.values()}
    assert world.last.cases[0].consequence == "unsafe"


def test_a_number_that_lost_its_leading_zeros_raises_a_case_and_stays_another_lot() -> None:
    world = World()
    world.received("000471")
    world.view.lookalikes[("erp", "", "471")] = "000471"
    world.received("471")
    assert len(world.view.lots) == 2
    assert "looks like" in world.last.cases[0].title


def test_a_read_that_began_before_the_last_applied_one_is_ignored() -> None:
    world = World()
    world.received()
    world.stock("wms", 10, quarantine="480")
    lot = world.stock("wms", 9, available="480")
    assert lot.claims["wms"].quarantine == 480


def test_a_read_that_began_before_our_own_write_ended_is_ignored() -> None:
    world = World()
    lot = world.received()
    world.view.written[(lot.id, "wms")] = START + timedelta(minutes=10)
    world.stock("wms", 9, available="480")
    assert "wms" not in world.view.lots[lot.id].claims


def test_an_echo_of_our_own_block_is_not_a_foreign_hold() -> None:
    world = World()
    world.received()
    for by, expected in (("HUB", 0), ("OP17", 1)):
        row = StockRow(status=StockStatus.BLOCKED, quantity=kg("20"), restriction=Restriction(id=f"B-{by}", by=by))
        ref = LotRef(id="L-1", aliases=(Alias(system="erp", id="L-1"),))
        started = START + timedelta(minutes=20 if by == "HUB" else 21)
        lot = world.tell("wms", StockObserved(lot=ref, rows=(row,), read_started=started))
        assert sum(h.system == "wms" for h in lot.holds.values()) == expected


def test_the_same_targets_are_not_commanded_twice() -> None:
    world = World()
    world.received()
    world.decided((ACCEPT, None), minute=1)
    assert commands(world)["erp"]["available"] == "480"
    world.stock("erp", 2, available="480")
    assert commands(world) == {}


def test_a_sample_leaves_the_stock_of_systems_that_can_post_it() -> None:
    world = World()
    world.received()
    ref = LotRef(id="SG-1", aliases=(Alias(system="erp", id="L-1"),))
    world.tell("qms", SampleTaken(lot=ref, sample="SG-1", quantity=kg("1")))
    assert [(c.system, c.verb, c.value["quantity"]) for c in world.last.commands if c.verb == "post_sample"] == [
        ("erp", "post_sample", "1")
    ]


def test_state_is_the_fold_of_its_changes_and_survives_its_own_codec() -> None:
    world = World()
    lot = world.received()
    world.decided((ACCEPT, "383"), (REJECT, "96"), minute=1)
    world.stock("wms", 3, available="383", blocked="97")
    now = world.view.lots[lot.id]
    assert fold(lot.id, "DE", world.changes[lot.id]) == now
    assert decode(encode(now), Lot) == now


def test_every_reason_has_an_owner_or_says_that_nobody_decided() -> None:
    world = World()
    lot = world.received()
    found = reasons(lot)
    assert found[0].text.startswith("awaiting inspection")
    assert reasons(Lot(id="x", site="DE", number="x", named_by="erp"))[0].kind == "unknown"


def test_two_systems_in_conflict_do_not_keep_each_other_in_it() -> None:
    """Seen on real feeds: both showed it free before quality's acceptance was read; the acceptance must end both conflicts."""
    watched = Policy(
        site="DE",
        version="1",
        systems={n: SystemPolicy(name=n, verbs=v, mode=Mode.OBSERVE) for n, v in VERBS.items()},
        authority=POLICY.authority,
    )
    world = World(watched)
    world.stock("wms", 1, available="480")
    world.received()
    world.stock("erp", 2, available="480")
    assert len(world.view.lots) == 1
    lot = world.decided((ACCEPT, None), minute=3)
    assert lot.holds == {}
    assert allowance(lot).usable == 480


def test_who_receives_a_lot_names_it() -> None:
    world = World()
    world.stock("wms", 1, quarantine="480")
    assert world.received().named_by == "erp"


def test_a_hold_that_was_only_just_decided_is_in_flight_and_no_conflict() -> None:
    world = World()
    world.received()
    world.stock("erp", 1, quarantine="480")
    world.stock("wms", 1, quarantine="480")
    lot = world.decided((ACCEPT, None), minute=2)
    for system in ("erp", "wms"):
        command = lot.wanted[system].command
        settled = CommandSettled(lot=LotRef(id=lot.id), system=system, verb="set_status", state="verified")
        event = Event(id=command, type="command.settled.v1", site="DE", source="hub", data=settled, occurred=at(START),
                      recorded=START + timedelta(hours=2), causation=command)  # fmt: skip
        decide(event, world.view, world.policy)
        world.stock(system, 200, available="480")
    assert world.view.lots[lot.id].wanted["erp"].state == "verified"
    lot = world.decided((HOLD, None), minute=210)
    assert lot.cases == {}
    assert HoldReason.CONFLICT not in {h.reason for h in lot.holds.values()}


@pytest.mark.parametrize(
    "data",
    [
        HoldRequested(lot=LotRef(id="L-1"), hold="h", reason=HoldReason.OTHER, quantity=kg("-50")),
        SampleTaken(lot=LotRef(id="L-1"), sample="s", quantity=kg("-100")),
        MovementRecorded(lot=LotRef(id="L-1"), movement="m", kind="consumed", quantity=kg("-5")),
    ],
    ids=lambda data: type(data).__name__,
)
def test_a_negative_quantity_never_frees_anything(data: Any) -> None:
    world = World()
    world.received()
    world.decided((ACCEPT, None), minute=1)
    with pytest.raises(Negative):
        world.tell("erp", data)


def test_what_was_shipped_is_not_permitted_to_be_used_again() -> None:
    """A system that is told how much may be used in all counts its own consumption, and knows nothing of shipments."""
    world = World()
    world.received()
    world.decided((DispositionKind.ACCEPT, None))
    ref, work = LotRef(id="L-1", aliases=(Alias(system="erp", id="L-1"),)), Work(order="WO-1")
    world.tell("mes", MaterialConsumed(lot=ref, quantity=kg("50"), work=work, movement="M-1"))
    world.tell("erp", ShipmentShipped(lot=ref, quantity=kg("100"), shipment="DLV-1"))
    told = next(iter(commands(world).values()))
    assert (told["available"], told["permitted"]) == ("330", "380")


def test_a_lot_that_was_spoken_of_before_learns_its_item_from_who_makes_or_receives_it() -> None:
    for known in (MaterialProduced(lot=LotRef(id="L-1", item="8100"), quantity=kg("5"), work=Work(order="WO-1")),
                  LotReceived(lot=LotRef(id="L-1", item="8100"), quantity=kg("5"))):  # fmt: skip
        world = World()
        assert world.tell("erp", HoldRequested(lot=LotRef(id="L-1"), hold="H-1", reason=HoldReason.OTHER)).item == ""
        assert world.tell("erp", known).item == "8100"
        assert (
            fold(next(iter(world.view.lots)), "DE", world.changes[next(iter(world.view.lots))])
            == world.view.lots[next(iter(world.view.lots))]
        )
