"""WMS: the manual.

Authorisation: `Authorization: Token <token>`; else 401. Errors: {"errors": {"field": ["text", ...]}}.
429 with `Retry-After` when the plant's throttle is set (`POST /plant/throttle`).
Times: ISO 8601 with offset and milliseconds, `2026-11-23T11:02:07.120+01:00`. Quantities: text, three places, `unit`
in UN/ECE codes (KGM, H87). Lot numbers have no separators, `L241107`; `erp_batch` is the number printed on the label.
Status: AVL available, QI in inspection, HLD held, DMG damaged. Stock is kept per handling unit (18 digits) and place;
one handling unit may show several rows of different status.

- `GET /wms/lots?lots=a,b` or `?changed_after=&offset=&limit=` -> {"count": n, "results": [{lot, erp_batch, item, site,
  rows: [{hu, place, status, qty, unit}], blocks: [{id, qty, reason, by, ref, at}], changed_at, etag}]}: snapshots,
  oldest change first; `changed_after` is inclusive and needs an offset (encode the plus sign), else 400; `count` is
  the number of all matches; limit up to 200; unknown lots are left out
- `POST /wms/status-changes` {ref, lot, from, to, qty, reason}, optional `If-Match: <etag>` -> 201 {"change": "SC100001",
  "id": "SC100001"}. NOT idempotent. 400 bad field, 404 unknown lot, 409 not enough in `from`, 412 stale. Never from or
  to DMG. HLD made here becomes a block with by "hub-api"; from HLD only the interface's own blocks can be lifted
- `GET /wms/status-changes?ref=` -> {"count", "results": [{id, ref, lot, from, to, qty, reason, by, at}]}
- `GET /wms/shipment-lines?changed_after=&offset=&limit=`, paged like the lots -> {"count", "results": [{shipment, lot,
  erp_batch, item, qty, unit, state: PLANNED|LOADING|GONE|CANCELLED, customer, customer_name, dock, loading_at, site,
  changed_at, etag}]}
- `GET /wms/shipments/{shipment}` -> {shipment, site, state, customer, customer_name, dock, loading_at, blocks: [{ref,
  reason, by, at}], changed_at, etag}; 404 unknown shipment
- `PUT /wms/shipments/{shipment}/blocks` {ref, blocked: true|false, reason} -> 200, the shipment. Idempotent: one block
  per ref. 404 unknown shipment, 409 to block one that is gone. A shipment with any block is not loaded and does not leave
- `POST /wms/picks` {lot, qty, order} -> 201 {"pick": "PK1", "lot", "qty"}; 409 unless enough is AVL

At the terminals (no authorisation): `POST /ui/receipts` {lot, erp_batch, item, qty, unit?, status: AVL|QI, place?, hu?,
site?} -> 201 {"lot", "hu"}; `POST /ui/blocks` {lot, qty, reason, by, from?} -> 201 {"id"}: reason DAMAGE makes it DMG,
any other HLD, from AVL unless said; `DELETE /ui/blocks/{id}` puts it back where it was; `POST /ui/picks`
{lot, qty, order}; `POST /ui/status-changes` {lot, from, to, qty, by, reason?}, under the same rules;
`POST /ui/samples` {lot, qty, by, from?} takes a sample out, from QI unless said;
`POST /ui/shipments` {shipment, customer, customer_name?, dock, loading_at?, lines: [{lot, qty}]} -> 201 plans one;
`POST /ui/shipments/{shipment}/load`, `/depart` (from load; takes the stock out of AVL), `/cancel` -> 200 {"shipment",
"state"}; 409 while anybody blocks it, or unless enough is AVL.
"""

import json
from collections.abc import Mapping, Sequence
from datetime import UTC, datetime
from pathlib import Path

from .base import Answer, Call, Entry, PlantApp
from .fields import Refused, amount, count, names, text, three
from .ledger import Ledger
from .wms_shipments import SCHEMA as SHIPMENT_SCHEMA
from .wms_shipments import Line, Shipments
from .wms_stock import API_USER, SCHEMA, SITE, STATUSES, Stock, local

TOKEN = "wms-demo-token"  # noqa: S105 - the demo's own, part of its manual
_LOT = r"[A-Z0-9]{3,20}"
_NAMED = "select * from lots where lot in (select value from json_each(?)) order by changed_at, lot"
_CHANGED = "select * from lots where changed_at >= ? order by changed_at, lot"
_ANY = "|".join(STATUSES)


class Wms(PlantApp):
    name = "wms"

    def __init__(self, folder: Path) -> None:
        super().__init__(Ledger(folder / "wms.sqlite", SCHEMA + SHIPMENT_SCHEMA))
        self.stock = Stock(self.ledger)
        self.shipments = Shipments(self.ledger, self.stock)

    def entries(self) -> Sequence[Entry]:
        return (
            ("GET", "/wms/lots", self.lots),
            ("POST", "/wms/status-changes", self.change),
            ("GET", "/wms/status-changes", self.changes),
            ("POST", "/wms/picks", self.pick),
            ("POST", "/ui/receipts", self.receive),
            ("POST", "/ui/status-changes", self.change),
            ("POST", "/ui/blocks", self.block),
            ("DELETE", "/ui/blocks/{id}", self.unblock),
            ("POST", "/ui/picks", self.pick),
            ("POST", "/ui/samples", self.sample),
            ("GET", "/wms/shipment-lines", self.shipment_lines),
            ("GET", "/wms/shipments/{shipment}", self.shipment),
            ("PUT", "/wms/shipments/{shipment}/blocks", self.block_shipment),
            ("POST", "/ui/shipments", self.plan_shipment),
            ("POST", "/ui/shipments/{shipment}/{act}", self.move_shipment),
        )

    def user_of(self, headers: Mapping[str, str]) -> str | None:
        return API_USER if headers.get("authorization") == f"Token {TOKEN}" else None

    def error(self, refused: Refused) -> Mapping[str, object]:
        return {"errors": {refused.field or "non_field": [refused.text]}}

    def lots(self, call: Call) -> Answer:
        if "lots" in call.query:
            found = self.ledger.rows(_NAMED, json.dumps(names(call.query, "lots")))
        else:
            found = self.ledger.rows(_CHANGED, _moment(call.query))
        offset, limit = count(call.query, "offset", 0), count(call.query, "limit", 50, 1, 200)
        return Answer({"count": len(found), "results": [self.stock.sheet(row) for row in found[offset : offset + limit]]})

    def change(self, call: Call) -> Answer:
        body = call.body
        lot, etag = text(body, "lot", pattern=_LOT), call.headers.get("if-match", "").strip('"')
        source, target = text(body, "from", pattern=_ANY), text(body, "to", pattern=_ANY)
        ref, qty, reason = text(body, "ref", None if call.user else ""), amount(body, "qty"), text(body, "reason", "")
        if etag and etag != f"w{self.stock.row(lot)['etag']}":
            raise Refused(412, "STALE", f"lot {lot} has changed", "etag")
        change = self.stock.change(ref, lot, source, target, qty, reason, call.user or text(body, "by"))
        return Answer({"change": change, "id": change}, 201, {"etag": f'"w{self.stock.row(lot)["etag"]}"'})

    def changes(self, call: Call) -> Answer:
        rows = self.ledger.rows("select * from changes where ref = ? order by id", call.query.get("ref", ""))
        return Answer({"count": len(rows), "results": [dict(row) | {"at": local(row["at"])} for row in rows]})

    def pick(self, call: Call) -> Answer:
        lot, qty, order = text(call.body, "lot"), amount(call.body, "qty"), text(call.body, "order")
        self.stock.take(lot, qty, "AVL", "pick", order)
        return Answer({"pick": f"PK{self.ledger.number('pick')}", "lot": lot, "qty": three(qty)}, 201)

    def receive(self, call: Call) -> Answer:
        body = call.body
        lot = {
            "lot": text(body, "lot", pattern=_LOT), "erp_batch": text(body, "erp_batch"),
            "item": text(body, "item"), "site": text(body, "site", SITE),
        }  # fmt: skip
        status, place = text(body, "status", pattern="AVL|QI"), text(body, "place", "RECEIVING")
        unit = text(body, "unit", "KGM")
        hu = self.stock.receive(lot, amount(body, "qty"), unit, status, place, text(body, "hu", ""))
        return Answer({"lot": lot["lot"], "hu": hu}, 201)

    def block(self, call: Call) -> Answer:
        body = call.body
        source = text(body, "from", "AVL", pattern=_ANY)
        lot, qty = text(body, "lot"), amount(body, "qty")
        return Answer({"id": self.stock.block(lot, qty, text(body, "reason"), text(body, "by"), source)}, 201)

    def unblock(self, call: Call) -> Answer:
        self.stock.unblock(call.params["id"])
        return Answer({"id": call.params["id"]})

    def shipment_lines(self, call: Call) -> Answer:
        found = self.shipments.lines(_moment(call.query))
        offset, limit = count(call.query, "offset", 0), count(call.query, "limit", 50, 1, 200)
        return Answer({"count": len(found), "results": found[offset : offset + limit]})

    def shipment(self, call: Call) -> Answer:
        return Answer(self.shipments.sheet(self.shipments.row(call.params["shipment"])))

    def block_shipment(self, call: Call) -> Answer:
        shipment, ref = call.params["shipment"], text(call.body, "ref")
        blocked = call.body.get("blocked")
        if not isinstance(blocked, bool):
            raise Refused(400, "INVALID", "blocked must be true or false", "blocked")
        self.shipments.block(shipment, ref, text(call.body, "reason", ""), call.user or "", blocked=blocked)
        return Answer(self.shipments.sheet(self.shipments.row(shipment)))

    def plan_shipment(self, call: Call) -> Answer:
        body = call.body
        written = body.get("lines")
        if not isinstance(written, list) or not written:
            raise Refused(400, "INVALID", "lines must be a list of {lot, qty}", "lines")
        lines = [Line(text(one, "lot", pattern=_LOT), amount(one, "qty")) for one in written]
        facts = {name: text(body, name) for name in ("shipment", "customer", "dock")}
        facts |= {name: text(body, name, "") for name in ("customer_name", "loading_at")}
        _moment(facts, "loading_at")
        self.shipments.plan(facts, lines)
        return Answer({"shipment": facts["shipment"], "state": "PLANNED"}, 201)

    def move_shipment(self, call: Call) -> Answer:
        state = self.shipments.move(call.params["shipment"], call.params["act"])
        return Answer({"shipment": call.params["shipment"], "state": state})

    def sample(self, call: Call) -> Answer:
        lot, qty, by = text(call.body, "lot"), amount(call.body, "qty"), text(call.body, "by")
        self.stock.take(lot, qty, text(call.body, "from", "QI", pattern=_ANY), "sample", by)
        return Answer({"lot": lot, "qty": three(qty)}, 201)


def _moment(query: Mapping[str, str], field: str = "changed_after") -> str:
    value = query.get(field, "")
    if not value:
        return ""
    try:
        read = datetime.fromisoformat(value)
    except ValueError:
        read = None
    if read is None or read.tzinfo is None:
        raise Refused(400, "INVALID", f"{field} must be ISO 8601 with offset", field)
    return read.astimezone(UTC).isoformat(timespec="milliseconds")
