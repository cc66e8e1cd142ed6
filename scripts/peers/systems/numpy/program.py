"""Shared by NumPy's programs: the clock, and graphs."""

import sys
import time
from collections.abc import Callable, Iterable
from pathlib import Path

import graphs
import numpy as np
import reading


def run(lines: Callable[[Path], Iterable[bytes]]) -> None:
    """Write the lines that `lines` makes of the input file to the output folder."""
    source, output = Path(sys.argv[1]), Path(sys.argv[2])
    started = time.perf_counter()
    reading.write(output, lines(source))
    print(f"work_seconds={time.perf_counter() - started:.6f}")


def graph(source: Path) -> tuple[list[bytes], np.ndarray, np.ndarray]:
    """As `graphs.read`, with the indices that SciPy takes as they are."""
    return graphs.read(source, np.int32)
