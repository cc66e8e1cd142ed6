"""Shared by NumPy's programs: the threads of its linear algebra, the clock, and reading graphs and points."""

import os

os.environ["OPENBLAS_NUM_THREADS"] = os.environ["CPUS"]  # read once, on import

import sys
import time
from collections.abc import Callable, Iterable, Iterator
from pathlib import Path

import numpy as np
import reading


def run(lines: Callable[[Path], Iterable[bytes]]) -> None:
    """Write the lines that `lines` makes of the input file to the output folder."""
    source, output = Path(sys.argv[1]), Path(sys.argv[2])
    started = time.perf_counter()
    reading.write(output, lines(source))
    print(f"work_seconds={time.perf_counter() - started:.6f}")


def timed(iterations: int) -> Iterator[int]:
    """`range(iterations)`, with the time of each on standard output."""
    for index in range(iterations):
        started = time.perf_counter()
        yield index
        print(f"iteration_seconds={time.perf_counter() - started:.6f}")


def graph(source: Path) -> tuple[list[bytes], np.ndarray, np.ndarray]:
    """The ids in byte order, and each edge's source and destination as indices of them."""
    ends = reading.ends(source)
    ids = sorted(set(ends))
    index = dict(zip(ids, range(len(ids))))
    edges = np.fromiter(map(index.__getitem__, ends), dtype=np.int32, count=len(ends))
    return ids, edges[0::2], edges[1::2]


def standardized(features: np.ndarray) -> np.ndarray:
    """z-scores with the population's standard deviation, when asked for; a column that never varies becomes 0."""
    if os.environ["STANDARDIZE"] != "yes":
        return features
    deviations = features.std(axis=0)
    return (features - features.mean(axis=0)) / np.where(deviations == 0, 1, deviations)
