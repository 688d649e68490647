"""The floor: a minimal asyncio script that leaves the same rows as the hub, in the same batches, and nothing else.

No framework, no SQLAlchemy at run time, no mapping, no policy: POST /v1/events is taken by a raw protocol, what follows
is written by hand. One writer thread commits in groups (SQLite synchronous=FULL, or PostgreSQL by psycopg), commands go
out in order per lot over raw connections, effects are read back in lists of 100.
"""

import argparse
import asyncio
import zlib
from collections.abc import Callable
from hashlib import sha256
from itertools import count
from time import time_ns
from typing import Any
from urllib.parse import urlsplit
from uuid import uuid4

import httptools
import msgspec
import uvloop

from bench.rows import Batches, Database, Rows, loud
from bench.sender import Wire
from tracemill.store.partitions import month

LANES, RECEIVE, PROCESS, SETTLE, VERIFY = 64, 64, 100, 64, 100
SITE = "BENCH"
CHANGES = {  # what the hub decides, by kind of event: the rows are the same, their text is as long
    "lot.received.v1": ("LotCreated", "IdentityBound", "IdentityBound", "LotDescribed", "HoldPlaced", "TargetWanted"),
    "disposition.decided.v1": ("InspectionLinked", "Disposed", "HoldLifted", "TargetWanted"),
}


class Taken:
    """One event on its way through."""

    def __init__(self, body: bytes, answer: Callable[[bytes], None]) -> None:
        self.body, self.answer, self.at = body, answer, time_ns() // 1000
        self.event = msgspec.json.decode(body)
        self.kind: str = self.event["type"]
        self.lot: str = self.event["data"]["lot"]["id"]
        receipt = self.kind == "lot.received.v1"
        self.available = "0" if receipt else self.event["data"]["parts"][0]["quantity"]["amount"]
        self.uuid, self.command, self.id, self.order = str(uuid4()), str(uuid4()), 0, 0


class Floor:
    """Receive, decide, deliver in order per lot, read back."""

    def __init__(self, url: str, target: str) -> None:
        self._db = Database(url)
        self._where = urlsplit(target)
        self._ids, self._lots = count(time_ns()), dict[str, int]()
        self._position, self._head = 0, bytes(32)
        self.receive = Batches(RECEIVE, self._receive)
        self._process = Batches(PROCESS, self._decide)
        self._settle = Batches(SETTLE, self._delivered)
        self._verify = Batches(VERIFY, self._read_back)
        self._lanes: list[asyncio.Queue[Taken]] = [asyncio.Queue() for _ in range(LANES)]

    async def start(self) -> None:
        loop = asyncio.get_running_loop()
        for lane in self._lanes:
            _, wire = await loop.create_connection(Wire, self._where.hostname, self._where.port)
            loop.create_task(self._lane(lane, wire)).add_done_callback(loud)
        _, self._reader = await loop.create_connection(Wire, self._where.hostname, self._where.port)

    async def _receive(self, some: list[Taken]) -> None:
        """Message, body and seen; then the ack."""
        messages, bodies, seen = Rows(), Rows(), Rows()
        for t in some:
            t.id, digest = next(self._ids), sha256(t.body).digest()
            key = f"{t.event['source']} {t.event['id']}"
            messages.append((t.id, t.at, t.uuid, SITE, "qms", "events", key, t.at, "received", "application/cloudevents+json",
                             digest, len(t.body), t.uuid, "floor", False))  # fmt: skip
            first = int(month(_time(t.at)).timestamp() * 1_000_000)
            bodies.append((digest, first, "zlib", None, zlib.compress(t.body, 1)))
            seen.append(("qms", "events", key, digest, t.at, t.id))

        def write(db: Database) -> None:
            db.insert("message", messages)
            db.insert("body", bodies)
            db.insert("seen", seen)

        await self._db.write(write)
        for t in some:
            t.answer(b'{"messages":[{"id":"%s","outcome":"stored"}]}' % t.uuid.encode())
            self._process.add(t)

    def _record(self, some: "list[tuple[Taken, str, tuple[str, ...], bytes]]") -> tuple[Rows, Rows, Rows]:
        """Event, change and audit rows at the next positions, hash-chained."""
        events, changes, audit = Rows(), Rows(), Rows()
        for t, kind, made, body in some:
            self._position += 1
            lot, text, own = self._lots[t.lot], body.decode(), str(uuid4())
            events.append((SITE, self._position, own, kind, "qms", lot, t.id, t.at, text))
            for n, change in enumerate(made):
                share = text if change in ("LotDescribed", "Disposed") else text[:160]
                changes.append((SITE, self._position, n, lot, change, share, t.at, t.at, "cloudevent", "0123456789abcdef"))
            digest = sha256(body).digest()
            self._head = sha256(self._head + digest + kind.encode()).digest()
            audit.append((SITE, self._position, t.at, "floor", kind, t.lot, "", digest, self._head))
        return events, changes, audit

    async def _decide(self, some: list[Taken]) -> None:
        new = [t for t in some if t.lot not in self._lots]
        for t in some:
            self._lots.setdefault(t.lot, next(self._ids))
            t.order = next(self._ids)
        events, changes, audit = self._record([(t, t.kind, CHANGES[t.kind], msgspec.json.encode(t.event)) for t in some])
        lots = [(self._lots[t.lot], str(uuid4()), SITE, t.lot, t.lot, "", "S" + t.lot, "hold", False, _state(t), t.at)
                for t in new]  # fmt: skip
        names = [(s, "", t.lot, self._lots[t.lot], t.lot, t.at, None) for t in new for s in ("qms", "target")]
        holds = [(f"h-{t.lot}", self._lots[t.lot], "awaiting_inspection", "hub", None, t.at, None, None) for t in new]
        timers = [(f"overdue:target:{t.lot}", SITE, self._lots[t.lot], t.at + 86_400_000_000) for t in new]
        keys = [(t.lot, "lot", t.id, t.lot.lower()) for t in some]
        orders = [(t.order, t.command, SITE, "target", self._lots[t.lot], "set_status", "", False,
                   f'{{"available":"{t.available}"}}', "pending", "act", None, 0, t.at, None, 0, None, "{}", None, t.at,
                   None, "", "", "", t.uuid, t.uuid)
                  for t in some]  # fmt: skip
        lifted = [(t.at, "qms", f"h-{t.lot}") for t in some if t.kind != "lot.received.v1"]

        def write(db: Database) -> None:
            db.many("UPDATE message SET state='processed', processed_at=? WHERE id=?", [(t.at, t.id) for t in some])
            for table, rows in (("lot", lots), ("identity", names), ("hold", holds), ("timer", timers), ("business_key", keys),
                                ("delivery", orders), ("event", events), ("change", changes), ("audit", audit)):  # fmt: skip
                db.insert(table, rows)
            db.many("UPDATE hold SET lifted_at=?, lifted_by=? WHERE id=?", lifted)
            db.many("UPDATE lot SET state=?, updated_at=? WHERE id=?", [(_state(t), t.at, self._lots[t.lot]) for t in some])
            db.many("UPDATE delivery SET state='sending', fence=1, attempts=1 WHERE id=?", [(t.order,) for t in some])

        await self._db.write(write)
        for t in some:
            self._lanes[self._lots[t.lot] % LANES].put_nowait(t)

    async def _lane(self, lane: "asyncio.Queue[Taken]", wire: Wire) -> None:
        """Send what this lane's lots are told, one after another."""
        while True:
            t = await lane.get()
            body = b'{"available":"%s","blocked":"0"}' % t.available.encode()
            head = f"PUT /lots/{t.lot} HTTP/1.1\r\nHost: {self._where.netloc}\r\nContent-Length: {len(body)}\r\n\r\n"
            status, _ = await wire.ask(head.encode() + body)
            if status != 200:
                raise RuntimeError(f"the target answered {status}")
            self._settle.add(t)

    async def _delivered(self, some: list[Taken]) -> None:
        now = time_ns() // 1000
        attempts = [(t.order, 1, now, now, "delivered", "") for t in some]

        def write(db: Database) -> None:
            db.insert("attempt", attempts)
            sql = "UPDATE delivery SET state='delivered', sent_ended=?, native=? WHERE id=?"
            db.many(sql, [(now, t.lot, t.order) for t in some])

        await self._db.write(write)
        for t in some:
            self._verify.add(t)

    async def _read_back(self, some: list[Taken]) -> None:
        """Read a list back; each lot gets its observation and its settled command, as the hub records them."""
        now = time_ns() // 1000
        ids = "%2C".join(t.lot for t in some)
        _, body = await self._reader.ask(f"GET /lots?ids={ids} HTTP/1.1\r\nHost: {self._where.netloc}\r\n\r\n".encode())
        found = {r["id"]: r for r in msgspec.json.decode(body)["lots"]}
        for t in some:
            shown = {r["status"]: r["qty"] for r in found[t.lot]["rows"]}
            if int(shown.get("A", "0")) < int(t.available):  # more: a later decision has arrived as well
                raise RuntimeError(f"{t.lot} shows {shown}, wanted {t.available}")
        kinds = ("stock.observed.v1", "StockClaimed"), ("command.settled.v1", "CommandReported")
        said = [(t, kind, (change,), msgspec.json.encode(found[t.lot]) * 3) for t in some for kind, change in kinds]
        events, changes, audit = self._record(said)

        def write(db: Database) -> None:
            for table, rows in (("event", events), ("change", changes), ("audit", audit)):
                db.insert(table, rows)
            db.many("UPDATE lot SET state=?, updated_at=? WHERE id=?", [(_state(t), now, self._lots[t.lot]) for t in some])
            sql = "UPDATE delivery SET state='verified', settled_at=?, next_at=? WHERE id=?"
            db.many(sql, [(now, now, t.order) for t in some])

        await self._db.write(write)


def _time(microseconds: int) -> Any:
    from datetime import UTC, datetime

    return datetime.fromtimestamp(microseconds / 1e6, UTC)


def _state(t: Taken) -> str:
    return t.body.decode()


class Door(asyncio.Protocol):
    """Takes events: a parsed request is queued, its answer goes out after the commit."""

    def __init__(self, floor: Floor) -> None:
        self._floor, self._parser, self._body = floor, httptools.HttpRequestParser(self), b""

    def connection_made(self, transport: Any) -> None:
        self._transport = transport

    def data_received(self, data: bytes) -> None:
        self._parser.feed_data(data)

    def on_message_begin(self) -> None:
        self._body = b""

    def on_body(self, body: bytes) -> None:
        self._body += body

    def on_message_complete(self) -> None:
        self._floor.receive.add(Taken(self._body, self._answer))

    def _answer(self, body: bytes) -> None:
        self._transport.write(b"HTTP/1.1 202 Accepted\r\nContent-Length: %d\r\n\r\n" % len(body) + body)


async def serve(url: str, target: str) -> None:
    floor = Floor(url, target)
    await floor.start()
    server = await asyncio.get_running_loop().create_server(lambda: Door(floor), "127.0.0.1", 0)
    print(f"http://127.0.0.1:{server.sockets[0].getsockname()[1]}", flush=True)
    await asyncio.Event().wait()


if __name__ == "__main__":
    arguments = argparse.ArgumentParser(description=__doc__)
    arguments.add_argument("store")
    arguments.add_argument("target")
    options = arguments.parse_args()
    uvloop.run(serve(options.store, options.target))
