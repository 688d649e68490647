"""A made-up plant for the genealogy benchmark: six layers of lots, three inputs to each transformation, seeded."""

from __future__ import annotations

from dataclasses import dataclass
from itertools import pairwise

import numpy as np

from tracemill.core.genealogy.rows import LotMark, Marks, Rows, TransformationMark

LAYERS = 6
FAN_IN = 3
SHARE_RAW = 0.111  # of all lots: so that 1,000,000 lots have about 2,670,000 consumptions
SKEW = 3.0  # how much the first raw lots are preferred: some are used everywhere, most hardly at all


@dataclass(frozen=True)
class Plant:
    rows: Rows
    lots: Marks
    transformations: Marks
    raw: int  # lots 1..raw are raw


def layers(lots: int) -> list[tuple[int, int]]:
    """The first and last + 1 number of each layer, raw lots first."""
    raw = round(lots * SHARE_RAW)
    cuts = [0, *(raw + (lots - raw) * step // (LAYERS - 1) for step in range(LAYERS))]
    return list(pairwise(cuts))


def plant(lots: int = 1_000_000, seed: int = 20261123) -> Plant:
    """Each lot above the raw layer is made by a transformation of its own from three lots of the layer below."""
    random = np.random.default_rng(seed)
    spans = layers(lots)
    raw = spans[0][1]
    parents = []
    for (low, high), (first, last) in pairwise(spans):
        drawn = random.random((last - first, FAN_IN))
        chosen = np.sort(((drawn ** (SKEW if low == 0 else 1.0)) * (high - low - FAN_IN)).astype(np.int64), axis=1)
        for one in range(1, FAN_IN):
            chosen[:, one] = np.maximum(chosen[:, one], chosen[:, one - 1] + 1)  # three different lots
        parents.append(low + chosen)
    consumed = np.concatenate(parents)
    made = np.arange(raw, lots)
    return _recorded(consumed.reshape(-1), made, raw, lots, random)


def _recorded(consumed: np.ndarray, made: np.ndarray, raw: int, lots: int, random: np.random.Generator) -> Plant:
    """Write it as a hub learns it: each transformation consumes, then produces; ids from 1."""
    number = np.arange(len(made))
    amount = random.integers(1, 100, (len(made), FAN_IN)).astype(np.float64)
    lot = np.column_stack((consumed.reshape(-1, FAN_IN), made)).reshape(-1) + 1
    output = np.tile(np.arange(FAN_IN + 1) == FAN_IN, len(made))
    position = np.arange(len(lot)) + 1
    rows = Rows.of(
        lot=lot,
        transformation=np.repeat(number, FAN_IN + 1) + 1,
        output=output,
        quantity=np.column_stack((amount, amount.sum(axis=1) * 0.99)).reshape(-1),
        evidence=np.where(random.random(len(lot)) < 0.001, 2, 0),
        occurred_at=position * 1_000_000,
        position=position,
    )
    received = Marks.of(np.arange(1, lots + 1), np.where(np.arange(lots) < raw, LotMark.RECEIVED, LotMark(0)))
    return Plant(rows, received, Marks.of(number + 1, TransformationMark.CLOSED), raw)
