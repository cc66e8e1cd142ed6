"""Shared by scikit-learn's programs: the clock."""

import sys
import time
from collections.abc import Callable, Iterable

import reading


def run(lines: Callable[[str], Iterable[bytes]]) -> None:
    """Write the lines that `lines` makes of the input file to the output folder."""
    started = time.perf_counter()
    reading.write(sys.argv[2], lines(sys.argv[1]))
    print(f"work_seconds={time.perf_counter() - started:.6f}")
