"""The duel: hub and floor take the same events on the same database, one after the other, several times."""

from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from bench.contender import running
from bench.figures import Rows, middle, spread, table, times
from bench.load import Load, run
from bench.plan import RATE, Plan, lots

HEAD = ("database", "system", "load", "delivered/s", "verified/s", "ack ms", "delivered ms", "verified ms", "CPU ms/event")
PACED = f"{RATE}/s"


@dataclass
class Result:
    """All loads of one contender on one database, and what an event left there."""

    loads: dict[str, list[Load]] = field(default_factory=dict)
    rows: dict[str, float] = field(default_factory=dict)
    size: float = 0.0


def fight(name: str, url: str, folder: Path, plan: Plan, result: Result) -> None:
    """Run one contender through all loads; raises Unproven where anything is lost, out of order or wrong."""
    all_lots = lots(plan.lots)
    with running(name, url, folder) as contender:

        def load(what: str, some: list[str], values: list[int], kind: str = "decision", **more: Any) -> None:
            result.loads.setdefault(what, []).append(run(contender, kind, some, values, **more))

        load("receipts", all_lots, [0], "receipt")
        before, size = contender.glass.counts(), contender.glass.size()
        load("decisions", all_lots, [10])
        after = contender.glass.counts()
        result.rows = {t: (after[t] - before[t]) / plan.lots for t in after if after[t] > before[t]}
        result.size = (contender.glass.size() - size) / plan.lots
        load(PACED, all_lots[: plan.paced], [20], rate=RATE)
        count, values = plan.ordered
        load("same lots", all_lots[:count], list(range(30, 30 + values)), superseding=True)


def shown(results: dict[tuple[str, str], Result]) -> str:
    """Write all loads side by side, then the ratios."""
    rows: Rows = []
    for (database, name), result in results.items():
        for what, loads in result.loads.items():
            rows.append((
                database, name, what, spread([x.delivered_rate for x in loads]), spread([x.verified_rate for x in loads]),
                times([x.acks for x in loads]), times([x.delivered for x in loads]), times([x.proven for x in loads]),
                f"{middle([x.cpu_ms for x in loads]):.2f}",
            ))  # fmt: skip
    return f"{table(HEAD, rows)}\n\n{_ratios(results)}\n\n{_left(results)}"


def _ratios(results: dict[tuple[str, str], Result]) -> str:
    rows: Rows = []
    for database in dict.fromkeys(d for d, _ in results):
        hub, floor = results[database, "hub"].loads, results[database, "floor"].loads
        for what in ("receipts", "decisions"):
            pair = [[middle([getattr(x, f) for x in side[what]]) for f in ("delivered_rate", "verified_rate", "cpu_ms")]
                    for side in (hub, floor)]  # fmt: skip
            rows.append((database, what, *(f"{a / b:.2f}" for a, b in zip(*pair, strict=True))))
    return table(("database", "load", "delivered/s: hub to floor", "verified/s: hub to floor", "CPU: hub to floor"), rows)


def _left(results: dict[tuple[str, str], Result]) -> str:
    rows: Rows = []
    for (database, name), result in results.items():
        each = ", ".join(f"{t} {n:.3g}" for t, n in result.rows.items())
        rows.append((database, name, f"{sum(result.rows.values()):.1f}", f"{result.size / 1024:.1f}", each))
    return table(("database", "system", "rows/event", "kB/event", "of them"), rows)
