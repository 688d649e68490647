"""ERP: the manual.

Authorisation: OAuth 2 client credentials. `POST /oauth/token` (form: grant_type=client_credentials, client_id,
client_secret, or the last two as Basic) -> {"access_token", "token_type": "Bearer", "expires_in": 300}; wrong: 401
{"error": "invalid_client"}. Then `Authorization: Bearer <token>`; else 401.
Errors: {"error": {"code": "LOCKED", "text": "Batch L-2411-07 is locked by USER7"}}.
Times: naive local (Europe/Berlin), whole seconds, `2026-11-23T11:02:07`. Quantities: text, three places, with `uom`.
Stock types: F free, Q in inspection, S blocked. Batch ids look like `L-2411-07`.
Paging: `page` from 1, `size` up to 100 (more is cut); "next" is the next page number or null. Pages move while data does.

- `GET /api/goods-receipts?since=&page=&size=` -> {"receipts": [...], "next"}: facts, `since` inclusive, oldest first
- `GET /api/batches?changed_since=&page=&size=` or `?ids=a,b,c` -> {"batches": [...], "next"}: snapshots, inclusive,
  oldest change first; unknown ids are left out; with ids the other parameters are ignored
- `GET /api/batches/{id}` -> one batch, header `ETag: "<version>"`; 404 NO_BATCH
- `POST /api/stock-postings` {reference, batch, from, to, qty, uom?}, optional `If-Match` -> 201
  {"posting", "batch", "version"}; `to` "SAMPLE" (from Q or F) consumes a sample. NOT idempotent: the same reference
  twice posts twice. 423 LOCKED, 412 STALE, 409 NO_STOCK, 404 NO_BATCH, 400 BAD_TRANSFER | BAD_UOM | INVALID
- `GET /api/stock-postings?reference=` -> {"postings": [{posting, at, reference, batch, from, to, qty, uom, by}]}
- `POST /api/goods-issues` {batch, qty, order} -> 201 {"batch", "version"}; 409 NOT_FREE without enough free stock
- `GET /api/movements?batch=&since=` -> {"movements": [{no, at, batch, kind, from, to, qty, by, reference}]}
  kind: 101 receipt, 321 Q>F, 322 F>Q, 350 Q>S, 349 S>Q, 343 S>F, 344 F>S, 331/333 sample from Q/F, 261 goods issue,
  131 receipt from production, 601 goods issue for a delivery

Goods receipts land in F: this product does not quarantine by itself. Receipts from production land in Q.

At the screens (no authorisation): `POST /ui/goods-receipts` {po, batch, qty, po_line?, supplier_batch?, manufacturer?,
certificate?, sloc?, by?} -> 201 receipt; `POST /ui/stock-postings` {batch, from, to, qty, by, reference?};
`POST /ui/goods-issues` {batch, qty, order, by}; `POST /ui/production-receipts` {batch, material, qty, order, by?};
`POST /ui/delivery-issues` {batch, qty, delivery, by?}, under the rules of a goods issue;
`POST /ui/purchase-orders` {po, line?, supplier, material, supplier_batch?, certificate?};
`POST /ui/locks` {batch, user}, `DELETE /ui/locks/{batch}`; `DELETE /plant/tokens` ends all sessions.
"""

import base64
import binascii
import json
import secrets
import sqlite3
from collections.abc import Mapping, Sequence
from datetime import datetime
from pathlib import Path

from .base import Answer, Call, Entry, PlantApp
from .catalogue import ITEMS, Order
from .erp_books import SCHEMA, Books
from .fields import Refused, amount, count, names, text
from .ledger import Ledger

CLIENT_ID = "HUB"
CLIENT_SECRET = "erp-demo-secret"  # noqa: S105 - the demo's own, part of its manual
_BATCH = r"[A-Z0-9][A-Z0-9-]{0,19}"
_LIFETIME = 300


def since(query: Mapping[str, str], field: str) -> str:
    """Read a naive local time; empty means from the beginning."""
    value = query.get(field, "")
    if not value:
        return ""
    try:
        read = datetime.fromisoformat(value)
    except ValueError:
        read = None
    if read is None or read.tzinfo is not None:
        raise Refused(400, "INVALID", f"{field} must be a local time without zone", field)
    return read.strftime("%Y-%m-%dT%H:%M:%S")


class Erp(PlantApp):
    name = "erp"

    def __init__(self, folder: Path) -> None:
        super().__init__(Ledger(folder / "erp.sqlite", SCHEMA))
        self.books = Books(self.ledger)

    def entries(self) -> Sequence[Entry]:
        return (
            ("POST", "/oauth/token", self.token),
            ("GET", "/api/goods-receipts", self.receipts),
            ("GET", "/api/batches", self.batches),
            ("GET", "/api/batches/{batch}", self.batch),
            ("POST", "/api/stock-postings", self.post),
            ("GET", "/api/stock-postings", self.postings),
            ("POST", "/api/goods-issues", self.issue),
            ("GET", "/api/movements", self.movements),
            ("POST", "/ui/goods-receipts", self.receive),
            ("POST", "/ui/stock-postings", self.post),
            ("POST", "/ui/goods-issues", self.issue),
            ("POST", "/ui/production-receipts", self.make),
            ("POST", "/ui/delivery-issues", self.send),
            ("POST", "/ui/purchase-orders", self.order),
            ("POST", "/ui/locks", self.lock),
            ("DELETE", "/ui/locks/{batch}", self.unlock),
            ("DELETE", "/plant/tokens", self.end_sessions),
        )

    def user_of(self, headers: Mapping[str, str]) -> str | None:
        scheme, _, token = headers.get("authorization", "").partition(" ")
        row = self.ledger.row("select client, expires from tokens where token = ?", token)
        if scheme.lower() != "bearer" or row is None or row["expires"] <= self.ledger.clock().timestamp():
            return None
        return str(row["client"])

    def error(self, refused: Refused) -> Mapping[str, object]:
        return {"error": {"code": refused.code, "text": refused.text}}

    def token(self, call: Call) -> Answer:
        form = {**call.body, **_basic(call.headers)}
        if form.get("grant_type") != "client_credentials":
            return Answer({"error": "unsupported_grant_type"}, 400)
        if (form.get("client_id"), form.get("client_secret")) != (CLIENT_ID, CLIENT_SECRET):
            return Answer({"error": "invalid_client"}, 401)
        now = self.ledger.clock().timestamp()
        token = secrets.token_urlsafe(24)
        self.ledger.run("delete from tokens where expires <= ?", now)
        self.ledger.insert("tokens", token=token, client=CLIENT_ID, expires=now + _LIFETIME)
        return Answer({"access_token": token, "token_type": "Bearer", "expires_in": _LIFETIME})

    def end_sessions(self, _call: Call) -> Answer:
        return Answer({"ended": self.ledger.run("delete from tokens")})

    def receipts(self, call: Call) -> Answer:
        sql = "select * from receipts where posted_at >= ? order by posted_at, docno, line"
        found, following = self._page(call, sql, since(call.query, "since"))
        return Answer({"receipts": [dict(row) for row in found], "next": following})

    def batches(self, call: Call) -> Answer:
        if "ids" in call.query:
            sql = "select * from batches where batch in (select value from json_each(?)) order by batch"
            rows = self.ledger.rows(sql, json.dumps(names(call.query, "ids")))
            return Answer({"batches": [self.books.sheet(row) for row in rows], "next": None})
        sql = "select * from batches where changed_at >= ? order by changed_at, batch"
        found, following = self._page(call, sql, since(call.query, "changed_since"))
        return Answer({"batches": [self.books.sheet(row) for row in found], "next": following})

    def batch(self, call: Call) -> Answer:
        row = self.books.batch(call.params["batch"])
        return Answer(self.books.sheet(row), headers={"etag": f'"{row["version"]}"'})

    def post(self, call: Call) -> Answer:
        body = call.body
        reference = text(body, "reference", None if call.user else "")
        batch, qty = text(body, "batch"), amount(body, "qty")
        posting, version = self.books.post(
            reference, batch, text(body, "from"), text(body, "to"), qty, self._by(call), text(body, "uom", ""),
            call.headers.get("if-match", ""),
        )  # fmt: skip
        return Answer({"posting": posting, "batch": batch, "version": version}, 201, {"etag": f'"{version}"'})

    def postings(self, call: Call) -> Answer:
        sql = "select * from postings where reference = ? order by posting"
        rows = self.ledger.rows(sql, call.query.get("reference", ""))
        return Answer({"postings": [dict(row) for row in rows]})

    def issue(self, call: Call) -> Answer:
        batch, qty = text(call.body, "batch"), amount(call.body, "qty")
        version = self.books.issue(batch, qty, text(call.body, "order"), self._by(call))
        return Answer({"batch": batch, "version": version}, 201)

    def make(self, call: Call) -> Answer:
        body = call.body
        batch, material = text(body, "batch", pattern=_BATCH), text(body, "material", pattern="|".join(ITEMS))
        version = self.books.make(batch, material, amount(body, "qty"), text(body, "order"), self._by(call))
        return Answer({"batch": batch, "version": version}, 201)

    def send(self, call: Call) -> Answer:
        batch, qty = text(call.body, "batch"), amount(call.body, "qty")
        version = self.books.issue(batch, qty, text(call.body, "delivery"), self._by(call), "601")
        return Answer({"batch": batch, "version": version}, 201)

    def movements(self, call: Call) -> Answer:
        batch = call.query.get("batch", "")
        sql = (
            "select m.*, b.uom from movements m join batches b on b.batch = m.batch "
            "where (? = '' or m.batch = ?) and m.at >= ? order by m.no"
        )
        rows = self.ledger.rows(sql, batch, batch, since(call.query, "since"))
        return Answer({"movements": [dict(row) for row in rows]})

    def receive(self, call: Call) -> Answer:
        body = call.body
        note = {field: text(body, field, "") for field in ("supplier_batch", "manufacturer", "certificate")}
        batch, qty = text(body, "batch", pattern=_BATCH), amount(body, "qty")
        po, line, sloc = text(body, "po"), text(body, "po_line", "10"), text(body, "sloc", "0001")
        return Answer(self.books.receive(po, line, batch, qty, self._by(call), sloc, note), 201)

    def order(self, call: Call) -> Answer:
        body = call.body
        if text(body, "material") not in ITEMS:
            raise Refused(404, "NO_MATERIAL", f"Material {body['material']} does not exist", "material")
        order = Order(
            text(body, "po"), text(body, "line", "10"), text(body, "supplier"), text(body, "material"),
            text(body, "supplier_batch", ""), text(body, "certificate", ""),
        )  # fmt: skip
        self.books.enter_order(order)
        return Answer({"po": order.po, "line": order.line}, 201)

    def lock(self, call: Call) -> Answer:
        batch, user = text(call.body, "batch"), text(call.body, "user")
        self.books.lock(batch, user)
        return Answer({"batch": batch, "user": user}, 201)

    def unlock(self, call: Call) -> Answer:
        self.books.unlock(call.params["batch"])
        return Answer({"batch": call.params["batch"]})

    def _by(self, call: Call) -> str:
        return call.user or text(call.body, "by", "CLERK1")

    def _page(self, call: Call, sql: str, start: str) -> tuple[list[sqlite3.Row], int | None]:
        page, size = count(call.query, "page", 1, 1), count(call.query, "size", 50, 1, 100)
        rows = self.ledger.rows(f"{sql} limit ? offset ?", start, size + 1, (page - 1) * size)
        return rows[:size], page + 1 if len(rows) > size else None


def _basic(headers: Mapping[str, str]) -> Mapping[str, str]:
    scheme, _, coded = headers.get("authorization", "").partition(" ")
    if scheme.lower() != "basic":
        return {}
    try:
        client, _, secret = base64.b64decode(coded, validate=True).decode().partition(":")
    except (binascii.Error, UnicodeDecodeError):
        return {}
    return {"client_id": client, "client_secret": secret}
