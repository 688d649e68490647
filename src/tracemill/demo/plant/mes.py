"""MES: the manual.

Authorisation: HTTP Basic; else 401. Times: epoch milliseconds, UTC. Quantities: text, with `unit`.
Errors: {"ok": false, "error": {"code", "message"}}. A GET of something unknown answers 200 with that body.
Lot ids are `M` and the letters and digits of the caller's number, `ML241107`: ^M[A-Z0-9]{3,23}$, else 400 BAD_ID.
`usable_qty` is the total the caller permits since the lot began; `consumed_qty` counts against it.

- `PUT /mes/material-lots/{id}` {item, source_lot, usable_qty, unit, state: LOCKED|FREE}, optional `If-Match: <rev>` ->
  201 when new, else 200: the lot. Idempotent: what is so already changes nothing, neither `rev` nor `seq`.
  412 STALE, 409 OTHER_ITEM, 400 INVALID
- `GET /mes/material-lots/{id}` -> {"ok": true, id, item, source_lot, usable_qty, consumed_qty, unit, state, rev, seq,
  changed_ms, changed_by}, header `ETag: "<rev>"`; unknown: 200 {"ok": false, "error": {"code": "UNKNOWN_LOT", ...}}
- `GET /mes/material-lots?ids=a,b` -> {"ok": true, "lots": [...]}; unknown ids are left out
- `GET /mes/material-lots?after=<seq>&limit=` -> {"ok": true, "lots": [...], "last_seq": n}: snapshots, each lot once at
  its latest change; limit up to 200
- `POST /mes/orders/{wo}/consume` {lot, qty, vessel?} -> 201 {"ok": true, "consumption": {seq, order, lot, item, qty,
  unit, by, at_ms, how, vessel}}; 409 LOT_LOCKED, 409 NOT_ENOUGH, 404 UNKNOWN_LOT: a locked lot cannot be consumed. NOT
  idempotent. `how`: SCAN. `vessel`: the tank that it goes into; what else is in there is not looked at
- `POST /mes/orders/{wo}/produce` {lot, label, item, qty, unit?, vessel?} -> 201 {"ok": true, "production": {seq, order,
  lot, label, item, qty, unit, by, at_ms, vessel}}: a new lot is LOCKED; 409 NOT_ENOUGH where the vessel holds less.
  It does not ask what went in. NOT idempotent
- `GET /mes/consumptions?after=<seq>&limit=` -> {"ok": true, "consumptions": [...], "last_seq": n}: facts
- `GET /mes/productions?after=<seq>&limit=` -> {"ok": true, "productions": [...], "last_seq": n}: facts

On the floor (no authorisation): `POST /ui/orders/{wo}/consume` {lot, qty, vessel?, by?} and `POST /ui/orders/{wo}/produce`
{..., by?}, under the same rules; `POST /ui/material-lots/{id}/state` {state, by}: a shift leader sets a lot by hand.
"""

import base64
import binascii
import json
import sqlite3
from collections.abc import Mapping, Sequence
from decimal import Decimal
from pathlib import Path

from .base import Answer, Call, Entry, PlantApp
from .fields import Refused, amount, count, names, plain, text
from .ledger import Ledger
from .mes_floor import SCHEMA as FLOOR
from .mes_floor import Floor

USER = "hub"
PASSWORD = "mes-demo-password"  # noqa: S105 - the demo's own, part of its manual
_ID = r"M[A-Z0-9]{3,23}"
_STATES = "LOCKED|FREE"

SCHEMA = """
create table if not exists lots (
  id text primary key, item text, source_lot text, usable_qty text, consumed_qty text, unit text, state text,
  rev integer, seq integer, changed_ms integer, changed_by text);
create index if not exists lots_seq on lots (seq);
"""


class Mes(PlantApp):
    name = "mes"

    def __init__(self, folder: Path) -> None:
        super().__init__(Ledger(folder / "mes.sqlite", SCHEMA + FLOOR))
        self.floor = Floor(self.ledger)

    def entries(self) -> Sequence[Entry]:
        return (
            ("PUT", "/mes/material-lots/{id}", self.put),
            ("GET", "/mes/material-lots/{id}", self.lot),
            ("GET", "/mes/material-lots", self.lots),
            ("POST", "/mes/orders/{order}/consume", self.consume),
            ("POST", "/mes/orders/{order}/produce", self.produce),
            ("GET", "/mes/consumptions", self.consumptions),
            ("GET", "/mes/productions", self.productions),
            ("POST", "/ui/orders/{order}/consume", self.consume),
            ("POST", "/ui/orders/{order}/produce", self.produce),
            ("POST", "/ui/material-lots/{id}/state", self.set_by_hand),
        )

    def user_of(self, headers: Mapping[str, str]) -> str | None:
        scheme, _, coded = headers.get("authorization", "").partition(" ")
        try:
            given = base64.b64decode(coded, validate=True)
        except binascii.Error:
            return None
        return USER if scheme.lower() == "basic" and given == f"{USER}:{PASSWORD}".encode() else None

    def error(self, refused: Refused) -> Mapping[str, object]:
        return {"ok": False, "error": {"code": refused.code, "message": refused.text}}

    def refusal(self, call: Call, refused: Refused) -> Answer:
        if refused.status == 404 and call.method == "GET":
            return Answer(self.error(refused))
        return Answer(self.error(refused), refused.status)

    def put(self, call: Call) -> Answer:
        name, body = call.params["id"], call.body
        wanted = {
            "item": text(body, "item"), "source_lot": text(body, "source_lot", ""),
            "usable_qty": plain(amount(body, "usable_qty", least=Decimal(0))),
            "unit": text(body, "unit"), "state": text(body, "state", pattern=_STATES),
        }  # fmt: skip
        new = self.ensure(name, wanted, call.user, call.headers.get("if-match", ""))
        return _shown(self._row(name), 201 if new else 200)

    def ensure(self, name: str, wanted: Mapping[str, str], by: str, etag: str = "") -> bool:
        """Make a lot as wanted; say whether it is new."""
        row = self.ledger.row("select * from lots where id = ?", _lot_id(name))
        rev = etag.removeprefix("W/").strip('"')
        if rev and (row is None or str(row["rev"]) != rev):
            raise Refused(412, "STALE", f"{name} is not at revision {rev}")
        if row is None:
            self.ledger.insert("lots", id=name, **wanted, consumed_qty="0", rev=0, seq=0, changed_ms=0, changed_by=by)
        elif row["item"] != wanted["item"]:
            raise Refused(409, "OTHER_ITEM", f"{name} is a lot of {row['item']}")
        elif all(row[field] == value for field, value in wanted.items()):
            return False
        sql = "update lots set source_lot = ?, usable_qty = ?, unit = ?, state = ? where id = ?"
        self.ledger.run(sql, wanted["source_lot"], wanted["usable_qty"], wanted["unit"], wanted["state"], name)
        self._changed(name, by)
        self.ledger.note("lot_set", name, wanted["source_lot"], wanted["usable_qty"], wanted["state"])
        return row is None

    def use(self, order: str, name: str, qty: Decimal, by: str, vessel: str = "") -> Mapping[str, object]:
        """Consume from a lot, if it is free and holds enough."""
        row = self._row(name)
        if row["state"] != "FREE":
            raise Refused(409, "LOT_LOCKED", f"{name} is locked")
        consumed = Decimal(row["consumed_qty"]) + qty
        if consumed > Decimal(row["usable_qty"]):
            raise Refused(409, "NOT_ENOUGH", f"{name} permits {row['usable_qty']}, {row['consumed_qty']} is consumed")
        self.ledger.run("update lots set consumed_qty = ? where id = ?", plain(consumed), name)
        self._changed(name, by)
        return self.floor.consume(order, row, qty, by, vessel)

    def lot(self, call: Call) -> Answer:
        return _shown(self._row(call.params["id"]), 200)

    def lots(self, call: Call) -> Answer:
        if "ids" in call.query:
            sql = "select * from lots where id in (select value from json_each(?)) order by id"
            rows = self.ledger.rows(sql, json.dumps(names(call.query, "ids")))
            return Answer({"ok": True, "lots": [dict(row) for row in rows]})
        return self._after(call, "lots", "select * from lots where seq > ? order by seq limit ?")

    def consume(self, call: Call) -> Answer:
        by = call.user or text(call.body, "by", "FLOOR")
        lot, qty, vessel = text(call.body, "lot"), amount(call.body, "qty"), text(call.body, "vessel", "")
        return Answer({"ok": True, "consumption": self.use(call.params["order"], lot, qty, by, vessel)}, 201)

    def produce(self, call: Call) -> Answer:
        body, by = call.body, call.user or text(call.body, "by", "FLOOR")
        name, unit, vessel = text(body, "lot"), text(body, "unit", "kg"), text(body, "vessel", "")
        label, item = text(body, "label"), text(body, "item")
        if self.ledger.row("select 1 from lots where id = ?", _lot_id(name)) is None:
            wanted = {"item": item, "source_lot": label, "usable_qty": "0", "unit": unit, "state": "LOCKED"}
            self.ensure(name, wanted, by)
        row = self._row(name)
        if row["item"] != item:
            raise Refused(409, "OTHER_ITEM", f"{name} is a lot of {row['item']}")
        return Answer(
            {"ok": True, "production": self.floor.produce(call.params["order"], row, amount(body, "qty"), by, vessel)}, 201
        )

    def productions(self, call: Call) -> Answer:
        return self._after(call, "productions", "select * from productions where seq > ? order by seq limit ?")

    def consumptions(self, call: Call) -> Answer:
        return self._after(call, "consumptions", "select * from consumptions where seq > ? order by seq limit ?")

    def set_by_hand(self, call: Call) -> Answer:
        row = self._row(call.params["id"])
        wanted = {field: str(row[field]) for field in ("item", "source_lot", "usable_qty", "unit")}
        wanted["state"] = text(call.body, "state", pattern=_STATES)
        self.ensure(row["id"], wanted, text(call.body, "by"))
        return self.lot(call)

    def _after(self, call: Call, name: str, sql: str) -> Answer:
        after, limit = count(call.query, "after", 0), count(call.query, "limit", 100, 1, 200)
        rows = self.ledger.rows(sql, after, limit)
        return Answer({"ok": True, name: [dict(row) for row in rows], "last_seq": rows[-1]["seq"] if rows else after})

    def _row(self, name: str) -> sqlite3.Row:
        row = self.ledger.row("select * from lots where id = ?", _lot_id(name))
        if row is None:
            raise Refused(404, "UNKNOWN_LOT", f"{name} is not known")
        return row

    def _now(self) -> int:
        return int(self.ledger.clock().timestamp() * 1000)

    def _changed(self, name: str, by: str) -> None:
        seq = self.ledger.number("change")
        sql = "update lots set rev = rev + 1, seq = ?, changed_ms = ?, changed_by = ? where id = ?"
        self.ledger.run(sql, seq, self._now(), by, name)


def _lot_id(name: str) -> str:
    return text({"id": name}, "id", pattern=_ID)


def _shown(row: sqlite3.Row, status: int) -> Answer:
    return Answer({"ok": True, **dict(row)}, status, {"etag": f'"{row["rev"]}"'})
