"""Endurance: memory over a long load, and what an event costs when much is stored already."""

from collections.abc import Iterator, Sequence
from pathlib import Path

from bench.contender import running
from bench.figures import Rows, table
from bench.load import run
from bench.plan import Plan, lots
from bench.processes import memory
from bench.stored import fill


def sustained(places: Sequence[tuple[str, str, Path]], plan: Plan) -> str:
    """Send a long load in parts to each database; show rate and memory after each."""
    rows: Rows = []
    parts = 5
    for database, url, folder in places:
        with running("hub", url, folder) as hub:
            rows.append((database, "0", "", "", f"{memory(hub.pid):.0f}"))
            for part in range(parts):
                some = lots(plan.sustained // parts // 2, f"S{part}-")
                loads = [run(hub, "receipt", some, [0]), run(hub, "decision", some, [10])]
                rates = [f"{sum(getattr(x, f) for x in loads) / 2:,.0f}" for f in ("delivered_rate", "verified_rate")]
                rows.append((database, f"{2 * len(some) * (part + 1):,}", *rates, f"{memory(hub.pid):.0f}"))
    return table(("database", "events so far", "delivered/s", "verified/s", "memory MB"), rows)


def costs(urls: Iterator[tuple[str, Path, int]], plan: Plan) -> str:
    """Measure the same load on databases that were filled before."""
    rows: Rows = []
    for url, folder, count in urls:
        fill(url, count)
        with running("hub", url, folder) as hub:
            some = lots(plan.lots)
            run(hub, "receipt", some, [0])
            load = run(hub, "decision", some, [10])
            size = hub.glass.size() / 1024**2
        rates = f"{load.delivered_rate:,.0f}", f"{load.verified_rate:,.0f}", f"{load.cpu_ms:.2f}"
        rows.append((url.partition(":")[0].partition("+")[0], f"{count:,}", f"{size:,.0f}", *rates))
    return table(("database", "events stored", "MB stored", "delivered/s", "verified/s", "CPU ms/event"), rows)
