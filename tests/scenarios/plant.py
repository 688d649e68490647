"""A plant in memory: systems that journal their effects and misbehave on request, and a hub that can be killed and restarted."""

import asyncio
import json
from collections.abc import Callable, Mapping, Sequence
from datetime import UTC, datetime, timedelta
from decimal import Decimal
from functools import partial
from typing import Any

from tracemill.hub.hub import Hub
from tracemill.hub.link import Link
from tracemill.hub.receive import receive
from tracemill.hub.runtime import Runtime
from tracemill.hub.steps import Reach, passed
from tracemill.mapping.pack import FeedSpec, OperationSpec, PackSpec
from tracemill.mapping.spec import compile_mapping
from tracemill.model.connector import Done, Fetched, Finding, InDoubt, Job, Page, Probe, Rejected, Save, Unavailable
from tracemill.model.policy import AuthorityRule, Policy, SystemPolicy
from tracemill.model.status import Enforcement, FeedKind, Mode, Receipt
from tracemill.store.messages import Incoming
from tracemill.store.store import Store

SITE = "PLANT-DE"
START = datetime(2026, 11, 23, 9, 0, tzinfo=UTC)
CODES = {"F": "available", "Q": "quarantine", "S": "blocked"}
NATIVE = {v: k for k, v in CODES.items()}

STOCK = {
    "event": "stock.observed.v1",
    "keys": {"lot": "batch"},
    "fields": {
        "lot.id": "batch",
        "lot.aliases": {"each": "batch", "fields": {"system": "'erp'", "id": "$"}},
        "rows": {
            "each": "stock",
            "fields": {
                "status": {"cell": "type", "codes": "status"},
                "quantity.amount": {"cell": "qty", "type": "quantity"},
                "quantity.unit": "'KGM'",
                "native": "type",
                "restriction?": {"cell": "block", "type": "object", "required": False},
            },
        },
    },
}
RECEIPT = {
    "event": "lot.received.v1",
    "keys": {"lot": "batch", "purchase_order": "po"},
    "fields": {
        "lot.id": "batch",
        "lot.item?": "item",
        "quantity.amount": {"cell": "qty", "type": "quantity"},
        "quantity.unit": "uom",
        "supplier.id?": "supplier",
        "supplier_batch?": "supplier_batch",
        "purchase_order?": "po",
        "receipt": "doc",
        "occurred": {"cell": "at", "type": "time"},
    },
}
DECISION = {
    "event": "disposition.decided.v1",
    "keys": {"lot": "batch"},
    "fields": {
        "lot.id": "id",
        "lot.aliases": {"each": "batch", "fields": {"system": "'erp'", "id": "$"}},
        "inspection": "id",
        "revision?": "rev",
        "nonconforming?": {"cell": "found", "type": "integer", "required": False},
        "parts": {
            "each": "parts",
            "fields": {
                "decision": {"cell": "code", "codes": "decision"},
                "quantity.amount?": {"cell": "qty", "type": "quantity"},
                "quantity.unit?": "unit",
                "reason?": "defect",
            },
        },
        "occurred": {"cell": "at", "type": "time"},
    },
}
MADE = {
    "event": "material.{kind}.v1",
    "when": "kind = '{kind}'",
    "keys": {"lot": "lot", "order": "order"},
    "fields": {
        "lot.id": "lot",
        "lot.item?": "item",
        "lot.aliases": {"each": "lot", "fields": {"system": "'erp'", "id": "$"}},
        "quantity.amount": {"cell": "qty", "type": "quantity"},
        "quantity.unit": "'KGM'",
        "work.order": "order",
        "work.operation?": "op",
        "work.machine?": "machine",
        "evidence?": "evidence",
        "movement": "id",
        "occurred": {"cell": "at", "type": "time"},
    },
}
DECISIONS = {"ACC": "accept", "REJ": "reject", "HOLD": "hold", "PEND": "pending"}


class Clock:
    """A clock that tests move."""

    def __init__(self) -> None:
        self.now = START

    def __call__(self) -> datetime:
        self.now += timedelta(microseconds=1)
        return self.now

    def forward(self, seconds: float) -> None:
        self.now += timedelta(seconds=seconds)


class Warehouse:
    """A target that keeps stock per status and journals every effect. Its state survives the hub."""

    def __init__(self, name: str, clock: Clock) -> None:
        self.name, self.clock = name, clock
        self.stock: dict[str, dict[str, Decimal]] = {}
        self.blocks: dict[str, list[dict[str, Any]]] = {}
        self.effects: list[tuple[str, str, str, Decimal, str]] = []
        self.late: list[Callable[[], None]] = []
        self.faults: list[str] = []
        self.calls: list[str] = []
        self.taken: set[str] = set()
        self.barred: set[tuple[str, str]] = set()  # a shipment or an order, and the lot for which it is blocked

    def put(self, batch: str, **sums: Any) -> None:
        self.stock[batch] = {s: Decimal(sums.get(s, 0)) for s in CODES.values()}

    def move(self, batch: str, source: str, to: str, quantity: Decimal, token: str) -> None:
        rows = self.stock[batch]
        if rows[source] < quantity:
            raise Rejected(f"only {rows[source]} in {source}")
        rows[source] -= quantity
        rows[to] += quantity
        self.effects.append((batch, source, to, quantity, token))

    def bar(self, shipment: str, batch: str, blocked: bool) -> None:
        """Block a shipment because of a lot, or let that block go; a shipment leaves when no lot blocks it."""
        (self.barred.add if blocked else self.barred.discard)((shipment, batch))
        self.effects.append((batch, "block" if blocked else "unblock", shipment, Decimal(0), ""))

    def found(self, token: str) -> bool:
        return any(e[4] == token for e in self.effects)

    def block(self, batch: str, quantity: str, reason: str = "damage") -> None:
        """What a person does at the warehouse."""
        self.stock[batch]["available"] -= Decimal(quantity)
        self.blocks.setdefault(batch, []).append({"id": f"B{len(self.blocks)}", "qty": quantity, "reason": reason, "by": "OP17"})

    def take(self, batch: str, quantity: str, order: str) -> None:
        """What the floor takes for an order; taken once, however often it is told."""
        if order not in self.taken:
            self.taken.add(order)
            self.stock[batch]["available"] -= Decimal(quantity)

    def record(self, batch: str) -> bytes:
        foreign = [
            {"type": "S", "qty": b["qty"], "block": {"id": b["id"], "reason": b["reason"], "by": b["by"]}}
            for b in self.blocks.get(batch, [])
        ]
        own = [{"type": NATIVE[s], "qty": str(q)} for s, q in self.stock[batch].items()]
        return json.dumps({"batch": batch, "stock": [*own, *foreign]}).encode()

    def happen(self) -> None:
        """Carry out what was accepted but delayed."""
        late, self.late = self.late, []
        for effect in late:
            effect()


class FakeConnector:
    """Speaks to a warehouse the way a findable pack operation does: find by token, create with token."""

    def __init__(self, target: Warehouse) -> None:
        self.target = target

    async def poll(self, feed: str, cursor: dict[str, Any], now: datetime) -> Page:
        return Page(records=(), cursor=cursor)

    async def send(self, job: Job, cursor: dict[str, Any], save: Save) -> Done:
        self.target.calls.append(job.verb)
        for n, transfer in enumerate(job.value.get("transfers", [])):
            if cursor.get("item", 0) > n:
                continue
            token = f"{job.token}-{n}"
            if not self.target.found(token):
                await save({"item": n, "step": 0, "intent": True})
                self._transfer(job, transfer, token)
            await save({"item": n + 1, "step": 0})
        if job.verb in ("block_shipment", "block_order"):
            bar = partial(self.target.bar, job.value[job.verb.removeprefix("block_")], job.number, job.value["blocked"])
            await save({"intent": True})
            if self._fault("before") == "late":
                self.target.late.append(bar)
                raise InDoubt("timed out")
            bar()
            self._fault("after")
            return Done()
        if job.verb != "set_status":
            await save({"intent": True})
            if not self.target.found(job.token):
                self._fault("before")
                self.target.effects.append((job.number, job.verb, "", Decimal(0), job.token))
                self._fault("after")
            return Done(native=f"{job.verb}-{job.number}")
        return Done()

    def _transfer(self, job: Job, transfer: Mapping[str, str], token: str) -> None:
        args = (job.lot, transfer["from"], transfer["to"], Decimal(transfer["quantity"]), token)
        if "no_status" in self.target.faults:
            raise Unavailable("no status is changed today", retry_after=5)
        fault = self._fault("before")
        if fault == "late":
            self.target.late.append(lambda: self.target.move(*args))
            raise InDoubt("timed out")
        self.target.move(*args)
        self._fault("after")

    def _fault(self, when: str) -> str:
        if not self.target.faults or "no_status" in self.target.faults:
            return ""
        fault = self.target.faults[0]
        if when == "before":
            if fault == "lose_answer":
                return ""
            self.target.faults.pop(0)
            if fault == "locked":
                raise Unavailable("locked by USER7", retry_after=5)
            if fault == "rejected":
                raise Rejected("no")
            if fault == "blind_timeout":
                raise InDoubt("timed out")
            return fault
        if fault == "lose_answer":
            self.target.faults.pop(0)
            raise InDoubt("the answer is lost")
        return ""

    async def seek(self, job: Job, cursor: dict[str, Any]) -> Finding:
        if "deaf" in self.target.faults:
            raise Unavailable("no answer")
        if job.verb in ("block_shipment", "block_order"):
            barred = (job.value[job.verb.removeprefix("block_")], job.number) in self.target.barred
            return Finding(state="present" if barred == job.value["blocked"] else "absent")
        if self.target.found(job.token):
            return Finding(state="present", native=f"{job.verb}-{job.number}")
        return Finding(state="absent")

    async def read(self, lots: Sequence[str], now: Callable[[], datetime]) -> dict[str, Fetched | None]:
        self.target.calls.append("read")
        started = now()
        if "deaf" in self.target.faults:
            raise Unavailable("no answer")
        if "bad_credentials" in self.target.faults:
            return {}
        return {
            lot: Fetched(feed="", key=lot, body=self.target.record(lot), read_started=started)
            if lot in self.target.stock
            else None
            for lot in lots
        }

    async def probe(self) -> Probe:
        return Probe(ok=True)

    def authentic(self, headers: Mapping[str, str], body: bytes, now: datetime) -> bool:
        return headers.get("x-signature") == "right"

    async def close(self) -> None:
        return None


class StepSpec:
    def __init__(self, kind: str) -> None:
        self.kind = kind


class FindableSpec(OperationSpec):
    steps: Any = (StepSpec("find"), StepSpec("create"))


def made(kind: str) -> dict[str, Any]:
    """Return the mapping of what went into an order, or came out of it."""
    written: dict[str, Any] = json.loads(json.dumps(MADE).replace("{kind}", kind))
    if kind == "produced":
        written["fields"]["label?"] = "label"
    return written


def pack(name: str, **more: Any) -> PackSpec:
    written = {
        "pack": name,
        "version": "1",
        "protocol": "fake",
        "codes": {"status": CODES, "decision": DECISIONS},
        "mappings": {"stock": STOCK, "receipt": RECEIPT, "decision": DECISION, **{k: made(k) for k in ("consumed", "produced")}},
        "webhooks": {"changed": {"as": "hint", "feed": "stock"}, "decided": {"as": "content", "feed": "decisions"}},
        "settle": "2s",
        "max_effect_time": "30s",
        **more,
    }
    return PackSpec.model_validate(written)


FEEDS = {
    "receipts": FeedSpec(kind=FeedKind.FACTS, mappings=["receipt"]),
    "stock": FeedSpec(kind=FeedKind.SNAPSHOTS, mappings=["stock"]),
    "made": FeedSpec(kind=FeedKind.FACTS, mappings=["consumed", "produced"]),
    "decisions": FeedSpec(kind=FeedKind.SNAPSHOTS, mappings=["decision"]),
}
STATUS = {"set_status": FindableSpec(once="findable", plan="transfers")}
ACTS = {v: FindableSpec(once="findable") for v in ("open_inspection", "open_nonconformance", "notify")}


class Plant:
    """ERP and WMS with stock, a QMS that owns quality, and the hub between them."""

    def __init__(self, url: str, reach: Reach = passed, *, mode: Mode = Mode.ACT, **rules: Any) -> None:
        self.url, self.mode, self.rules = url, mode, rules
        self.clock = Clock()
        self.reach = reach
        self.erp, self.wms, self.qms, self.mes = (Warehouse(n, self.clock) for n in ("erp", "wms", "qms", "mes"))
        self.hub: Hub | None = None
        self.told = 0

    def start(self) -> Hub:
        """Start a hub on the plant's database, as after a restart."""
        links = {w.name: self._link(w, *self._taught(w)) for w in (self.erp, self.wms, self.qms, self.mes)}
        policy = Policy(
            site=SITE,
            version="test",
            systems={n: self._policy(link) for n, link in links.items()},
            authority=(AuthorityRule(facet="quality", owner="qms"), AuthorityRule(facet="stock", owner="erp")),
            **self.rules,
        )
        self.hub = Hub(Runtime(Store(self.url), {SITE: policy}, links, self.clock, lambda s: self.reach(s)), polls=False)
        return self.hub

    def _taught(self, target: Warehouse) -> tuple[Any, str]:
        """Return what a system can be asked to do, and how its stock is read."""
        if target is self.mes:  # it tells, and stops orders
            return {"block_order": FindableSpec(once="ensure")}, ""
        if target is self.wms:
            return STATUS | {"block_shipment": FindableSpec(once="ensure")}, "stock"
        return (ACTS, "") if target is self.qms else (STATUS, "stock")

    def _link(self, target: Warehouse, operations: Any, stock_mapping: str) -> Link:
        spec = pack(target.name, receipt=Receipt.HUB_QUARANTINES if target.name == "erp" else Receipt.TARGET_QUARANTINES)
        codes = {n: c.compile(n) for n, c in spec.codes.items()}
        return Link(
            name=target.name,
            site=SITE,
            mode=self.mode,
            pack=spec,
            connector=FakeConnector(target),
            feeds=FEEDS,
            operations=operations,
            mappings={n: compile_mapping(n, m, codes) for n, m in spec.mappings.items()},
            stock_mapping=stock_mapping,
        )

    def _policy(self, link: Link) -> SystemPolicy:
        feed = "stock" if link.stock_mapping else ""
        blocks = {"quarantine": Enforcement.BLOCKS, "blocked": Enforcement.BLOCKS}
        named = {"name": link.name, "user": "HUB", "stock_feed": feed, "enforces": blocks}
        return SystemPolicy(**named, mode=self.mode, verbs=tuple(link.operations), receipt=link.pack.receipt)

    def stop(self) -> None:
        """End the hub as kill -9 would: calls under way are cut, what waits to be written is dropped."""
        if self.hub is not None:
            for sender in self.hub.senders.values():
                for task in sender._running:
                    task.cancel()
            self.hub.runtime.store.close(finish=False)
            self.hub = None

    def teach(self, system: str, name: str, mapping: Mapping[str, Any], codes: Mapping[str, Any] | None = None) -> None:
        """Give a running hub another mapping for a system, as after an edit of its pack."""
        assert self.hub
        spec = pack(system, codes={"status": CODES, "decision": DECISIONS, **(codes or {})}, mappings={name: mapping})
        compiled = {n: c.compile(n) for n, c in spec.codes.items()}
        link = self.hub.runtime.links[system]
        link.mappings = {**link.mappings, name: compile_mapping(name, spec.mappings[name], compiled)}

    async def tell(self, system: str, feed: str, key: str, body: Any, *, process: bool = True, site: str = SITE) -> None:
        """Let a system say something, and the hub decide it."""
        assert self.hub
        now = self.clock()
        raw = body if isinstance(body, bytes) else json.dumps(body).encode()
        item = Incoming(
            site=site,
            system=system,
            feed=feed,
            kind=FEEDS[feed].kind if feed in FEEDS else FeedKind.FACTS,
            key=key,
            body=raw,
            content_type="application/json",
            received_at=now,
            read_started=now,
        )
        await receive(self.hub.runtime, [item])
        if process:
            await self.process()

    async def process(self) -> None:
        assert self.hub
        while await self.hub.processor.run_once():
            pass

    async def receive_lot(self, batch: str = "L-1", qty: str = "480", **more: Any) -> None:
        """A receipt: free in ERP, in quarantine at the warehouse."""
        self.erp.put(batch, available=qty)
        self.wms.put(batch, quarantine=qty)
        await self.tell(
            "erp",
            "receipts",
            f"{batch}-1",
            {
                "batch": batch,
                "item": "4711",
                "qty": qty,
                "uom": "KG",
                "supplier": "ACME",
                "supplier_batch": "ACM/7731",
                "po": "4500012345",
                "doc": "R1",
                "at": self.clock().isoformat(),
                **more,
            },
        )
        await self.observe("erp", batch)
        await self.observe("wms", batch)

    async def observe(self, system: str, batch: str) -> None:
        """Let the hub see what a system holds now."""
        target: Warehouse = getattr(self, system)
        await self.tell(system, "stock", batch, target.record(batch))

    async def decide(
        self, batch: str, *parts: tuple[str, str | None], rev: str = "1", inspection: str = "SG-1", at: datetime | None = None
    ) -> None:
        """Quality decides now, or tells of what it decided before."""
        written = [{"code": code, **({"qty": qty, "unit": "kg"} if qty else {})} for code, qty in parts]
        body = {"id": inspection, "batch": batch, "rev": rev, "parts": written, "at": (at or self.clock()).isoformat()}
        await self.tell("qms", "decisions", inspection, body)

    async def push(self, system: str, kind: str, data: dict[str, Any]) -> None:
        """Let a system push a CloudEvent."""
        self.told += 1
        event = {"specversion": "1.0", "id": f"P{self.told}", "source": f"/{system}", "type": kind, "data": data}
        event["time"] = self.clock().isoformat()
        await self.tell(system, "events", f"P{self.told}", event)

    async def tell_made(self, kind: str, order: str, lot: str, qty: str, *, settle: bool = True, **more: Any) -> None:
        """Let the MES tell what went into an order, or came out of it."""
        self.told += 1
        body = {"id": f"M{self.told}", "kind": kind, "order": order, "lot": lot, "qty": qty, **more}
        body["at"] = self.clock().isoformat()
        await self.tell("mes", "made", f"M{self.told}", body, process=settle)

    async def make(self, kind: str, order: str, lot: str, qty: str, **more: Any) -> None:
        await self.tell_made(kind, order, lot, qty, **more)
        await self.settle()

    async def settle(self, rounds: int = 40, seconds: float = 3) -> None:
        """Let the hub work until nothing is left to do, moving the clock on."""
        assert self.hub
        for _ in range(rounds):
            done = 0
            for sender in self.hub.senders.values():
                done += await sender.run_once()
                await sender.drain()
            for verifier in self.hub.verifiers.values():
                done += await verifier.run_once()
            done += await self.hub.sweeper.run_once()
            done += await self.hub.teller.run_once()
            done += await self.hub.cascader.run_once()
            done += await self.hub.recaller.run_once()
            await self.process()
            if self.hub.runtime.failure is not None:
                raise self.hub.runtime.failure
            if not done and not await self._open():
                return
            self.clock.forward(seconds)

    async def _open(self) -> int:
        from sqlalchemy import func, select

        from tracemill.store.tables import delivery

        assert self.hub
        states = ("pending", "sending", "retrying", "in_doubt", "delivered")
        query = select(func.count()).select_from(delivery).where(delivery.c.state.in_(states))
        return int(await self.hub.runtime.store.read(lambda c: c.execute(query).scalar()) or 0)

    async def lot(self, batch: str = "L-1") -> Any:
        from sqlalchemy import select

        from tracemill.model.lot import Lot
        from tracemill.model.record import decode
        from tracemill.store.tables import lot

        assert self.hub
        text = await self.hub.runtime.store.read(lambda c: c.execute(select(lot.c.state).where(lot.c.number == batch)).scalar())
        return decode(text, Lot) if text else None

    async def rows(self, query: Any) -> list[Any]:
        assert self.hub
        return await self.hub.runtime.store.read(lambda c: list(c.execute(query)))


async def run(work: Any) -> Any:
    return await asyncio.wait_for(work, 60)
