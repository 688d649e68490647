"""How long it takes to decide 200 inputs and 5,000 serials of one order, told in 201 messages: `python -m bench.serials`."""

import asyncio
import json
import tempfile
from collections.abc import Callable
from datetime import UTC, datetime
from pathlib import Path
from statistics import median
from time import perf_counter
from typing import Any

from sqlalchemy import Connection, func, select

from bench.database import fresh, server
from bench.figures import table
from tracemill.hub.hub import Hub
from tracemill.hub.receive import receive
from tracemill.hub.runtime import Runtime
from tracemill.hub.translate import API_FEED
from tracemill.model.policy import Policy
from tracemill.model.status import FeedKind
from tracemill.store.genealogy_tables import edge, transformation
from tracemill.store.messages import Incoming
from tracemill.store.store import Store
from tracemill.store.tables import change, event, lot

INPUTS, SERIALS = 200, 5_000
WORK = {"order": "WO-1"}


def message(n: int, kind: str, data: dict[str, Any]) -> Incoming:
    told = {"specversion": "1.0", "id": f"M{n}", "source": "/mes", "type": kind, "time": "2026-11-23T09:00:00Z", "data": data}
    now = datetime.now(UTC)
    return Incoming(site="BENCH", system="mes", feed=API_FEED, kind=FeedKind.FACTS, key=f"M{n}", body=json.dumps(told).encode(),
                    content_type="application/json", received_at=now, read_started=now)  # fmt: skip


async def measured(url: str) -> list[str]:
    """Return the seconds of all, the milliseconds of a writing transaction (middle, longest), and the rows that are kept."""
    runtime = Runtime(Store(url), {"BENCH": Policy(site="BENCH", version="1")}, {}, lambda: datetime.now(UTC))
    hub, times = Hub(runtime, polls=False), []
    one = {"amount": "1", "unit": "C62"}
    used = [message(n, "material.consumed.v1", {"lot": {"id": f"RAW-{n}"}, "quantity": one, "work": WORK}) for n in range(INPUTS)]
    await receive(runtime, used)
    while await hub.processor.run_once():
        pass
    series = [{"first": "SN00001", "last": f"SN{SERIALS:05}"}]
    await receive(runtime, [message(INPUTS, "serials.produced.v1", {"work": WORK, "series": series})])
    commit = runtime.commit

    def timed(tx: Connection, *more: Any) -> Any:
        began = perf_counter()
        done = commit(tx, *more)
        times.append((perf_counter() - began) * 1000)
        return done

    runtime.commit = timed  # type: ignore[method-assign]
    began = perf_counter()
    while await hub.processor.run_once():
        pass
    took = perf_counter() - began
    rows = await runtime.store.read(_rows)
    runtime.store.close()
    return [
        f"{took:.1f}",
        f"{SERIALS / took:,.0f}",
        str(len(times)),
        f"{median(times):.0f}",
        f"{max(times):.0f}",
        *map(str, rows),
    ]


def _rows(c: Connection) -> list[int]:
    count: Callable[[Any], int] = lambda t: int(c.execute(select(func.count()).select_from(t)).scalar_one())  # noqa: E731
    return [count(t) for t in (transformation, edge, lot, event, change)]


def main() -> None:
    head = (
        "",
        "seconds",
        "serials/s",
        "transactions",
        "ms, middle",
        "ms, longest",
        "works",
        "edges",
        "lots",
        "events",
        "changes",
    )
    with tempfile.TemporaryDirectory() as folder:
        rows = [["SQLite", *asyncio.run(measured(f"sqlite:///{folder}/serials.db"))]]
        with server(Path(folder)) as pattern:
            rows.append(["PostgreSQL", *asyncio.run(measured(fresh(pattern, "bench_serials")))])
    print(table(head, rows))


if __name__ == "__main__":
    main()
