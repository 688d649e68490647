"""A recall on a made-up genealogy of 1,000,000 lots: from its start to the finished package, and one look at it while it is open.

Run it as `python -m bench.recall`. The rows are written in bulk, not told through the door; the recall is the hub's own. Prints a
section of README.md.
"""

import argparse
import asyncio
import json
import os
import platform
import sqlite3
import sys
import tempfile
from collections.abc import Iterator
from datetime import UTC, datetime
from pathlib import Path
from time import perf_counter
from typing import Any

import numpy as np

from bench.genealogy_plant import Plant, plant
from tracemill.answers import recall as answers
from tracemill.answers.package import package
from tracemill.answers.package_check import check
from tracemill.answers.recall import RecallView
from tracemill.core.genealogy.graph import Graph
from tracemill.core.genealogy.walk import walk
from tracemill.hub import recall
from tracemill.hub.commands import By
from tracemill.hub.recaller import Recaller
from tracemill.hub.runtime import Runtime
from tracemill.model.identifier import derived
from tracemill.model.policy import Policy
from tracemill.model.recall import Origin
from tracemill.model.status import OriginKind
from tracemill.store import recalls
from tracemill.store.audit import GENESIS
from tracemill.store.store import Store, migrate

SITE, ANN = "PLANT-DE", By(name="bench")
WANTED = (1_000, 100_000)
AT = int(datetime(2026, 11, 25, 9, tzinfo=UTC).timestamp()) * 1_000_000
LOT = (
    "INSERT INTO lot (id, uuid, site, number, look, item, supplier_batch, verdict, unsafe, state, updated_at, received)"
    " VALUES (%s)"
)
WORK = "INSERT INTO transformation (id, uuid, site, key, kind, work_order, operation, machine, recipe, first_at) VALUES (%s)"
EDGE = (
    "INSERT INTO edge (site, position, ordinal, lot_id, transformation_id, side, quantity, amount, unit, evidence, occurred_at)"
    " VALUES (%s)"
)


def fill(file: Path, made: Plant, lots: int) -> None:
    """Write the plant as the hub would have stored it; every lot that was made is shipped in part."""
    database = sqlite3.connect(file)
    database.execute("PRAGMA synchronous=OFF")
    for statement, width, rows in ((LOT, 12, _lots(made, lots)), (WORK, 10, _works(made)), (EDGE, 11, _edges(made))):
        database.executemany(statement % ",".join("?" * width), rows)
        database.commit()
    last = int(made.rows.position[-1])
    database.execute("INSERT INTO site_position (site, position, head) VALUES (?, ?, ?)", (SITE, last, GENESIS))
    database.commit()
    database.execute("ANALYZE")
    database.close()


def _lots(made: Plant, lots: int) -> Iterator[tuple[Any, ...]]:
    claims = {n: {"read_started": "2026-11-25T08:00:00Z", "available": "60"} for n in ("erp", "wms")}
    for i in range(1, lots + 1):
        uuid, number, raw = derived("bench", i), f"L-{i:07}", i <= made.raw
        state: dict[str, Any] = {"id": uuid, "site": SITE, "number": number, "named_by": "erp", "unit": "KGM", "claims": claims}
        if raw:
            state |= {"item": "RAW", "received": "100", "received_at": "2026-11-24T08:00:00Z", "supplier": {"id": "ACME"}}
            state["moved"] = {"consumed": "-40"}
        else:
            sent = {"quantity": "10", "state": "shipped", "at": "2026-11-24T12:00:00Z", "customer": f"C-{i % 50}"}
            state |= {"item": "FG", "shipments": {f"DLV-{i % 1000}": sent}}
            state["moved"] = {"produced": "100", "consumed": "-30", "shipped": "-10"}
        batch = f"B-{i}" if raw else ""
        yield i, uuid, SITE, number, number.lower(), state["item"], batch, "released", False, json.dumps(state), AT, raw


def _works(made: Plant) -> Iterator[tuple[Any, ...]]:
    for i in np.unique(made.rows.transformation).tolist():
        yield i, derived("work", i), SITE, f"WO-{i}", "production", f"WO-{i}", "", f"M-{i % 40}", "", AT


def _edges(made: Plant) -> Iterator[tuple[Any, ...]]:
    r = made.rows
    columns = (r.position, r.lot, r.transformation, r.output, r.quantity, r.evidence, r.occurred_at)
    for position, lot, work, out, amount, evidence, at in zip(*(c.tolist() for c in columns), strict=True):
        yield SITE, position, 0, lot, work, int(out), f"{amount:.2f}", amount, "KGM", evidence, AT + at % 86_400_000_000


def nearest(made: Plant) -> list[int]:
    """Return the raw lots whose forward traces come nearest to the sizes that are wanted."""
    graph = Graph.of(made.rows, made.lots, made.transformations)
    tried = np.unique(np.geomspace(1, made.raw, 160).astype(int)).tolist()
    sizes = {i: len(walk(graph, [i]).lots) for i in tried}
    return [min(tried, key=lambda i, size=size: abs(sizes[i] - size)) for size in WANTED]  # type: ignore[misc]


async def timed(runtime: Runtime, uuid: str) -> tuple[RecallView, dict[str, float], int]:
    """Start a recall of a lot, and write its package; return the parts of the time and the size of the file."""
    times = [perf_counter()]
    opened = await recall.start(runtime, Origin(kind=OriginKind.LOT, lot=uuid), "bench", ANN)
    times.append(perf_counter())
    view = await runtime.store.read(lambda c: answers.view(c, runtime.adjacency, runtime.policies, opened.id))
    assert view is not None
    times.append(perf_counter())
    body = await runtime.store.read(lambda c: package(c, view, runtime.clock()))
    times.append(perf_counter())
    assert check(body).ok
    parts = {name: end - begun for name, begun, end in zip(("start", "view", "package"), times, times[1:], strict=False)}
    return view, parts | {"all": times[-1] - times[0]}, len(body)


async def look(runtime: Runtime, key: str) -> float:
    """Ask for holds, as if all had been asked already, and time one look at the open recall."""
    now = runtime.clock()

    def ask(tx: Any) -> None:
        recalls.mark(tx, key, hold_asked_at=now, hold_asked_by="bench")
        recalls.asked(tx, key, recalls.roots(tx, key), now)

    await runtime.store.write(ask)
    begun = perf_counter()
    await Recaller(runtime).run_once()
    taken = perf_counter() - begun
    await recall.close(runtime, key, "bench", ANN)
    return taken


async def measure(url: str, roots: list[int]) -> list[str]:
    store = Store(url)
    runtime = Runtime(store, {SITE: Policy(site=SITE, version="bench")}, {}, lambda: datetime.now(UTC))
    begun = perf_counter()
    await store.read(lambda c: runtime.adjacency.graph(c, SITE))
    rows = [f"The genealogy was loaded before, in {perf_counter() - begun:.1f} s.", "",
            "| lots in scope | start s | view s | package s | in all s | file MB | one look s |", "| --- " * 7 + "|"]  # fmt: skip
    for i in roots:
        view, times, size = await timed(runtime, derived("bench", i))
        cells = [f"{len(view.lots):,}", *(f"{t:.2f}" for t in times.values()), f"{size / 1e6:.1f}"]
        rows.append("| " + " | ".join([*cells, f"{await look(runtime, view.recall.id):.2f}"]) + " |")
        print(rows[-1], file=sys.stderr, flush=True)
    store.close()
    return rows


def main() -> None:
    options = argparse.ArgumentParser()
    options.add_argument("--lots", type=int, default=1_000_000)
    lots = options.parse_args().lots
    made = plant(lots)
    with tempfile.TemporaryDirectory(prefix="tracemill-bench-") as folder:
        file = Path(folder) / "recall.db"
        migrate(f"sqlite:///{file}")
        fill(file, made, lots)
        rows = asyncio.run(measure(f"sqlite:///{file}", nearest(made)))
    print(f"{lots:,} lots, {len(made.rows.lot):,} edges. Python {platform.python_version()}, {os.cpu_count()} cores, "
          f"load average {os.getloadavg()[0]:.1f} at the end.", *rows, sep="\n")  # fmt: skip


if __name__ == "__main__":
    main()
