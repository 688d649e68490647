"""Rows of the genealogy record, as columns: which lot went into, or came out of, which transformation."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, fields
from enum import IntEnum, IntFlag
from typing import Any, TypeVar

import numpy as np
from numpy.typing import ArrayLike, NDArray

Ids = NDArray[np.int64]
Index = NDArray[np.intp]
Nodes = NDArray[np.int32]
Amounts = NDArray[np.float64]
Bytes = NDArray[np.uint8]
Mask = NDArray[np.bool_]
T = TypeVar("T", bound=np.integer[Any])

UNKNOWN_TIME = int(np.iinfo(np.int64).min)  # an occurred_at that nobody knows: it passes every `as_of`


def narrow(values: Ids) -> NDArray[Any]:
    """Return whole numbers in half the bytes, where they fit: there are millions of them."""
    fits = not len(values) or (values.min() > np.iinfo(np.int32).min and values.max() < np.iinfo(np.int32).max)
    return values.astype(np.int32) if fits else values


def distinct(values: NDArray[T]) -> NDArray[T]:
    """Return whole numbers sorted, each once; faster than `np.unique`, which hashes them."""
    ordered = np.sort(values)
    first = np.ones(len(ordered), np.bool_)
    np.not_equal(ordered[1:], ordered[:-1], out=first[1:])
    return ordered[first]


class Evidence(IntEnum):
    """How an edge is known, the surest first."""

    SCANNED = 0
    MEASURED = 1
    BACKFLUSHED = 2
    INFERRED = 3


class LotMark(IntFlag):
    """What a caller knows of a lot beside its edges."""

    RECEIVED = 1  # it came from outside: nothing need have produced it
    BEFORE_CUTOVER = 2  # it is older than the hub: what it was made from may never have been told


class TransformationMark(IntFlag):
    """What a caller knows of a transformation beside its edges."""

    CLOSED = 1  # nothing more is expected of it
    INCOMPARABLE = 2  # its lots are counted in units that nobody can convert: no sums, no shares through it


@dataclass(frozen=True, slots=True)
class Marks:
    """Marks of lots or of transformations: ids int64[n], marks uint8[n]; they replace what was marked before."""

    ids: Ids
    marks: Bytes

    @classmethod
    def of(cls, ids: ArrayLike = (), marks: ArrayLike = ()) -> Marks:
        """Take arrays or lists of one length; one mark is given to all ids. Raises ValueError for other lengths."""
        found = np.asarray(ids, np.int64).reshape(-1)
        return cls(found, np.broadcast_to(np.asarray(marks, np.uint8), found.shape) if found.size else np.zeros(0, np.uint8))


@dataclass(frozen=True, slots=True)
class Rows:
    """Rows of the record, append-only, each column of length n.

    lot, transformation: inside ids. output: True where the transformation made the lot. quantity: in a base unit, NaN where
    unknown, negative in a reversal. occurred_at: microseconds, or UNKNOWN_TIME. position: the order in which the hub learned it.
    reverses: a row that takes back; needed where a reversal has no quantity.
    """

    lot: Ids
    transformation: Ids
    output: Mask
    quantity: Amounts
    evidence: Bytes
    occurred_at: Ids
    position: Ids
    reverses: Mask

    @classmethod
    def of(
        cls,
        lot: ArrayLike,
        transformation: ArrayLike,
        output: ArrayLike,
        quantity: ArrayLike,
        evidence: ArrayLike,
        occurred_at: ArrayLike,
        position: ArrayLike,
        reverses: ArrayLike | None = None,
    ) -> Rows:
        """Take arrays or lists of one length. Raises ValueError for other lengths, codes and contradictory signs."""
        amounts = np.asarray(quantity, np.float64)
        negative = amounts < 0
        taken_back = negative if reverses is None else np.asarray(reverses, np.bool_)
        rows = cls(
            np.asarray(lot, np.int64),
            np.asarray(transformation, np.int64),
            np.asarray(output, np.bool_),
            amounts,
            np.asarray(evidence, np.uint8),
            np.asarray(occurred_at, np.int64),
            np.asarray(position, np.int64),
            taken_back,
        )
        if any(column.shape != (len(rows),) for column in rows.columns()):
            raise ValueError("the columns of genealogy rows have different lengths")
        if len(rows) and rows.evidence.max() > Evidence.INFERRED:
            raise ValueError(f"evidence {rows.evidence.max()} is not known")
        if np.any((amounts > 0) & taken_back) or np.any(negative & ~taken_back):
            raise ValueError("a row that reverses has a negative quantity or none, every other row a positive one or none")
        return rows

    @classmethod
    def none(cls) -> Rows:
        return cls.of([], [], [], [], [], [], [])

    @classmethod
    def joined(cls, parts: Sequence[Rows]) -> Rows:
        """Put rows behind each other, in the given order."""
        return cls(*(np.concatenate(columns) for columns in zip(*(part.columns() for part in parts), strict=True)))

    def columns(self) -> tuple[NDArray[Any], ...]:
        return tuple(getattr(self, field.name) for field in fields(self))

    def take(self, index: NDArray[Any]) -> Rows:
        """The rows at an index, or where a mask is true."""
        return Rows(*(column[index] for column in self.columns()))

    def __len__(self) -> int:
        return len(self.lot)
