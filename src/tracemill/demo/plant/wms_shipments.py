"""The shipments of the WMS: their lines, their way over the dock, and the blocks that keep them from leaving."""

import sqlite3
from collections.abc import Mapping, Sequence
from decimal import Decimal
from typing import NamedTuple

from .fields import Refused, three
from .ledger import Ledger
from .wms_stock import SITE, Stock, local

SCHEMA = """
create table if not exists shipments (
  shipment text primary key, site text, state text, customer text, customer_name text, dock text, loading_at text,
  changed_at text, etag integer);
create table if not exists shipment_lines (shipment text, lot text, qty text, primary key (shipment, lot));
create table if not exists shipment_blocks (
  shipment text, ref text, reason text, "by" text, at text, primary key (shipment, ref));
create index if not exists shipments_changed on shipments (changed_at);
"""
MOVES = {"load": ("PLANNED", "LOADING"), "depart": ("LOADING", "GONE")}


class Line(NamedTuple):
    lot: str
    qty: Decimal


class Shipments:
    """Keeps the shipments; every method is called inside one transaction of the ledger."""

    def __init__(self, ledger: Ledger, stock: Stock) -> None:
        self._ledger, self._stock = ledger, stock

    def plan(self, facts: Mapping[str, str], lines: Sequence[Line]) -> None:
        """Plan a shipment ({shipment, customer, customer_name, dock, loading_at})."""
        if self._ledger.row("select 1 from shipments where shipment = ?", facts["shipment"]):
            raise Refused(409, "CONFLICT", f"shipment {facts['shipment']} exists", "shipment")
        self._ledger.insert("shipments", **facts, site=SITE, state="PLANNED", changed_at=self._stock.now(), etag=1)
        for line in lines:
            self._stock.row(line.lot)
            self._ledger.insert("shipment_lines", shipment=facts["shipment"], lot=line.lot, qty=three(line.qty))
        self._ledger.note("shipment", facts["shipment"], detail="PLANNED")

    def move(self, shipment: str, act: str) -> str:
        """Load a shipment, let it depart, or cancel it; returns its state. What is blocked is neither loaded nor leaves."""
        row = self.row(shipment)
        if act == "cancel" and row["state"] != "GONE":
            return self._become(shipment, "CANCELLED")
        before, after = MOVES.get(act, ("", ""))
        if row["state"] != before:
            raise Refused(409, "CONFLICT", f"shipment {shipment} is {row['state']}: no {act}", "state")
        if blocks := self._blocks(shipment):
            raise Refused(409, "BLOCKED", f"shipment {shipment} is blocked: {blocks[0]['reason']}", "blocks")
        for line in self._lines(shipment):
            if act == "depart":
                self._stock.take(line["lot"], Decimal(line["qty"]), "AVL", "ship", shipment)
            elif self._stock.available(line["lot"]) < Decimal(line["qty"]):
                raise Refused(409, "CONFLICT", f"not enough of {line['lot']} is AVL", "lines")
        return self._become(shipment, after)

    def block(self, shipment: str, ref: str, reason: str, by: str, *, blocked: bool) -> None:
        """Keep one block per ref, or take it away; done twice, it is done once."""
        row = self.row(shipment)
        if blocked and row["state"] == "GONE":
            raise Refused(409, "CONFLICT", f"shipment {shipment} is GONE", "state")
        there = any(block["ref"] == ref for block in self._blocks(shipment))
        if there == blocked:
            return
        if blocked:
            self._ledger.insert("shipment_blocks", shipment=shipment, ref=ref, reason=reason, by=by, at=self._stock.now())
        else:
            self._ledger.run("delete from shipment_blocks where shipment = ? and ref = ?", shipment, ref)
        self._ledger.note("shipment_block" if blocked else "shipment_unblock", shipment, ref, detail=reason)
        self._changed(shipment)

    def row(self, shipment: str) -> sqlite3.Row:
        row = self._ledger.row("select * from shipments where shipment = ?", shipment)
        if row is None:
            raise Refused(404, "NOT_FOUND", f"shipment {shipment} does not exist", "shipment")
        return row

    def lines(self, after: str) -> list[Mapping[str, object]]:
        """Show the lines of what changed since, the oldest change first."""
        rows = self._ledger.rows("select * from shipments where changed_at >= ? order by changed_at, shipment", after)
        return [dict(line) | self._head(row) for row in rows for line in self._lines(row["shipment"])]

    def sheet(self, row: sqlite3.Row) -> Mapping[str, object]:
        """Show a shipment as the interface does."""
        blocks = [dict(block) | {"at": local(block["at"])} for block in self._blocks(row["shipment"])]
        return self._head(row) | {"blocks": blocks}

    def _head(self, row: sqlite3.Row) -> dict[str, object]:
        return dict(row) | {"changed_at": local(row["changed_at"]), "etag": f"s{row['etag']}"}

    def _lines(self, shipment: str) -> list[sqlite3.Row]:
        unit = "coalesce((select unit from stock where stock.lot = l.lot limit 1), 'KGM') as unit"
        sql = f"select l.lot, erp_batch, item, l.qty, {unit} from shipment_lines l join lots on lots.lot = l.lot"  # noqa: S608
        return self._ledger.rows(f"{sql} where shipment = ? order by l.lot", shipment)

    def _blocks(self, shipment: str) -> list[sqlite3.Row]:
        return self._ledger.rows('select ref, reason, "by", at from shipment_blocks where shipment = ? order by ref', shipment)

    def _become(self, shipment: str, state: str) -> str:
        self._ledger.run("update shipments set state = ? where shipment = ?", state, shipment)
        self._ledger.note("shipment", shipment, detail=state)
        self._changed(shipment)
        return state

    def _changed(self, shipment: str) -> None:
        self._ledger.run("update shipments set changed_at = ?, etag = etag + 1 where shipment = ?", self._stock.now(), shipment)
