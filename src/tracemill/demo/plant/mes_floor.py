"""The floor of the MES: what went into orders and tanks, and what came out."""

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
"""


class Floor:
    """Books consumption and production; every method is called inside one transaction of the ledger."""

    def __init__(self, ledger: Ledger) -> None:
        self._ledger = ledger

    def consume(self, order: str, lot: sqlite3.Row, qty: Decimal, by: str, vessel: str) -> Mapping[str, object]:
        """Book what an order takes from a lot, into a tank where one is named."""
        if vessel:
            self._fill(vessel, qty)
        fact: dict[str, object] = {
            "seq": self._ledger.number("consumption"), "order": order, "lot": lot["id"], "item": lot["item"],
            "qty": plain(qty), "unit": lot["unit"], "by": by, "at_ms": self._now(), "how": "SCAN", "vessel": vessel,
        }  # fmt: skip
        self._ledger.insert("consumptions", **fact)
        self._ledger.note("consumption", str(lot["id"]), order, plain(qty), vessel)
        return fact

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

    def _fill(self, vessel: str, qty: Decimal) -> None:
        """Let the level rise, or fall. What a tank's content is made of, this product does not know."""
        level = self._level(vessel) + qty
        if level < 0:
            raise Refused(409, "NOT_ENOUGH", f"{vessel} holds {three(level - qty)}, {three(-qty)} asked")
        self._ledger.run("insert or replace into vessels values (?, ?)", vessel, plain(level))

    def _level(self, vessel: str) -> Decimal:
        row = self._ledger.row("select level from vessels where vessel = ?", vessel)
        return Decimal(row["level"]) if row else Decimal(0)

    def _now(self) -> int:
        return int(self._ledger.clock().timestamp() * 1000)
