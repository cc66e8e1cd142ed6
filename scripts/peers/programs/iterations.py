"""The clock of iterations."""

import time
from collections.abc import Iterator


def timed(iterations: int) -> Iterator[int]:
    """`range(iterations)`, with the time of each on standard output."""
    for index in range(iterations):
        started = time.perf_counter()
        yield index
        print(f"iteration_seconds={time.perf_counter() - started:.6f}")
