"""Shared by Polars' programs on tables: lazy scans, and one timed query."""

import os
import sys
import time
from collections.abc import Callable
from pathlib import Path

os.environ["POLARS_MAX_THREADS"] = os.environ["CPUS"]  # read once, on import
import polars as pl
from relations import Relation


def scanned(relation: Relation, numbers: set[str] = frozenset(), number=pl.Float64) -> pl.LazyFrame:
    schema = {name: number if name in numbers else pl.String for name in relation.columns}
    return pl.scan_csv(relation.path, has_header=False, separator=relation.separator, schema=schema)


def write(query: Callable[[], pl.LazyFrame]) -> None:
    output = Path(sys.argv[2])
    started = time.perf_counter()
    output.mkdir()
    query().sink_csv(output / "part", include_header=False, separator="\t", quote_style="never")
    print(f"work_seconds={time.perf_counter() - started:.6f}")
