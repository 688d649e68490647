"""Figures: percentiles of times, medians of runs, and the table that is printed."""

from collections.abc import Sequence
from statistics import median

Rows = list[tuple[str, ...]]


def percentiles(milliseconds: Sequence[float]) -> tuple[float, float, float]:
    """Return p50, p95 and p99."""
    ordered = sorted(milliseconds)
    last = len(ordered) - 1
    p50, p95, p99 = (ordered[min(last, int(len(ordered) * p))] for p in (0.50, 0.95, 0.99))
    return p50, p95, p99


def middle(values: Sequence[float]) -> float:
    return float(median(values))


def spread(values: Sequence[float], form: str = "{:,.0f}") -> str:
    """Write a median with its lowest and highest."""
    low, high = form.format(min(values)), form.format(max(values))
    return form.format(middle(values)) if len(values) == 1 else f"{form.format(middle(values))} ({low}-{high})"


def times(found: Sequence[tuple[float, float, float]]) -> str:
    """Write p50/p95/p99, each the median of its runs."""
    return "/".join(f"{middle(column):,.0f}" for column in zip(*found, strict=True))


def table(head: Sequence[str], rows: Rows) -> str:
    """Write a table that is readable as it is and as Markdown."""
    widths = [max(len(row[n]) for row in (tuple(head), *rows)) for n in range(len(head))]
    lines = [[cell.ljust(width) for cell, width in zip(row, widths, strict=True)] for row in (head, *rows)]
    lines.insert(1, ["-" * width for width in widths])
    return "\n".join(f"| {' | '.join(line)} |" for line in lines)
