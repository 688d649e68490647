"""Seen: which nodes one walk has met."""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import NDArray

from tracemill.core.genealogy.rows import Bytes, Index, distinct

FEW = 1024


class Seen:
    """Nodes met by one walk: a set while they are few, a byte for every node later.

    So a walk that meets a hundred lots costs nothing for the other million, and walks of many threads share nothing.
    """

    def __init__(self, nodes: int) -> None:
        self._nodes = nodes
        self._few: set[int] = set()
        self._bytes: Bytes | None = None

    def fresh(self, nodes: NDArray[Any]) -> Index:
        """Return those of the nodes that were never met before, sorted, each once; from now on they are met."""
        if self._bytes is None:
            if len(nodes) <= FEW and len(self._few) <= FEW:
                new = set(nodes.tolist()).difference(self._few)
                self._few |= new
                return np.array(sorted(new), np.intp)
            self._bytes = np.zeros(self._nodes, np.uint8)
            self._bytes[np.fromiter(self._few, np.intp, len(self._few))] = 1
        return self._among_many(self._bytes, nodes)

    def _among_many(self, met: Bytes, nodes: NDArray[Any]) -> Index:
        new = nodes[met[nodes] == 0]
        if len(new) * 32 < self._nodes:  # sorting a few is less than reading a byte for every node
            new = distinct(new).astype(np.intp)
        else:
            met[new] = 2
            new = np.flatnonzero(met == 2)
        met[new] = 1
        found: Index = new
        return found
