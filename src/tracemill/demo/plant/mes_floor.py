"""The floor of the MES: what went into orders and tanks, what stood in a tank before, and what came out."""

import sqlite3
from collections.abc import Mapping
from decimal import Decimal

from .fields import Refused, plain, three
from .ledger import Ledger

SCHEMA = """
create table if not exists consumptions (
  seq integer primary key, "order" text, lot text, item text, qty text, unit text, "by" text, at_ms integer, how text,
  vessel text);
create table if not exists productions (
  seq integer primary key, "order" text, lot text, label text, item text, qty text, unit text, "by" text, at_ms integer,
  vessel text);
create table if not exists vessels (vessel text primary key, level text);
create table if not exists charges (n integer primary key, vessel text, "order" text, lot text, item text, qty text, unit text);
"""
_THOUSANDTH = Decimal("0.001")


class Floor:
    """Books consumption and production; every method is called inside one transaction of the ledger."""

    def __init__(self, ledger: Ledger) -> None:
        self._ledger = ledger

    def consume(self, order: str, lot: sqlite3.Row, qty: Decimal, by: str, vessel: str) -> Mapping[str, object]:
        """Book what an order takes from a lot. What still stands in its tank from another order is this order's, too."""
        if vessel:
            self._take_over(vessel, order, by)
            self._fill(vessel, qty)
            self._charge(vessel, order, lot, qty)
        return self._fact(order, lot, qty, by, "SCAN", vessel)

    def produce(self, order: str, lot: sqlite3.Row, qty: Decimal, by: str, vessel: str) -> Mapping[str, object]:
        """Book what comes out of an order; a tank gives no more than it holds."""
        if vessel:
            self._fill(vessel, -qty)
        fact: dict[str, object] = {
            "seq": self._ledger.number("production"), "order": order, "lot": lot["id"], "label": lot["source_lot"],
            "item": lot["item"], "qty": plain(qty), "unit": lot["unit"], "by": by, "at_ms": self._now(), "vessel": vessel,
        }  # fmt: skip
        self._ledger.insert("productions", **fact)
        self._ledger.note("production", str(lot["id"]), order, plain(qty), vessel)
        return fact

    def _take_over(self, vessel: str, order: str, by: str) -> None:
        """Book the heel from the orders that charged it to this one, in the proportions in which it was charged."""
        rows = self._ledger.rows("select * from charges where vessel = ? order by n", vessel)
        if all(row["order"] == order for row in rows):
            return
        level, charged = self._level(vessel), sum((Decimal(row["qty"]) for row in rows), Decimal(0))
        self._ledger.run("delete from charges where vessel = ?", vessel)
        for row in rows:
            left = (Decimal(row["qty"]) * level / charged).quantize(_THOUSANDTH)
            self._charge(vessel, order, {**dict(row), "id": row["lot"]}, left)
            if row["order"] != order and left:
                self._fact(row["order"], {**dict(row), "id": row["lot"]}, -left, by, "LEVEL", vessel)
                self._fact(order, {**dict(row), "id": row["lot"]}, left, by, "LEVEL", vessel)

    def _charge(self, vessel: str, order: str, lot: sqlite3.Row | Mapping[str, object], qty: Decimal) -> None:
        facts = {"order": order, "lot": lot["id"], "item": lot["item"], "qty": plain(qty), "unit": lot["unit"]}
        self._ledger.insert("charges", n=self._ledger.number("charge"), vessel=vessel, **facts)

    def _fill(self, vessel: str, qty: Decimal) -> None:
        """Let the level rise, or fall; an empty tank has forgotten what was in it."""
        level = self._level(vessel) + qty
        if level < 0:
            raise Refused(409, "NOT_ENOUGH", f"{vessel} holds {three(level - qty)}, {three(-qty)} asked")
        self._ledger.run("insert or replace into vessels values (?, ?)", vessel, plain(level))
        if not level:
            self._ledger.run("delete from charges where vessel = ?", vessel)

    def _level(self, vessel: str) -> Decimal:
        row = self._ledger.row("select level from vessels where vessel = ?", vessel)
        return Decimal(row["level"]) if row else Decimal(0)

    def _fact(
        self, order: str, lot: sqlite3.Row | Mapping[str, object], qty: Decimal, by: str, how: str, vessel: str
    ) -> Mapping[str, object]:
        fact: dict[str, object] = {
            "seq": self._ledger.number("consumption"), "order": order, "lot": lot["id"], "item": lot["item"],
            "qty": plain(qty), "unit": lot["unit"], "by": by, "at_ms": self._now(), "how": how, "vessel": vessel,
        }  # fmt: skip
        self._ledger.insert("consumptions", **fact)
        self._ledger.note("consumption", str(lot["id"]), order, plain(qty), how)
        return fact

    def _now(self) -> int:
        return int(self._ledger.clock().timestamp() * 1000)
