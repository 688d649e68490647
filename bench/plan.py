"""Plans: how much is measured, in about eight minutes or in less than one."""

from dataclasses import dataclass


@dataclass(frozen=True)
class Plan:
    """Sizes of one run of the benchmark."""

    runs: int  # of each contender on each database; the median is shown
    lots: int  # lots received, then decided about, as fast as acks allow
    paced: int  # decisions at RATE
    ordered: tuple[int, int]  # lots, and decisions about each as fast as acks allow
    sustained: int  # events of one long load
    stored: tuple[int, ...]  # events stored before the cost of one more is measured
    seconds: float  # for each speed in one thread


RATE = 500
FULL = Plan(3, 2000, 2000, (200, 10), 100_000, (10_000, 1_000_000), 1.0)
QUICK = Plan(1, 400, 500, (50, 5), 2_000, (1_000, 20_000), 0.2)


def lots(count: int, prefix: str = "L") -> list[str]:
    return [f"{prefix}{n:07}" for n in range(count)]
