"""What was used and is not posted yet: neither a violation nor a reason to move stock, and never a cover for more than that."""

from datetime import timedelta

from hypothesis import given
from hypothesis import strategies as st

from tests.core.test_decide import ACCEPT, POLICY, REJECT, START, World, commands, kg
from tracemill.core.decide import decide
from tracemill.core.evolve import replace
from tracemill.core.usable import allowance
from tracemill.model.event import CommandSettled, Event, TimerDue
from tracemill.model.lot import Lot
from tracemill.model.material import MaterialConsumed, SampleTaken, Work
from tracemill.model.moment import at
from tracemill.model.policy import SystemPolicy
from tracemill.model.reference import Alias, LotRef
from tracemill.model.status import Mode

REF = LotRef(id="L-1", aliases=(Alias(system="erp", id="L-1"),))
MES = SystemPolicy(name="mes", verbs=("set_status",), user="HUB", expresses="cap")


def world(mode: Mode = Mode.ACT) -> World:
    """A released lot of 480 kg that the ERP and the MES show as released."""
    systems = {**POLICY.systems, "mes": MES}
    made = World(replace(POLICY, systems={n: replace(s, mode=mode) for n, s in systems.items()}))
    made.received()
    made.stock("mes", 0.5, available="0")
    made.decided((ACCEPT, None), minute=1)
    settled(made)
    made.stock("erp", 2, available="480")
    made.stock("mes", 2, available="480")
    return made


def settled(made: World) -> None:
    """Let every system have done what it was told last."""
    recorded = START + timedelta(hours=1, seconds=made.n)
    for command in [c for c in made.last.commands if c.verb == "set_status"]:
        data = CommandSettled(lot=LotRef(id=command.lot), system=command.system, verb="set_status", state="verified")
        event = Event(id=command.id, type="command.settled.v1", site="DE", source="hub", data=data, occurred=at(START),
                      recorded=recorded, causation=command.id)  # fmt: skip
        decide(event, made.view, made.policy)


def used(made: World, qty: str, minute: float = 3) -> Lot:
    return made.tell("mes", MaterialConsumed(lot=REF, quantity=kg(qty), work=Work(order="WO-1"), movement=f"M{minute}"), minute)


def unsafe(lot: Lot) -> list[str]:
    return [c.title for c in lot.cases.values() if "beyond" in c.title]


def test_a_use_told_before_it_is_posted_moves_no_stock_and_is_no_violation() -> None:
    made = world()
    lot = used(made, "260")
    assert allowance(lot).usable == 220
    assert (commands(made), unsafe(lot)) == ({}, [])
    lot = made.stock("erp", 4, available="480")  # read again: still not posted
    assert (commands(made), unsafe(lot)) == ({}, [])
    lot = made.stock("erp", 5, available="220")
    assert (commands(made), unsafe(lot)) == ({}, [])
    lot = made.stock("mes", 5, available="220")
    assert (commands(made), unsafe(lot)) == ({}, [])


def test_what_is_only_observed_is_no_violation_either() -> None:
    made = world(Mode.OBSERVE)
    assert unsafe(used(made, "260")) == []
    assert unsafe(made.stock("erp", 4, available="480")) == []
    assert unsafe(made.stock("erp", 5, available="500"))


def test_a_use_posted_before_it_is_told_moves_no_stock() -> None:
    made = world()
    made.stock("erp", 3, available="220")
    assert commands(made) == {}
    used(made, "260", 2.5)
    assert commands(made) == {}


def test_what_somebody_frees_beyond_the_use_that_is_not_posted_is_a_violation() -> None:
    made = world()
    used(made, "260")
    lot = made.stock("erp", 4, available="530")  # 480 and 50 that nobody accepted
    assert unsafe(lot) == ["50 kg of L-1 usable in erp beyond what quality allows"]
    assert commands(made)["erp"]["available"] == "170"


def test_a_use_that_was_posted_covers_nothing_that_comes_later() -> None:
    made = world()
    used(made, "260")
    made.stock("erp", 4, available="220")
    lot = made.stock("erp", 5, available="270")
    assert unsafe(lot) == ["50 kg of L-1 usable in erp beyond what quality allows"]
    made = world()
    made.stock("erp", 3, available="220")
    used(made, "260", 2.5)
    lot = made.stock("erp", 5, available="270")
    assert unsafe(lot) == ["50 kg of L-1 usable in erp beyond what quality allows"]


def test_a_destroyed_sample_covers_no_stock_however_late_it_is_posted() -> None:
    made = world()
    lot = made.tell("qms", SampleTaken(lot=REF, sample="S1", quantity=kg("1")), 2.5)
    assert commands(made)["erp"]["available"] == "479"
    settled(made)
    made.stock("erp", 3, available="479")
    lot = used(made, "260", 4)
    assert (commands(made), unsafe(lot)) == ({}, [])


def test_a_rejection_restricts_what_is_left_also_while_a_use_is_not_posted() -> None:
    made = world()
    used(made, "260")
    made.decided((REJECT, None), minute=4)
    assert commands(made)["erp"] == {"available": "0", "blocked": "220", "permitted": "260", "unit": "KGM"}
    settled(made)
    made.stock("mes", 70, available="0")
    lot = made.stock("erp", 70, available="0", quarantine="260", blocked="220")  # all that stands in its books
    assert (commands(made), [t.key for t in made.last.timers], unsafe(lot)) == ({}, [], [])
    assert unsafe(made.stock("erp", 71, available="1", quarantine="259", blocked="220"))


def test_a_lot_that_was_used_up_stays_free_to_be_posted() -> None:
    made = world()
    used(made, "480")
    assert commands(made) == {}
    lot = made.stock("erp", 70, available="480")
    assert (commands(made), unsafe(lot)) == ({}, [])


def test_a_use_that_is_never_posted_becomes_a_case_and_its_posting_closes_it() -> None:
    made = world()
    lot = used(made, "260")
    made.stock("erp", 4, available="480")
    assert "drift:erp" in {t.key.rpartition(":")[0] for t in made.last.timers}
    lot = made.tell("hub", TimerDue(lot=LotRef(id=lot.id), timer="drift:erp"), 9)
    (case,) = lot.cases.values()
    assert (case.title, case.consequence) == ("260 kg of L-1 were used and still stand in the books of erp", "late")
    assert not made.stock("erp", 10, available="220").cases


def test_a_use_taken_back_leaves_nothing_open() -> None:
    made = world()
    used(made, "260")
    lot = used(made, "-260", 3.5)
    assert (allowance(lot).usable, commands(made)) == (480, {})
    assert unsafe(made.stock("erp", 4, available="530"))


acts = st.tuples(st.sampled_from(["tell", "post", "free", "read"]), st.integers(min_value=1, max_value=40))


@given(st.lists(acts, min_size=1, max_size=25))
def test_what_is_used_and_posted_in_any_order_never_raises_an_alarm_and_what_is_freed_beyond_always_does(
    acts: list[tuple[str, int]],
) -> None:
    made, told, posted, freed = world(), 0, 0, 0
    for n, (act, qty) in enumerate(acts):
        minute = 70 + n  # readings that began after everything before was decided
        if act == "tell" and told + qty <= 400:
            told += qty
            used(made, str(qty), minute)
        elif act == "post":
            posted = max(posted, min(told + (0 if freed else 30), posted + qty))  # sometimes ahead of what is told
        elif act == "free" and posted <= told:
            freed += qty
        lot = made.stock("erp", minute + 0.5, available=str(480 - posted + freed))
        assert bool(unsafe(lot)) == (freed > 0), (told, posted, freed)
