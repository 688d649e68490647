"""The target: a live HTTP system in its own process that keeps a status per lot and journals what arrives.

PUT /lots/{id} sets a lot, GET /lots?ids=a,b reads lots back, GET /journal tells what arrived, when and in which order.
"""

import argparse
import asyncio
import json
import sys
from time import time_ns
from typing import Any
from urllib.parse import unquote

import httptools
import uvloop

TOTAL = 100


class Journal:
    """What arrived: every PUT in its order, and the state it led to."""

    def __init__(self) -> None:
        self.lots: dict[str, tuple[bytes, int]] = {}
        self.first: dict[str, int] = {}
        self.last: dict[str, int] = {}
        self.puts = self.reads = self.repeated = self.backwards = 0

    def put(self, lot: str, body: bytes) -> None:
        """Take a wanted state. `seq`, where a sender gives one, is the order it was decided in; else `available` is."""
        wanted = json.loads(body)
        available, blocked = int(wanted["available"]), int(wanted["blocked"])
        self.puts += 1
        before = self.lots.get(lot)
        last = self.last.get(lot)
        self.repeated += last == available
        self.backwards += last is not None and available < last
        self.last[lot] = available
        self.first.setdefault(f"{lot}:{available}", time_ns())
        rows = [(s, q) for s, q in (("A", available), ("B", blocked), ("Q", TOTAL - available - blocked)) if q]
        shown = ",".join(f'{{"status":"{s}","qty":"{q}"}}' for s, q in rows)
        revision = 1 if before is None else before[1] + 1
        self.lots[lot] = (f'{{"id":"{lot}","rev":"{revision}","rows":[{shown}]}}'.encode(), revision)

    def read(self, ids: str) -> bytes:
        self.reads += 1
        found = [self.lots[i][0] for i in ids.split(",") if i in self.lots]
        return b'{"ok":true,"lots":[' + b",".join(found) + b"]}"

    def told(self) -> dict[str, int]:
        return {"puts": self.puts, "reads": self.reads, "repeated": self.repeated, "backwards": self.backwards}


class Connection(asyncio.Protocol):
    """One keep-alive connection, parsed by httptools and answered at once."""

    def __init__(self, journal: Journal) -> None:
        self._journal = journal
        self._parser = httptools.HttpRequestParser(self)
        self._url, self._body = b"", b""

    def connection_made(self, transport: Any) -> None:
        self._transport = transport

    def data_received(self, data: bytes) -> None:
        self._parser.feed_data(data)

    def on_message_begin(self) -> None:
        self._url, self._body = b"", b""

    def on_url(self, url: bytes) -> None:
        self._url += url

    def on_body(self, body: bytes) -> None:
        self._body += body

    def on_message_complete(self) -> None:
        answer = self._answer(self._parser.get_method(), self._url.decode())
        head = b"HTTP/1.1 200 OK\r\nContent-Type: application/json\r\nContent-Length: %d\r\n\r\n" % len(answer)
        self._transport.write(head + answer)

    def _answer(self, method: bytes, url: str) -> bytes:
        path, _, query = url.partition("?")
        if method == b"PUT":
            self._journal.put(unquote(path.removeprefix("/lots/")), self._body)
        elif path == "/lots":
            return self._journal.read(unquote(query.removeprefix("ids=")))
        elif path == "/journal":
            return json.dumps(self._journal.told()).encode()
        elif path == "/arrivals":
            return json.dumps(self._journal.first).encode()
        elif path == "/reset":
            self._journal.__init__()  # type: ignore[misc]
        return b'{"ok":true}'


async def serve(port: int) -> None:
    journal = Journal()
    server = await asyncio.get_running_loop().create_server(lambda: Connection(journal), "127.0.0.1", port)
    print(server.sockets[0].getsockname()[1], flush=True)
    await asyncio.get_running_loop().run_in_executor(None, sys.stdin.read)  # the parent is gone: so are we
    server.close()


if __name__ == "__main__":
    arguments = argparse.ArgumentParser(description=__doc__)
    arguments.add_argument("--port", type=int, default=0)
    uvloop.run(serve(arguments.parse_args().port))
