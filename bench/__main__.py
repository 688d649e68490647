"""Run the benchmark: `python -m bench`, or `python -m bench --quick` to see that it runs."""

import argparse
import os
import sys
import time
from collections.abc import Iterator
from contextlib import ExitStack
from itertools import count
from pathlib import Path

from bench.database import fresh, server, workspace
from bench.duel import Result, fight, shown
from bench.endurance import costs, sustained
from bench.figures import table
from bench.plan import FULL, QUICK, Plan
from bench.speeds import speeds

PARTS = ("duel", "sustained", "stored", "speeds")


class Places:
    """Hands out empty databases, each with a folder of its own."""

    def __init__(self, stack: ExitStack, root: Path) -> None:
        self._stack, self._root, self._numbers, self._pattern = stack, root, count(1), ""

    def new(self, database: str) -> tuple[str, Path]:
        number = next(self._numbers)
        folder = self._root / str(number)
        folder.mkdir()
        if database == "sqlite":
            return f"sqlite:///{folder / 'bench.db'}", folder
        self._pattern = self._pattern or self._stack.enter_context(server(self._root))
        return fresh(self._pattern, f"bench_{number}"), folder


def main() -> int:
    read = argparse.ArgumentParser(prog="python -m bench", description=__doc__)
    read.add_argument("--quick", action="store_true", help="small sizes, less than a minute: shows that it runs, not how fast")
    read.add_argument("--databases", default="sqlite,postgresql", help="on which everything is measured")
    read.add_argument("--parts", default=",".join(PARTS))
    options = read.parse_args()
    plan, databases, parts = QUICK if options.quick else FULL, options.databases.split(","), options.parts.split(",")
    began = time.monotonic()
    with ExitStack() as stack:
        places = Places(stack, stack.enter_context(workspace()))
        for part in parts:
            _say(f"\n{part}, load average {os.getloadavg()[0]:.1f}")
            print(f"\n## {part}\n\n{_part(part, plan, databases, places)}", flush=True)
    _say(f"\ndone in {time.monotonic() - began:.0f} s")
    return 0


def _part(part: str, plan: Plan, databases: list[str], places: Places) -> str:
    if part == "duel":
        return _duel(plan, databases, places)
    if part == "sustained":
        return sustained([(database, *places.new(database)) for database in databases], plan)
    if part == "stored":
        return costs(_stored(plan, databases, places), plan)
    return table(("in one thread", "per second"), [(what, f"{rate:,.0f}") for what, rate in speeds(plan.seconds).items()])


def _duel(plan: Plan, databases: list[str], places: Places) -> str:
    results = {(database, name): Result() for database in databases for name in ("hub", "floor")}
    for number in range(plan.runs):
        for (database, name), result in results.items():
            _say(f"  {database} {name} run {number + 1}, load average {os.getloadavg()[0]:.1f}")
            fight(name, *places.new(database), plan, result)
    return shown(results)


def _stored(plan: Plan, databases: list[str], places: Places) -> Iterator[tuple[str, Path, int]]:
    for database in databases:
        for stored in plan.stored:
            _say(f"  {database} with {stored:,} events stored")
            yield *places.new(database), stored


def _say(text: str) -> None:
    print(text, file=sys.stderr, flush=True)


if __name__ == "__main__":
    sys.exit(main())
