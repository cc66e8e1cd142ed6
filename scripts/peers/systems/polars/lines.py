"""Shared by Polars' programs: the input as a frame of lines, and one timed query over it."""

import os
import sys
import time
from collections.abc import Callable
from pathlib import Path

os.environ["POLARS_MAX_THREADS"] = os.environ["CPUS"]  # read once, on import
import polars


def write(query: Callable[[polars.LazyFrame], polars.LazyFrame]) -> None:
    """Stream the frame of column `line` through `query` to TAB-separated text in the output folder."""
    _write(lambda: query(polars.scan_lines(sys.argv[1], name="line")))


def write_files(query: Callable[[polars.LazyFrame], polars.LazyFrame]) -> None:
    """As `write`, of the lines of all files of the input, with their `path`."""
    _write(lambda: query(polars.scan_lines(sys.argv[1], name="line", include_file_paths="path")))


def _write(made: Callable[[], polars.LazyFrame]) -> None:
    output = Path(sys.argv[2])
    started = time.perf_counter()
    output.mkdir()
    made().sink_csv(output / "part", include_header=False, separator="\t", quote_style="never")
    print(f"work_seconds={time.perf_counter() - started:.6f}")
