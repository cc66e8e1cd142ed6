"""Shared by DuckDB's programs: one timed statement."""

import os
import sys
import time
from pathlib import Path

import duckdb


def write(query: str, **parameters: str) -> None:
    """Write the rows of `query` as TAB-separated text to the output folder."""
    output = Path(sys.argv[2])
    connection = duckdb.connect()
    connection.execute(f"SET threads = {os.environ['CPUS']}")
    connection.execute(f"SET temp_directory = '{os.environ['SCRATCH']}'")
    started = time.perf_counter()
    output.mkdir()
    connection.execute(
        f"COPY ({query}) TO $part (FORMAT csv, HEADER false, DELIMITER '\t', QUOTE '', ESCAPE '')",
        {"part": str(output / "part"), **parameters},
    )
    print(f"work_seconds={time.perf_counter() - started:.6f}")
