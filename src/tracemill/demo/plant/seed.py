"""Two weeks of history before a hub came: the same seed writes the same history.

`drifted` lots are free in the ERP although the laboratory has not decided: nobody set them to inspection when they
arrived. Everywhere else they are as they should be (QI in the WMS, LOCKED in the MES). All other lots agree in all
four applications and walk through five fates in turn: used, accepted, pending, rejected, partly accepted.
Seeded lots are called `L-2409-..` and `L-2410-..`; the next numbers are the story's, `L-2411-07`, SG-24-0118, NC-24-031.
"""

import random
from collections.abc import Callable, Iterable, Iterator
from contextlib import ExitStack
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from decimal import Decimal

from .base import PlantApp
from .catalogue import ITEMS, ORDERS, Order
from .erp import Erp
from .mes import Mes
from .qms import Qms
from .qms_records import LABORATORY
from .wms import Wms
from .wms_stock import SITE

UNITS = {"KG": ("kg", "kg", "KGM"), "PC": ("pcs", "pcs", "H87")}
_FATES = ("used", "accepted", "pending", "rejected", "part")
_DECIDED = {"used": "ACC", "accepted": "ACC", "rejected": "REJ", "part": "PART"}
_ZERO = Decimal(0)


@dataclass(frozen=True, slots=True)
class Seed:
    """How much history, with how much drift; `until` is its end, by default now."""

    lots: int = 58
    drifted: int = 43
    number: int = 1
    until: datetime | None = None

    def __post_init__(self) -> None:
        if not 0 <= self.drifted <= self.lots:
            raise ValueError("drifted must lie between 0 and lots")


@dataclass(frozen=True, slots=True)
class Lot:
    """One delivery and what became of it."""

    n: int
    id: str
    group: str
    order: Order
    supplier_batch: str
    qty: Decimal
    fate: str
    at: datetime

    @property
    def bare(self) -> str:
        return self.id.replace("-", "")

    @property
    def units(self) -> tuple[str, str, str]:
        return UNITS[ITEMS[self.order.material].uom]

    @property
    def accepted(self) -> Decimal:
        return {"rejected": _ZERO, "part": self.qty * 8 / 10}.get(self.fate, self.qty)

    @property
    def rejected(self) -> Decimal:
        return self.qty - self.accepted


Act = tuple[datetime, str, Callable[[], object]]


def lots_of(seed: Seed) -> list[Lot]:
    """Decide the deliveries: what, when, how much, and their fate."""
    # The same history each time is the point; nothing is guarded by these numbers.
    dice = random.Random(seed.number)  # noqa: S311
    until = (seed.until or datetime.now(UTC)).replace(second=0, microsecond=0)
    begin, span = until - timedelta(days=14), 13 * 24 * 60
    minutes = sorted(dice.sample(range(span), seed.lots))
    drifted = set(dice.sample(range(seed.lots), seed.drifted))
    first, turn, found = _first_group(seed), iter(range(seed.lots)), []
    for n, minute in enumerate(minutes):
        order = dice.choice(ORDERS[1:])
        week = "2409" if minute < span // 2 else "2410"
        fate = "drifted" if n in drifted else _FATES[next(turn) % len(_FATES)]
        qty, batch = Decimal(dice.randrange(100, 1000, 20)), f"{order.supplier[:3]}/{7000 + n * 7 + dice.randrange(7)}"
        at = begin + timedelta(minutes=minute)
        found.append(Lot(n, f"L-{week}-{n + 1:02d}", f"SG-{LABORATORY}-{first + n:04d}", order, batch, qty, fate, at))
    return found


def sow(seed: Seed, apps: Iterable[PlantApp]) -> None:
    """Write the history into those of the applications that have none yet."""
    fresh = {app.name: app for app in apps if app.ledger.row("select 1 from counters where name = 'seeded'") is None}
    lots = lots_of(seed)
    acts: list[Act] = []
    for app in fresh.values():
        if isinstance(app, Qms):
            app.records.begin_at(_first_group(seed), max(1, 31 - sum(1 for lot in lots if lot.rejected)))
        for lot in lots:
            acts.extend((lot.at + after, app.name, act) for after, act in _history(app, lot))
    acts.sort(key=lambda act: act[0])
    with ExitStack() as open_work:
        for app in fresh.values():
            open_work.enter_context(app.ledger.work())
            app.ledger.number("seeded")
        for at, name, act in acts:
            with fresh[name].ledger.at(at):
                act()
        for app in fresh.values():
            app.ledger.forget_journal()
            app.settled(False)


Step = tuple[timedelta, Callable[[], object]]


def _history(app: PlantApp, lot: Lot) -> Iterator[Step]:
    if isinstance(app, Erp):
        yield from _in_erp(app, lot)
    elif isinstance(app, Qms):
        yield from _in_qms(app, lot)
    elif isinstance(app, Mes):
        yield from _in_mes(app, lot)
    elif isinstance(app, Wms):
        yield from _in_wms(app, lot)


def _in_erp(erp: Erp, lot: Lot) -> Iterator[Step]:
    books, order = erp.books, lot.order
    note = {"supplier_batch": lot.supplier_batch, "certificate": f"COA-{lot.supplier_batch[4:]}.pdf"}
    yield _after(0), lambda: books.receive(order.po, order.line, lot.id, lot.qty, "CLERK1", note=note)
    if lot.fate == "drifted":
        return
    yield _after(6), lambda: books.post("QUARANTINE", lot.id, "F", "Q", lot.qty, "CLERK1")
    if lot.fate in _DECIDED and lot.accepted:
        yield _after(500), lambda: books.post(lot.group, lot.id, "Q", "F", lot.accepted, "CLERK2")
    if lot.fate in _DECIDED and lot.rejected:
        yield _after(501), lambda: books.post(lot.group, lot.id, "Q", "S", lot.rejected, "CLERK2")
    if lot.fate == "used":
        yield _after(905), lambda: books.issue(lot.id, lot.qty / 4, _work_order(lot), "FLOOR")


def _in_qms(qms: Qms, lot: Lot) -> Iterator[Step]:
    records, order, unit = qms.records, lot.order, lot.units[0]
    texts = {
        "reference": f"GR-{lot.id}", "lot_label": lot.id, "item": order.material, "supplier": order.supplier,
        "supplier_batch": lot.supplier_batch, "purchase_order": order.po, "certificate": f"COA-{lot.supplier_batch[4:]}.pdf",
    }  # fmt: skip
    yield _after(5), lambda: records.open_group(texts, {"plan": "normal", "sample_size": 1}, lot.qty, unit)
    state = _DECIDED.get(lot.fate)
    if state is None:
        return
    shares, defect = (lot.accepted, lot.rejected), "IMPURITY" if lot.rejected else ""
    meaning = "Approved for use" if state == "ACC" else "Not approved in full"
    yield _after(240), lambda: records.take_sample(lot.group, Decimal("0.5"), unit, "LAB3", "retained")
    yield _after(480), lambda: records.decide(lot.group, state, shares, defect, "dr.weber", meaning)
    if lot.rejected:
        raised = {field: texts[field] for field in ("reference", "lot_label", "supplier", "purchase_order")}
        raised |= {"defect_code": defect, "sample_group": lot.group}
        yield _after(490), lambda: records.open_nonconformance(raised, lot.rejected, unit, "dr.weber")


def _in_mes(mes: Mes, lot: Lot) -> Iterator[Step]:
    name, unit = "M" + lot.bare, lot.units[1]

    def wanted(state: str, qty: Decimal) -> dict[str, str]:
        usable = str(int(qty))
        return {"item": lot.order.material, "source_lot": lot.id, "usable_qty": usable, "unit": unit, "state": state}

    yield _after(15), lambda: mes.ensure(name, wanted("LOCKED", _ZERO), "planner")
    if lot.fate in _DECIDED and lot.accepted:
        yield _after(510), lambda: mes.ensure(name, wanted("FREE", lot.accepted), "planner")
    if lot.fate == "used":
        yield _after(900), lambda: mes.use(_work_order(lot), name, lot.qty / 4, "FLOOR")


def _in_wms(wms: Wms, lot: Lot) -> Iterator[Step]:
    stock, place = wms.stock, f"R{lot.n % 9 + 1:02d}-{lot.n % 4 + 1}"
    label = {"lot": lot.bare, "erp_batch": lot.id, "item": lot.order.material, "site": SITE}
    yield _after(10), lambda: stock.receive(label, lot.qty, lot.units[2], "QI", place)
    if lot.fate in _DECIDED and lot.accepted:
        yield _after(505), lambda: stock.change(lot.group, lot.bare, "QI", "AVL", lot.accepted, "released", "OP04")
    if lot.fate in _DECIDED and lot.rejected:
        yield _after(506), lambda: stock.block(lot.bare, lot.rejected, "REJECTED", "OP04", "QI")
    if lot.fate == "used":
        yield _after(895), lambda: stock.take(lot.bare, lot.qty / 4, "AVL", "pick", _work_order(lot))


def _after(minutes: int) -> timedelta:
    return timedelta(minutes=minutes)


def _work_order(lot: Lot) -> str:
    return f"WO-{lot.n + 2200}"


def _first_group(seed: Seed) -> int:
    return max(1, 118 - seed.lots)
