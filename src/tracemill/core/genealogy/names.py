"""Names: int64 ids from outside and the dense numbers that tables are indexed by."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from tracemill.core.genealogy.rows import Ids, Index, Mask, Nodes, distinct, narrow

DENSE = 8  # ids are numbered by a table of all ids in their span while the span is at most this many times their count


@dataclass(frozen=True, slots=True)
class Names:
    """Ids by number: first int32[n] or int64[n], sorted; then later int64[m] in the order they came, `order` sorts them."""

    first: NDArray[Any]
    later: Ids
    order: Index

    def ids(self, numbers: NDArray[Any]) -> Ids:
        """Return the ids of numbers."""
        if not len(self.later):
            found: Ids = self.first[numbers].astype(np.int64)
            return found
        count = len(self.first)
        is_first = numbers < count
        found = np.empty(len(numbers), np.int64)
        found[is_first] = self.first[numbers[is_first]]
        found[~is_first] = self.later[numbers[~is_first] - count]
        return found

    def numbers(self, ids: Ids) -> tuple[Index, Mask]:
        """Return the numbers of ids, and which of the ids are known at all; the number of an unknown id means nothing."""
        at = np.searchsorted(self.first, _as(self.first, ids))
        known = np.zeros(len(ids), np.bool_)
        inside = at < len(self.first)
        known[inside] = self.first[at[inside]] == ids[inside]
        if len(self.later) and not known.all():
            rank = np.minimum(np.searchsorted(self.later, ids, sorter=self.order), len(self.later) - 1)
            late = ~known & (self.later[self.order[rank]] == ids)
            at[late] = len(self.first) + self.order[rank[late]]
            known |= late
        return at, known

    def known(self, ids: Ids) -> Index:
        """Return the numbers of ids that are all known."""
        return self.numbers(ids)[0]

    def joined(self, *ids: Ids) -> Names:
        """Return these names with new ids behind them."""
        asked = distinct(np.concatenate(ids))
        new = asked[~self.numbers(asked)[1]]
        if not len(new):
            return self
        later = np.append(self.later, new)
        return Names(self.first, later, np.argsort(later, kind="stable"))

    def all(self) -> Ids:
        return np.append(self.first.astype(np.int64), self.later)

    def arrays(self) -> tuple[NDArray[Any], ...]:
        return self.first, self.later, self.order

    def __len__(self) -> int:
        return len(self.first) + len(self.later)


def _as(names: NDArray[Any], ids: Ids) -> NDArray[Any]:
    """Return ids in the width of the names, or the search would widen all names; what does not fit comes last."""
    if names.dtype == ids.dtype:
        return ids
    bounds = np.iinfo(names.dtype)
    return np.clip(ids, bounds.min, bounds.max).astype(names.dtype)


def numbered(ids: Ids, others: Ids) -> tuple[Names, Nodes]:
    """Number all ids in their order; return the names and the numbers of the first array."""
    every = np.concatenate((ids, others)) if len(others) else ids
    none = np.zeros(0, np.int64)
    if not len(every):
        return Names(none, none, none.astype(np.intp)), np.zeros(0, np.int32)
    low, high = int(every.min()), int(every.max())
    if high - low >= DENSE * len(every):
        names = distinct(every)
        return Names(narrow(names), none, none.astype(np.intp)), np.searchsorted(names, ids).astype(np.int32)
    present = np.zeros(high - low + 1, np.bool_)
    present[every - low] = True
    rank = np.cumsum(present, dtype=np.int32) - np.int32(1)
    return Names(narrow(np.flatnonzero(present) + low), none, none.astype(np.intp)), rank[ids - low]
