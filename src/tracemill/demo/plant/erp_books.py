"""The books of the ERP: receipts, batches, stock by type, movements, locks."""

import sqlite3
from collections.abc import Mapping
from decimal import Decimal
from zoneinfo import ZoneInfo

from .catalogue import ITEMS, ORDERS, SUPPLIERS, Order
from .fields import Refused, three
from .ledger import Ledger

_BERLIN = ZoneInfo("Europe/Berlin")
PLANT = "1000"

SCHEMA = """
create table if not exists orders (
  po text, line text, supplier text, material text, supplier_batch text, certificate text, primary key (po, line));
create table if not exists receipts (
  docno text, line text, posted_at text, po text, po_line text, supplier text, supplier_name text, supplier_batch text,
  manufacturer text, certificate text, material text, material_text text, material_class text, batch text, qty text,
  uom text, sloc text, plant text, "by" text, primary key (docno, line));
create table if not exists batches (
  batch text primary key, material text, plant text, uom text, changed_at text, changed_by text, version integer);
create table if not exists stock (batch text, type text, sloc text, qty text, primary key (batch, type, sloc));
create table if not exists postings (
  posting text primary key, at text, reference text, batch text, "from" text, "to" text, qty text, uom text, "by" text);
create table if not exists movements (
  no text primary key, at text, batch text, kind text, "from" text, "to" text, qty text, "by" text, reference text);
create table if not exists locks (batch text primary key, user text);
create table if not exists tokens (token text primary key, client text, expires real);
create index if not exists receipts_time on receipts (posted_at);
create index if not exists batches_time on batches (changed_at);
create index if not exists postings_reference on postings (reference);
create index if not exists movements_batch on movements (batch);
"""

# The movement kind says what a transfer posting meant, as the product's own key does.
_KINDS = {
    ("Q", "F"): "321", ("F", "Q"): "322", ("Q", "S"): "350", ("S", "Q"): "349",
    ("S", "F"): "343", ("F", "S"): "344", ("Q", "SAMPLE"): "331", ("F", "SAMPLE"): "333",
}  # fmt: skip


class Books:
    """Keeps the stock; every method is called inside one transaction of the ledger."""

    def __init__(self, ledger: Ledger) -> None:
        self._ledger = ledger
        with ledger.work():
            for order in ORDERS:
                self.enter_order(order)

    def now(self) -> str:
        """The plant's wall clock: local, naive, whole seconds."""
        return self._ledger.clock().astimezone(_BERLIN).strftime("%Y-%m-%dT%H:%M:%S")

    def enter_order(self, order: Order) -> None:
        sql = "insert or ignore into orders values (?, ?, ?, ?, ?, ?)"
        self._ledger.run(sql, order.po, order.line, order.supplier, order.material, order.supplier_batch, order.certificate)

    def receive(
        self, po: str, line: str, batch: str, qty: Decimal, by: str, sloc: str = "0001", note: Mapping[str, str] | None = None
    ) -> Mapping[str, object]:
        """Book the receipt of a purchase order line; the stock is free at once. `note` is the delivery note."""
        found = self._ledger.row("select * from orders where po = ? and line = ?", po, line)
        if found is None:
            raise Refused(404, "NO_ORDER", f"Purchase order {po} line {line} does not exist", "po")
        order, note, item = Order(**dict(found)), note or {}, ITEMS[found["material"]]
        self._open_batch(batch, item.id, item.uom, by)
        docno = str(self._ledger.number("receipt", 5000000001))
        receipt: dict[str, object] = {
            "docno": docno, "line": "0001", "posted_at": self.now(), "po": po, "po_line": line,
            "supplier": order.supplier, "supplier_name": SUPPLIERS.get(order.supplier, order.supplier),
            "supplier_batch": note.get("supplier_batch") or order.supplier_batch,
            "manufacturer": note.get("manufacturer") or order.supplier,
            "certificate": note.get("certificate") or order.certificate,
            "material": item.id, "material_text": item.text, "material_class": item.kind,
            "batch": batch, "qty": three(qty), "uom": item.uom, "sloc": sloc, "plant": PLANT, "by": by,
        }  # fmt: skip
        self._ledger.insert("receipts", **receipt)
        self._put(batch, "F", sloc, qty)
        self._moved(batch, "101", None, "F", qty, by, docno)
        self._ledger.note("goods_receipt", batch, docno, three(qty), ">F")
        return receipt

    def post(
        self, reference: str, batch: str, source: str, target: str, qty: Decimal, by: str, uom: str = "", etag: str = ""
    ) -> tuple[str, int]:
        """Move stock of a batch between types, or out of it as a sample; answer the posting and the new version."""
        kind = _KINDS.get((source, target))
        if kind is None:
            raise Refused(400, "BAD_TRANSFER", f"Stock cannot be posted from {source} to {target}", "to")
        row = self._usable(batch, etag)
        if uom and uom != row["uom"]:
            raise Refused(400, "BAD_UOM", f"Batch {batch} is kept in {row['uom']}", "uom")
        for sloc, taken in self._take(batch, source, qty, "NO_STOCK"):
            if target != "SAMPLE":
                self._put(batch, target, sloc, taken)
        version = self._moved(batch, kind, source, target, qty, by, reference)
        posting = str(self._ledger.number("posting", 4900000001))
        self._ledger.insert(
            "postings", posting=posting, at=self.now(), reference=reference, batch=batch,
            **{"from": source, "to": target}, qty=three(qty), uom=row["uom"], by=by,
        )  # fmt: skip
        self._ledger.note("stock_posting", batch, reference, three(qty), f"{source}>{target}")
        return posting, version

    def make(self, batch: str, material: str, qty: Decimal, order: str, by: str) -> int:
        """Book what came out of a production order: it waits for inspection."""
        self._open_batch(batch, material, ITEMS[material].uom, by)
        self._put(batch, "Q", "0002", qty)
        version = self._moved(batch, "131", None, "Q", qty, by, order)
        self._ledger.note("production_receipt", batch, order, three(qty), ">Q")
        return version

    def issue(self, batch: str, qty: Decimal, order: str, by: str, kind: str = "261") -> int:
        """Take free stock out for a production order (261) or a delivery (601)."""
        self._usable(batch, "")
        self._take(batch, "F", qty, "NOT_FREE")
        version = self._moved(batch, kind, "F", None, qty, by, order)
        self._ledger.note("goods_issue", batch, order, three(qty), "F>")
        return version

    def sheet(self, row: sqlite3.Row) -> Mapping[str, object]:
        """Show a batch as the interface does."""
        stock = self._ledger.rows("select type, qty, sloc from stock where batch = ? order by type, sloc", row["batch"])
        return {
            "batch": row["batch"], "material": row["material"], "plant": row["plant"], "uom": row["uom"],
            "stock": [dict(line) for line in stock],
            "changed_at": row["changed_at"], "changed_by": row["changed_by"], "version": row["version"],
        }  # fmt: skip

    def batch(self, batch: str) -> sqlite3.Row:
        row = self._ledger.row("select * from batches where batch = ?", batch)
        if row is None:
            raise Refused(404, "NO_BATCH", f"Batch {batch} does not exist", "batch")
        return row

    def lock(self, batch: str, user: str) -> None:
        self.batch(batch)
        self._ledger.run("insert or replace into locks values (?, ?)", batch, user)
        self._ledger.note("lock", batch, user)

    def unlock(self, batch: str) -> None:
        if self._ledger.run("delete from locks where batch = ?", batch):
            self._ledger.note("unlock", batch)

    def _open_batch(self, batch: str, material: str, uom: str, by: str) -> None:
        row = self._ledger.row("select material from batches where batch = ?", batch)
        if row is None:
            self._ledger.insert(
                "batches", batch=batch, material=material, plant=PLANT, uom=uom,
                changed_at=self.now(), changed_by=by, version=0,
            )  # fmt: skip
        elif row["material"] != material:
            raise Refused(409, "OTHER_MATERIAL", f"Batch {batch} exists for material {row['material']}", "batch")

    def _usable(self, batch: str, etag: str) -> sqlite3.Row:
        row = self.batch(batch)
        lock = self._ledger.row("select user from locks where batch = ?", batch)
        if lock is not None:
            raise Refused(423, "LOCKED", f"Batch {batch} is locked by {lock['user']}", "batch")
        if etag and etag.removeprefix("W/").strip('"') != str(row["version"]):
            raise Refused(412, "STALE", f"Batch {batch} is at version {row['version']}", "batch")
        return row

    def _take(self, batch: str, kind: str, qty: Decimal, code: str) -> list[tuple[str, Decimal]]:
        rows = self._ledger.rows("select sloc, qty from stock where batch = ? and type = ? order by sloc", batch, kind)
        there = sum((Decimal(row["qty"]) for row in rows), Decimal(0))
        if there < qty:
            raise Refused(409, code, f"Batch {batch} has {three(there)} in {kind}, {three(qty)} asked", "qty")
        taken = []
        for row in rows:
            share = min(qty, Decimal(row["qty"]))
            if share:
                self._put(batch, kind, row["sloc"], -share)
                taken.append((str(row["sloc"]), share))
                qty -= share
        return taken

    def _put(self, batch: str, kind: str, sloc: str, qty: Decimal) -> None:
        key = (batch, kind, sloc)
        row = self._ledger.row("select qty from stock where batch = ? and type = ? and sloc = ?", *key)
        left = qty + (Decimal(row["qty"]) if row else 0)
        self._ledger.run("delete from stock where batch = ? and type = ? and sloc = ?", *key)
        if left:
            self._ledger.insert("stock", batch=batch, type=kind, sloc=sloc, qty=three(left))

    def _moved(self, batch: str, kind: str, source: str | None, target: str | None, qty: Decimal, by: str, reference: str) -> int:
        self._ledger.insert(
            "movements", no=str(self._ledger.number("movement", 7000000001)), at=self.now(), batch=batch, kind=kind,
            **{"from": source, "to": target}, qty=three(qty), by=by, reference=reference,
        )  # fmt: skip
        sql = "update batches set version = version + 1, changed_at = ?, changed_by = ? where batch = ?"
        self._ledger.run(sql, self.now(), by, batch)
        return int(self.batch(batch)["version"])
