"""The stock of the WMS: rows of handling unit, place and status; blocks and who placed them."""

import sqlite3
from collections.abc import Mapping
from datetime import UTC, datetime
from decimal import Decimal
from zoneinfo import ZoneInfo

from .fields import Refused, three
from .ledger import Ledger

STATUSES = ("AVL", "QI", "HLD", "DMG")
API_USER = "hub-api"
SITE = "PLANT-DE"
_BERLIN = ZoneInfo("Europe/Berlin")

SCHEMA = """
create table if not exists lots (
  lot text primary key, erp_batch text, item text, site text, changed_at text, etag integer);
create table if not exists stock (
  hu text, place text, lot text, status text, qty text, unit text, primary key (hu, place, lot, status));
create table if not exists blocks (
  id text primary key, n integer, lot text, qty text, reason text, "by" text, ref text, at text, status text, was text);
create table if not exists changes (
  id text primary key, ref text, lot text, "from" text, "to" text, qty text, reason text, "by" text, at text);
create index if not exists stock_lot on stock (lot);
create index if not exists blocks_lot on blocks (lot);
create index if not exists lots_changed on lots (changed_at);
create index if not exists changes_ref on changes (ref);
"""


class Stock:
    """Keeps the stock; every method is called inside one transaction of the ledger."""

    def __init__(self, ledger: Ledger) -> None:
        self._ledger = ledger

    def now(self) -> str:
        """The moment in UTC with milliseconds, as stored; shown with the plant's offset."""
        return self._ledger.clock().astimezone(UTC).isoformat(timespec="milliseconds")

    def receive(self, lot: Mapping[str, str], qty: Decimal, unit: str, status: str, place: str, hu: str = "") -> str:
        """Put a lot ({lot, erp_batch, item, site}) on a handling unit."""
        row = self._ledger.row("select item from lots where lot = ?", lot["lot"])
        if row is None:
            self._ledger.insert("lots", **lot, changed_at=self.now(), etag=0)
        elif row["item"] != lot["item"]:
            raise Refused(409, "CONFLICT", f"lot {lot['lot']} is of item {row['item']}", "item")
        unit_id = hu or f"3400000{self._ledger.number('hu', 1):011d}"
        self._put((unit_id, place, lot["lot"], status), qty, unit)
        self._changed(lot["lot"])
        self._ledger.note("receipt", lot["lot"], unit_id, three(qty), f">{status}")
        return unit_id

    def change(self, ref: str, lot: str, source: str, target: str, qty: Decimal, reason: str, by: str = API_USER) -> str:
        """Change the status of a quantity; HLD made here is a block of whoever made it, and only they lift it."""
        self.row(lot)
        if source == target or "DMG" in (source, target):
            raise Refused(400, "INVALID", f"{source} to {target} is not a change of status anybody may make", "to")
        if source == "HLD":
            self._lift(lot, qty, by)
        self._move(lot, source, target, qty)
        if target == "HLD":
            self._block(lot, qty, reason, by, ref, target, source)
        change = f"SC{self._ledger.number('change', 100001)}"
        self._ledger.insert(
            "changes", id=change, ref=ref, lot=lot, **{"from": source, "to": target}, qty=three(qty), reason=reason,
            by=by, at=self.now(),
        )  # fmt: skip
        self._changed(lot)
        self._ledger.note("status_change", lot, ref, three(qty), f"{source}>{target}")
        return change

    def block(self, lot: str, qty: Decimal, reason: str, by: str, source: str) -> str:
        """Set stock aside for a person: DAMAGE makes it DMG, anything else HLD."""
        self.row(lot)
        target = "DMG" if reason == "DAMAGE" else "HLD"
        self._move(lot, source, target, qty)
        block = self._block(lot, qty, reason, by, "", target, source)
        self._changed(lot)
        self._ledger.note("block", lot, block, three(qty), f"{source}>{target}")
        return block

    def unblock(self, block: str) -> None:
        row = self._ledger.row("select * from blocks where id = ?", block)
        if row is None:
            raise Refused(404, "NOT_FOUND", f"block {block} does not exist", "id")
        self._move(row["lot"], row["status"], row["was"], Decimal(row["qty"]))
        self._ledger.run("delete from blocks where id = ?", block)
        self._changed(row["lot"])
        self._ledger.note("unblock", row["lot"], block, row["qty"], f"{row['status']}>{row['was']}")

    def take(self, lot: str, qty: Decimal, status: str, what: str, reference: str) -> None:
        """Take stock of one status out of the warehouse."""
        self.row(lot)
        self._draw(lot, status, qty)
        self._changed(lot)
        self._ledger.note(what, lot, reference, three(qty), f"{status}>")

    def available(self, lot: str) -> Decimal:
        """Say how much of a lot may leave."""
        rows = self._ledger.rows("select qty from stock where lot = ? and status = 'AVL'", lot)
        return sum((Decimal(row["qty"]) for row in rows), Decimal(0))

    def row(self, lot: str) -> sqlite3.Row:
        row = self._ledger.row("select * from lots where lot = ?", lot)
        if row is None:
            raise Refused(404, "NOT_FOUND", f"lot {lot} does not exist", "lot")
        return row

    def sheet(self, row: sqlite3.Row) -> Mapping[str, object]:
        """Show a lot as the interface does."""
        sql = "select hu, place, status, qty, unit from stock where lot = ? order by hu, place, status"
        held = self._ledger.rows('select id, qty, reason, "by", ref, at from blocks where lot = ? order by n', row["lot"])
        return {
            "lot": row["lot"], "erp_batch": row["erp_batch"], "item": row["item"], "site": row["site"],
            "rows": [dict(line) for line in self._ledger.rows(sql, row["lot"])],
            "blocks": [dict(block) | {"at": local(block["at"])} for block in held],
            "changed_at": local(row["changed_at"]), "etag": f"w{row['etag']}",
        }  # fmt: skip

    def _lift(self, lot: str, qty: Decimal, by: str) -> None:
        """Take back one's own blocks, oldest first; what others blocked stays."""
        mine = self._ledger.rows('select * from blocks where lot = ? and "by" = ? order by n', lot, by)
        if sum((Decimal(block["qty"]) for block in mine), Decimal(0)) < qty:
            raise Refused(409, "CONFLICT", f"{by} can only lift what {by} blocked", "qty")
        for block in mine:
            left = max(Decimal(0), Decimal(block["qty"]) - qty)
            qty -= Decimal(block["qty"]) - left
            if left:
                self._ledger.run("update blocks set qty = ? where id = ?", three(left), block["id"])
            else:
                self._ledger.run("delete from blocks where id = ?", block["id"])

    def _block(self, lot: str, qty: Decimal, reason: str, by: str, ref: str, status: str, was: str) -> str:
        n = self._ledger.number("block", 501)
        self._ledger.insert(
            "blocks", id=f"B{n}", n=n, lot=lot, qty=three(qty), reason=reason, by=by, ref=ref, at=self.now(),
            status=status, was=was,
        )  # fmt: skip
        return f"B{n}"

    def _move(self, lot: str, source: str, target: str, qty: Decimal) -> None:
        for row, share in self._draw(lot, source, qty):
            self._put((row["hu"], row["place"], lot, target), share, row["unit"])

    def _draw(self, lot: str, status: str, qty: Decimal) -> list[tuple[sqlite3.Row, Decimal]]:
        rows = self._ledger.rows("select * from stock where lot = ? and status = ? order by hu, place", lot, status)
        there = sum((Decimal(row["qty"]) for row in rows), Decimal(0))
        if there < qty:
            raise Refused(409, "CONFLICT", f"only {three(there)} {status}", "qty")
        drawn = []
        for row in rows:
            share = min(qty, Decimal(row["qty"]))
            if share:
                self._put((row["hu"], row["place"], lot, status), -share, row["unit"])
                drawn.append((row, share))
                qty -= share
        return drawn

    def _put(self, key: tuple[str, str, str, str], qty: Decimal, unit: str) -> None:
        sql = "select qty from stock where hu = ? and place = ? and lot = ? and status = ?"
        row = self._ledger.row(sql, *key)
        left = qty + (Decimal(row["qty"]) if row else 0)
        self._ledger.run("delete from stock where hu = ? and place = ? and lot = ? and status = ?", *key)
        if left:
            hu, place, lot, status = key
            self._ledger.insert("stock", hu=hu, place=place, lot=lot, status=status, qty=three(left), unit=unit)

    def _changed(self, lot: str) -> None:
        self._ledger.run("update lots set etag = etag + 1, changed_at = ? where lot = ?", self.now(), lot)


def local(stored: str) -> str:
    """Show a stored moment with the plant's offset."""
    return datetime.fromisoformat(stored).astimezone(_BERLIN).isoformat(timespec="milliseconds")
