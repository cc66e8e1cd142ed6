"""Graphs as arrays of numbers, for libraries that number nodes; and tables of the nodes."""

import sys
import time
from collections.abc import Callable
from pathlib import Path

import numpy as np
import reading


def read(source: Path, index_type: type = np.int64) -> tuple[list[bytes], np.ndarray, np.ndarray]:
    """The ids in byte order, and each edge's source and destination as indices of them."""
    ends = reading.ends(source)
    ids = sorted(set(ends))
    index = dict(zip(ids, range(len(ids))))
    edges = np.fromiter(map(index.__getitem__, ends), dtype=index_type, count=len(ends))
    return ids, edges[0::2].copy(), edges[1::2].copy()


def distinct(sources: np.ndarray, destinations: np.ndarray, nodes: int) -> tuple[np.ndarray, np.ndarray]:
    """Each edge once, in the order of its ends."""
    once = np.unique(sources * nodes + destinations)
    return once // nodes, once % nodes


def undirected(sources: np.ndarray, destinations: np.ndarray, nodes: int) -> tuple[np.ndarray, np.ndarray]:
    """Each edge once, whatever its direction, from the smaller node; none that leads to its own node."""
    kept = sources != destinations
    one, other = sources[kept], destinations[kept]
    return distinct(np.minimum(one, other), np.maximum(one, other), nodes)


def run(values: Callable[[list[bytes], np.ndarray, np.ndarray], list]) -> None:
    """Write a value of each node, in their order, to the output folder."""
    started = time.perf_counter()
    ids, sources, destinations = read(Path(sys.argv[1]))
    found = values(ids, sources, destinations) if ids else []
    reading.write(sys.argv[2], (b"%b\t%b\n" % (id, _bytes(value)) for id, value in zip(ids, found)))
    print(f"work_seconds={time.perf_counter() - started:.6f}")


def _bytes(value) -> bytes:
    return value if isinstance(value, bytes) else repr(value).encode()
