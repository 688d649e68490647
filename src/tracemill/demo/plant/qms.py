"""QMS, the laboratory: the manual.

Authorisation: header `X-Api-Key`. With a wrong or missing key lists answer 200 with an EMPTY list, single records 404,
writing 403. `GET /v2/whoami` -> {"authenticated": bool, "user": "hub-api" | null} tells the truth.
Errors: {"message": "...", "field": "...", "code": "..."}. Unknown filters are ignored: the answer is then unfiltered.
Times: UTC, naive, to the minute, `2026-11-23 10:02`. Quantities: {"value": "480", "unit": "kg"}, value as text.
Ids ascend: sample groups `SG-24-0118`, nonconformances `NC-24-031` (24 is the laboratory, not a year).

- `POST /v2/sample-groups` {reference, item, lot_label, quantity: {value, unit}, supplier?, supplier_batch?,
  purchase_order?, certificate?, requirement?: {plan, sample_size?, code_letter?, acceptance_number?}} -> 201
  {"sample_group": {...}}. Honours `Idempotency-Key`: same key and body give the stored answer with
  `Idempotent-Replayed: true`, another body 422. Without a key every call makes a new group.
- `GET /v2/sample-groups?updated_after=&cursor=&limit=` or `?ids=a,b` or `?reference=` -> {"sample_groups": [...],
  "next_cursor": "..." | null}: snapshots, oldest change first; `updated_after` includes its minute; limit up to 200
- `GET /v2/sample-groups/{id}` -> {"sample_group": {...}}; 404
  {id, reference, lot_label, item, supplier, supplier_batch, purchase_order, certificate, requirement, quantity,
  state: PEND|HOLD|ACC|REJ|PART, sample: {qty, unit, taken_at, by, kind: destroyed|retained} | null,
  decision: {accepted, rejected, unit, defect_code, decided_by, decided_at, meaning} | null, updated_at, rev}
- `POST /v2/nonconformances` {reference, lot_label, supplier, purchase_order, quantity, defect_code, sample_group} ->
  201 {"nonconformance": {...}}, honours `Idempotency-Key`; `GET /v2/nonconformances?reference=` (or updated_after,
  cursor, limit, ids) -> {"nonconformances": [...], "next_cursor"}; `GET /v2/nonconformances/{id}`

In the laboratory (no authorisation): `POST /ui/sample-groups`, as above, for what the laboratory begins itself;
`POST /ui/sample-groups/{id}/sample` {qty, unit?, by, kind},
`POST /ui/sample-groups/{id}/decision` {state, accepted?, rejected?, defect_code?, by, meaning?}: a later decision
replaces the earlier one, PEND and HOLD take it back. `POST /ui/webhook` {url, secret: "whsec_..."}: from then on each
change of a sample group POSTs {"type": "sample_group.changed", "id": "SG-24-0118"}, signed as Standard Webhooks 1.0.0;
three tries within two seconds, then dropped; order is not kept; nothing is sent for nonconformances.
`DELETE /ui/webhook` ends it.
"""

import base64
import binascii
import json
import re
import sqlite3
from collections.abc import Callable, Mapping, Sequence
from datetime import datetime
from decimal import Decimal
from pathlib import Path

from .base import Answer, Call, Entry, PlantApp
from .fields import Refused, amount, count, names, part, text
from .ledger import Ledger
from .qms_records import SCHEMA, STATES, Records, fingerprint, group_shown, nonconformance_shown
from .webhook import Hints, key_of

API_KEY = "qms-demo-key"
USER = "hub-api"
_LISTS = {"/v2/sample-groups": "sample_groups", "/v2/nonconformances": "nonconformances"}
_FILTER = """
 where (updated_at, n) > (:updated, :n) and (:ids is null or id in (select value from json_each(:ids)))
   and (:reference is null or reference = :reference)
 order by updated_at, n limit :limit"""
_GROUPS = "select * from groups" + _FILTER  # noqa: S608 - constants both
_NONCONFORMANCES = "select * from nonconformances" + _FILTER  # noqa: S608 - constants both
_OPTIONAL = ("supplier", "supplier_batch", "purchase_order", "certificate")


class Qms(PlantApp):
    name = "qms"

    def __init__(self, folder: Path) -> None:
        super().__init__(Ledger(folder / "qms.sqlite", SCHEMA))
        self.records = Records(self.ledger)
        self._hints = Hints()

    def entries(self) -> Sequence[Entry]:
        return (
            ("GET", "/v2/whoami", lambda _call: Answer({"authenticated": True, "user": USER})),
            ("POST", "/v2/sample-groups", lambda call: self._once(call, self.open_group)),
            ("GET", "/v2/sample-groups", lambda call: self._list(call, _GROUPS, group_shown)),
            ("GET", "/v2/sample-groups/{id}", self.group),
            ("POST", "/v2/nonconformances", lambda call: self._once(call, self.open_nonconformance)),
            ("GET", "/v2/nonconformances", lambda call: self._list(call, _NONCONFORMANCES, nonconformance_shown)),
            ("GET", "/v2/nonconformances/{id}", self.nonconformance),
            ("POST", "/ui/sample-groups", lambda call: Answer(self.open_group(call), 201)),
            ("POST", "/ui/sample-groups/{id}/sample", self.sample),
            ("POST", "/ui/sample-groups/{id}/decision", self.decision),
            ("POST", "/ui/webhook", self.subscribe),
            ("DELETE", "/ui/webhook", self.unsubscribe),
        )

    def user_of(self, headers: Mapping[str, str]) -> str | None:
        return USER if headers.get("x-api-key") == API_KEY else None

    def error(self, refused: Refused) -> Mapping[str, object]:
        return {"message": refused.text, "field": refused.field, "code": refused.code.lower()}

    def stranger(self, call: Call) -> Answer:
        if call.path == "/v2/whoami":
            return Answer({"authenticated": False, "user": None})
        if call.method != "GET":
            return self.refusal(call, Refused(403, "forbidden", "you may not do this"))
        if call.path in _LISTS:
            return Answer({_LISTS[call.path]: [], "next_cursor": None})
        return self.refusal(call, Refused(404, "not_found", "not found", "id"))

    def settled(self, committed: bool) -> None:
        changed, self.records.changed = self.records.changed, []
        if not committed or not changed:
            return
        hook = self.ledger.row("select url, secret from webhook")
        if hook is not None:
            for group in changed:
                self._hints.send(hook["url"], hook["secret"], "sample_group.changed", group)

    async def stop(self) -> None:
        await self._hints.stop()
        await super().stop()

    def open_group(self, call: Call) -> Mapping[str, object]:
        body = call.body
        texts = {field: text(body, field) for field in ("reference", "item", "lot_label")}
        texts |= {field: text(body, field, "") for field in _OPTIONAL}
        qty, unit = _quantity(body)
        group = self.records.open_group(texts, {"plan": ""} | dict(part(body, "requirement")), qty, unit)
        return {"sample_group": group_shown(self.records.row(group))}

    def group(self, call: Call) -> Answer:
        return Answer({"sample_group": group_shown(self.records.row(call.params["id"]))})

    def open_nonconformance(self, call: Call) -> Mapping[str, object]:
        body = call.body
        texts = {field: text(body, field) for field in ("reference", "lot_label", "defect_code")}
        texts |= {field: text(body, field, "") for field in ("supplier", "purchase_order", "sample_group")}
        qty, unit = _quantity(body)
        name = self.records.open_nonconformance(texts, qty, unit, call.user)
        return {"nonconformance": nonconformance_shown(self.records.nonconformance(name))}

    def nonconformance(self, call: Call) -> Answer:
        return Answer({"nonconformance": nonconformance_shown(self.records.nonconformance(call.params["id"]))})

    def sample(self, call: Call) -> Answer:
        body, group = call.body, call.params["id"]
        kind = text(body, "kind", pattern="destroyed|retained")
        self.records.take_sample(group, amount(body, "qty"), text(body, "unit", ""), text(body, "by"), kind)
        return self.group(call)

    def decision(self, call: Call) -> Answer:
        body, group = call.body, call.params["id"]
        state = text(body, "state", pattern="|".join(STATES))
        whole = Decimal(self.records.row(group)["qty"])
        usual = {"ACC": (whole, Decimal(0)), "REJ": (Decimal(0), whole), "PART": (None, None)}
        accepted, rejected = usual.get(state, (Decimal(0), Decimal(0)))
        shares = (amount(body, "accepted", accepted, Decimal(0)), amount(body, "rejected", rejected, Decimal(0)))
        self.records.decide(group, state, shares, text(body, "defect_code", ""), text(body, "by"), text(body, "meaning", ""))
        return self.group(call)

    def subscribe(self, call: Call) -> Answer:
        url, secret = text(call.body, "url", pattern="https?://.+"), text(call.body, "secret")
        try:
            key_of(secret)
        except ValueError as wrong:
            raise Refused(400, "invalid", str(wrong), "secret") from None
        self.ledger.run("insert or replace into webhook values (1, ?, ?)", url, secret)
        return Answer({"url": url}, 201)

    def unsubscribe(self, _call: Call) -> Answer:
        self.ledger.run("delete from webhook")
        return Answer({"url": None})

    def _once(self, call: Call, make: Callable[[Call], Mapping[str, object]]) -> Answer:
        key = call.headers.get("idempotency-key", "").strip('"')
        if not key:
            return Answer(make(call), 201)
        mark = fingerprint(call.path, call.body)
        kept = self.records.kept(key, mark)
        if kept is not None:
            return Answer(kept[1], kept[0], {"idempotent-replayed": "true"})
        body = make(call)
        self.records.keep(key, mark, 201, body)
        return Answer(body, 201)

    def _list(self, call: Call, sql: str, shown: Callable[[sqlite3.Row], Mapping[str, object]]) -> Answer:
        query, limit = call.query, count(call.query, "limit", 50, 1, 200)
        updated, n = _cursor(query.get("cursor", ""), _minute(query.get("updated_after", "")))
        ids = json.dumps(names(query, "ids")) if "ids" in query else None
        rows = self.ledger.named(
            sql, {"updated": updated, "n": n, "ids": ids, "reference": query.get("reference"), "limit": limit + 1}
        )
        cursor = _cursor_at(rows[limit - 1]) if len(rows) > limit else None
        return Answer({_LISTS[call.path]: [shown(row) for row in rows[:limit]], "next_cursor": cursor})


def _quantity(body: Mapping[str, object]) -> tuple[Decimal, str]:
    quantity = part(body, "quantity")
    return amount(quantity, "value"), text(quantity, "unit")


def _minute(value: str) -> str:
    if value and not re.fullmatch(r"\d{4}-\d\d-\d\d[ T]\d\d:\d\d", value):
        raise Refused(400, "invalid", "updated_after must look like 2026-11-23 10:02", "updated_after")
    return datetime.fromisoformat(value).strftime("%Y-%m-%d %H:%M") if value else ""


def _cursor_at(row: sqlite3.Row) -> str:
    return base64.urlsafe_b64encode(json.dumps([row["updated_at"], row["n"]]).encode()).decode()


def _cursor(value: str, start: str) -> tuple[str, int]:
    if not value:
        return start, 0
    try:
        updated, n = json.loads(base64.urlsafe_b64decode(value))
        return str(updated), int(n)
    except (binascii.Error, ValueError, TypeError):
        raise Refused(400, "invalid", "the cursor is not one of ours", "cursor") from None
