"""The balance of a lot: everything that came is somewhere, or the gap says how much nobody can account for."""

from datetime import timedelta
from decimal import Decimal

from tests.core.test_decide import START, kg
from tests.core.test_movements import OWNED, REF, Books
from tracemill.core.balance import balance
from tracemill.core.evolve import replace
from tracemill.model.decision import Timer
from tracemill.model.event import TimerDue
from tracemill.model.lot import Lot
from tracemill.model.material import Restriction, SampleTaken, StockObserved, StockRow
from tracemill.model.policy import AuthorityRule, SystemPolicy, Tolerance
from tracemill.model.reference import LotRef
from tracemill.model.status import Direction, DispositionKind, HoldReason, SampleState, StockStatus

ACCEPT, REJECT = DispositionKind.ACCEPT, DispositionKind.REJECT


class Account(Books):
    """A lot of 480 kg whose stock ERP owns."""

    def __init__(self, **tolerances: Tolerance) -> None:
        super().__init__()
        rules = (*OWNED.authority, AuthorityRule(facet="stock", owner="erp"))
        self.policy = replace(self.policy, authority=rules, tolerances=tolerances)
        self.read = 0

    def shown(self, system: str = "erp", damaged: str = "", **sums: str) -> Lot:
        rows = [StockRow(status=StockStatus(s), quantity=kg(q)) for s, q in sums.items()]
        if damaged:
            block = Restriction(id="B-1", reason=HoldReason.DAMAGE, by="OP17")
            rows.append(StockRow(status=StockStatus.BLOCKED, quantity=kg(damaged), restriction=block))
        self.read += 1
        started = START + timedelta(hours=2, minutes=self.read)
        return self.tell(system, StockObserved(lot=REF, rows=tuple(rows), read_started=started))

    def sentence(self) -> str:
        found = balance(self.lot, self.policy)
        return found.sentence if found else "nothing to compare"

    def due(self) -> Lot:
        timers = [t for t in self.last.timers if t.key.startswith("balance:")]
        assert timers, "somebody looks again"
        return self.tell("hub", TimerDue(lot=LotRef(id=self.lot.id), timer=_name(timers[0], self.lot)))


def _name(timer: Timer, lot: Lot) -> str:
    return timer.key.removesuffix(f":{lot.id}")


def test_what_came_is_where_the_ledger_and_the_owner_of_stock_say() -> None:
    account = Account()
    account.decided((ACCEPT, "384"), (REJECT, "96"), minute=1)
    account.tell("qms", SampleTaken(lot=REF, sample="S-1", quantity=kg("1")))
    account.move("M-1", "consumed", "260")
    account.shown("wms", damaged="20", available="103", blocked="96")
    account.shown("erp", available="103", blocked="116")
    assert account.sentence() == "480 = 260 consumed + 103 free + 96 rejected + 20 damaged + 1 sample, gap 0"


def test_every_kind_of_leaving_has_its_word() -> None:
    account = Account()
    account.move("M-1", "scrapped", "1")
    account.move("M-2", "shipped", "30")
    account.move("M-3", "returned", "10")
    account.move("M-4", "returned", "4", direction=Direction.OUT)
    account.move("M-5", "transferred", "5", direction=Direction.OUT, transfer="STO-1")
    account.move("M-6", "adjusted", "6", direction=Direction.OUT)
    account.tell("qms", SampleTaken(lot=REF, sample="S-1", quantity=kg("2"), state=SampleState.RETAINED))
    account.shown(available="424", quarantine="20")
    assert account.sentence() == (
        "480 = 1 scrapped + 20 shipped + 5 transferred out + 4 returned to the supplier + 6 missing in counts + 424 free"
        " + 18 waiting + 2 retained, gap 0"
    )


def test_what_nobody_can_account_for_is_the_gap_and_more_than_ever_came_is_below_zero() -> None:
    account = Account()
    account.shown(available="470")
    assert account.sentence() == "480 = 470 free, gap 10"
    account.shown(available="481")
    assert account.sentence() == "480 = 481 free, gap -1"


def test_without_a_reading_there_is_no_balance_to_show() -> None:
    assert Account().sentence() == "nothing to compare"


def test_the_owner_of_stock_is_compared_else_who_shows_most_and_never_who_only_permits() -> None:
    account = Account()
    account.shown("wms", available="470")
    account.policy = replace(account.policy, systems={**account.policy.systems, "mes": SystemPolicy(name="mes", expresses="cap")})
    account.shown("mes", available="480")
    assert account.sentence() == "480 = 470 free, gap 10"
    account.shown("erp", available="450")
    assert account.sentence() == "480 = 450 free, gap 30"


def test_beyond_the_tolerance_of_its_item_for_longer_than_the_grace_time_a_lot_is_a_case_with_its_evidence() -> None:
    account = Account(**{"4711": Tolerance(percent=Decimal(1)), "*": Tolerance(percent=Decimal(50))})
    account.shown(available="475.2")
    assert not [t for t in account.last.timers if t.key.startswith("balance:")], "4.8 kg are 1 % of 480 kg"
    account.shown(available="475")
    assert not account.lot.cases, "systems book one after another"
    lot = account.due()
    assert [(c.title, c.consequence) for c in lot.cases.values()] == [("5 kg of L-1 cannot be accounted for", "late")]
    evidence = account.last.cases[-1].evidence
    assert (evidence["balance"], evidence["tolerance"], evidence["system"]) == ("480 = 475 free, gap 5", "4.8 kg", "erp")
    assert not account.shown(available="480").cases, "explained"


def test_where_both_are_given_the_larger_tolerance_counts_and_where_none_is_given_nobody_is_asked() -> None:
    account = Account(**{"*": Tolerance(percent=Decimal(1), quantity=Decimal(10))})
    account.shown(available="470")
    assert not [t for t in account.last.timers if t.key.startswith("balance:")]
    account.shown(available="469")
    assert len(account.due().cases) == 1
    silent = Account()
    silent.shown(available="100")
    assert not [t for t in silent.last.timers if t.key.startswith("balance:")]
