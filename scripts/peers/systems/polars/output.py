"""Shared by Polars' programs: one timed query."""

import sys
import time
from collections.abc import Callable
from pathlib import Path

import polars


def write(made: Callable[[], polars.LazyFrame], line_end: str = "\n") -> None:
    """Stream the query that `made` makes to TAB-separated text in the output folder."""
    output = Path(sys.argv[2])
    started = time.perf_counter()
    output.mkdir()
    part = output / "part"
    made().sink_csv(part, include_header=False, separator="\t", quote_style="never", line_terminator=line_end)
    print(f"work_seconds={time.perf_counter() - started:.6f}")
