"""Snapshot: a graph as one stream of arrays, in NumPy's own format, with the position that it is at.

Reading and writing files is up to the caller; what is written here can be read by `numpy.load(allow_pickle=False)` one by one.
"""

from __future__ import annotations

import zlib
from typing import IO, Any

import numpy as np
from numpy.lib import format as npy
from numpy.typing import NDArray

from tracemill.core.genealogy.graph import Graph
from tracemill.core.genealogy.links import Links, Side, Way
from tracemill.core.genealogy.names import Names

MAGIC = 0x7261636C
VERSION = 1


class SnapshotError(ValueError):
    """A snapshot that was cut off, changed, or written by another version: build the graph from the record instead."""


def write(graph: Graph, file: IO[bytes]) -> None:
    """Write a graph; recent rows are merged first."""
    graph = graph.compacted()
    arrays = _arrays(graph)
    head = np.array([MAGIC, VERSION, graph.position, len(arrays), _sum(arrays)], np.int64)
    for array in (head, *arrays):
        npy.write_array(file, array, allow_pickle=False)


def read(file: IO[bytes]) -> Graph:
    """Read a graph. Raises SnapshotError unless all of it is as it was written."""
    try:
        head = npy.read_array(file, allow_pickle=False)
        if head.shape != (5,) or head[0] != MAGIC or head[1] != VERSION:
            raise SnapshotError("this is no genealogy snapshot of this version")
        arrays = [npy.read_array(file, allow_pickle=False) for _ in range(int(head[3]))]
    except (ValueError, EOFError) as error:
        raise SnapshotError(f"the snapshot cannot be read: {error}") from error
    if _sum(arrays) != head[4]:
        raise SnapshotError("the snapshot is not as it was written")
    return _graph(arrays, int(head[2]))


def _arrays(graph: Graph) -> list[NDArray[Any]]:
    nodes = [graph.lots.first, graph.transformations.first, graph.lot_flags, graph.transformation_flags, graph.balance]
    for way in Way:
        part = graph.old[way]
        by_transformation, by_lot = part.by_transformation, part.by_lot
        nodes += [by_transformation.starts, by_transformation.neighbour, by_transformation.flags]
        nodes += [by_lot.starts, by_lot.neighbour, by_lot.flags, np.zeros(0, np.int32) if by_lot.slot is None else by_lot.slot]
        nodes += [part.quantity, part.occurred_at, part.position]
    return nodes


def _graph(arrays: list[NDArray[Any]], position: int) -> Graph:
    nodes, came_in, went_out = arrays[:5], arrays[5:15], arrays[15:25]
    sides = (_side(came_in, 0), _side(went_out, len(came_in[7])))
    return Graph(_names(nodes[0]), _names(nodes[1]), sides, None, nodes[2], nodes[3], nodes[4], position)


def _names(ids: NDArray[Any]) -> Names:
    return Names(ids, np.zeros(0, np.int64), np.zeros(0, np.intp))


def _side(arrays: list[NDArray[Any]], offset: int) -> Side:
    by_transformation = Links(arrays[0], arrays[1], arrays[2], None, None)
    return Side(
        by_transformation, Links(arrays[3], arrays[4], arrays[5], arrays[6], None), arrays[7], arrays[8], arrays[9], offset
    )


def _sum(arrays: list[NDArray[Any]]) -> int:
    found = 0
    for array in arrays:
        found = zlib.crc32(array.data if array.size else b"", found)
    return found
