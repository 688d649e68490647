"""The sender: posts lot events over keep-alive connections from its own process, as fast as acks allow or paced.

Reads one JSON object from stdin (url, path, headers, kind, lots, connections, rate, batch), writes one to stdout:
when each event was sent (nanoseconds, by lot), and how long acks took.
"""

import asyncio
import json
import sys
from collections.abc import Iterator
from time import perf_counter_ns, time_ns
from typing import Any
from urllib.parse import urlsplit

import httptools
import uvloop

Request = tuple[int, list[str], bytes]  # when it is due, what it is about, and its bytes
PAD = "x" * 600  # a body of about 1,200 bytes, like a small inspection result


def event(kind: str, lot: str, value: int) -> dict[str, Any]:
    """Make the CloudEvent of one lot: a receipt of 100 kg, or quality's decision about `value` of them."""
    ref = {"id": lot, "aliases": [{"system": "target", "id": lot}]}
    if kind == "receipt":
        data = {"lot": ref, "quantity": {"amount": "100", "unit": "KGM"}, "item_text": PAD, "supplier": {"id": "ACME"},
                "supplier_batch": f"S{lot}", "purchase_order": "4500012345", "receipt": f"R{lot}"}  # fmt: skip
    else:
        part = {"decision": "accept", "quantity": {"amount": str(value), "unit": "KGM"}, "reason": PAD}
        data = {"lot": ref, "inspection": f"I{lot}", "parts": [part], "signer": "QA7", "revision": str(value)}
    name = "lot.received.v1" if kind == "receipt" else "disposition.decided.v1"
    time = f"2026-11-23T09:{value // 60:02}:{value % 60:02}Z"
    head = {"specversion": "1.0", "id": f"{kind}-{lot}-{value}", "source": "/bench/qms", "type": name, "time": time}
    return {**head, "subject": lot, "data": data}


class Wire(asyncio.Protocol):
    """One keep-alive connection: a request, then its answer."""

    def __init__(self) -> None:
        self._parser = httptools.HttpResponseParser(self)
        self._answer: asyncio.Future[int] | None = None
        self._body = b""

    def connection_made(self, transport: Any) -> None:
        self._transport = transport

    def data_received(self, data: bytes) -> None:
        self._parser.feed_data(data)

    def connection_lost(self, exc: Exception | None) -> None:
        if self._answer is not None and not self._answer.done():
            self._answer.set_exception(ConnectionError(f"the connection was lost: {exc}"))

    def on_message_begin(self) -> None:
        self._body = b""

    def on_body(self, body: bytes) -> None:
        self._body += body

    def on_message_complete(self) -> None:
        if self._answer is not None and not self._answer.done():
            self._answer.set_result(self._parser.get_status_code())

    async def ask(self, request: bytes) -> tuple[int, bytes]:
        self._answer = asyncio.get_running_loop().create_future()
        self._transport.write(request)
        return await self._answer, self._body


class Load:
    """One run of the sender."""

    def __init__(self, plan: dict[str, Any]) -> None:
        self._plan = plan
        self._where = urlsplit(plan["url"])
        self.sent: dict[str, int] = {}
        self.acks: list[int] = []

    def _requests(self) -> Iterator[tuple[list[str], bytes]]:
        plan, size = self._plan, self._plan.get("batch", 1)
        wanted = [(lot, value) for value in plan.get("values", [100]) for lot in plan["lots"]]
        kind = "application/cloudevents-batch+json" if size > 1 else "application/cloudevents+json"
        fixed = "".join(f"{k}: {v}\r\n" for k, v in {**plan.get("headers", {}), "Content-Type": kind}.items())
        head = f"POST {plan['path']} HTTP/1.1\r\nHost: {self._where.netloc}\r\n{fixed}"
        for start in range(0, len(wanted), size):
            some = wanted[start : start + size]
            events = [event(plan["kind"], lot, value) for lot, value in some]
            body = json.dumps(events if size > 1 else events[0]).encode()
            names = [f"{lot}:{0 if plan['kind'] == 'receipt' else value}" for lot, value in some]
            yield names, f"{head}Content-Length: {len(body)}\r\n\r\n".encode() + body

    async def run(self) -> dict[str, Any]:
        """Send everything. A connection owns its lots, so that the order within a lot is fixed by the acks."""
        count = self._plan["connections"]
        wires = []
        for _ in range(count):
            _, wire = await asyncio.get_running_loop().create_connection(Wire, self._where.hostname, self._where.port)
            wires.append(wire)
        owned: list[list[Request]] = [[] for _ in wires]
        gap = 1_000_000_000 / self._plan["rate"] if self._plan.get("rate") else 0.0
        for n, (names, request) in enumerate(self._requests()):
            owned[n % len(self._plan["lots"]) % count].append((int(n * gap), names, request))
        began = time_ns()
        await asyncio.gather(*(self._drain(wire, began, own) for wire, own in zip(wires, owned, strict=True)))
        return {"began": began, "ended": time_ns(), "sent": self.sent, "acks_us": [a // 1000 for a in self.acks]}

    async def _drain(self, wire: Wire, began: int, own: "list[Request]") -> None:
        """Send one after another; what is late in a paced load is counted from when it should have gone."""
        for after, names, request in own:
            if after and (wait := (began + after - time_ns()) / 1e9) > 0:
                await asyncio.sleep(wait)
            await self._post(wire, names, request, began + after if after else 0)

    async def _post(self, wire: Wire, names: list[str], request: bytes, due: int) -> None:
        at, sent = due or time_ns(), perf_counter_ns()
        status, body = await wire.ask(request)
        if status != 202:
            raise RuntimeError(f"the hub answered {status}: {body[:300]!r}")
        self.acks.append(perf_counter_ns() - sent)
        self.sent.update(dict.fromkeys(names, at))


if __name__ == "__main__":
    print(json.dumps(uvloop.run(Load(json.loads(sys.stdin.read())).run())), flush=True)
