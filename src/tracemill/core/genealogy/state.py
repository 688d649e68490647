"""State of nodes: what their edges say of them, precomputed for the whole graph or found for some nodes at a horizon."""

from __future__ import annotations

import numpy as np

from tracemill.core.genealogy.edges import NOW, Edges, Horizon, Record, edges
from tracemill.core.genealogy.links import Way
from tracemill.core.genealogy.rows import Amounts, Bytes, Index

PRODUCED = 0x10  # a lot: an edge tells where it comes from
CONSUMES = 0x10  # a transformation: it has an input
PRODUCES = 0x20  # a transformation: it has an output


def origins(record: Record, lots: Index, horizon: Horizon = NOW) -> Bytes:
    """Return PRODUCED for each lot that has a producing edge, else 0. The lots are sorted, each once."""
    found = np.zeros(len(lots), np.uint8)
    found[edges(record, Way.OUT, True, lots, horizon).owner] = PRODUCED
    return found


def states(record: Record, transformations: Index, horizon: Horizon = NOW) -> tuple[Bytes, Amounts]:
    """Return CONSUMES and PRODUCES, and the balance (in - out) / max(in, out) of transformations that are sorted, each once.

    The balance is NaN where an edge has no quantity or a side has no edges: then there is nothing to weigh.
    """
    count = len(transformations)
    came_in = edges(record, Way.IN, False, transformations, horizon)
    went_out = edges(record, Way.OUT, False, transformations, horizon)
    flags = np.zeros(count, np.uint8)
    flags[came_in.owner] |= np.uint8(CONSUMES)
    flags[went_out.owner] |= np.uint8(PRODUCES)
    consumed, produced = _sums(came_in, count), _sums(went_out, count)
    balance = np.full(count, np.nan)
    both = flags == CONSUMES | PRODUCES
    balance[both] = (consumed[both] - produced[both]) / np.maximum(consumed[both], produced[both])
    return flags, balance


def _sums(found: Edges, count: int) -> Amounts:
    sums: Amounts = np.bincount(found.owner, found.quantity, count).astype(np.float64, copy=False)
    return sums
