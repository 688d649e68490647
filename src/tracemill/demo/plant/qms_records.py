"""The records of the laboratory: sample groups, decisions, nonconformances, answers kept by idempotency key."""

import hashlib
import json
import sqlite3
from collections.abc import Mapping
from decimal import Decimal

from .fields import Refused, plain
from .ledger import Ledger

STATES = ("PEND", "HOLD", "ACC", "REJ", "PART")
# The laboratory's number, not a year; it stands in every id.
LABORATORY = "24"
FIRST_GROUP = 118
FIRST_NONCONFORMANCE = 31

SCHEMA = """
create table if not exists groups (
  n integer primary key, id text unique, reference text, lot_label text, item text, supplier text, supplier_batch text,
  purchase_order text, certificate text, requirement text, qty text, unit text, state text, sample text, decision text,
  updated_at text, rev integer);
create table if not exists nonconformances (
  n integer primary key, id text unique, reference text, lot_label text, supplier text, purchase_order text, qty text,
  unit text, defect_code text, sample_group text, state text, opened_by text, updated_at text);
create table if not exists kept_answers (key text primary key, fingerprint text, status integer, body text);
create table if not exists webhook (one integer primary key check (one = 1), url text, secret text);
create index if not exists groups_reference on groups (reference);
create index if not exists groups_updated on groups (updated_at, n);
"""


class Records:
    """Keeps the records; every method is called inside one transaction of the ledger."""

    def __init__(self, ledger: Ledger) -> None:
        self._ledger = ledger
        self.changed: list[str] = []
        self.begin_at(FIRST_GROUP, FIRST_NONCONFORMANCE)

    def begin_at(self, group: int, nonconformance: int) -> None:
        """Say with which numbers a laboratory without history begins."""
        self._first = {"group": group, "nonconformance": nonconformance}

    def now(self) -> str:
        """The laboratory's clock: UTC, naive, whole minutes."""
        return self._ledger.clock().strftime("%Y-%m-%d %H:%M")

    def open_group(self, texts: Mapping[str, str], requirement: Mapping[str, object], qty: Decimal, unit: str) -> str:
        """Begin a sample group, pending."""
        n = self._ledger.number("group", self._first["group"])
        group = f"SG-{LABORATORY}-{n:04d}"
        self._ledger.insert(
            "groups", n=n, id=group, **texts, requirement=json.dumps(requirement, default=str), qty=plain(qty), unit=unit,
            state="PEND", sample=None, decision=None, updated_at=self.now(), rev=1,
        )  # fmt: skip
        self._effect("sample_group_created", group, texts["reference"], plain(qty))
        return group

    def take_sample(self, group: str, qty: Decimal, unit: str, by: str, kind: str) -> None:
        row = self.row(group)
        sample = {"qty": plain(qty), "unit": unit or row["unit"], "taken_at": self.now(), "by": by, "kind": kind}
        self._ledger.run("update groups set sample = ? where id = ?", json.dumps(sample), group)
        self._changed(group)
        self._effect("sample_taken", group, row["reference"], plain(qty), kind)

    def decide(self, group: str, state: str, shares: tuple[Decimal, Decimal], defect: str, by: str, meaning: str) -> None:
        """Set the state; ACC, REJ and PART carry a decision, PEND and HOLD take it back."""
        row = self.row(group)
        accepted, rejected = shares
        if accepted + rejected > Decimal(row["qty"]):
            raise Refused(400, "invalid", "accepted and rejected exceed the quantity", "accepted")
        decision = None
        if state in ("ACC", "REJ", "PART"):
            decision = json.dumps({
                "accepted": plain(accepted), "rejected": plain(rejected), "unit": row["unit"], "defect_code": defect,
                "decided_by": by, "decided_at": self.now(), "meaning": meaning,
            })  # fmt: skip
        self._ledger.run("update groups set state = ?, decision = ? where id = ?", state, decision, group)
        self._changed(group)
        self._effect("decision", group, row["reference"], plain(accepted), state)

    def open_nonconformance(self, texts: Mapping[str, str], qty: Decimal, unit: str, by: str) -> str:
        n = self._ledger.number("nonconformance", self._first["nonconformance"])
        nonconformance = f"NC-{LABORATORY}-{n:03d}"
        self._ledger.insert(
            "nonconformances", n=n, id=nonconformance, **texts, qty=plain(qty), unit=unit, state="OPEN", opened_by=by,
            updated_at=self.now(),
        )  # fmt: skip
        self._ledger.note("nonconformance_created", nonconformance, texts["reference"], plain(qty))
        return nonconformance

    def row(self, group: str) -> sqlite3.Row:
        row = self._ledger.row("select * from groups where id = ?", group)
        if row is None:
            raise Refused(404, "not_found", f"sample group {group} not found", "id")
        return row

    def nonconformance(self, name: str) -> sqlite3.Row:
        row = self._ledger.row("select * from nonconformances where id = ?", name)
        if row is None:
            raise Refused(404, "not_found", f"nonconformance {name} not found", "id")
        return row

    def kept(self, key: str, fingerprint: str) -> tuple[int, Mapping[str, object]] | None:
        """Find the answer given to this key before; the key with another body is refused."""
        row = self._ledger.row("select * from kept_answers where key = ?", key)
        if row is None:
            return None
        if row["fingerprint"] != fingerprint:
            raise Refused(422, "key_reused", "this Idempotency-Key came with another body", "Idempotency-Key")
        return int(row["status"]), json.loads(row["body"])

    def keep(self, key: str, fingerprint: str, status: int, body: Mapping[str, object]) -> None:
        self._ledger.insert("kept_answers", key=key, fingerprint=fingerprint, status=status, body=json.dumps(body))

    def _changed(self, group: str) -> None:
        self._ledger.run("update groups set rev = rev + 1, updated_at = ? where id = ?", self.now(), group)

    def _effect(self, what: str, group: str, reference: str, qty: str, detail: str = "") -> None:
        self._ledger.note(what, group, reference, qty, detail)
        self.changed.append(group)


def group_shown(row: sqlite3.Row) -> Mapping[str, object]:
    shown = {name: value for name, value in dict(row).items() if name not in ("n", "qty", "unit")}
    for name in ("requirement", "sample", "decision"):
        shown[name] = json.loads(row[name]) if row[name] else None
    return shown | {"quantity": {"value": row["qty"], "unit": row["unit"]}}


def nonconformance_shown(row: sqlite3.Row) -> Mapping[str, object]:
    shown = {name: value for name, value in dict(row).items() if name not in ("n", "qty", "unit")}
    return shown | {"quantity": {"value": row["qty"], "unit": row["unit"]}}


def fingerprint(path: str, body: Mapping[str, object]) -> str:
    return hashlib.sha256(f"{path} {json.dumps(body, sort_keys=True, default=str)}".encode()).hexdigest()
